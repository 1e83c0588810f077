package markdown

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/loadline-dev/loadline/pkg/report/golden"
)

func TestTheTextFitsIntoACommentWhateverTheReportHolds(t *testing.T) {
	for _, n := range []int{1, 30, 500} {
		for _, s := range []string{"x", strings.Repeat("<|*", 300), strings.Repeat("\U0001f600", 1000)} {
			var out bytes.Buffer
			if err := Write(&out, golden.Hostile(n, s), Options{Files: files}); err != nil {
				t.Fatal(err)
			}
			if out.Len() > MaxBytes {
				t.Errorf("%d builds named %.5s… take %d bytes", n, s, out.Len())
			}
			if n == 500 && !strings.Contains(out.String(), "more build") {
				t.Error("nothing says that builds are missing")
			}
		}
	}
}

func TestSentencesKeepTheirWordsAndMarkNames(t *testing.T) {
	tests := []struct{ in, want string }{
		{"build a/b uploads 96.37 kB, 6 kB over its budget of 60 kB", "build <code>a/b</code> uploads 96.37 kB, 6 kB over its budget of 60 kB"},
		{"cannot be read: is Docker's own (one)", "cannot be read: is Docker&#39;s own (one)"},
		{"ask @team about #1", "ask <code>&#64;team</code> about <code>&#35;1</code>"},
		{"at deadbeef and 1234567", "at <code>deadbeef</code> and <code>1234567</code>"},
		{"see www.example.com, or GH-1.", "see <code>&#119;ww.example.com</code>, or <code>GH-1</code>."},
		{"a <b> &amp; \"c\"", "a <code>&lt;b&gt; &amp;amp; &#34;c&#34;</code>"},
		{"(+3126 %)", "(+3126 %)"},
		{"the context is ., the nearest", "the context is <code>.</code>, the nearest"},
	}
	for _, test := range tests {
		if got := sentence(test.in); got != test.want {
			t.Errorf("sentence(%q) = %s, want %s", test.in, got, test.want)
		}
	}
}

// own are the elements that we write ourselves; all else that looks like HTML must come escaped.
var own = regexp.MustCompile(`</?(?:code|details|summary)>|<br>|<a href="` + files + `/[^"<>& ]*">|</a>`)

// diffs are the elements that hold diffs, which may have any number of lines. Nothing in them may look like an element.
var diffs = regexp.MustCompile(`<pre lang="diff">[^<]*</pre>\n`)

// elements are code elements with what is in them.
var elements = regexp.MustCompile(`<code>[^<]*</code>`)

// FuzzWrite holds that no text of a repository gets a meaning in Markdown or HTML: no element, no mention, no link, no
// cell, no comment that could be taken for a marker.
func FuzzWrite(f *testing.F) {
	for _, s := range golden.HostileNames() {
		f.Add(s)
	}
	clean := &bytes.Buffer{}
	roomy := Options{Files: files, MaxBytes: 1 << 20} // so that no row is dropped
	if err := Write(clean, golden.Hostile(2, "x"), roomy); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var out bytes.Buffer
		if err := Write(&out, golden.Hostile(2, s), Options{Files: files}); err != nil {
			t.Fatal(err)
		}
		if out.Len() > MaxBytes {
			t.Errorf("%d bytes", out.Len())
		}
		out.Reset()
		if err := Write(&out, golden.Hostile(2, s), roomy); err != nil {
			t.Fatal(err)
		}
		text := own.ReplaceAllString(regexp.MustCompile(`</?pre( lang="diff")?>`).ReplaceAllString(out.String(), ""), "")
		if outside := elements.ReplaceAllString(diffs.ReplaceAllString(out.String(), ""), ""); strings.Contains(outside, "&#64;") {
			t.Errorf("a mention is outside of code:\n%s", outside)
		}
		for _, c := range []string{"<", "@", "`", "[", "]", "://", "\x1b", "\\"} {
			if strings.Contains(text, c) {
				t.Errorf("%q reaches the text:\n%s", c, text)
			}
		}
		lines := func(b *bytes.Buffer) int { return strings.Count(diffs.ReplaceAllString(b.String(), ""), "\n") }
		if got, want := lines(&out), lines(clean); s != "" && got != want {
			t.Errorf("%d lines instead of %d", got, want)
		}
	})
}
