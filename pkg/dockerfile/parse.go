package dockerfile

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/tonistiigi/go-csvvalue"

	"github.com/loadline-dev/loadline/pkg/source"
)

// Parse reads a Dockerfile. Every failure is a *source.Error with the line, and a span on it that is as narrow as
// what BuildKit says allows: the flag or the word at fault, else the instruction's keyword. A file over
// source.MaxText, with more than MaxInstructions instructions or nested deeper than MaxNesting is refused.
func Parse(path string, text []byte) (*File, error) {
	if len(text) > source.MaxText {
		return nil, &source.Error{
			File: source.NewFile(path, nil),
			Msg:  fmt.Sprintf("%d bytes are more than the limit of %d", len(text), source.MaxText),
		}
	}
	p := &parse{file: &File{Source: source.NewFile(path, text)}}
	if err := p.read(text); err != nil {
		return nil, err
	}
	if err := p.stages(); err != nil {
		return nil, err
	}
	return p.file, nil
}

type parse struct {
	file *File
	// more finds a line that is continued.
	more *regexp.Regexp
	// nodes are what BuildKit's parser made of the instructions.
	nodes []*parser.Node
}

// read fills in the instructions.
func (p *parse) read(text []byte) error {
	f := p.file
	escape, err := checkDirectives(f.Source)
	if err != nil {
		return err
	}
	p.more = continuation(escape)
	if err := checkNesting(f.Source, p.more); err != nil {
		return err
	}
	result, err := parseNodes(text)
	if err != nil {
		return p.locate(err)
	}
	f.Escape = result.EscapeToken
	if f.Escape != escape {
		return f.unmapped(f.Source.Line(1))
	}
	f.Syntax, f.SyntaxLine = Syntax(text)
	for _, node := range result.AST.Children {
		if err := p.add(node); err != nil {
			return err
		}
	}
	return nil
}

// Syntax is the image that a text's syntax directive names, without its command line, and the line of the directive,
// from 1; empty and 0 where there is none. It is how BuildKit finds it (parser.DetectSyntax): "# syntax=", "// syntax="
// or a JSON object, also behind a shebang line. Ask before Parse: a text for another frontend need not be a Dockerfile.
func Syntax(text []byte) (image string, line int) {
	image, _, ranges, ok := parser.DetectSyntax(text)
	if !ok || len(ranges) == 0 {
		return "", 0
	}
	line = max(ranges[0].Start.Line, 1)
	if line == 1 && bytes.HasPrefix(bytes.TrimPrefix(text, []byte("\ufeff")), []byte("#!")) {
		line = 2 // for JSON, DetectSyntax counts from 0
	}
	return image, line
}

// parseNodes calls BuildKit's parser, which reads what strangers wrote: a panic of it is an error of this file.
func parseNodes(text []byte) (result *parser.Result, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("BuildKit's parser fails: %v", r)
		}
	}()
	return parser.Parse(bytes.NewReader(text))
}

func (p *parse) add(node *parser.Node) error {
	f := p.file
	joined, next := join(f.Source, node.StartLine, p.more)
	if joined.s != node.Original {
		return f.unmapped(f.Source.Line(node.StartLine))
	}
	i := &Instruction{file: f, StartLine: node.StartLine, EndLine: node.EndLine}
	if len(f.Instructions) == MaxInstructions {
		return &source.Error{File: f.Source, Span: joined.span(), Msg: fmt.Sprintf("more than %d instructions", MaxInstructions)}
	}
	heredocs, err := f.heredocs(node, joined, next)
	if err != nil {
		return err
	}
	if err := i.fill(node, joined, heredocs); err != nil {
		return err
	}
	if n := len(heredocs); n > 0 {
		i.Span.End = max(i.Span.End, heredocs[n-1].Terminator.End)
	}
	f.Instructions = append(f.Instructions, i)
	p.nodes = append(p.nodes, node)
	return nil
}

// unmapped says that this package and BuildKit's parser read a line differently: a mistake of ours, that a fuzz test
// looks for, and better said than followed by wrong places.
func (f *File) unmapped(at source.Span) error {
	return &source.Error{File: f.Source, Span: at, Msg: "loadline cannot tell the columns of this instruction; please report it"}
}

