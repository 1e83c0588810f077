package publish

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/loadline-dev/loadline/pkg/report"
	"github.com/loadline-dev/loadline/pkg/report/golden"
	"github.com/loadline-dev/loadline/test/github"
)

// at is a repository on the tests' GitHub with a pull request of a fork, number 7.
type at struct {
	Repository
	server            *github.Server
	base, head, merge string
}

func fill(t *testing.T, o github.Options) at {
	t.Helper()
	s := github.Start(t, o)
	t.Cleanup(func() {
		for _, v := range s.Violations() {
			t.Error("violation of GitHub's description:", v)
		}
	})
	a := at{server: s, base: s.Commit(map[string]string{"Dockerfile": "FROM scratch\n"})}
	a.head = s.Commit(map[string]string{"Dockerfile": "FROM scratch\nCOPY . .\n"}, a.base)
	a.merge = s.MergeCommit(a.base, a.head)
	s.SetPull(github.Pull{Number: 7, Head: a.head, HeadRef: "topic", HeadOwner: "monalisa", Base: a.base, BaseRef: "main", Merge: a.merge, Labels: []string{"Allow growth"}})
	c, err := NewClient(ClientOptions{APIURL: s.URL(), GraphQLURL: s.GraphQLURL(), Token: s.Token(), Clock: &hurry{}})
	if err != nil {
		t.Fatal(err)
	}
	owner, name, _ := strings.Cut(s.Repository(), "/")
	a.Repository = Repository{Client: c, Owner: owner, Name: name}
	return a
}

// annotations are n of them, each of other text.
func annotations(n int) []report.Annotation {
	var out []report.Annotation
	for i := range n {
		out = append(out, report.Annotation{
			Rule: "rule", Severity: []string{"error", "warning", "notice"}[i%3], Path: "Dockerfile", Message: fmt.Sprint("message ", i),
			Start: report.Position{Line: 1, Column: 1}, End: report.Position{Line: 1, Column: 5},
		})
	}
	return out
}

func (a at) check(n int) *CheckRun {
	return &CheckRun{
		Repository: a.Repository, Head: a.head, Job: Job{Workflow: "w", Name: "j", Run: 1, Attempt: 1, Server: "https://github.com"},
		Conclusion: "failure", Title: "title", Summary: "summary", Annotations: annotations(n),
	}
}

func TestACheckRunHasAllItsAnnotationsOnceWhateverIsLost(t *testing.T) {
	tests := []struct {
		name     string
		n, want  int
		requests int
		fault    *github.Fault
	}{
		{"none", 0, 0, 1, nil},
		{"one request", 50, 50, 1, nil},
		{"three requests", 120, 120, 3, nil},
		{"more than are sent", 1000, maxAnnotations, 4, nil},
		{"the answer to the first is lost", 120, 120, 4, &github.Fault{Operation: github.CreateCheck, Kind: github.Reset, Times: 1, Done: true}},
		{"the first fails", 120, 120, 5, &github.Fault{Operation: github.CreateCheck, Status: 502, Times: 1}},
		{"the answer to the second is lost", 120, 120, 4, &github.Fault{Operation: github.UpdateCheck, Kind: github.Reset, Times: 1, Done: true}},
		{"the second fails", 120, 120, 5, &github.Fault{Operation: github.UpdateCheck, Status: 502, Times: 1}},
		{"half an answer to the third", 120, 120, 4, &github.Fault{Operation: github.UpdateCheck, Kind: github.Truncate, Skip: 1, Times: 1}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a := fill(t, github.Options{})
			if test.fault != nil {
				a.server.Inject(*test.fault)
			}
			note, err := a.check(test.n).Send(t.Context())
			if err != nil || !strings.HasPrefix(note, "failure https://github.com/octo-org/app/runs/") {
				t.Errorf("%q, %v\n%s", note, err, a.server.Conversation())
			}
			runs := a.server.CheckRuns()
			if len(runs) != 1 || runs[0].HeadSHA != a.head || runs[0].Conclusion != "failure" || runs[0].Status != "completed" {
				t.Fatalf("%+v", runs)
			}
			seen := map[string]bool{}
			for _, annotation := range runs[0].Annotations {
				if seen[annotation.Message] {
					t.Errorf("%q stands there twice", annotation.Message)
				}
				seen[annotation.Message] = true
			}
			if len(seen) != test.want || a.server.Requests() != test.requests {
				t.Errorf("%d annotations after %d requests, want %d after %d", len(seen), a.server.Requests(), test.want, test.requests)
			}
		})
	}
}

