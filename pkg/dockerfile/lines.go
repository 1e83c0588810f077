package dockerfile

import (
	"bytes"
	"regexp"
	"strings"
	"unicode"

	"github.com/loadline-dev/loadline/pkg/source"
)

// text is derived text with the way back to the file.
type text struct {
	s  string
	at source.Mapping
}

func (t text) sub(start, end int) text {
	return text{t.s[start:end], t.at.Sub(source.Span{Start: start, End: end})}
}

// trim is strings.TrimSpace.
func (t text) trim() text {
	start := len(t.s) - len(strings.TrimLeftFunc(t.s, unicode.IsSpace))
	return t.sub(start, start+len(strings.TrimSpace(t.s)))
}

func (t text) span() source.Span { return t.at.Span(source.Span{Start: 0, End: len(t.s)}) }

func (t text) word() Word { return Word{Value: t.s, Span: t.span(), Mapping: t.at} }

// continuation is parser.go, setEscapeToken.
func continuation(escape rune) *regexp.Regexp {
	s := string(escape)
	return regexp.MustCompile(`([^\` + s + `])\` + s + `[ \t]*$|^\` + s + `[ \t]*$`)
}

// join puts the lines of the instruction that starts at a line together, as parser.Parse does: leading white space
// of the first line, escape characters at the end of a line, comments and empty lines in between are left out. next
// is the first line after it, where its heredocs start.
func join(file *source.File, start int, more *regexp.Regexp) (joined text, next int) {
	var b strings.Builder
	for n := start; n <= file.Lines(); n++ {
		span := file.Line(n)
		line := bytes.TrimRight(file.Text[span.Start:span.End], "\r\n")
		if n == start {
			trimmed := bytes.TrimLeftFunc(line, unicode.IsSpace)
			span.Start += len(line) - len(trimmed)
			line = trimmed
		} else if left := bytes.TrimLeftFunc(line, unicode.IsSpace); len(left) == 0 || left[0] == '#' {
			continue
		}
		match := more.FindSubmatchIndex(line)
		if match != nil {
			line = line[:max(match[3], 0)]
		}
		b.Write(line)
		joined.at.Copy(len(line), span.Start)
		if match == nil {
			next = n + 1
			break
		}
		next = n + 1
	}
	joined.s = b.String()
	return joined, next
}

// checkNesting refuses text that BuildKit's lexer would need too long for; see MaxNesting. It looks at each run of
// joined lines and takes heredocs for instructions, so it may count a ${ that BuildKit does not; ordinary files have
// a handful.
func checkNesting(file *source.File, more *regexp.Regexp) error {
	for n := 1; n <= file.Lines(); {
		joined, next := join(file, n, more)
		n = next
		depth := 0
		for i := range len(joined.s) {
			switch {
			case strings.HasPrefix(joined.s[i:], "${"):
				depth++
			case joined.s[i] == '}' && depth > 0:
				depth--
			}
			if depth > MaxNesting {
				return &source.Error{
					File: file,
					Span: joined.at.Span(source.Span{Start: i, End: i + 2}),
					Msg:  "variables are nested too deep",
				}
			}
		}
	}
	return nil
}
