package dockerfile

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/loadline-dev/loadline/pkg/source"
)

var update = flag.Bool("update", false, "rewrite the dump sections of testdata")

func TestDumpsAreAsRecorded(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no test data: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) { checkDump(t, path) })
	}
}

// checkDump compares the dump of the section Dockerfile with the section dump. Where the archive's comment has the
// word "crlf" or "bom", the Dockerfile gets those before it is parsed; txtar cannot hold them safely.
func checkDump(t *testing.T, path string) {
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	sections := map[string]int{}
	for i, f := range archive.Files {
		sections[f.Name] = i
	}
	in, ok := sections["Dockerfile"]
	if !ok {
		t.Fatal("no section Dockerfile")
	}
	text := string(archive.Files[in].Data)
	if strings.Contains(string(archive.Comment), "crlf") {
		text = strings.ReplaceAll(text, "\n", "\r\n")
	}
	if strings.Contains(string(archive.Comment), "bom") {
		text = "\ufeff" + text
	}
	got := dump([]byte(text))
	out, ok := sections["dump"]
	if *update {
		if !ok {
			out = len(archive.Files)
			archive.Files = append(archive.Files, txtar.File{Name: "dump"})
		}
		archive.Files[out].Data = []byte(got)
		if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !ok {
		t.Fatal("no section dump; run with -update")
	}
	if diff := cmp.Diff(string(archive.Files[out].Data), got); diff != "" {
		t.Errorf("dump (-want +got):\n%s", diff)
	}
}

type dumper struct {
	strings.Builder
	file *File
}

func dump(text []byte) string {
	f, err := Parse("Dockerfile", text)
	if err != nil {
		e, ok := err.(*source.Error)
		if !ok {
			return "not a source error: " + err.Error()
		}
		return e.Error() + "\n" + e.Snippet() + "\n"
	}
	d := &dumper{file: f}
	fmt.Fprintf(d, "escape %c syntax %q line %d\n", f.Escape, f.Syntax, f.SyntaxLine)
	for _, i := range f.Instructions {
		d.instruction(i, "")
	}
	for _, s := range f.Stages {
		fmt.Fprintf(d, "stage %d %q base %q platform %q instructions %d", s.Index, s.Name, s.Base.Value, s.Platform, len(s.Instructions))
		if s.Parent != nil {
			fmt.Fprintf(d, " parent %d", s.Parent.Index)
		}
		d.WriteByte('\n')
	}
	return d.String()
}

// place is start-end as line:column, and the bytes there.
func (d *dumper) place(s source.Span) string {
	start, end := d.file.Source.Position(s.Start), d.file.Source.Position(s.End)
	return fmt.Sprintf("%d:%d-%d:%d %q", start.Line, start.Column, end.Line, end.Column, d.file.Source.Slice(s))
}

func (d *dumper) word(indent, label string, w Word) {
	fmt.Fprintf(d, "%s%s %s", indent, label, d.place(w.Span))
	if w.Value != d.file.Source.Slice(w.Span) {
		fmt.Fprintf(d, " = %q", w.Value)
	}
	if w.Heredoc != nil {
		d.WriteString(" heredoc " + w.Heredoc.Name)
	}
	d.WriteByte('\n')
}

func (d *dumper) instruction(i *Instruction, indent string) {
	fmt.Fprintf(d, "%s%s lines %d-%d json %v first %q\n", indent, i.Name, i.StartLine, i.EndLine, i.JSON, i.FirstLine())
	indent += "  "
	d.word(indent, "keyword", i.Keyword)
	for _, f := range i.Flags {
		fmt.Fprintf(d, "%sflag %s %s\n", indent, f.Name, d.place(f.Span))
		if f.HasValue {
			d.word(indent+"  ", "value", f.Value)
		}
	}
	for _, m := range i.Mounts {
		fmt.Fprintf(d, "%smount %s\n", indent, m.Type)
		for _, f := range m.Fields {
			fmt.Fprintf(d, "%s  %s=%s %s\n", indent, f.Key, f.Value, d.place(f.Span))
		}
	}
	for _, w := range i.Words {
		d.word(indent, "word", w)
	}
	for _, p := range i.Pairs {
		d.word(indent, "key", p.Key)
		if p.HasValue {
			d.word(indent+"  ", "value", p.Value)
		}
	}
	for _, h := range i.Heredocs {
		fmt.Fprintf(d, "%sheredoc %s expand %v chomp %v %s end %s\n", indent, h.Name, h.Expand, h.Chomp, d.place(h.Start), d.place(h.Terminator))
	}
	if i.Script != nil {
		d.script(indent, i.Script)
	}
	if i.Inner != nil {
		d.instruction(i.Inner, indent)
	}
}

func (d *dumper) script(indent string, s *Script) {
	fmt.Fprintf(d, "%sscript %q shell %q\n", indent, s.Text, s.Shell)
	file, err := s.Parse()
	if err != nil {
		fmt.Fprintf(d, "%s  %v\n", indent, err)
		return
	}
	for _, stmt := range file.Stmts {
		fmt.Fprintf(d, "%s  statement %s\n", indent, d.place(s.Span(stmt)))
	}
}
