package publish

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/report"
	"github.com/loadline-dev/loadline/test/github"
)

// fixed is a report of one new finding, whose fix turns a file into another.
func fixed(name, before, after string) *report.Report {
	f := report.Finding{Rule: "single-threaded-tool", Severity: "warning", State: "new", Path: name, Message: "compiles on one processor", Fingerprint: "ab12"}
	f.Fixes = []report.Fix{{Title: "Run make with a job for each processor", Diff: finding.Diff(name, []byte(before), []byte(after))}}
	return &report.Report{Findings: []report.Finding{f}}
}

func TestAFixOfOnePlaceIsASuggestion(t *testing.T) {
	const file = "FROM a\nRUN make\nRUN c\nRUN d\nRUN e\nRUN f\nRUN g\n"
	tests := []struct {
		name, before, after string
		first               int
		old, lines          []string
	}{
		{"a line", file, strings.Replace(file, "make", "make -j", 1), 2, []string{"RUN make"}, []string{"RUN make -j"}},
		{"the first line", file, strings.Replace(file, "FROM a", "FROM b", 1), 1, []string{"FROM a"}, []string{"FROM b"}},
		{"lines put in", file, strings.Replace(file, "RUN c\n", "RUN c\nRUN x\n", 1), 3, []string{"RUN c"}, []string{"RUN c", "RUN x"}},
		{"a line put in at the top", file, "# x\n" + file, 1, []string{"FROM a"}, []string{"# x", "FROM a"}},
		{"a line put in at the end", "a\n", "a\nb\n", 1, []string{"a"}, []string{"a", "b"}},
		{"a line taken out", file, strings.Replace(file, "RUN c\n", "", 1), 3, []string{"RUN c"}, nil},
		{"two places near each other", file, strings.NewReplacer("make", "make -j", "RUN d", "RUN x").Replace(file), 2, []string{"RUN make", "RUN c", "RUN d"}, []string{"RUN make -j", "RUN c", "RUN x"}},
		{"two places far apart", file + "1\n2\n3\n", strings.Replace(file, "FROM a", "FROM b", 1) + "1\n2\n4\n", 0, nil, nil},
		{"an empty file", "", "a\n", 0, nil, nil},
		{"the end without a line ending", "a\nb", "a\nc", 0, nil, nil},
		{"other line endings", "a\r\nb\r\n", "a\r\nc\r\n", 0, nil, nil},
		{"nothing", file, file, 0, nil, nil},
		{"too much", file, file + strings.Repeat("RUN x\n", maxSuggestedLines), 0, nil, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, lines, ok := replacement(finding.Diff("Dockerfile", []byte(test.before), []byte(test.after)))
			if ok != (test.old != nil) {
				t.Fatalf("ok is %v", ok)
			}
			if !ok {
				return
			}
			if diff := cmp.Diff(test.old, s.Old); diff != "" || s.First != test.first || s.Path != "Dockerfile" {
				t.Errorf("%s at line %d: %s", s.Path, s.First, diff)
			}
			if diff := cmp.Diff(test.lines, lines); diff != "" {
				t.Error(diff)
			}
		})
	}
	if _, _, ok := replacement(finding.Diff(".dockerignore", nil, []byte("a\n"))); ok {
		t.Error("a file that is not there has no lines")
	}
}

func FuzzSuggestionsMakeTheFileThatTheFixMakes(f *testing.F) {
	f.Add("a\nb\nc\n", "a\nx\nc\n")
	f.Add("a\nb\nc\nd\ne\nf\ng\n", "a\nb\nc\nd\ne\nf\n")
	f.Add("a\n", "b\na")
	f.Fuzz(func(t *testing.T, before, after string) {
		s, lines, ok := replacement(finding.Diff("x", []byte(before), []byte(after)))
		if !ok {
			return
		}
		all := strings.Split(before, "\n")
		if s.First < 1 || s.last() > len(all) || !slices.Equal(all[s.First-1:s.last()], s.Old) {
			t.Fatalf("lines %d to %d of %q are not %q", s.First, s.last(), before, s.Old)
		}
		if got := strings.Join(slices.Replace(all, s.First-1, s.last(), lines...), "\n"); got != after {
			t.Errorf("got %q, want %q", got, after)
		}
	})
}

