// Package dockerfile answers what a Dockerfile says and where: its stages, instructions, flags, words, variables and
// RUN scripts, each with the bytes of the file it was written with.
//
// What the text means is decided by BuildKit's own parser (github.com/moby/buildkit/frontend/dockerfile/parser and
// instructions). That gives lines only; this package repeats how it joins and splits lines in order to find columns,
// and refuses a file in which the two differ. Nothing is expanded here.
package dockerfile

import (
	"sort"
	"strings"

	"github.com/loadline-dev/loadline/pkg/source"
)

// MaxInstructions is the largest number of instructions of a Dockerfile. BuildKit spends time and memory on each and
// has no limit of its own.
const MaxInstructions = 10_000

// MaxNesting is how deep ${...} may be nested in one instruction. BuildKit copies the text of each level into the
// one around it (frontend/dockerfile/shell, processDollar).
const MaxNesting = 100

// File is a parsed Dockerfile. It must not be changed; it may be read by several goroutines.
type File struct {
	Source *source.File
	// Escape is the escape character, a backslash or a backquote.
	Escape rune
	// Syntax is the image of the syntax directive, without its command line, as parser.DetectSyntax finds it in any
	// of its forms (# syntax=, // syntax=, JSON, behind a shebang); empty where there is none.
	Syntax string
	// SyntaxLine is the line of the directive, from 1; 0 where there is none.
	SyntaxLine int
	// Args are the ARG instructions before the first stage.
	Args []*Instruction
	// Stages are in the order of the file; at least one.
	Stages []*Stage
	// Instructions are all instructions in the order of the file, FROM included. Those inside ONBUILD are not among
	// them.
	Instructions []*Instruction
}

// Stage is a build stage.
type Stage struct {
	// Index counts from 0.
	Index int
	// Name is the stage's name in lower case, as BuildKit has it; empty where it has none.
	Name string
	// Base is what FROM names, before variables are expanded.
	Base Word
	// Platform is the value of --platform before variables are expanded; empty where there is none.
	Platform string
	// Parent is the stage that Base names, nil where that is an image, or a variable.
	Parent *Stage
	// From is the FROM instruction, and Instructions are those after it.
	From         *Instruction
	Instructions []*Instruction
}

// Instruction is one instruction of a Dockerfile. Which fields are set depends on its name.
type Instruction struct {
	// Name is the instruction's name in upper case.
	Name string
	// Span reaches from the keyword to the last byte of the instruction, its heredocs included.
	Span source.Span
	// StartLine and EndLine are the first and the last line, from 1.
	StartLine, EndLine int
	// Keyword is the instruction's name as written.
	Keyword Word
	// Flags are the words that start with "--" before the arguments.
	Flags []Flag
	// Words are the arguments: those of ADD, COPY, EXPOSE, FROM, VOLUME and of every JSON form one by one; of
	// MAINTAINER, STOPSIGNAL, USER and WORKDIR as one word; of HEALTHCHECK the type first; of ARG one a definition.
	// ENV and LABEL have Pairs, a shell form has a Script, ONBUILD has Inner.
	Words []Word
	// JSON says that the arguments are a JSON array (exec form).
	JSON bool
	// Pairs are the definitions of ARG, ENV and LABEL.
	Pairs []Pair
	// Mounts are those of RUN.
	Mounts []Mount
	// Heredocs are those of ADD, COPY and RUN, also inside ONBUILD.
	Heredocs []*Heredoc
	// Script is the shell form of RUN, CMD, ENTRYPOINT and HEALTHCHECK CMD; nil for the others.
	Script *Script
	// Inner is what ONBUILD defers; nil for the others.
	Inner *Instruction
	// Stage is the stage that the instruction belongs to, FROM to its own; nil before the first.
	Stage *Stage

	file *File
	// text is the instruction joined to one line, without heredocs.
	text text
}

// Word is a part of an instruction.
type Word struct {
	// Value is the word as BuildKit has it before variables are expanded: with its quotes, in a JSON form without.
	Value string
	// Span is the word as written. It may run over a continuation.
	Span source.Span
	// Mapping leads from Value to the file.
	Mapping source.Mapping
	// Heredoc is the heredoc that the word introduces, as a source of ADD or COPY; nil for other words.
	Heredoc *Heredoc
}

