package publish

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestASinkThatFailsPanicsOrHangsTakesNothingFromTheOthers(t *testing.T) {
	sent := make(chan string, 2)
	never := make(chan struct{})
	t.Cleanup(func() { close(never) })
	good := func(name string) Sink {
		return Sink{name, func(context.Context) (string, error) { sent <- name; return "made", nil }}
	}
	results := Deliver(t.Context(), 50*time.Millisecond,
		good("first"),
		Sink{"failing", func(context.Context) (string, error) { return "", errors.New("no\nway ##[error]") }},
		Sink{"panicking", func(context.Context) (string, error) { panic("oh") }},
		Sink{"slow", func(ctx context.Context) (string, error) { <-ctx.Done(); return "", context.Cause(ctx) }},
		Sink{"hanging", func(context.Context) (string, error) { <-never; return "late", nil }},
		Sink{"silent", func(context.Context) (string, error) { return "", nil }},
		good("last"),
	)
	var lines []string
	for _, r := range results {
		lines = append(lines, r.String())
	}
	want := []string{
		"first: made", `no failing: no\nway ##\x5berror]`, "no panicking: loadline has a defect, please report it: oh",
		"no slow: not done within 50ms", "no hanging: not done within 50ms", "", "last: made",
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Error(diff)
	}
	if len(sent) != 2 {
		t.Errorf("%d of 2 sinks were reached", len(sent))
	}
}

func TestNoSinksAreNoResults(t *testing.T) {
	if got := Deliver(t.Context(), time.Minute); len(got) != 0 {
		t.Errorf("%v", got)
	}
}

func TestMarkersAreReadAsTheyAreWritten(t *testing.T) {
	const head = "0123456789abcdef0123456789abcdef01234567"
	m := marker{key: Job{Workflow: "w", Name: "n"}.key(""), run: 1 << 40, attempt: 3, head: head}
	got, rest, ok := cutMarker(m.String() + "\nbody\n")
	if got != m || rest != "body\n" || !ok {
		t.Errorf("%+v, %q, %v", got, rest, ok)
	}
	if got, _, ok := cutMarker(m.String() + "\r\nbody"); got != m || !ok {
		t.Error("a comment that GitHub stores with other line ends is not found")
	}
	for _, body := range []string{
		"", "body", "x" + m.String(), "\n" + m.String(), " " + m.String(), m.String() + "x", "> " + m.String(),
		strings.Replace(m.String(), "v1", "v2", 1), strings.Replace(m.String(), head, "main", 1), strings.Replace(m.String(), "run=", "run=-", 1),
	} {
		if _, _, ok := cutMarker(body); ok {
			t.Errorf("%q passes for a comment of ours", body)
		}
	}
}

func TestKeysTellJobsApart(t *testing.T) {
	seen := map[string][]string{}
	for _, parts := range [][]string{
		{"", "", ""}, {"a", "", ""}, {"", "a", ""}, {"", "", "a"}, {"a", "b", ""}, {"ab", "", ""}, {"a\n", "b", ""}, {"a", "\nb", ""}, {"1 a", "", ""},
	} {
		key := Job{Workflow: parts[0], Name: parts[1]}.key(parts[2])
		if other, twice := seen[key]; twice {
			t.Errorf("%q and %q have the same key", other, parts)
		}
		seen[key] = parts
	}
}

// FuzzKey holds that nothing in the names of a workflow, a job or a comment can end the marker.
func FuzzKey(f *testing.F) {
	f.Add("w", "j", "-->")
	f.Add("\n", "<!--", " key=")
	f.Fuzz(func(t *testing.T, workflow, job, comment string) {
		m := marker{key: Job{Workflow: workflow, Name: job}.key(comment), head: strings.Repeat("a", 40)}
		if got, rest, ok := cutMarker(m.String()); !ok || got != m || rest != "" || strings.Count(m.String(), "-->") != 1 {
			t.Errorf("the marker is %q", m)
		}
	})
}

func TestLaterRunsOfTheSameCommitAreNewer(t *testing.T) {
	ours := marker{head: "h", run: 7, attempt: 2}
	tests := []struct {
		m    marker
		want bool
	}{
		{marker{head: "h", run: 8, attempt: 1}, true},
		{marker{head: "h", run: 7, attempt: 3}, true},
		{ours, false},
		{marker{head: "h", run: 7, attempt: 1}, false},
		{marker{head: "h", run: 6, attempt: 9}, false},
		{marker{head: "another", run: 9, attempt: 1}, false},
	}
	for _, test := range tests {
		if got := test.m.isNewer(ours); got != test.want {
			t.Errorf("%v is newer: %v", test.m, got)
		}
	}
}

func TestTheSameTextIsNotSentAgain(t *testing.T) {
	head := strings.Repeat("a", 40)
	first, second := marker{key: "0123456789abcdef", run: 1, head: head}, marker{key: "0123456789abcdef", run: 2, head: head}
	tests := []struct {
		a, b string
		want bool
	}{
		{first.String() + "\nx\ny\n", second.String() + "\nx\ny\n", true},
		{first.String() + "\nx\ny\n", second.String() + "\r\nx\r\ny", true},
		{first.String() + "\nx\n", second.String() + "\ny\n", false},
	}
	for _, test := range tests {
		if got := sameText(test.a, test.b); got != test.want {
			t.Errorf("%q and %q are the same: %v", test.a, test.b, got)
		}
	}
}

func TestAJobIsReadFromItsEnvironment(t *testing.T) {
	read := func(vars map[string]string) Job { return ReadJob(func(name string) string { return vars[name] }) }
	got := read(map[string]string{
		"GITHUB_WORKFLOW_REF": "octo-org/app/.github/workflows/ci.yml@refs/pull/7/merge", "GITHUB_WORKFLOW": "CI", "GITHUB_JOB": "check",
		"GITHUB_RUN_ID": "42", "GITHUB_RUN_ATTEMPT": "2", "GITHUB_SERVER_URL": "https://github.com/",
	})
	want := Job{Workflow: ".github/workflows/ci.yml", Name: "check", Run: 42, Attempt: 2, Server: "https://github.com"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	got = read(map[string]string{"GITHUB_WORKFLOW": "CI", "GITHUB_RUN_ID": "x", "GITHUB_RUN_ATTEMPT": "-1", "GITHUB_SERVER_URL": "javascript:x"})
	if diff := cmp.Diff(Job{Workflow: "CI"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestTheQueueNamesItsPullRequest(t *testing.T) {
	const sha = "0123456789abcdef0123456789abcdef01234567"
	for ref, want := range map[string]int{
		"refs/heads/gh-readonly-queue/main/pr-7-" + sha:          7,
		"refs/heads/gh-readonly-queue/release/1.2/pr-123-" + sha: 123,
		"refs/heads/gh-readonly-queue/pr-1-a/pr-7-" + sha:        7,
		"refs/heads/gh-readonly-queue/main/pr-7-" + sha + "0":    0,
		"refs/heads/main": 0,
		"refs/heads/gh-readonly-queue/main/pr-x-" + sha: 0,
		"": 0,
	} {
		if got := QueuedPull(ref); got != want {
			t.Errorf("%s is of %d, want %d", ref, got, want)
		}
	}
}