func TestSuggestionsStandAtLinesOfTheDiff(t *testing.T) {
	a := fill(t, github.Options{})
	before := "FROM scratch\nCOPY . .\n"
	v := &Review{Repository: a.Repository, Pull: 7, Head: a.head, Suggestions: Suggestions(fixed("Dockerfile", before, "FROM scratch\nCOPY app .\n"))}
	note, err := v.Send(t.Context())
	if err != nil || !strings.HasPrefix(note, "1 edit https://github.com/octo-org/app/pull/7#pullrequestreview-") {
		t.Errorf("%q, %v\n%s", note, err, a.server.Conversation())
	}
	want := "Dockerfile:2-2 <!-- loadline:v1 suggestion=ab12 -->\n" +
		"**Run make with a job for each processor** (Loadline, <code>single-threaded-tool</code>): compiles on one processor\n\n" +
		"```suggestion\nCOPY app .\n```\n"
	if made := a.server.ReviewComments(7); len(made) != 1 || made[0].String() != want {
		t.Errorf("%v", made)
	}
	requests := a.server.Requests()
	if note, err := v.Send(t.Context()); note != "" || err != nil || len(a.server.ReviewComments(7)) != 1 || a.server.Requests() != requests+2 {
		t.Errorf("the next run says %q, %v\n%s", note, err, a.server.Conversation())
	}
}

func TestNothingIsSuggestedWhereNobodyCouldCommitIt(t *testing.T) {
	const head = "FROM scratch\nCOPY . .\n"
	tests := []struct {
		name   string
		report *report.Report
		do     func(at, *Review)
	}{
		{"another file", fixed("web/Dockerfile", head, "FROM scratch\nCOPY a .\n"), nil},
		{"another text at the line, as a merge may have", fixed("Dockerfile", "FROM scratch\nCOPY b .\n", "FROM scratch\nCOPY a .\n"), nil},
		{"a line behind the diff", fixed("Dockerfile", head+"RUN make\n", head+"RUN make -j\n"), nil},
		{"a character that nobody sees", fixed("Dockerfile", head, "FROM scratch\nCOPY a\u202e .\n"), nil},
		{"the pull request has moved on", fixed("Dockerfile", head, "FROM scratch\nCOPY a .\n"), func(_ at, v *Review) { v.Head = strings.Repeat("0", 40) }},
		{"no commit", fixed("Dockerfile", head, "FROM scratch\nCOPY a .\n"), func(_ at, v *Review) { v.Head = "" }},
		{"as many as there may be", fixed("Dockerfile", head, "FROM scratch\nCOPY a .\n"), func(a at, _ *Review) {
			for i := range maxSuggestions {
				a.server.AddReviewComment(github.ReviewComment{
					Pull: 7, Author: github.Person(), Path: "Dockerfile", First: 1, Line: 1, Commit: a.head,
					Body: "<!-- loadline:v1 suggestion=" + string("0123456789abcdef"[i]) + " -->",
				})
			}
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a := fill(t, github.Options{})
			v := &Review{Repository: a.Repository, Pull: 7, Head: a.head, Suggestions: Suggestions(test.report)}
			if test.do != nil {
				test.do(a, v)
			}
			before := len(a.server.ReviewComments(7))
			if note, err := v.Send(t.Context()); note != "" || err != nil || len(a.server.ReviewComments(7)) != before {
				t.Errorf("%q, %v\n%s", note, err, a.server.Conversation())
			}
		})
	}
}

func TestAReaderMakesNoSuggestions(t *testing.T) {
	a := fill(t, github.Options{Permissions: github.Reader()})
	v := &Review{Repository: a.Repository, Pull: 7, Head: a.head, Suggestions: Suggestions(fixed("Dockerfile", "FROM scratch\nCOPY . .\n", "FROM scratch\nCOPY a .\n"))}
	if _, err := v.Send(t.Context()); !IsNotice(err) {
		t.Error(err)
	}
}

func TestTwoFixesOfTheSameLinesAreOneSuggestion(t *testing.T) {
	r := fixed("Dockerfile", "a\nb\n", "a\nc\n")
	r.Path = "web"
	second := fixed("Dockerfile", "a\nb\n", "a\nd\n").Findings[0]
	kept := second
	kept.State = "kept"
	r.Findings = append(r.Findings, second, kept)
	if got := Suggestions(r); len(got) != 1 || got[0].Path != "web/Dockerfile" {
		t.Errorf("%v", got)
	}
}
