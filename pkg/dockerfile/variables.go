package dockerfile

import (
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/shell"
)

// Value is what is known of a variable at one place. The zero value says that nothing in the Dockerfile defines it: a
// base image may.
type Value struct {
	// Text is the value; it means something only where Known is true.
	Text string
	// Known is false where the value depends on something that the Dockerfile does not say.
	Known bool
	// Defined says that something gives the variable a value.
	Defined bool
	// Pair is the ENV or ARG that does; nil for a predefined argument, for one that a base image sets, and in a script for
	// what the script assigns.
	Pair *Pair
}

// Is reports whether the value is known to be one of the texts.
func (v Value) Is(texts ...string) bool { return v.Known && slices.Contains(texts, v.Text) }

// Variables are what is known of the variables at one place. A nil *Variables knows none.
type Variables struct {
	outer *Variables
	name  string
	value Value
}

// Get is what is known of a variable.
func (v *Variables) Get(name string) Value {
	for ; v != nil; v = v.outer {
		if v.name == name {
			return v.value
		}
	}
	return Value{}
}

// With is v with one variable set.
func (v *Variables) With(name string, value Value) *Variables {
	return &Variables{outer: v, name: name, value: value}
}

// Settings are what a build says beside the Dockerfile. The zero value says nothing.
type Settings struct {
	// Args are the build arguments.
	Args map[string]string
	// Platform is the only platform to build for, such as linux/amd64; empty where there are several.
	Platform string
	// Image answers with the environment of the base image of a stage; a nil function, and a nil map, know nothing.
	Image func(*Stage) map[string]string
}

// Variables answers for each instruction which variables are in effect before it, as BuildKit sets them (dockerfile2llb,
// dispatchEnv and dispatchArg), its expansion included. Ask CheckExpansion first: values are computed.
func (f *File) Variables(s Settings) map[*Instruction]*Variables {
	e := evaluation{file: f, settings: s, lex: shell.NewLex(f.Escape), out: map[*Instruction]*Variables{}}
	global := e.platform(nil)
	for _, i := range f.Args {
		e.out[i] = global
		for n := range i.Pairs {
			global = e.arg(&i.Pairs[n], global, nil)
		}
	}
	ends := make([]*Variables, len(f.Stages))
	for _, stage := range f.Stages {
		e.out[stage.From] = global
		var now *Variables
		if stage.Parent != nil {
			now = ends[stage.Parent.Index]
		} else if s.Image != nil {
			for name, text := range s.Image(stage) { // in any order: each name once
				now = now.With(name, Value{Text: text, Known: true, Defined: true})
			}
		}
		for _, i := range stage.Instructions {
			e.out[i] = now
			now = e.after(i, now, global)
		}
		ends[stage.Index] = now
	}
	return e.out
}

type evaluation struct {
	file     *File
	settings Settings
	lex      *shell.Lex
	out      map[*Instruction]*Variables
}

// platform defines what BuildKit defines for the platform (dockerfile2llb platform.go, defaultArgs).
func (e *evaluation) platform(v *Variables) *Variables {
	os, arch, ok := strings.Cut(e.settings.Platform, "/")
	if !ok {
		return v
	}
	arch, variant, _ := strings.Cut(arch, "/")
	for _, kv := range [][2]string{
		{"TARGETPLATFORM", e.settings.Platform}, {"TARGETOS", os}, {"TARGETARCH", arch}, {"TARGETVARIANT", variant},
	} {
		v = v.With(kv[0], Value{Text: kv[1], Known: true, Defined: true})
	}
	return v
}

// after is what is known after an instruction.
func (e *evaluation) after(i *Instruction, now, global *Variables) *Variables {
	switch i.Name {
	case "ARG":
		for n := range i.Pairs {
			now = e.arg(&i.Pairs[n], now, global)
		}
	case "ENV":
		before := now
		for n := range i.Pairs {
			p := &i.Pairs[n]
			now = now.With(e.expand(p.Key.Value, before).Text, e.defined(p, before))
		}
	}
	return now
}

func (e *evaluation) arg(p *Pair, now, global *Variables) *Variables {
	name := p.Key.Value
	if text, ok := e.settings.Args[name]; ok {
		return now.With(name, Value{Text: text, Known: true, Defined: true, Pair: p})
	}
	if p.HasValue {
		return now.With(name, e.defined(p, now))
	}
	if v := global.Get(name); v.Defined {
		return now.With(name, v)
	}
	return now
}

func (e *evaluation) defined(p *Pair, now *Variables) Value {
	v := e.expand(p.Value.Value, now)
	v.Defined, v.Pair = true, p
	return v
}

// expand expands a word with BuildKit's own lexer. It is not Known where a variable of it is not.
func (e *evaluation) expand(word string, now *Variables) Value {
	env := &lookup{variables: now}
	text, _, err := e.lex.ProcessWord(word, env)
	return Value{Text: text, Known: err == nil && !env.unknown}
}

// Expand expands a word of an instruction with the variables in effect; the result is not Known where it depends on a
// variable that is not, or is undefined: a base image may define it.
func (f *File) Expand(word string, v *Variables) Value {
	e := evaluation{lex: shell.NewLex(f.Escape)}
	return e.expand(word, v)
}

// lookup gives BuildKit's lexer the variables, and notes whether one was asked for that is not known.
type lookup struct {
	variables *Variables
	unknown   bool
}

// Get is shell.EnvGetter.
func (l *lookup) Get(name string) (string, bool) {
	v := l.variables.Get(name)
	if !v.Known {
		l.unknown = true
	}
	return v.Text, v.Known
}

// Keys is shell.EnvGetter; it is asked for messages about variables that are not there.
func (l *lookup) Keys() []string { return nil }

// Since are the names that were set on the way from earlier to v, each once, the last first; all of v where earlier is
// not on its way.
func (v *Variables) Since(earlier *Variables) []string {
	var out []string
	seen := map[string]bool{}
	for ; v != nil && v != earlier; v = v.outer {
		if !seen[v.name] {
			seen[v.name] = true
			out = append(out, v.name)
		}
	}
	return out
}
