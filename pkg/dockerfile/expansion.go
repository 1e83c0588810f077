package dockerfile

import (
	"fmt"
	"maps"
	"strings"
	"unicode/utf8"

	"github.com/docker/go-units"

	"github.com/loadline-dev/loadline/pkg/source"
)

// The limits that CheckExpansion holds. BuildKit has none, and runs in this process.
const (
	// MaxValue is the longest that one expanded value may become, in bytes.
	MaxValue = 1 << 20
	// MaxExpansion is the most that all expanded text may become together, in bytes, counting the variables in effect
	// for each RUN, into whose step BuildKit writes them, and for each stage that inherits them.
	MaxExpansion = 64 << 20
	// MaxVariables is the largest number of definitions of ARG, ENV and LABEL.
	MaxVariables = 10_000
	// maxSteps is the largest number of instructions, those that ONBUILD repeats counted each time.
	maxSteps = 10 * MaxInstructions
	// unknownValue is the length that a variable counts for which the Dockerfile does not define, in bytes.
	unknownValue = 64
	// variableCost is what a variable costs beside its text, wherever it is inherited or in effect, in bytes.
	variableCost = 32
	// saturated is where lengths stop growing, so that no sum or product overflows.
	saturated = 1 << 40
)

// CheckExpansion says whether BuildKit can expand the variables of a Dockerfile without exhausting memory, before it
// is asked to: `ENV B=$A$A`, repeated, doubles. It bounds the length of every expanded text from above by arithmetic
// alone: its literal part plus the lengths of the variables it names, following stages, global ARGs and ONBUILD.
// args are the build arguments; nil means none. images are what is known of base images, whichever stage begins with
// which; a variable of an image that is not known counts as short.
//
// The error is a *source.Error at the definition or instruction that passes a limit. The bound is coarse where
// variables are replaced in (${x//a/b}) and where a base image's variables are used; ordinary files stay below a
// thousandth of the limits.
func CheckExpansion(f *File, args map[string]string, images ...BaseImage) error {
	e := expansion{file: f, args: args}
	if err := e.addImages(images); err != nil {
		return err
	}
	global := state{values: map[string]int{}}
	for _, i := range f.Args {
		if err := e.run(i, &global, nil); err != nil {
			return err
		}
	}
	for _, s := range f.Stages {
		if err := e.stage(s, &global); err != nil {
			return err
		}
	}
	return nil
}

type expansion struct {
	file *File
	args map[string]string
	// image is the largest of each value that the base images bring, with all of their triggers.
	image state
	// done are the states at the end of the stages so far; all is the largest of each of their values.
	done []state
	all  state

	total, steps, definitions int
}

// state is what is known of the variables at one place.
type state struct {
	// values are the lengths of the variables' values.
	values map[string]int
	// any is the length of a value whose variable's name is itself made of variables, so that each may have it.
	any int
	// size is the length of all names and values, and variableCost for each.
	size int
	// triggers are the ONBUILD instructions.
	triggers []*Instruction
}

func (s *state) set(name string, length int) {
	if strings.Contains(name, "$") {
		s.any = max(s.any, length)
		s.size = add(s.size, length)
		return
	}
	if old, ok := s.values[name]; ok {
		s.size -= min(old, s.size)
	} else {
		s.size = add(s.size, len(name)+variableCost)
	}
	s.values[name] = length
	s.size = add(s.size, length)
}

func (s *state) length(name string) int {
	if n, ok := s.values[name]; ok {
		return max(n, s.any)
	}
	return max(unknownValue, s.any)
}

func (e *expansion) stage(s *Stage, global *state) error {
	if err := e.text(s.From, global); err != nil {
		return err
	}
	now := state{values: map[string]int{}}
	base := &now
	switch {
	case strings.Contains(s.Base.Value, "$"):
		base = &e.all
	case s.Parent != nil:
		base = &e.done[s.Parent.Index]
	case s.Base.Value != "scratch":
		base = &e.image
	}
	if err := e.count(s.Base.Span, base.size); err != nil {
		return err
	}
	now = state{values: maps.Clone(base.values), any: base.any, size: base.size}
	for _, i := range base.triggers {
		if err := e.trigger(i, s, &now, global); err != nil {
			return err
		}
	}
	for _, i := range s.Instructions {
		if i.Inner != nil {
			now.triggers = append(now.triggers, i.Inner)
			continue
		}
		if err := e.run(i, &now, global); err != nil {
			return err
		}
	}
	e.done = append(e.done, now)
	for name, length := range now.values {
		e.all.set(name, max(length, e.all.values[name]))
	}
	e.all.any = max(e.all.any, now.any)
	e.all.triggers = append(e.all.triggers, now.triggers...)
	return nil
}

