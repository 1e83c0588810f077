package github_test

import (
	"context"
	"net/http"
	"net/url"
	"testing"

	api "github.com/google/go-github/v60/github"

	"github.com/loadline-dev/loadline/test/github"
)

// client is go-github as Loadline uses it.
func client(t *testing.T, s *github.Server) *api.Client {
	t.Helper()
	c := api.NewClient(nil).WithAuthToken(s.Token())
	base, err := url.Parse(s.URL() + "/")
	if err != nil {
		t.Fatal(err)
	}
	c.BaseURL = base
	return c
}

// repository fills the fake with a main branch and a pull request, number 7.
func fill(s *github.Server) (base, head, merge string) {
	base = s.Commit(map[string]string{"Dockerfile": "FROM scratch\nCOPY . .\n", "src/a.txt": "a\n"})
	head = s.Commit(map[string]string{"Dockerfile": "FROM scratch\nCOPY . .\n", "src/a.txt": "a\n", "src/b.txt": "b\n"}, base)
	merge = s.MergeCommit(base, head)
	s.SetRef("refs/heads/main", base)
	s.SetPull(github.Pull{Number: 7, Head: head, Base: base, Merge: merge, Labels: []string{"allow growth"}})
	return base, head, merge
}

// again starts another fake with the repository and the pull request of one that was filled.
func again(t *testing.T, filled *github.Server, o github.Options) *github.Server {
	t.Helper()
	o.Git = filled.GitDir()
	s := github.Start(t, o)
	s.SetPull(filled.Pull(7))
	return s
}

func noViolations(t *testing.T, s *github.Server) {
	t.Helper()
	for _, v := range s.Violations() {
		t.Error("violation:", v)
	}
}

func TestEverythingThatGoGithubAsksIsInTheContract(t *testing.T) {
	for _, base := range []string{"", "/api/v3"} {
		s := github.Start(t, github.Options{APIPath: base})
		_, head, merge := fill(s)
		traffic(t, s, head, merge)
		noViolations(t, s)
		t.Log(s.Conversation())
	}
}

