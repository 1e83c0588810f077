package shell

import (
	"errors"
	"path"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/loadline-dev/loadline/pkg/dockerfile"
	"github.com/loadline-dev/loadline/pkg/source"
)

const (
	// maxCalls is how many commands of one script are followed, and maxDepth how deep scripts lie in each other. Real
	// scripts have a few dozen commands, three deep.
	maxCalls = 5_000
	maxDepth = 10
	// maxSteps is how many statements are followed, those of loops and functions each time. Loops are looked at twice.
	maxSteps = 50_000
)

// ErrTooLarge says that a script starts more commands than are followed.
var ErrTooLarge = errors.New("the script starts more commands than are looked at")

// Context is what a script starts with.
type Context struct {
	// Env is the environment; nil knows nothing.
	Env *dockerfile.Variables
	// Dir is the working directory in the image; empty where it is not known.
	Dir string
}

// Calls are the commands that an instruction (RUN, CMD, ENTRYPOINT, HEALTHCHECK) starts, in the order of its text; a
// command that starts another comes before it. Nil for an instruction that starts none.
//
// Errors: dockerfile.ErrNotShell for a script that another interpreter runs, a *source.Error for one that cannot be
// parsed, ErrTooLarge. Calls found before are returned as well.
func Calls(i *dockerfile.Instruction, file *source.File, c Context) ([]*Call, error) {
	f := &follower{file: file}
	s := newState(c)
	if i.Script != nil {
		tree, err := i.Script.Parse()
		if err != nil {
			return nil, err
		}
		f.script(tree, text{i.Script.Text, i.Script.Mapping}, s)
		return f.calls, f.err
	}
	if !i.JSON {
		return nil, nil
	}
	words := i.Words
	if i.Name == "HEALTHCHECK" && len(words) > 0 {
		words = words[1:]
	}
	var command []Word
	for _, w := range words {
		command = append(command, Word{Text: w.Value, Known: true, Span: w.Span, Raw: file.Slice(w.Span), Mapping: w.Mapping})
	}
	f.command(command, s)
	return f.calls, f.err
}

// FileCalls are the commands that a shell script of the build context starts; see Calls. name is how findings in it name
// the file.
func FileCalls(file *source.File, c Context) ([]*Call, error) {
	s := text{s: string(file.Text)}
	s.at.Copy(len(s.s), 0)
	tree, err := parse(s.s)
	if err != nil {
		return nil, &source.Error{File: file, Msg: err.Error(), Err: err}
	}
	f := &follower{file: file}
	f.script(tree, s, newState(c))
	return f.calls, f.err
}

func parse(s string) (*syntax.File, error) {
	var first error
	for _, lang := range []syntax.LangVariant{syntax.LangBash, syntax.LangPOSIX} {
		tree, err := syntax.NewParser(syntax.Variant(lang), syntax.KeepComments(true)).Parse(strings.NewReader(s), "")
		if err == nil {
			return tree, nil
		}
		if first == nil {
			first = err
		}
	}
	return nil, first
}

// text is a script with the way back to the file.
type text struct {
	s  string
	at source.Mapping
}

// state is what is known at one point of a script.
type state struct {
	// vars are the shell's variables, env those that programs get.
	vars, env *dockerfile.Variables
	functions map[string]*syntax.Stmt
	dir       string
	depth     int

	exportAll             bool
	through               []string
	repeated, conditional bool
	background            bool
}

func newState(c Context) *state {
	return &state{vars: c.Env, env: c.Env, dir: c.Dir, functions: map[string]*syntax.Stmt{}}
}

// fork is a copy whose changes do not show.
func (s *state) fork() *state {
	out := *s
	out.functions = cloneFunctions(s.functions)
	return &out
}

func cloneFunctions(in map[string]*syntax.Stmt) map[string]*syntax.Stmt {
	out := make(map[string]*syntax.Stmt, len(in))
	for name, body := range in {
		out[name] = body
	}
	return out
}

// set sets a shell variable; the environment has it too if it had it before, or exported says so.
func (s *state) set(name string, v dockerfile.Value, exported bool) {
	if exported || s.exportAll || s.env.Get(name).Defined {
		s.env = s.env.With(name, v)
	}
	s.vars = s.vars.With(name, v)
}

// join makes unknown what a part of the script that may not run has changed.
func (s *state) join(branch *state) {
	for _, name := range branch.vars.Since(s.vars) {
		s.vars = s.vars.With(name, dockerfile.Value{Defined: true})
	}
	for _, name := range branch.env.Since(s.env) {
		s.env = s.env.With(name, dockerfile.Value{Defined: true})
	}
	if branch.dir != s.dir {
		s.dir = ""
	}
	for name, body := range branch.functions {
		s.functions[name] = body
	}
}