// Flag is an option of an instruction, such as --from=build.
type Flag struct {
	// Name is the name without dashes.
	Name string
	// Value is what follows "=", without quotes; empty where there is no "=", and then HasValue is false.
	Value    Word
	HasValue bool
	// Span is the whole flag as written.
	Span source.Span
}

// Pair is a definition of ARG, ENV or LABEL.
type Pair struct {
	// Key and Value are as BuildKit has them before variables are expanded, quotes included.
	Key, Value Word
	// HasValue is false for an ARG without a default.
	HasValue bool
	// Span is the whole definition.
	Span source.Span
}

// Mount is a --mount flag of RUN, before variables are expanded.
type Mount struct {
	// Type is bind, cache, secret, ssh or tmpfs in lower case; bind where none is given.
	Type string
	// Fields are the options in the order written.
	Fields []Field
	// Span is the whole flag.
	Span source.Span
}

// Field is one option of a mount.
type Field struct {
	// Key is in lower case; src, dst and destination stay as written.
	Key string
	// Value is empty for an option without one.
	Value string
	// Span is the option as written, or the whole flag where its fields are quoted.
	Span source.Span
}

// Field is the last field with one of the keys; ok is false where there is none.
func (m *Mount) Field(keys ...string) (field Field, ok bool) {
	for _, f := range m.Fields {
		for _, key := range keys {
			if f.Key == key {
				field, ok = f, true
			}
		}
	}
	return field, ok
}

// Heredoc is a document written in the Dockerfile.
type Heredoc struct {
	// Name is the word that ends it, without quotes.
	Name string
	// Expand says that variables in it are expanded: no part of the name was quoted.
	Expand bool
	// Chomp says that leading tabs are taken off (<<-).
	Chomp bool
	// Content is the document as written, with its tabs.
	Content string
	// Span is the document in the file, and Terminator the line that ends it.
	Span, Terminator source.Span
	// Start is where the heredoc is announced: the "<<" with its name.
	Start source.Span
}

// Flag is the last flag of a name; ok is false where there is none.
func (i *Instruction) Flag(name string) (flag Flag, ok bool) {
	for _, f := range i.Flags {
		if f.Name == name {
			flag, ok = f, true
		}
	}
	return flag, ok
}

// Sources are the sources of ADD or COPY that are paths or URLs; heredocs are left out. Nil for other instructions.
func (i *Instruction) Sources() []Word {
	if !i.copies() || len(i.Words) < 2 {
		return nil
	}
	var out []Word
	for _, w := range i.Words[:len(i.Words)-1] {
		if w.Heredoc == nil {
			out = append(out, w)
		}
	}
	return out
}

// Dest is the destination of ADD or COPY; ok is false for other instructions.
func (i *Instruction) Dest() (dest Word, ok bool) {
	if !i.copies() || len(i.Words) < 2 {
		return Word{}, false
	}
	return i.Words[len(i.Words)-1], true
}

func (i *Instruction) copies() bool { return i.Name == "ADD" || i.Name == "COPY" }

// FirstLine is the first line of the instruction as written, for reports; it may hold anything, so print it with
// source.Printable or a format's own escaping.
func (i *Instruction) FirstLine() string {
	line := i.file.Source.Line(i.StartLine)
	return strings.TrimSpace(i.file.Source.Slice(source.Span{Start: i.Span.Start, End: line.End}))
}

// Text is the instruction joined to one line as BuildKit's parser joins it, without heredocs.
func (i *Instruction) Text() string { return i.text.s }

// InstructionAt is the instruction that covers a line, from 1, heredocs included; nil where none does.
func (f *File) InstructionAt(line int) *Instruction {
	n := sort.Search(len(f.Instructions), func(n int) bool { return f.Instructions[n].EndLine >= line })
	if n == len(f.Instructions) || f.Instructions[n].StartLine > line {
		return nil
	}
	return f.Instructions[n]
}

// Stage is the stage that a name means: the last one so named before index before, whatever its case
// (dockerfile2llb, dispatchStages). Nil where there is none. Use len(f.Stages) to look at all.
func (f *File) Stage(name string, before int) *Stage {
	for n := min(before, len(f.Stages)) - 1; n >= 0; n-- {
		if s := f.Stages[n]; s.Name != "" && strings.EqualFold(s.Name, name) {
			return s
		}
	}
	return nil
}