func traffic(t *testing.T, s *github.Server, head, merge string) {
	t.Helper()
	ctx, c := context.Background(), client(t, s)
	const o, r = "octo-org", "app"
	must := func(_ *api.Response, err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	_, resp, err := c.Issues.ListComments(ctx, o, r, 7, &api.IssueListCommentsOptions{ListOptions: api.ListOptions{PerPage: 100}})
	must(resp, err)
	made, resp, err := c.Issues.CreateComment(ctx, o, r, 7, &api.IssueComment{Body: api.String("one\ntwo")})
	must(resp, err)
	_, resp, err = c.Issues.EditComment(ctx, o, r, made.GetID(), &api.IssueComment{Body: api.String("three")})
	must(resp, err)
	_, resp, err = c.Issues.GetComment(ctx, o, r, made.GetID())
	must(resp, err)
	must(c.Issues.DeleteComment(ctx, o, r, made.GetID()))
	_, resp, err = c.Issues.Get(ctx, o, r, 7)
	must(resp, err)
	_, resp, err = c.Issues.ListLabelsByIssue(ctx, o, r, 7, nil)
	must(resp, err)
	run, resp, err := c.Checks.CreateCheckRun(ctx, o, r, api.CreateCheckRunOptions{Name: "loadline", HeadSHA: head, Status: api.String("in_progress"),
		Output: &api.CheckRunOutput{Title: api.String("t"), Summary: api.String("s"), Annotations: annotations(50)}})
	must(resp, err)
	_, resp, err = c.Checks.UpdateCheckRun(ctx, o, r, run.GetID(), api.UpdateCheckRunOptions{Name: "loadline", Status: api.String("completed"),
		Conclusion: api.String("success"), Output: &api.CheckRunOutput{Title: api.String("t"), Summary: api.String("s"), Annotations: annotations(30)}})
	must(resp, err)
	_, resp, err = c.Checks.ListCheckRunsForRef(ctx, o, r, head, &api.ListCheckRunsOptions{CheckName: api.String("loadline")})
	must(resp, err)
	_, resp, err = c.Checks.ListCheckRunAnnotations(ctx, o, r, run.GetID(), nil)
	must(resp, err)
	_, resp, err = c.Checks.GetCheckRun(ctx, o, r, run.GetID())
	must(resp, err)
	tree, resp, err := c.Git.GetTree(ctx, o, r, merge, true)
	must(resp, err)
	for _, e := range tree.Entries {
		if e.GetType() != "blob" {
			continue
		}
		_, resp, err = c.Git.GetBlob(ctx, o, r, e.GetSHA())
		must(resp, err)
		_, resp, err = c.Git.GetBlobRaw(ctx, o, r, e.GetSHA())
		must(resp, err)
	}
	_, resp, err = c.Git.GetCommit(ctx, o, r, merge)
	must(resp, err)
	_, resp, err = c.Git.GetRef(ctx, o, r, "pull/7/merge")
	must(resp, err)
	_, resp, err = c.Repositories.Get(ctx, o, r)
	must(resp, err)
	_, resp, err = c.Repositories.GetCommit(ctx, o, r, merge, nil)
	must(resp, err)
	id, resp, err := c.Repositories.GetCommitSHA1(ctx, o, r, "main", "")
	must(resp, err)
	if len(id) != 40 {
		t.Errorf("got the id %q", id)
	}
	_, resp, err = c.Repositories.CompareCommits(ctx, o, r, "main", head, nil)
	must(resp, err)
	s.SetRef("refs/heads/feature/x", head)
	_, resp, err = c.Repositories.CompareCommits(ctx, o, r, "main", "feature/x", nil)
	must(resp, err)
	_, resp, err = c.Git.GetRef(ctx, o, r, "heads/feature/x")
	must(resp, err)
	_, resp, err = c.Repositories.CreateStatus(ctx, o, r, head, &api.RepoStatus{State: api.String("success"), Context: api.String("loadline")})
	must(resp, err)
	_, resp, err = c.PullRequests.Get(ctx, o, r, 7)
	must(resp, err)
	_, resp, err = c.PullRequests.List(ctx, o, r, &api.PullRequestListOptions{State: "open", Head: "octo-org:feature"})
	must(resp, err)
	_, resp, err = c.PullRequests.ListPullRequestsWithCommit(ctx, o, r, head, nil)
	must(resp, err)
	_, resp, err = c.PullRequests.ListFiles(ctx, o, r, 7, nil)
	must(resp, err)
	_, resp, err = c.PullRequests.CreateReview(ctx, o, r, 7, &api.PullRequestReviewRequest{
		CommitID: &head, Event: api.String("COMMENT"), Body: api.String("b"),
	})
	must(resp, err)
	s.AddReviewComment(github.ReviewComment{Pull: 7, Author: github.Person(), Path: "Dockerfile", First: 1, Line: 2, Commit: head, Body: "b"})
	_, resp, err = c.PullRequests.ListComments(ctx, o, r, 7, nil)
	must(resp, err)
	s.SetRun(github.Run{ID: 99, Event: "pull_request", HeadSHA: head, HeadBranch: "feature", Pulls: []int{7}})
	_, resp, err = c.Actions.GetWorkflowRunByID(ctx, o, r, 99)
	must(resp, err)
	_, resp, err = c.RateLimit.Get(ctx)
	must(resp, err)
	if _, resp, err = c.Users.Get(ctx, ""); err == nil || resp.StatusCode != http.StatusForbidden {
		t.Errorf("a workflow's token has no user, got %v", err)
	}
}

func annotations(n int) []*api.CheckRunAnnotation {
	var out []*api.CheckRunAnnotation
	for range n {
		out = append(out, &api.CheckRunAnnotation{Path: api.String("Dockerfile"), StartLine: api.Int(1), EndLine: api.Int(1),
			AnnotationLevel: api.String("warning"), Message: api.String("m")})
	}
	return out
}
