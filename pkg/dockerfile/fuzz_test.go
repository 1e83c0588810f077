package dockerfile

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/loadline-dev/loadline/pkg/source"
)

// addCorpus adds the Dockerfiles of testdata, with both line endings.
func addCorpus(f *testing.F) {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		f.Fatalf("no test data: %v", err)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for _, section := range txtar.Parse(data).Files {
			if section.Name == "Dockerfile" {
				f.Add(string(section.Data))
				f.Add(strings.ReplaceAll(string(section.Data), "\n", "\r\n"))
			}
		}
	}
}

// FuzzParse holds that parsing never panics, that this package and BuildKit read every instruction alike, and that
// mapped text is the source text.
func FuzzParse(f *testing.F) {
	addCorpus(f)
	f.Fuzz(func(t *testing.T, text string) {
		checkMapped(t, text)
	})
}

func checkMapped(t *testing.T, text string) {
	t.Helper()
	file, err := Parse("Dockerfile", []byte(text))
	if err != nil {
		var e *source.Error
		if !errors.As(err, &e) {
			t.Fatalf("%T is no source error: %v", err, err)
		}
		if strings.Contains(err.Error(), "loadline cannot") || strings.Contains(err.Error(), "BuildKit's parser fails") {
			t.Fatalf("%v\n%s", err, e.Snippet())
		}
		_ = e.Snippet()
		return
	}
	c := checker{t: t, file: file}
	for _, i := range file.Instructions {
		c.instruction(i)
		for line := i.StartLine; line <= i.EndLine; line++ {
			if file.InstructionAt(line) != i {
				t.Fatalf("line %d is not of the instruction that covers it", line)
			}
		}
	}
	_ = CheckExpansion(file, nil)
}

type checker struct {
	t    *testing.T
	file *File
}

func (c *checker) instruction(i *Instruction) {
	c.mapped("text", i.text.s, i.text.at)
	c.word(i, i.Keyword)
	for _, f := range i.Flags {
		c.within(i, f.Span)
		c.word(i, f.Value)
	}
	for _, w := range i.Words {
		c.word(i, w)
	}
	for _, p := range i.Pairs {
		c.word(i, p.Key)
		c.word(i, p.Value)
		c.within(i, p.Span)
	}
	for _, m := range i.Mounts {
		for _, f := range m.Fields {
			c.within(i, f.Span)
		}
	}
	for _, h := range i.Heredocs {
		if c.file.Source.Slice(h.Span) != h.Content {
			c.t.Fatalf("heredoc %q is not its span", h.Name)
		}
		c.within(i, h.Start)
	}
	if i.Script != nil {
		c.mapped("script", i.Script.Text, i.Script.Mapping)
		_, _ = i.Script.Parse()
	}
	if i.Inner != nil {
		c.instruction(i.Inner)
	}
}

func (c *checker) within(i *Instruction, s source.Span) {
	if s != (source.Span{}) && !i.Span.Contains(s) {
		c.t.Fatalf("%v is not in the instruction's %v", s, i.Span)
	}
}

func (c *checker) word(i *Instruction, w Word) {
	c.within(i, w.Span)
	c.mapped("word", w.Value, w.Mapping)
}

// mapped holds that each byte of a derived text is the byte of the file it maps to, or stands for several (a JSON
// escape) or for one that is no UTF-8.
func (c *checker) mapped(what, derived string, m source.Mapping) {
	if m.Len() != len(derived) {
		c.t.Fatalf("%s %q: mapping of %d bytes", what, derived, m.Len())
	}
	text := c.file.Source.Text
	for i := range len(derived) {
		for _, s := range m.Spans(source.Span{Start: i, End: i + 1}) {
			if s.Start < 0 || s.End > len(text) {
				c.t.Fatalf("%s %q: %v is outside of the file", what, derived, s)
			}
			if b := text[s.Start]; s.End-s.Start == 1 && b != derived[i] && b < 0x80 {
				c.t.Fatalf("%s %q: byte %d maps to %q", what, derived, i, b)
			}
		}
	}
}
