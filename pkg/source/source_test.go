package source

import (
	"errors"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/mattn/go-runewidth"
)

func TestPositionsCountLinesAndCharacters(t *testing.T) {
	file := NewFile("f", []byte("\ufeffab\r\nü日x\n\nlast"))
	tests := []struct {
		offset int
		want   Position
		back   int // the offset of want, where it is another one
	}{
		{offset: 0, want: Position{1, 1}, back: 3},
		{offset: 3, want: Position{1, 1}},
		{offset: 5, want: Position{1, 3}},
		{offset: 6, want: Position{1, 3}, back: 5},
		{offset: 7, want: Position{2, 1}},
		{offset: 9, want: Position{2, 2}},
		{offset: 12, want: Position{2, 3}},
		{offset: 13, want: Position{2, 4}},
		{offset: 14, want: Position{3, 1}},
		{offset: 15, want: Position{4, 1}},
		{offset: 19, want: Position{4, 5}},
		{offset: 99, want: Position{4, 5}, back: 19},
		{offset: -1, want: Position{1, 1}, back: 3},
	}
	for _, test := range tests {
		got := file.Position(test.offset)
		if got != test.want {
			t.Errorf("Position(%d) = %v, want %v", test.offset, got, test.want)
		}
		back := test.offset
		if test.back != 0 {
			back = test.back
		}
		if offset, ok := file.Offset(got); !ok || offset != back {
			t.Errorf("Offset(%v) = %d, %v, want %d", got, offset, ok, back)
		}
	}
	for _, p := range []Position{{}, {0, 1}, {1, 0}, {1, 4}, {3, 2}, {5, 1}} {
		if offset, ok := file.Offset(p); ok {
			t.Errorf("Offset(%v) = %d, want none", p, offset)
		}
	}
	if file.Lines() != 4 {
		t.Errorf("%d lines, want 4", file.Lines())
	}
}

func TestLinesHaveNoEnding(t *testing.T) {
	file := NewFile("f", []byte("\ufeffa\r\nb\n\r\n"))
	var got []string
	for n := 0; n <= file.Lines()+1; n++ {
		got = append(got, file.Slice(file.Line(n)))
	}
	if diff := cmp.Diff([]string{"", "a", "b", "", "", ""}, got); diff != "" {
		t.Error(diff)
	}
	if empty := NewFile("f", nil); empty.Lines() != 1 || empty.Position(7) != (Position{1, 1}) {
		t.Errorf("an empty file has %d lines and ends at %v", empty.Lines(), empty.Position(7))
	}
}