type follower struct {
	file  *source.File
	calls []*Call
	err   error
	// in is the script that is being followed.
	in text
	// steps counts statements.
	steps int
}

func (f *follower) script(tree *syntax.File, in text, s *state) {
	outer := f.in
	f.in = in
	f.stmts(tree.Stmts, s)
	f.in = outer
}

func (f *follower) stmts(list []*syntax.Stmt, s *state) {
	for _, stmt := range list {
		if f.err != nil {
			return
		}
		f.stmt(stmt, s)
	}
}

func (f *follower) stmt(stmt *syntax.Stmt, s *state) {
	if stmt == nil || f.err != nil {
		return
	}
	if f.steps++; f.steps > maxSteps {
		f.err = ErrTooLarge
		return
	}
	if stmt.Background {
		s = s.fork()
		s.background = true
	}
	for _, r := range stmt.Redirs {
		f.substitutions(r.Word, s)
		f.substitutions(r.Hdoc, s)
	}
	switch c := stmt.Cmd.(type) {
	case *syntax.CallExpr:
		f.call(c, stmt.Redirs, s)
	case *syntax.BinaryCmd:
		f.binary(c, s)
	case *syntax.Block:
		f.stmts(c.Stmts, s)
	case *syntax.Subshell:
		f.stmts(c.Stmts, s.fork())
	case *syntax.IfClause:
		f.ifClause(c, s)
	case *syntax.WhileClause:
		f.stmts(c.Cond, s)
		f.branch(c.Do, s, true)
	case *syntax.ForClause:
		f.forClause(c, s)
	case *syntax.CaseClause:
		for _, item := range c.Items {
			f.branch(item.Stmts, s, false)
		}
	case *syntax.FuncDecl:
		if c.Name != nil { // a function without a name is called where it stands
			s.functions[c.Name.Value] = c.Body
		}
	case *syntax.DeclClause:
		f.declare(c, s)
	case *syntax.TimeClause:
		f.stmt(c.Stmt, s)
	case *syntax.CoprocClause:
		f.stmt(c.Stmt, s.fork())
	}
}

// binary follows a list or a pipeline. That of && is taken to go on, as in every RUN that succeeds.
func (f *follower) binary(c *syntax.BinaryCmd, s *state) {
	switch c.Op {
	case syntax.AndStmt:
		f.stmt(c.X, s)
		f.stmt(c.Y, s)
	case syntax.OrStmt:
		f.stmt(c.X, s)
		f.branch([]*syntax.Stmt{c.Y}, s, false)
	default: // each part of a pipeline has a shell of its own
		f.stmt(c.X, s.fork())
		f.stmt(c.Y, s.fork())
	}
}

// branch follows a part that may not run, or run several times.
func (f *follower) branch(list []*syntax.Stmt, s *state, loop bool) {
	b := s.fork()
	b.conditional = true
	if loop {
		b.repeated = true
		// What the body assigns differs from round to round.
		first := s.fork()
		quiet := &follower{file: f.file, in: f.in, steps: f.steps}
		quiet.stmts(list, first)
		f.steps, f.err = quiet.steps, quiet.err
		b.join(first)
	}
	f.stmts(list, b)
	s.join(b)
}

func (f *follower) ifClause(c *syntax.IfClause, s *state) {
	f.stmts(c.Cond, s)
	before := s.fork()
	f.branch(c.Then, s, false)
	if c.Else != nil {
		other := before
		other.conditional = true
		if len(c.Else.Cond) > 0 {
			f.ifClause(c.Else, other)
		} else {
			f.stmts(c.Else.Then, other)
		}
		s.join(other)
	}
}

func (f *follower) forClause(c *syntax.ForClause, s *state) {
	if loop, ok := c.Loop.(*syntax.WordIter); ok && loop.Name != nil {
		for _, w := range loop.Items {
			f.substitutions(w, s)
		}
		s.vars = s.vars.With(loop.Name.Value, dockerfile.Value{Defined: true})
	}
	f.branch(c.Do, s, true)
}

// declare follows export, declare, local, readonly.
func (f *follower) declare(c *syntax.DeclClause, s *state) {
	exported := c.Variant.Value == "export"
	for _, a := range c.Args {
		if a.Name == nil {
			if a.Value != nil && strings.Contains(a.Value.Lit(), "x") && strings.HasPrefix(a.Value.Lit(), "-") {
				exported = true
			}
			continue
		}
		if a.Naked {
			if exported && s.vars.Get(a.Name.Value).Defined {
				s.env = s.env.With(a.Name.Value, s.vars.Get(a.Name.Value))
			}
			continue
		}
		s.set(a.Name.Value, f.assigned(a, s), exported)
	}
}