func TestACheckRunThatIsRefusedSaysWhy(t *testing.T) {
	a := fill(t, github.Options{Permissions: github.Reader()})
	if _, err := a.check(0).Send(t.Context()); !IsNotice(err) || err.Error() != `the token lacks the permission "checks: write"` {
		t.Error(err)
	}
	a = fill(t, github.Options{User: github.Person()})
	if _, err := a.check(0).Send(t.Context()); err == nil || Reason(err) != "GitHub answers 403 Forbidden: You must authenticate via a GitHub App." {
		t.Error(err)
	}
	c := a.check(0)
	c.Head = ""
	if _, err := c.Send(t.Context()); !IsNotice(err) {
		t.Error(err)
	}
}

// TestHostileAnnotationsAreWithinTheLimits holds what the published description asks of annotations; the fake refuses
// everything else.
func TestHostileAnnotationsAreWithinTheLimits(t *testing.T) {
	a := fill(t, github.Options{})
	for _, s := range append(golden.HostileNames(), strings.Repeat("\U0001f600", 40_000)) {
		c := a.check(0)
		c.Key, c.Title = s, s
		c.Annotations = []report.Annotation{
			{Rule: s, Severity: s, Path: s, Message: s, Help: s},
			{Rule: s, Severity: "error", Path: s, Message: s, Start: report.Position{Line: 3, Column: 9}, End: report.Position{Line: 5, Column: 2}},
			{Rule: s, Severity: "error", Path: s, Message: s, Start: report.Position{Line: 3, Column: 9}, End: report.Position{Line: 1, Column: 2}},
			{Rule: s, Severity: "error", Message: s},
		}
		if _, err := c.Send(t.Context()); err != nil {
			t.Errorf("%.40q: %v", s, Reason(err))
		}
	}
	for _, run := range a.server.CheckRuns() {
		for _, annotation := range run.Annotations {
			if text := annotation.Message + annotation.Title + annotation.Path; strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > 0xFFFF }) {
				t.Errorf("%.80q", text)
			}
		}
	}
}

func TestThePullRequestOfARunIsFoundByItsBranchAndCommit(t *testing.T) {
	a := fill(t, github.Options{})
	other := a.server.Commit(map[string]string{"x": "y"}, a.base)
	later := a.server.Commit(map[string]string{"x": "z"}, a.head)
	stale := a.server.MergeCommit(a.base, other)
	from := Origin{Owner: "monalisa", Repo: "app", Branch: "topic", Head: a.head}
	change := func(edit func(*Origin)) Origin {
		o := from
		edit(&o)
		return o
	}
	tests := []struct {
		name   string
		from   Origin
		judged []string
		want   string // of the error
		isKind func(error) bool
	}{
		{"the merge commit", from, []string{a.merge}, "", nil},
		{"the last commit", from, []string{a.head}, "", nil},
		{"both", from, []string{a.head, a.merge}, "", nil},
		{"another repository of the same owner", change(func(o *Origin) { o.Repo = "other" }), []string{a.merge}, "no open pull request has monalisa:topic at commit", IsNotice},
		{"another owner", change(func(o *Origin) { o.Owner = "hubot" }), []string{a.merge}, "no open pull request", IsNotice},
		{"a later commit", change(func(o *Origin) { o.Head = later }), []string{a.merge}, "no open pull request", IsNotice},
		{"the fork is gone", change(func(o *Origin) { o.Owner, o.Repo = "", "" }), []string{a.merge}, "is gone", IsNotice},
		{"no branch", change(func(o *Origin) { o.Branch = "" }), []string{a.merge}, "is gone", IsNotice},
		{"the base", from, []string{a.base}, "the report is about another commit than pull request 7", IsForeign},
		{"another branch's commit", from, []string{other}, "another commit", IsForeign},
		{"another branch's merge", from, []string{stale}, "another commit", IsForeign},
		{"one of two is foreign", from, []string{a.merge, other}, "another commit", IsForeign},
		{"a directory", from, []string{""}, "about a directory", IsForeign},
		{"no commit", from, []string{"main"}, "another commit", IsForeign},
		{"a commit that nobody has", from, []string{strings.Repeat("d", 40)}, "another commit", IsForeign},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p, err := a.Find(t.Context(), test.from, test.judged...)
			if test.want == "" {
				if err != nil || p.Number != 7 || p.Head != a.head || !p.Has("allow growth") || p.Has("growth") || p.Has("") {
					t.Errorf("%+v, %v", p, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.want) || !test.isKind(err) {
				t.Errorf("%v, want %s", err, test.want)
			}
		})
	}
}

