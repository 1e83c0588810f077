package dockerfile

import (
	"errors"
	"fmt"
	"path"
	"strings"
	"sync"

	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"mvdan.cc/sh/v3/syntax"

	"github.com/loadline-dev/loadline/pkg/source"
)

const (
	// MaxScript is the longest script, in bytes, that Script.Parse takes: the shell parser descends into what is
	// nested, and its stack must stay far from Go's limit.
	MaxScript = 64 << 10
	// maxRetry is the longest script that is tried in more than one shell language, so that a hostile one does not
	// cost several times as much.
	maxRetry = 8 << 10
)

// ErrNotShell is what Script.Parse returns for a script that is not for a shell of the sh family.
var ErrNotShell = errors.New("not a shell script")

// Script is the shell form of an instruction: the text that the shell gets.
type Script struct {
	// Text is the joined line, or the heredoc where the line consists of one, or both put together as BuildKit does
	// (dockerfile2llb, dispatchRun).
	Text string
	// Mapping leads from Text to the file.
	Mapping source.Mapping
	// Shell is the SHELL that runs the script, as far as the Dockerfile says; nil means the default, /bin/sh -c.
	Shell []string
	// Heredoc is the heredoc that the script consists of; nil where it is a line or more than that.
	Heredoc *Heredoc

	file *source.File
	// line is the argument as BuildKit's parser has it.
	line  string
	parse func() (*syntax.File, error)
}

func newScript(i *Instruction, args text) *Script {
	s := &Script{Text: args.s, Mapping: args.at, line: args.s, file: i.file.Source}
	s.parse = sync.OnceValues(s.parseShell)
	if len(i.Heredocs) == 0 {
		return s
	}
	if h, err := parser.ParseHeredoc(args.s); err == nil && h != nil {
		s.Heredoc = i.Heredocs[0]
		s.Text, s.Mapping = s.Heredoc.body()
		return s
	}
	var b strings.Builder
	b.WriteString(args.s)
	s.Mapping = args.at.Clone()
	for _, h := range i.Heredocs {
		b.WriteString("\n" + h.Content + h.Name)
		s.Mapping.Replace(1, source.Span{Start: h.Span.Start, End: h.Span.Start})
		s.Mapping.Copy(len(h.Content), h.Span.Start)
		s.Mapping.Copy(len(h.Name), h.Terminator.End-len(h.Name))
	}
	s.Text = b.String()
	return s
}

// body is the document as the shell gets it, without the tabs that <<- takes off (parser.ChompHeredocContent).
func (h *Heredoc) body() (string, source.Mapping) {
	var m source.Mapping
	if !h.Chomp {
		m.Copy(len(h.Content), h.Span.Start)
		return h.Content, m
	}
	at := h.Span.Start
	for _, line := range strings.SplitAfter(h.Content, "\n") {
		kept := strings.TrimLeft(line, "\t")
		m.Copy(len(kept), at+len(line)-len(kept))
		at += len(line)
	}
	return parser.ChompHeredocContent(h.Content), m
}

// Parse is the script as shell syntax, parsed when it is first asked for. Bash is tried first, which takes nearly all
// of what sh takes, then POSIX sh, then mksh. It returns ErrNotShell for a script whose SHELL or #! line names another
// interpreter, and a *source.Error, with the place in the Dockerfile, for one that no parser accepts or that is over
// MaxScript.
func (s *Script) Parse() (*syntax.File, error) { return s.parse() }

// Span is where a node of the parsed script stands in the Dockerfile.
func (s *Script) Span(node syntax.Node) source.Span {
	return s.Mapping.Span(source.Span{Start: int(node.Pos().Offset()), End: int(node.End().Offset())})
}

func (s *Script) parseShell() (*syntax.File, error) {
	if name := s.interpreter(); !isShell(name) {
		return nil, fmt.Errorf("%w: it is run by %s", ErrNotShell, source.Printable(name))
	}
	if len(s.Text) > MaxScript {
		return nil, &source.Error{
			File: s.file, Span: s.Mapping.Span(source.Span{Start: 0, End: 1}),
			Msg: fmt.Sprintf("a script of %d bytes is not looked into; the limit is %d", len(s.Text), MaxScript),
		}
	}
	var first error
	for _, lang := range []syntax.LangVariant{syntax.LangBash, syntax.LangPOSIX, syntax.LangMirBSDKorn} {
		file, err := syntax.NewParser(syntax.Variant(lang), syntax.KeepComments(true)).Parse(strings.NewReader(s.Text), "")
		if err == nil {
			return file, nil
		}
		if first == nil {
			first = err
		}
		if len(s.Text) > maxRetry {
			break
		}
	}
	return nil, s.located(first)
}

func (s *Script) located(err error) error {
	out := &source.Error{File: s.file, Span: s.Mapping.Span(source.Span{Start: 0, End: 0}), Msg: err.Error(), Err: err}
	var at syntax.ParseError
	var lang syntax.LangError
	switch {
	case errors.As(err, &at):
		out.Msg = at.Text
		offset := int(at.Pos.Offset())
		out.Span = s.Mapping.Span(source.Span{Start: offset, End: offset})
	case errors.As(err, &lang):
		offset := int(lang.Pos.Offset())
		out.Span = s.Mapping.Span(source.Span{Start: offset, End: offset})
	}
	return out
}

// interpreter is the name of the program that runs the script, without its directory.
func (s *Script) interpreter() string {
	if line, ok := strings.CutPrefix(s.Text, "#!"); ok && s.Heredoc != nil {
		line, _, _ = strings.Cut(line, "\n")
		fields := strings.Fields(line)
		if len(fields) > 1 && path.Base(fields[0]) == "env" {
			fields = fields[1:]
			for len(fields) > 1 && strings.HasPrefix(fields[0], "-") {
				fields = fields[1:]
			}
		}
		if len(fields) > 0 {
			return path.Base(fields[0])
		}
	}
	if len(s.Shell) == 0 {
		return "sh"
	}
	return path.Base(strings.ReplaceAll(s.Shell[0], `\`, "/"))
}

func isShell(name string) bool {
	switch name {
	case "sh", "ash", "bash", "busybox", "dash", "ksh", "mksh", "zsh":
		return true
	}
	return false
}