func (f *follower) assigned(a *syntax.Assign, s *state) dockerfile.Value {
	if a.Append || a.Array != nil || a.Index != nil {
		f.substitutions(a.Value, s)
		return dockerfile.Value{Defined: true}
	}
	if a.Value == nil {
		return dockerfile.Value{Known: true, Defined: true}
	}
	w := f.single(a.Value, s)
	return dockerfile.Value{Text: w.Text, Known: w.Known, Defined: true}
}

// call follows a simple command.
func (f *follower) call(c *syntax.CallExpr, redirs []*syntax.Redirect, s *state) {
	if len(c.Args) == 0 {
		for _, a := range c.Assigns {
			if a.Name != nil {
				s.set(a.Name.Value, f.assigned(a, s), false)
			}
		}
		return
	}
	var words []Word
	for _, w := range c.Args {
		words = append(words, f.words(w, s)...)
	}
	if len(words) == 0 {
		return
	}
	inner := s
	if len(c.Assigns) > 0 {
		inner = s.fork()
		for _, a := range c.Assigns {
			if a.Name != nil {
				inner.env = inner.env.With(a.Name.Value, f.assigned(a, s))
			}
		}
	}
	if f.builtin(words, s) {
		return
	}
	if body := s.functions[words[0].Text]; body != nil {
		f.function(words, body, inner)
		if inner != s {
			s.dir = inner.dir
		}
		return
	}
	f.command(words, inner)
	if IsShell(programName(words[0])) && readsInput(words) {
		f.heredocs(redirs, inner)
	}
}

func (f *follower) function(words []Word, body *syntax.Stmt, s *state) {
	if s.depth >= maxDepth {
		return
	}
	s.depth++
	f.stmt(body, s)
	s.depth--
}

// heredocs follows documents that a shell reads as its script.
func (f *follower) heredocs(redirs []*syntax.Redirect, s *state) {
	for _, r := range redirs {
		if r.Hdoc == nil {
			continue
		}
		w := f.document(r.Hdoc, s)
		f.nested(w, s, "sh")
	}
}

// builtin follows the shell's own commands that change its state; false for any other.
func (f *follower) builtin(words []Word, s *state) bool {
	switch words[0].Text {
	case "cd", "pushd":
		args := words[1:]
		for len(args) > 0 && strings.HasPrefix(args[0].Text, "-") && args[0].Text != "-" {
			args = args[1:]
		}
		if len(args) == 0 || !args[0].Known || args[0].Text == "-" {
			s.dir = ""
			return true
		}
		s.dir = joinDir(s.dir, args[0].Text)
	case "popd":
		s.dir = ""
	case "set":
		for i, w := range words[1:] {
			s.exportAll = s.exportAll || strings.HasPrefix(w.Text, "-") && !strings.HasPrefix(w.Text, "--") && strings.Contains(w.Text, "a") ||
				w.Text == "-o" && i+2 < len(words) && words[i+2].Text == "allexport"
		}
	case "unset":
		for _, w := range words[1:] {
			s.vars = s.vars.With(w.Text, dockerfile.Value{})
			s.env = s.env.With(w.Text, dockerfile.Value{})
		}
	case "read":
		for _, w := range words[1:] {
			s.vars = s.vars.With(w.Text, dockerfile.Value{Defined: true})
		}
	default:
		return false
	}
	return true
}

// joinDir is a directory as seen from another.
func joinDir(dir, name string) string {
	if path.IsAbs(name) {
		return path.Clean(name)
	}
	if dir == "" {
		return ""
	}
	return path.Join(dir, name)
}

// command notes a command and follows what it starts.
func (f *follower) command(words []Word, s *state) {
	if len(words) == 0 || f.err != nil || s.depth >= maxDepth {
		return
	}
	if len(f.calls) == maxCalls {
		f.err = ErrTooLarge
		return
	}
	last := words[len(words)-1]
	span := source.Span{Start: words[0].Span.Start, End: max(words[0].Span.End, last.Span.End)}
	c := &Call{
		Name: programName(words[0]), Command: words[0], Args: words[1:], File: f.file, Span: span, Dir: s.dir,
		Through: slices.Clone(s.through), Repeated: s.repeated, Conditional: s.conditional, Background: s.background, env: s.env,
	}
	f.calls = append(f.calls, c)
	f.started(c, s)
}

// nested follows a word that is a script.
func (f *follower) nested(w Word, s *state, by string) {
	if s.depth >= maxDepth || f.err != nil {
		return
	}
	tree, err := parse(w.Text)
	if err != nil {
		return // a shell would refuse it, or what is not known hides its sense
	}
	inner := s.fork()
	inner.depth++
	inner.vars = inner.env
	inner.functions = map[string]*syntax.Stmt{}
	inner.through = append(slices.Clone(s.through), by)
	f.script(tree, text{w.Text, w.Mapping}, inner)
}