// run counts what an instruction expands and sets the variables it defines. global is nil before the first stage.
func (e *expansion) run(i *Instruction, now, global *state) error {
	e.steps++
	if e.steps > maxSteps {
		return e.refuse(i.Span, "ONBUILD makes this more than %d instructions", maxSteps)
	}
	if err := e.text(i, now); err != nil {
		return err
	}
	if i.Name == "RUN" {
		if err := e.count(i.Keyword.Span, now.size); err != nil {
			return err
		}
	}
	return e.pairs(i, now, global)
}

// pairs sets what an instruction defines. ENV takes all its values before it sets the first (dockerfile2llb, dispatch
// and dispatchEnv), ARG goes one by one (dispatchArg).
func (e *expansion) pairs(i *Instruction, now, global *state) error {
	lengths := make([]int, len(i.Pairs))
	for n, p := range i.Pairs {
		if e.definitions++; e.definitions > MaxVariables {
			return e.refuse(p.Span, "more than %d variables", MaxVariables)
		}
		length, ok := e.defined(i, p, now, global)
		if length > MaxValue {
			return e.refuse(p.Span, "this value may grow to %s; the limit is %s", units.HumanSize(float64(length)), units.HumanSize(MaxValue))
		}
		if err := e.count(p.Span, length); err != nil {
			return err
		}
		lengths[n] = length
		if ok && i.Name == "ARG" {
			now.set(e.bare(p.Key.Value), length)
		}
	}
	if i.Name == "ENV" {
		for n, p := range i.Pairs {
			now.set(e.bare(p.Key.Value), lengths[n])
		}
	}
	return nil
}

// defined is the length of the value that a definition gives its variable; ok is false where it gives none.
func (e *expansion) defined(i *Instruction, p Pair, now, global *state) (length int, ok bool) {
	if p.HasValue {
		length, ok = e.measure(p.Value.Value, now), true
	}
	if i.Name != "ARG" {
		return length, ok
	}
	if value, given := e.args[p.Key.Value]; given {
		return max(length, 3*len(value)), true // three bytes for each that is no UTF-8
	}
	if !ok && global != nil {
		length, ok = global.values[p.Key.Value]
	}
	return length, ok
}

// text counts the words of an instruction, its heredocs, and its text as a whole, which BuildKit expands for the name
// of the step (dockerfile2llb, processCmdEnv).
func (e *expansion) text(i *Instruction, now *state) error {
	length := e.measure(i.text.s, now)
	for _, w := range i.Words {
		length = add(length, e.measure(w.Value, now))
	}
	for _, f := range i.Flags {
		length = add(length, e.measure(f.Value.Value, now))
	}
	for _, h := range i.Heredocs {
		m := meter{s: h.Content, escape: '\\', state: now}
		length = add(length, m.all())
		if m.deep {
			return e.refuse(h.Start, "variables are nested too deep")
		}
	}
	return e.count(i.Keyword.Span, length)
}

func (e *expansion) count(at source.Span, length int) error {
	e.total = add(e.total, length)
	if e.total > MaxExpansion {
		return e.refuse(at, "variables may grow to %s; the limit is %s", units.HumanSize(float64(e.total)), units.HumanSize(MaxExpansion))
	}
	return nil
}

func (e *expansion) refuse(at source.Span, format string, args ...any) error {
	return &source.Error{File: e.file.Source, Span: at, Msg: fmt.Sprintf(format, args...)}
}

// bare is a variable's name without quotes and escapes.
func (e *expansion) bare(name string) string {
	return strings.NewReplacer(`"`, "", "'", "", string(e.file.Escape), "").Replace(name)
}

// measure bounds the length of a word after expansion, whether quotes count in it or not.
func (e *expansion) measure(word string, now *state) int {
	if !strings.Contains(word, "$") {
		return textLength(word)
	}
	quoted := meter{s: word, escape: byte(e.file.Escape), quotes: true, state: now}
	plain := meter{s: word, escape: byte(e.file.Escape), state: now}
	return max(quoted.all(), plain.all())
}

// textLength is the length of s with three bytes for each byte that is no UTF-8, as text/scanner reads it.
func textLength(s string) int {
	if utf8.ValidString(s) {
		return len(s)
	}
	return len(strings.ToValidUTF8(s, "")) + 3*len(s)
}

func add(a, b int) int { return min(a+b, saturated) }

func multiply(a, b int) int {
	if a > 0 && b > saturated/a {
		return saturated
	}
	return a * b
}