func TestOfSeveralPullRequestsOfABranchTheReportsOwnIsFound(t *testing.T) {
	a := fill(t, github.Options{})
	merge := a.server.MergeCommit(a.base, a.head)
	other := a.server.Commit(map[string]string{"Dockerfile": "FROM scratch\n", "release": "1"}, a.base)
	second := a.server.MergeCommit(other, a.head)
	a.server.SetPull(github.Pull{Number: 8, Head: a.head, HeadRef: "topic", HeadOwner: "monalisa", Base: other, BaseRef: "release", Merge: second})
	from := Origin{Owner: "monalisa", Repo: "app", Branch: "topic", Head: a.head}
	for commit, want := range map[string]int{merge: 7, second: 8} {
		if p, err := a.Find(t.Context(), from, commit); err != nil || p.Number != want {
			t.Errorf("%+v, %v, want %d", p, err, want)
		}
	}
	if _, err := a.Find(t.Context(), from, a.head); !IsNotice(err) || !strings.Contains(err.Error(), "several pull requests") {
		t.Error(err)
	}
}

func TestAPersonalTokenKnowsItsCommentsWithoutGraphQL(t *testing.T) {
	a := fill(t, github.Options{User: github.Person()})
	a.server.Inject(github.Fail(github.GraphQL, 0, 502, ""))
	comment := func(text string) *Comment {
		return &Comment{Repository: a.Repository, Pull: 7, Head: a.head, Job: Job{Run: 5}, Body: text, IsWanted: true}
	}
	theirs := a.server.AddComment(7, github.Stranger(), comment("theirs").text())
	for _, text := range []string{"one\n", "two\n"} {
		if _, err := comment(text).Send(t.Context()); err != nil {
			t.Fatal(Reason(err))
		}
	}
	list := a.server.Comments(7)
	if len(list) != 2 || list[0].ID != theirs || !strings.HasSuffix(list[0].Body, "theirs") || !strings.HasSuffix(list[1].Body, "two\n") {
		t.Errorf("%+v", list)
	}
}

func TestReasonsAreOneLineWithoutAddresses(t *testing.T) {
	a := fill(t, github.Options{Permissions: github.Reader()})
	long := strings.Repeat("x", 5000)
	a.server.Inject(github.Fail(github.GetPull, 0, 422, "a\n"+long))
	_, err := a.Pull(t.Context(), 7)
	if got := Reason(err); !strings.HasPrefix(got, "GitHub answers 422 Unprocessable Entity: a\n") || len(got) > 400 {
		t.Errorf("%q", got)
	}
	if got := Reason(fmt.Errorf("doing this: %w", err)); !strings.HasPrefix(got, "doing this: GitHub answers 422") {
		t.Errorf("%q", got)
	}
	if got := Reason(errors.New("plain")); got != "plain" {
		t.Errorf("%q", got)
	}
}
