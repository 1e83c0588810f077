package dockerfile

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/command"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/util/suggest"

	"github.com/loadline-dev/loadline/pkg/source"
)

// maxLine is how long BuildKit's parser lets a line be (bufio.MaxScanTokenSize), in bytes.
const maxLine = 64*1024 - 1

// checkDirectives finds the escape character, and the parser directive that BuildKit refuses: for those it gives the
// line before.
func checkDirectives(file *source.File) (escape rune, err error) {
	escape = parser.DefaultEscapeToken
	var d parser.DirectiveParser
	for n := 1; n <= file.Lines(); n++ {
		span := file.Line(n)
		line := bytes.TrimSpace(file.Text[span.Start:span.End])
		directive, err := d.ParseLine(line)
		if err != nil {
			return 0, &source.Error{File: file, Span: span, Msg: err.Error(), Err: err}
		}
		if directive == nil {
			break
		}
		if directive.Name != "escape" {
			continue
		}
		if directive.Value != "`" && directive.Value != `\` {
			at := span.Start + max(strings.LastIndex(file.Slice(span), directive.Value), 0)
			return 0, &source.Error{
				File: file, Span: source.Span{Start: at, End: at + len(directive.Value)},
				Msg: fmt.Sprintf("invalid escape token '%s' does not match ` or \\", directive.Value),
			}
		}
		escape = rune(directive.Value[0])
	}
	return escape, nil
}

// locate turns an error of parser.Parse into one with a place.
func (p *parse) locate(err error) error {
	file := p.file.Source
	out := &source.Error{File: file, Msg: err.Error(), Err: err}
	for n := 1; n <= file.Lines(); n++ {
		if span := file.Line(n); span.End-span.Start >= maxLine {
			out.Span = source.Span{Start: span.Start, End: span.Start}
			out.Msg = fmt.Sprintf("dockerfile line greater than max allowed size of %d", maxLine)
			return out
		}
	}
	var at *parser.LocationError
	if !errors.As(err, &at) || len(at.Locations) == 0 || len(at.Locations[0]) == 0 {
		return out
	}
	line := max(at.Locations[0][0].Start.Line, 1)
	joined, _ := join(file, line, p.more)
	t := joined.trim()
	gap := reWhitespace.FindStringIndex(t.s)
	if gap == nil {
		gap = []int{len(t.s)}
	}
	out.Span = t.sub(0, gap[0]).span()
	if strings.Contains(out.Msg, "unterminated heredoc") {
		if i := strings.Index(t.s, "<<"); i >= 0 {
			end := strings.IndexAny(t.s[i+2:], " \t")
			if end < 0 {
				end = len(t.s) - i - 2
			}
			out.Span = t.at.Span(source.Span{Start: i, End: i + 2 + end})
		}
		return out
	}
	if word := firstQuoted(out.Msg); word != "" {
		if i := strings.Index(t.s, word); i >= 0 {
			out.Span = t.at.Span(source.Span{Start: i, End: i + len(word)})
		}
	}
	return out
}

// firstQuoted is the first word that a message has in quotes, as %q writes it.
func firstQuoted(message string) string {
	i := strings.IndexByte(message, '"')
	if i < 0 {
		return ""
	}
	quoted, err := strconv.QuotedPrefix(message[i:])
	if err != nil {
		return ""
	}
	word, _ := strconv.Unquote(quoted) // QuotedPrefix has found it well formed
	return word
}

var flagName = regexp.MustCompile(`--([A-Za-z0-9_-]+)`)

// refused turns an error of instructions.ParseInstruction into one with a place.
func (i *Instruction) refused(err error) error {
	out := &source.Error{File: i.file.Source, Span: i.Keyword.Span, Msg: err.Error(), Err: err}
	var unknown *instructions.UnknownInstructionError
	if errors.As(err, &unknown) {
		out.Msg = unknown.Error()
		if match, ok := suggest.Search(unknown.Instruction, instructionNames(), false); ok {
			out.Msg += " (did you mean " + match + "?)"
		}
		return out
	}
	if strings.Contains(out.Msg, "flag") {
		if name := flagName.FindStringSubmatch(out.Msg); name != nil {
			if flag, ok := i.Flag(name[1]); ok {
				out.Span = flag.Span
			}
		}
		return out
	}
	if strings.HasPrefix(out.Msg, "FROM requires") && len(i.Words) > 1 {
		out.Span = source.Span{Start: i.Words[1].Span.Start, End: i.Words[len(i.Words)-1].Span.End}
		return out
	}
	if strings.Contains(out.Msg, "name for build stage") && len(i.Words) == 3 {
		out.Span = i.Words[2].Span
		return out
	}
	for n := range i.Mounts {
		for _, field := range i.Mounts[n].Fields {
			if strings.Contains(out.Msg, "'"+field.Key+"'") || (field.Value != "" && strings.Contains(out.Msg, `"`+field.Value+`"`)) {
				out.Span = field.Span
			}
		}
	}
	return out
}

// instructionNames are in a fixed order, so that of two equally near names always the same one is suggested.
func instructionNames() []string {
	var out []string
	for name := range command.Commands {
		out = append(out, strings.ToUpper(name))
	}
	slices.Sort(out)
	return out
}
