// Package shell answers which commands a script of a Dockerfile starts: program, arguments, environment and working
// directory, each with its place in the file.
//
// Nothing is executed. Scripts are parsed by mvdan.cc/sh/v3/syntax and followed as far as their text says what happens:
// through sh -c, eval, heredocs, subshells, functions, sudo, env, xargs, time, ccache and their like, with the variables
// whose values are known. What is not known stays marked as such; see Word and dockerfile.Value.
package shell

import (
	"path"
	"slices"
	"strings"

	"github.com/loadline-dev/loadline/pkg/dockerfile"
	"github.com/loadline-dev/loadline/pkg/source"
)

// Unknown stands in the text of a Word for what is not known: the output of a command, a variable without a known value.
const Unknown = '\uFFFC'

// UnknownDir stands for the working directory that a base image sets and nobody knows, so that paths relative to it can
// still be compared.
const UnknownDir = "/" + string(Unknown)

// Word is one word of a command as the program gets it: quotes are gone and known variables are expanded.
type Word struct {
	// Text is the word, with Unknown for each part that is not known.
	Text string
	// Known says that all of it is known.
	Known bool
	// Span is the word as written in the file; that of the variable where it comes out of one.
	Span source.Span
	// Raw is the word as the script has it, quotes included, such as `-j"$(nproc)"`.
	Raw string
	// Mapping leads from Text to the file.
	Mapping source.Mapping
}

// Part is where the bytes start to end of Text stand in the file.
func (w *Word) Part(start, end int) source.Span {
	return w.Mapping.Span(source.Span{Start: start, End: end})
}

// Call is one command that a script starts.
type Call struct {
	// Name is the program without its directory, such as make; empty where it is not known.
	Name string
	// Command is the word that names the program, and Args are those after it.
	Command Word
	Args    []Word
	// File is where the spans lie: the Dockerfile, or a script of the build context.
	File *source.File
	// Span reaches from Command to the last argument.
	Span source.Span
	// Dir is the working directory in the image; it begins with UnknownDir where it is the base image's own or lies in
	// that, and is empty where it is not known at all.
	Dir string
	// Through are the programs that start this one, the outermost first: sudo, xargs, sh.
	Through []string
	// Repeated says that a loop, xargs or find may start it more than once.
	Repeated bool
	// Conditional says that it may not be started at all: it stands in an if, a case, a loop, or behind ||.
	Conditional bool
	// Background says that the script does not wait for it: it ends in &, or is part of a command that does.
	Background bool

	env *dockerfile.Variables
}

// Env is what is known of a variable of the program's environment.
func (c *Call) Env(name string) dockerfile.Value { return c.env.Get(name) }

// Text is the call with its words joined by spaces, for comparing: "make -j ￼ install".
func (c *Call) Text() string {
	var b strings.Builder
	b.WriteString(c.Command.Text)
	for _, w := range c.Args {
		b.WriteString(" " + w.Text)
	}
	return b.String()
}

// Inside is what a script starts with that the command runs.
func (c *Call) Inside() Context { return Context{Env: c.env, Dir: c.Dir} }

// IsShell reports whether the program is a shell of the sh family.
func (c *Call) IsShell() bool { return IsShell(c.Name) }

// Script is the file that a shell is to run; ok is false where it is given its script otherwise, or the program is none.
func (c *Call) Script() (file Word, ok bool) {
	if !c.IsShell() {
		return Word{}, false
	}
	w, inline := inlineScript(c.Args)
	return w, !inline && w.Text != ""
}

// Is reports whether the program has one of the names.
func (c *Call) Is(names ...string) bool { return c.Name != "" && slices.Contains(names, c.Name) }

// HasArg reports whether one of the words is among the arguments.
func (c *Call) HasArg(words ...string) bool {
	return slices.ContainsFunc(c.Args, func(w Word) bool { return w.Known && slices.Contains(words, w.Text) })
}

// Operands are the arguments that are no options: what does not begin with "-", and everything after "--". Options that
// take a separate value are to be named, so that the value is not among them.
func (c *Call) Operands(valued ...string) []Word {
	var out []Word
	for i := 0; i < len(c.Args); i++ {
		switch w := c.Args[i]; {
		case w.Text == "--":
			return append(out, c.Args[i+1:]...)
		case slices.Contains(valued, w.Text):
			i++
		case !strings.HasPrefix(w.Text, "-") || w.Text == "-":
			out = append(out, w)
		}
	}
	return out
}

// Subcommand is the first operand, such as "install" of npm; empty where there is none, or it is not known. Options that
// take a separate value are to be named, so that the value is not taken for it: "--prefix", "-C".
func (c *Call) Subcommand(valued ...string) string {
	skip := false
	for _, w := range c.Args {
		switch {
		case skip:
			skip = false
		case !w.Known:
			return ""
		case slices.Contains(valued, w.Text):
			skip = true
		case !strings.HasPrefix(w.Text, "-"):
			return w.Text
		}
	}
	return ""
}

// Option is the value of an option in any of its spellings: --jobs=4, --jobs 4, -j4, -j 4, or -kj4 where "k" is one of
// the letters that take no value. ok says that it is there; value is then empty where it has none, which only an option
// whose value is optional may. The last one counts.
//
// names are those of one option, with their dashes: "-j", "--jobs". letters are the one-letter options of the program
// that take no value, such as "kis".
func (c *Call) Option(letters string, names ...string) (value Word, ok bool) {
	for i, w := range c.Args {
		if w.Text == "--" {
			break
		}
		for _, name := range names {
			v, found := optionValue(w, name, letters)
			if !found {
				continue
			}
			value, ok = v, true
			if v.Text == "" && !strings.Contains(w.Text, "=") && i+1 < len(c.Args) && !strings.HasPrefix(c.Args[i+1].Text, "-") {
				value = c.Args[i+1]
			}
		}
	}
	return value, ok
}

// optionValue is the value that stands in the same word as the option's name.
func optionValue(w Word, name, letters string) (Word, bool) {
	if strings.HasPrefix(name, "--") || len(name) > 2 {
		if w.Text == name {
			return Word{}, true
		}
		if strings.HasPrefix(w.Text, name+"=") {
			return w.from(len(name) + 1), true
		}
		return Word{}, false
	}
	if len(w.Text) < 2 || w.Text[0] != '-' || w.Text[1] == '-' {
		return Word{}, false
	}
	for i := 1; i < len(w.Text); i++ {
		if w.Text[i] == name[1] {
			return w.from(i + 1), true
		}
		if !strings.ContainsRune(letters, rune(w.Text[i])) {
			break
		}
	}
	return Word{}, false
}

// from is the end of a word.
func (w Word) from(start int) Word {
	text := w.Text[start:]
	return Word{
		Text: text, Known: !strings.ContainsRune(text, Unknown), Raw: w.Raw,
		Span: w.Part(start, len(w.Text)), Mapping: w.Mapping.Sub(source.Span{Start: start, End: len(w.Text)}),
	}
}

// programName is the name of a program without its directory, also with backslashes and ".exe".
func programName(w Word) string {
	if !w.Known {
		return ""
	}
	return strings.TrimSuffix(path.Base(strings.ReplaceAll(w.Text, `\`, "/")), ".exe")
}