// heredocs finds the documents after the lines of an instruction. BuildKit keeps their lines as they are, so that
// each is a part of the file.
func (f *File) heredocs(node *parser.Node, joined text, next int) ([]*Heredoc, error) {
	var out []*Heredoc
	from := 0
	for _, h := range node.Heredocs {
		start := f.Source.Line(next).Start
		end := start + len(h.Content)
		if f.Source.Slice(source.Span{Start: start, End: end}) != h.Content {
			return nil, f.unmapped(f.Source.Line(node.StartLine))
		}
		terminator := f.Source.Position(end).Line
		doc := &Heredoc{
			Name: h.Name, Expand: h.Expand, Chomp: h.Chomp, Content: h.Content,
			Span:       source.Span{Start: start, End: end},
			Terminator: f.Source.Line(terminator),
		}
		doc.Start, from = announced(joined, h.Name, from)
		out = append(out, doc)
		next = terminator + 1
	}
	return out, nil
}

// announced is where a heredoc's "<<" with its name stands in a joined line, looking from an offset on, and the
// offset behind it.
func announced(t text, name string, from int) (source.Span, int) {
	for at := from; ; {
		i := strings.Index(t.s[at:], "<<")
		if i < 0 {
			return source.Span{Start: t.span().Start, End: t.span().Start}, from
		}
		at += i
		end := at + 2 + len(t.s[at+2:]) - len(strings.TrimLeft(t.s[at+2:], "- \t\"'\\"))
		if !strings.HasPrefix(t.s[end:], name) {
			at += 2
			continue
		}
		end += len(name)
		if end < len(t.s) && (t.s[end] == '"' || t.s[end] == '\'') {
			end++
		}
		return t.at.Span(source.Span{Start: at, End: end}), end
	}
}

// fill splits an instruction as parser's newNodeFromLine does.
func (i *Instruction) fill(node *parser.Node, t text, heredocs []*Heredoc) error {
	i.text, i.Heredocs = t, heredocs
	t = t.trim()
	i.Span = t.span()
	i.Name = strings.ToUpper(node.Value)
	gap := reWhitespace.FindStringIndex(t.s)
	if gap == nil {
		gap = []int{len(t.s), len(t.s)}
	}
	i.Keyword = t.sub(0, gap[0]).word()
	rest := t.sub(gap[1], len(t.s))
	flags, start := splitFlags(rest, i.file.Escape)
	for _, w := range flags {
		i.Flags = append(i.Flags, newFlag(w))
	}
	if !slices.EqualFunc(flags, node.Flags, func(w Word, s string) bool { return w.Value == s }) {
		return i.file.unmapped(i.Span)
	}
	return i.arguments(node, rest.sub(start, len(rest.s)).trim())
}

func newFlag(w Word) Flag {
	key, value, ok := cutWord(w)
	return Flag{Name: strings.TrimPrefix(key.Value, "--"), Value: value, HasValue: ok, Span: w.Span}
}

// arguments splits what follows the flags, by the instruction's way of doing it (parser's dispatch table).
func (i *Instruction) arguments(node *parser.Node, args text) error {
	i.JSON = node.Attributes["json"]
	switch i.Name {
	case "ADD", "COPY", "VOLUME", "EXPOSE", "FROM":
		i.Words = i.list(args)
		i.linkHeredocs()
	case "CMD", "ENTRYPOINT", "RUN", "SHELL":
		i.command(args)
	case "HEALTHCHECK":
		i.healthcheck(args)
	case "ARG":
		i.Words = splitQuoted(args, i.file.Escape)
		for _, w := range i.Words {
			key, value, ok := cutWord(w)
			i.Pairs = append(i.Pairs, Pair{Key: key, Value: value, HasValue: ok, Span: w.Span})
		}
	case "ENV", "LABEL":
		i.Pairs = pairs(args, i.file.Escape)
	case "ONBUILD":
		return i.onbuild(node, args)
	default:
		if args.s != "" {
			i.Words = []Word{args.word()}
		}
	}
	i.mounts()
	if !sameWords(node, i) {
		return i.file.unmapped(i.Span)
	}
	return nil
}

func (i *Instruction) list(args text) []Word {
	if i.JSON {
		words, _ := splitJSON(args)
		return words
	}
	return splitList(args)
}

func (i *Instruction) command(args text) {
	if i.JSON {
		words, _ := splitJSON(args)
		i.Words = append(i.Words, words...)
		return
	}
	if i.Name != "SHELL" && args.s != "" {
		i.Script = newScript(i, args)
	}
}

// healthcheck is parser's parseHealthConfig, which goes by bytes.
func (i *Instruction) healthcheck(args text) {
	end := 0
	for end < len(args.s) && !unicode.IsSpace(rune(args.s[end])) {
		end++
	}
	if end == 0 {
		return
	}
	i.Words = []Word{args.sub(0, end).word()}
	for end < len(args.s) && unicode.IsSpace(rune(args.s[end])) {
		end++
	}
	i.command(args.sub(end, len(args.s)))
}

