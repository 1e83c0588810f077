package dockerignore

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/patternmatcher"

	"github.com/loadline-dev/loadline/pkg/source"
)

func TestLinesKeepTheirPlaceAndBuildKitsPattern(t *testing.T) {
	text := "\ufeff# comment\r\n/a/./b/ \r\n\r\n  # no comment\n !  /c \n**/*.o\n.\n/\n\ufeffx"
	f, err := Parse(".dockerignore", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	type line struct {
		number      int
		raw, sent   string
		column      int
		takesBackIn bool
	}
	var got []line
	for _, l := range f.Lines {
		got = append(got, line{l.Number, f.Source.Slice(l.Span), l.Pattern, f.Source.Position(l.Span.Start).Column, l.Include})
	}
	want := []line{
		{2, "/a/./b/", "a/b", 1, false},
		{4, "# no comment", "# no comment", 3, false},
		{5, "!  /c", "!c", 2, true},
		{6, "**/*.o", "**/*.o", 1, false},
		{7, ".", ".", 1, false},
		{8, "/", "/", 1, false},
		{9, "\ufeffx", "\ufeffx", 1, false},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(line{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestWhatCannotBeReadHasALineAndACaret(t *testing.T) {
	tests := []struct{ name, text, want, snippet string }{
		{"malformed pattern", "a\n  [b\n", ".dockerignore:2:3: malformed pattern: syntax error in pattern", "  |\n2 |   [b\n  |   ^~"},
		{"lone exclamation mark", "!\n", `.dockerignore:1:1: illegal exclusion pattern: "!"`, "  |\n1 | !\n  | ^"},
		{"line that is too long", "a\n" + strings.Repeat("x", 70_000), ".dockerignore:2:1: bufio.Scanner: token too long", ""},
		{"too many patterns", strings.Repeat("a\n", MaxPatterns+1), ".dockerignore:10001:1: more than 10000 patterns", ""},
		{"text over the limit", strings.Repeat("#", source.MaxText+1), ".dockerignore:1:1: 1048577 bytes are more than the limit of 1048576", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse(".dockerignore", []byte(test.text))
			var e *source.Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v, want a source.Error", err)
			}
			if e.Error() != test.want {
				t.Errorf("got %s, want %s", e, test.want)
			}
			if test.snippet != "" && e.Snippet() != test.snippet {
				t.Errorf("got\n%s\nwant\n%s", e.Snippet(), test.snippet)
			}
		})
	}
}

func TestAPatternThatDoesNotCompileIsFoundWhenItIsNeeded(t *testing.T) {
	f, err := Parse(".dockerignore", []byte("ok\n[^]\n[z-a]\n"))
	if err == nil {
		t.Fatalf("parsed: %v", f.Patterns())
	}
	f, err = Parse(".dockerignore", []byte("ok\na[z-a]\n"))
	if err != nil {
		t.Fatal(err)
	}
	if bad := f.BadPattern(); bad == nil || bad.Position().Line != 2 {
		t.Errorf("bad pattern %v, want line 2", bad)
	}
	if d, err := f.Decide("ok"); err != nil || !d.Excluded {
		t.Errorf("a path decided before that pattern: %v, %v", d, err)
	}
	_, err = f.Decide("other")
	var e *source.Error
	if !errors.As(err, &e) || e.Position().Line != 2 {
		t.Errorf("got %v, want an error of line 2", err)
	}
}

func TestTheLineThatDecides(t *testing.T) {
	tests := []struct {
		name, text, path string
		excluded         bool
		line             int // 0: none
		matched          string
		disagrees        bool
	}{
		{name: "nothing matches", text: "a\n", path: "b"},
		{name: "the root", text: "**\n", path: "."},
		{name: "empty file", text: "", path: "a"},
		{name: "the path", text: "x\na\n", path: "a", excluded: true, line: 2, matched: "a"},
		{name: "a parent", text: "node_modules\n", path: "node_modules/x/y.js", excluded: true, line: 1, matched: "node_modules"},
		{name: "patterns are anchored", text: "node_modules\n", path: "a/node_modules"},
		{name: "any depth", text: "**/node_modules\n", path: "a/node_modules/b", excluded: true, line: 1, matched: "a/node_modules"},
		{name: "taken in again", text: "*\n!src\n", path: "src/a.go", line: 2, matched: "src"},
		{name: "and left out again", text: "*\n!src\nsrc/*.log\n", path: "src/a.log", excluded: true, line: 3, matched: "src/a.log"},
		{name: "an exception that changes nothing", text: "!src\n", path: "src"},
		{name: "two lines of one meaning", text: "a\na\n", path: "a", excluded: true, line: 1, matched: "a"},
		{name: "leading slash", text: "/a/\n", path: "a/b", excluded: true, line: 1, matched: "a"},
		{name: "the path may be written otherwise", text: "a/b\n", path: "./a//b/", excluded: true, line: 1, matched: "a/b"},
		{name: "listed and then refused", text: "a\n!a/b\na\n", path: "a/b", line: 2, matched: "a/b", disagrees: true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f, err := Parse(".dockerignore", []byte(test.text))
			if err != nil {
				t.Fatal(err)
			}
			d, err := f.Decide(test.path)
			if err != nil {
				t.Fatal(err)
			}
			line := 0
			if d.Line != nil {
				line = d.Line.Number
			}
			if d.Excluded != test.excluded || line != test.line || d.Matched != test.matched || d.OpenDisagrees != test.disagrees {
				t.Errorf("excluded %v by line %d (%q), open disagrees %v", d.Excluded, line, d.Matched, d.OpenDisagrees)
			}
		})
	}
}

// checkDecision compares a decision with patternmatcher's verdict, and the line with what the verdict would be
// without it and all lines after it.
func checkDecision(t *testing.T, f *File, path string) {
	t.Helper()
	d, err := f.Decide(path)
	want, wantErr := verdict(t, f.Patterns(), path)
	if (err != nil) != (wantErr != nil) {
		// The content is asked for too, and may need a pattern that the walk does not.
		if err == nil || f.BadPattern() == nil {
			t.Fatalf("%q with %q: error %v, want %v", path, f.Patterns(), err, wantErr)
		}
		return
	}
	if err != nil {
		return
	}
	if d.Excluded != want {
		t.Fatalf("%q with %q: excluded %v, want %v", path, f.Patterns(), d.Excluded, want)
	}
	if d.Line == nil {
		if d.Excluded {
			t.Fatalf("%q with %q: excluded by no line", path, f.Patterns())
		}
		return
	}
	if d.Line.Include == d.Excluded {
		t.Fatalf("%q with %q: line %q decides the opposite", path, f.Patterns(), d.Line.Pattern)
	}
	n := 0
	for f.Lines[n].Number != d.Line.Number {
		n++
	}
	before, err := verdict(t, f.Patterns()[:n], path)
	if err == nil && before == d.Excluded {
		t.Fatalf("%q with %q: line %d changes nothing", path, f.Patterns(), n)
	}
	for rest := n + 1; rest <= len(f.Lines); rest++ {
		after, err := verdict(t, f.Patterns()[:rest], path)
		if err == nil && after != d.Excluded {
			t.Fatalf("%q with %q: a line after %d changes the verdict", path, f.Patterns(), n)
		}
	}
	matcher, err := patternmatcher.New([]string{strings.TrimPrefix(d.Line.Pattern, "!")})
	if err != nil || strings.HasPrefix(d.Line.Pattern, "!!") {
		return
	}
	if ok, err := matcher.MatchesOrParentMatches(d.Matched); err != nil || !ok {
		t.Fatalf("%q does not match %q", d.Line.Pattern, d.Matched)
	}
}

// verdict is that of fsutil's walk, written once more with patternmatcher alone.
func verdict(t *testing.T, patterns []string, path string) (bool, error) {
	t.Helper()
	m, err := patternmatcher.New(patterns)
	if err != nil {
		t.Fatal(err)
	}
	var info patternmatcher.MatchInfo
	excluded := false
	parts := strings.Split(path, "/")
	for i := range parts {
		if excluded, info, err = m.MatchesUsingParentResults(strings.Join(parts[:i+1], "/"), info); err != nil {
			return false, err
		}
	}
	return excluded, nil
}

func TestDecisionsEqualPatternmatcherOnRandomCases(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	words := []string{"a", "b", "ab", "*", "**", "a*", "*b", "?", "[ab]", "a**", "**b", ".", "\\a", "[^a]"}
	join := func(words []string, most int) string {
		var parts []string
		for range random.IntN(most) + 1 {
			parts = append(parts, words[random.IntN(len(words))])
		}
		return strings.Join(parts, "/")
	}
	disagreements := 0
	for range 30_000 {
		var lines []string
		for range random.IntN(6) + 1 {
			lines = append(lines, strings.Repeat("!", random.IntN(3)/2)+join(words, 3))
		}
		f, err := Parse(".dockerignore", []byte(strings.Join(lines, "\n")))
		if err != nil {
			t.Fatalf("%q: %v", lines, err)
		}
		path := join(words[:3], 4)
		checkDecision(t, f, path)
		if d, err := f.Decide(path); err == nil && d.OpenDisagrees {
			disagreements++
		}
	}
	if disagreements == 0 {
		t.Error("the two matchers never disagree, so that nothing of it is tested")
	}
}

// FuzzDecide holds that parsing never panics, that patterns are BuildKit's, and that decisions are patternmatcher's.
func FuzzDecide(f *testing.F) {
	f.Add("a\n!a/b\na\n", "a/b")
	f.Add("\ufeff/x/\r\n**/*.o\n!!y\n# c\n [^z]\n", "x/y.o")
	f.Add("**\n!**/keep\nkeep/**\n\\!a\n", "a/keep/b")
	f.Fuzz(func(t *testing.T, text, path string) {
		file, err := Parse(".dockerignore", []byte(text))
		if err != nil {
			var e *source.Error
			if !errors.As(err, &e) || strings.Contains(err.Error(), "one by one") {
				t.Fatal(err)
			}
			return
		}
		for _, l := range file.Lines {
			if raw := file.Source.Slice(l.Span); raw != strings.TrimSpace(raw) || raw == "" {
				t.Fatalf("line %d: %q", l.Number, raw)
			}
		}
		var parts []string
		for _, p := range strings.Split(path, "/") {
			if p != "" && p != "." && p != ".." {
				parts = append(parts, p)
			}
		}
		if len(parts) > 0 && len(parts) < 10 && len(file.Lines) < 50 {
			checkDecision(t, file, strings.Join(parts, "/"))
		}
	})
}
