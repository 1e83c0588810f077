package markdown

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/loadline-dev/loadline/pkg/report"
)

func sized(n int64) *report.Size { return &report.Size{Bytes: n, Payload: n, Files: 1} }

// hostile is a report of n builds in which every string of a repository is s.
func hostile(n int, s string) *report.Report {
	size := int64(7)
	pulls := []report.Instruction{{Path: s, Line: 1, Text: s}}
	r := &report.Report{
		Path: s, Uplink: 1000, Head: report.Side{Directory: s}, Base: &report.Side{Ref: s, Reason: s},
		Upload: report.Upload{Head: sized(9), Base: sized(2), Delta: sized(7)}, Untracked: sized(3),
		Gate: report.Gate{Override: &report.Override{Label: s}},
	}
	for i := range n {
		b := report.Build{
			Name: fmt.Sprintf("%s%d", s, i), Status: report.Changed, Dockerfile: s, Context: s, Stage: s,
			Args: map[string]string{s: s}, Contexts: map[string]string{s: s}, Platforms: []string{s}, Origin: report.Origin{Path: s},
			Assumptions: []string{fmt.Sprintf("%d%s", i, s)},
			Upload:      report.Upload{Head: sized(9), Base: sized(2), Delta: sized(7)},
		}
		for range n {
			b.Changed = append(b.Changed, report.Change{Path: s, Transfer: "context", Head: &size, Pulls: pulls})
		}
		r.Builds = append(r.Builds, b)
		r.Gate.Reasons = append(r.Gate.Reasons, s)
		r.Gate.Override.Failures = append(r.Gate.Override.Failures, report.Failure{Message: s})
		r.Skipped = append(r.Skipped, report.Skipped{Build: s, Reason: s, Snippet: s, Regression: true})
		r.Notices = append(r.Notices, s)
		for _, state := range []string{"new", "kept", "fixed", s} {
			f := report.Finding{
				Rule: s, Area: s, Severity: "warning", State: state, Build: s, Path: s, Start: report.Position{Line: 1}, Message: s,
				Fixes: []report.Fix{{Title: s, Edits: []report.Edit{{Path: s + "x", NewText: s}}}}, Saves: &report.Saving{Bytes: 9},
			}
			r.Findings = append(r.Findings, f)
			f.Reason = s
			r.Suppressed = append(r.Suppressed, f)
		}
	}
	return r
}

func TestTheTextFitsIntoACommentWhateverTheReportHolds(t *testing.T) {
	for _, n := range []int{1, 30, 500} {
		for _, s := range []string{"x", strings.Repeat("<|*", 300), strings.Repeat("\U0001f600", 1000)} {
			var out bytes.Buffer
			if err := Write(&out, hostile(n, s), Options{Files: files}); err != nil {
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
var own = regexp.MustCompile(`</?(?:code|details|summary)>|<a href="` + files + `/[^"<>& ]*">|</a>`)

// elements are code elements with what is in them.
var elements = regexp.MustCompile(`<code>[^<]*</code>`)

// FuzzWrite holds that no text of a repository gets a meaning in Markdown or HTML: no element, no mention, no link, no
// cell, no comment that could be taken for a marker.
func FuzzWrite(f *testing.F) {
	for _, s := range []string{
		"a", "<!-- loadline -->", "@team", "[x](http://example.com)", "a|b", "`", "</code><img src=x onerror=y>", "\n# x",
		"https://example.com", "#1", "&lt;", "\\", "![x](y)", "$x$", ":tada:", "\x1b", "**", "owner/repo@1234567", "a\xff",
	} {
		f.Add(s)
	}
	clean := &bytes.Buffer{}
	if err := Write(clean, hostile(2, "x"), Options{Files: files}); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var out bytes.Buffer
		if err := Write(&out, hostile(2, s), Options{Files: files}); err != nil {
			t.Fatal(err)
		}
		if out.Len() > MaxBytes {
			t.Errorf("%d bytes", out.Len())
		}
		text := own.ReplaceAllString(out.String(), "")
		if outside := elements.ReplaceAllString(out.String(), ""); strings.Contains(outside, "&#64;") {
			t.Errorf("a mention is outside of code:\n%s", outside)
		}
		for _, c := range []string{"<", "@", "`", "[", "]", "://", "\x1b", "\\"} {
			if strings.Contains(text, c) {
				t.Errorf("%q reaches the text:\n%s", c, text)
			}
		}
		if got, want := strings.Count(out.String(), "\n"), strings.Count(clean.String(), "\n"); s != "" && got != want {
			t.Errorf("%d lines instead of %d", got, want)
		}
	})
}
