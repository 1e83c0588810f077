package shell

import (
	"strings"
	"unicode/utf8"

	"mvdan.cc/sh/v3/syntax"

	"github.com/loadline-dev/loadline/pkg/source"
)

// expansion builds the words that one word of a script becomes.
type expansion struct {
	follower *follower
	state    *state
	fields   []Word
	b        strings.Builder
	at       source.Mapping
	started  bool
	unknown  bool
	// split says that white space of unquoted variables separates words.
	split bool
}

// words are what a word becomes: several, or none, where an unquoted variable is in it.
func (f *follower) words(w *syntax.Word, s *state) []Word {
	e := &expansion{follower: f, state: s, split: true}
	for _, p := range w.Parts {
		e.part(p, false)
	}
	e.end()
	span := f.span(w)
	for i := range e.fields {
		e.fields[i].Raw = f.raw(w)
		if len(e.fields) == 1 {
			e.fields[i].Span = span
		}
	}
	return e.fields
}

// single is a word that is not split, as the value of an assignment.
func (f *follower) single(w *syntax.Word, s *state) Word {
	e := &expansion{follower: f, state: s}
	for _, p := range w.Parts {
		e.part(p, false)
	}
	e.started = true
	e.end()
	out := e.fields[0]
	out.Span, out.Raw = f.span(w), f.raw(w)
	return out
}

// document is the text of a heredoc.
func (f *follower) document(w *syntax.Word, s *state) Word {
	e := &expansion{follower: f, state: s}
	for _, p := range w.Parts {
		if lit, ok := p.(*syntax.Lit); ok {
			// The end of a literal in a document may lie behind the line that ends the document.
			start := int(lit.Pos().Offset())
			if end := start + len(lit.Value); end <= len(f.in.s) && f.in.s[start:end] == lit.Value {
				e.copy(start, end)
				continue
			}
			e.notKnown(lit)
			continue
		}
		e.part(p, true)
	}
	e.started = true
	e.end()
	return e.fields[0]
}

// substitutions follows the commands inside of a word: $(…) and <(…).
func (f *follower) substitutions(w *syntax.Word, s *state) {
	if w == nil {
		return
	}
	syntax.Walk(w, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.CmdSubst:
			f.stmts(n.Stmts, s.fork())
			return false
		case *syntax.ProcSubst:
			f.stmts(n.Stmts, s.fork())
			return false
		}
		return true
	})
}

func (f *follower) span(n syntax.Node) source.Span {
	return f.in.at.Span(source.Span{Start: int(n.Pos().Offset()), End: int(n.End().Offset())})
}

func (f *follower) raw(n syntax.Node) string {
	start, end := int(n.Pos().Offset()), int(n.End().Offset())
	if start > end || end > len(f.in.s) {
		return ""
	}
	return f.in.s[start:end]
}

func (e *expansion) part(p syntax.WordPart, quoted bool) {
	switch p := p.(type) {
	case *syntax.Lit:
		e.literal(p, quoted)
	case *syntax.SglQuoted:
		e.started = true
		start, end := int(p.Pos().Offset())+1, int(p.End().Offset())-1
		if p.Dollar {
			start++
			if strings.Contains(p.Value, `\`) {
				e.notKnown(p)
				return
			}
		}
		e.copy(start, end)
	case *syntax.DblQuoted:
		e.started = true
		for _, inner := range p.Parts {
			e.part(inner, true)
		}
	case *syntax.ParamExp:
		e.parameter(p, quoted)
	case *syntax.CmdSubst:
		e.follower.stmts(p.Stmts, e.state.fork())
		e.notKnown(p)
	case *syntax.ProcSubst:
		e.follower.stmts(p.Stmts, e.state.fork())
		e.notKnown(p)
	default:
		e.notKnown(p)
	}
}

// literal copies text without its escapes.
func (e *expansion) literal(p *syntax.Lit, quoted bool) {
	s := e.follower.in.s
	for i, end := int(p.Pos().Offset()), min(int(p.End().Offset()), len(s)); i < end; {
		if s[i] == '\\' && i+1 < end {
			switch next := s[i+1]; {
			case next == '\n':
				i += 2
				continue
			case !quoted || strings.IndexByte("$`\"\\", next) >= 0:
				_, size := utf8.DecodeRuneInString(s[i+1:])
				e.copy(i+1, i+1+size)
				i += 1 + size
				continue
			}
		}
		_, size := utf8.DecodeRuneInString(s[i:])
		e.copy(i, i+size)
		i += size
	}
}

// copy appends bytes of the script.
func (e *expansion) copy(start, end int) {
	if start >= end || end > len(e.follower.in.s) {
		return
	}
	part := e.follower.in.s[start:end]
	if strings.ContainsRune(part, Unknown) {
		e.unknown = true
	}
	e.started = true
	e.b.WriteString(part)
	e.at.Append(e.follower.in.at.Sub(source.Span{Start: start, End: end}))
}

func (e *expansion) notKnown(n syntax.Node) {
	e.started, e.unknown = true, true
	e.b.WriteRune(Unknown)
	e.at.Replace(utf8.RuneLen(Unknown), e.follower.span(n))
}

// parameter expands $NAME and ${NAME}; every other form is not known.
func (e *expansion) parameter(p *syntax.ParamExp, quoted bool) {
	plain := p.Param != nil && !p.Excl && !p.Length && !p.Width && p.Index == nil && p.Slice == nil && p.Repl == nil && p.Names == 0 && p.Exp == nil
	if !plain {
		if p.Exp != nil && p.Exp.Word != nil {
			e.follower.substitutions(p.Exp.Word, e.state)
		}
		e.notKnown(p)
		return
	}
	v := e.state.vars.Get(p.Param.Value)
	if !v.Known {
		e.notKnown(p)
		return
	}
	span := e.follower.span(p)
	if quoted || !e.split {
		e.started = e.started || quoted
		e.insert(v.Text, span)
		return
	}
	for i, field := range strings.Fields(v.Text) {
		if i > 0 || strings.TrimLeft(v.Text, " \t\n") != v.Text {
			e.end()
		}
		e.insert(field, span)
	}
	if strings.TrimRight(v.Text, " \t\n") != v.Text {
		e.end()
	}
}

func (e *expansion) insert(s string, span source.Span) {
	if s == "" {
		return
	}
	e.started = true
	e.b.WriteString(s)
	e.at.Replace(len(s), span)
}

// end ends a word.
func (e *expansion) end() {
	if !e.started {
		return
	}
	text := e.b.String()
	e.fields = append(e.fields, Word{
		Text: text, Known: !e.unknown, Mapping: e.at, Span: e.at.Span(source.Span{Start: 0, End: len(text)}),
	})
	e.b, e.at, e.started, e.unknown = strings.Builder{}, source.Mapping{}, false, false
}