// linkHeredocs finds the heredoc of each word; of two of one name the last counts (instructions, parseSourcesAndDest).
func (i *Instruction) linkHeredocs() {
	if len(i.Heredocs) == 0 {
		return
	}
	byName := map[string]*Heredoc{}
	for _, doc := range i.Heredocs {
		byName[doc.Name] = doc
	}
	for n := range i.Words {
		if h, err := parser.ParseHeredoc(i.Words[n].Value); err == nil && h != nil {
			i.Words[n].Heredoc = byName[h.Name]
		}
	}
}

// pairs is parser's parseNameVal.
func pairs(args text, escape rune) []Pair {
	words := splitQuoted(args, escape)
	if len(words) == 0 {
		return nil
	}
	if !strings.Contains(words[0].Value, "=") {
		gap := reWhitespace.FindStringIndex(args.s)
		if gap == nil {
			return nil // BuildKit has refused it
		}
		key, value := args.sub(0, gap[0]), args.sub(gap[1], len(args.s))
		return []Pair{{Key: key.word(), Value: value.word(), HasValue: true, Span: args.span()}}
	}
	var out []Pair
	for _, w := range words {
		key, value, ok := cutWord(w)
		out = append(out, Pair{Key: key, Value: value, HasValue: ok, Span: w.Span})
	}
	return out
}

// onbuild splits the deferred instruction. BuildKit looks at its arguments when it is triggered, and so not here.
func (i *Instruction) onbuild(node *parser.Node, args text) error {
	if node.Next == nil || len(node.Next.Children) == 0 {
		return nil
	}
	child := node.Next.Children[0]
	if strings.EqualFold(child.Value, "onbuild") {
		// instructions.parseOnBuild says so too, after it has copied the words once for every level.
		return &source.Error{File: i.file.Source, Span: args.sub(0, len(child.Value)).span(), Msg: "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed"}
	}
	i.Inner = &Instruction{file: i.file, StartLine: i.StartLine, EndLine: i.EndLine}
	return i.Inner.fill(child, args, i.Heredocs)
}

func (i *Instruction) mounts() {
	if i.Name != "RUN" {
		return
	}
	for _, f := range i.Flags {
		if f.Name != "mount" {
			continue
		}
		m := Mount{Type: string(instructions.MountTypeBind), Span: f.Span}
		fields, err := csvvalue.Fields(f.Value.Value, nil)
		if err != nil {
			continue // BuildKit refuses it
		}
		plain := strings.Join(fields, ",") == f.Value.Value
		at := 0
		for _, s := range fields {
			key, value, _ := strings.Cut(s, "=")
			field := Field{Key: strings.ToLower(key), Value: value, Span: f.Span}
			if plain {
				field.Span = subWord(f.Value, at, at+len(s)).Span
				at += len(s) + 1
			}
			m.Fields = append(m.Fields, field)
			if field.Key == "type" {
				m.Type = strings.ToLower(value)
			}
		}
		i.Mounts = append(i.Mounts, m)
	}
}

// sameWords says whether the words found are those that BuildKit's parser has.
func sameWords(node *parser.Node, i *Instruction) bool {
	var want, got []string
	for n := node.Next; n != nil; n = n.Next {
		want = append(want, n.Value)
	}
	switch {
	case i.Name == "ENV" || i.Name == "LABEL":
		for n := 0; n+1 < len(want); n += 3 {
			got = append(got, want[n], want[n+1])
		}
		want, got = got, nil
		for _, p := range i.Pairs {
			got = append(got, p.Key.Value, p.Value.Value)
		}
	default:
		for _, w := range i.Words {
			got = append(got, w.Value)
		}
		if i.Script != nil {
			got = append(got, i.Script.line)
		}
	}
	if _, known := known[i.Name]; !known {
		return true
	}
	return slices.Equal(trimEmpty(want), trimEmpty(got))
}

// known are the instructions whose words BuildKit's parser keeps.
var known = map[string]struct{}{
	"ADD": {}, "ARG": {}, "CMD": {}, "COPY": {}, "ENTRYPOINT": {}, "ENV": {}, "EXPOSE": {}, "FROM": {}, "HEALTHCHECK": {},
	"LABEL": {}, "MAINTAINER": {}, "RUN": {}, "STOPSIGNAL": {}, "USER": {}, "VOLUME": {}, "WORKDIR": {},
}

// trimEmpty takes the empty word off that stands for no arguments.
func trimEmpty(words []string) []string {
	if len(words) > 0 && words[len(words)-1] == "" {
		return words[:len(words)-1]
	}
	return words
}