func TestSnippetsUnderlineTheSpan(t *testing.T) {
	long := strings.Repeat("a", 100) + "TARGET" + strings.Repeat("b", 200)
	tests := []struct{ name, text, span, want string }{
		{"a word", "x\nCOPY . .\n", "COPY", "  |\n2 | COPY . .\n  | ^~~~"},
		{"line 12", strings.Repeat("\n", 11) + "COPY . .", ".", "   |\n12 | COPY . .\n   |      ^"},
		{"tabs", "\tRUN\tls", "ls", "  |\n1 |     RUN ls\n  |         ^~"},
		{"wide characters", "日本 größe x", "größe", "  |\n1 | 日本 größe x\n  |      ^~~~~"},
		{"under wide characters", "a 日本", "日本", "  |\n1 | a 日本\n  |   ^~~~"},
		{"combining marks", "e\u0301e\u0301 x", "x", "  |\n1 | e\u0301e\u0301 x\n  |    ^"},
		{"escape sequences and bidi marks", "a\x1b[31m\u202eb c", "c", "  |\n1 | a\\x1b[31m\\u202eb c\n  |                  ^"},
		{"bytes that are no UTF-8", "\xff x", "x", "  |\n1 | \\xff x\n  |      ^"},
		{"several lines", "RUN a \\\r\n  b", "a \\\r\n  b", "  |\n1 | RUN a \\\n  |     ^~~"},
		{"a long line", long, "TARGET", "  |\n1 | …" + strings.Repeat("a", 30) + "TARGET" + strings.Repeat("b", 84) + "…\n  |  " + strings.Repeat(" ", 30) + "^~~~~~"},
		{"a long span", "x" + strings.Repeat("y", 300), "x" + strings.Repeat("y", 300), "  |\n1 | x" + strings.Repeat("y", 119) + "…\n  | ^" + strings.Repeat("~", 119)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			file := NewFile("f", []byte(test.text))
			start := strings.Index(test.text, test.span)
			got := file.Snippet(Span{start, start + len(test.span)})
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestASpanOfNoWidthGetsOneCaret(t *testing.T) {
	file := NewFile("f", []byte("ab\n"))
	for offset, want := range []string{"  |\n1 | ab\n  | ^", "  |\n1 | ab\n  |  ^", "  |\n1 | ab\n  |   ^", "  |\n2 |\n  | ^"} {
		if got := file.Snippet(Span{offset, offset}); got != want {
			t.Errorf("at %d:\n%s", offset, got)
		}
	}
}

func TestErrorsAreOneLineThatIsSafeToPrint(t *testing.T) {
	cause := errors.New("cause")
	e := &Error{File: NewFile("a\nb/\u202eDockerfile", []byte("FROM x\n  ?")), Span: Span{9, 10}, Msg: "bad \x1b[0m \"?\"", Err: cause}
	if want := `a\nb/\u202eDockerfile:2:3: bad \x1b[0m "?"`; e.Error() != want {
		t.Errorf("got %s, want %s", e, want)
	}
	if !errors.Is(e, cause) {
		t.Error("the cause is lost")
	}
}

func TestPrintableEscapesWhatCannotBeSeen(t *testing.T) {
	tests := []struct{ in, want string }{
		{"plain ü日😀❤\ufe0f \\n", "plain ü日😀❤\ufe0f \\n"},
		{"a\nb\r\tc", `a\nb\r\tc`},
		{"\x00\x1b[31m\x7f\u0085\u009b", `\x00\x1b[31m\x7f\u0085\u009b`},
		{"\u202a\u202e\u2066\u2069\u200e\u061c", `\u202a\u202e\u2066\u2069\u200e\u061c`},
		{"\u200b\u200d\u2060\ufeff\u00ad", `\u200b\u200d\u2060\ufeff\u00ad`},
		{"\u2028\u2029\u00a0\u3000", `\u2028\u2029\u00a0\u3000`},
		{"\u115f\u3164\uffa0\U000e0041\U000e0101\ue000", `\u115f\u3164\uffa0\U000e0041\U000e0101\ue000`},
		{"a\xff\xc3", `a\xff\xc3`},
		{"\ufffd", "\ufffd"},
	}
	for _, test := range tests {
		if got := Printable(test.in); got != test.want {
			t.Errorf("Printable(%q) = %s, want %s", test.in, got, test.want)
		}
	}
}

func TestLogLineBreaksUpWorkflowCommands(t *testing.T) {
	tests := []struct{ in, want string }{
		{"a::b # [x]", "a::b # [x]"},
		{"::error::x", `:\x3aerror::x`},
		{" \t::add-mask::x", " \t:\\x3aadd-mask::x"},
		{"  a/##[set-output name=x]##[y", `  a/##\x5bset-output name=x]##\x5by`},
		{"###[x", `###\x5bx`},
	}
	for _, test := range tests {
		if got := LogLine(test.in); got != test.want {
			t.Errorf("LogLine(%q) = %s, want %s", test.in, got, test.want)
		}
	}
}

func TestWidthsAreThoseOfRunewidth(t *testing.T) {
	condition := runewidth.NewCondition()
	condition.EastAsianWidth, condition.StrictEmojiNeutral = false, true
	for r := rune(0x20); r < 0x40000; r++ {
		if !visible(r) || unicode.In(r, unicode.Mn, unicode.Me) {
			continue
		}
		if want := condition.RuneWidth(r); want == 2 && width(r) != 2 || want == 1 && width(r) != 1 {
			t.Errorf("%U is %d cells, want %d", r, width(r), want)
		}
	}
}

func TestEditsAreMadeTogether(t *testing.T) {
	text := []byte("0123456789")
	tests := []struct {
		name  string
		edits []Edit
		want  string // empty: refused
	}{
		{"none", nil, "0123456789"},
		{"in any order", []Edit{{Span{8, 10}, "end"}, {Span{0, 0}, "start"}, {Span{2, 3}, ""}}, "start01345" + "67end"},
		{"side by side", []Edit{{Span{2, 4}, "a"}, {Span{4, 6}, "b"}}, "01ab6789"},
		{"insertion before a replacement", []Edit{{Span{2, 4}, "a"}, {Span{2, 2}, "b"}}, "01ba456789"},
		{"overlap", []Edit{{Span{2, 5}, "a"}, {Span{4, 6}, "b"}}, ""},
		{"insertion inside of a replacement", []Edit{{Span{2, 5}, "a"}, {Span{4, 4}, "b"}}, ""},
		{"two insertions at one place", []Edit{{Span{2, 2}, "a"}, {Span{2, 2}, "b"}}, ""},
		{"out of bounds", []Edit{{Span{9, 11}, "a"}}, ""},
		{"before the start", []Edit{{Span{-1, 1}, "a"}}, ""},
		{"reversed", []Edit{{Span{3, 2}, "a"}}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := Apply(text, test.edits)
			if test.want == "" {
				if !errors.Is(err, ErrEdit) {
					t.Errorf("got %q, %v; want an ErrEdit", got, err)
				}
				return
			}
			if err != nil || string(got) != test.want {
				t.Errorf("got %q, %v; want %q", got, err, test.want)
			}
		})
	}
}

func TestMappingLeadsBackToTheFile(t *testing.T) {
	// The file "ab \<newline># c<newline>cd" joined to "ab cd", then a byte of its own, then an escape of six bytes.
	var m Mapping
	m.Copy(3, 0)
	m.Copy(2, 9)
	m.Replace(1, Span{11, 11})
	m.Replace(2, Span{20, 26})
	tests := []struct {
		in, want Span
		spans    []Span
	}{
		{Span{0, 2}, Span{0, 2}, []Span{{0, 2}}},
		{Span{2, 4}, Span{2, 10}, []Span{{2, 3}, {9, 10}}},
		{Span{3, 3}, Span{9, 9}, nil},
		{Span{3, 6}, Span{9, 11}, []Span{{9, 11}}},
		{Span{6, 8}, Span{20, 26}, []Span{{20, 26}}},
		{Span{7, 8}, Span{20, 26}, []Span{{20, 26}}},
		{Span{8, 8}, Span{26, 26}, nil},
	}
	for _, test := range tests {
		if got := m.Span(test.in); got != test.want {
			t.Errorf("Span(%v) = %v, want %v", test.in, got, test.want)
		}
		if diff := cmp.Diff(test.spans, m.Spans(test.in)); diff != "" {
			t.Errorf("Spans(%v): %s", test.in, diff)
		}
		sub := m.Sub(test.in)
		if sub.Len() != test.in.End-test.in.Start {
			t.Errorf("Sub(%v) is %d bytes long", test.in, sub.Len())
		}
		if got := sub.Span(Span{0, sub.Len()}); got != test.want {
			t.Errorf("Sub(%v) is %v, want %v", test.in, got, test.want)
		}
	}
	if m.Len() != 8 {
		t.Errorf("%d bytes, want 8", m.Len())
	}
}

// FuzzPosition holds that a position leads back to its offset, and that snippets are safe to print.
func FuzzPosition(f *testing.F) {
	f.Add("\ufeffa\r\nü\n", 3, 5)
	f.Add("\t日\x1b\xff", 1, 2)
	f.Fuzz(func(t *testing.T, text string, start, end int) {
		file := NewFile("f", []byte(text))
		p := file.Position(start)
		offset, ok := file.Offset(p)
		if !ok || file.Position(offset) != p {
			t.Fatalf("Position(%d) = %v, which leads to %d, %v", start, p, offset, ok)
		}
		line := file.Line(p.Line)
		if start >= line.Start && start <= line.End && offset > start {
			t.Fatalf("%d became %d", start, offset)
		}
		lines := strings.Split(file.Snippet(Span{start, end}), "\n")
		if len(lines) != 3 || !strings.Contains(lines[2], "^") {
			t.Fatalf("snippet %q", lines)
		}
		for _, line := range append(lines, Printable(text)) {
			if !isPrintable(line) {
				t.Fatalf("%q is not safe to print", line)
			}
		}
	})
}
