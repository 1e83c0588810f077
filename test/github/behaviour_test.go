package github_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	api "github.com/google/go-github/v60/github"

	"github.com/loadline-dev/loadline/test/github"
)

func TestListsComeInPages(t *testing.T) {
	s := github.Start(t, github.Options{APIPath: "/api/v3"})
	fill(s)
	var want []int64
	for range 205 {
		want = append(want, s.AddComment(7, github.Stranger(), "b"))
	}
	c := client(t, s)
	var got []int64
	o := &api.IssueListCommentsOptions{ListOptions: api.ListOptions{PerPage: 500}} // 100 is the most
	for {
		list, resp, err := c.Issues.ListComments(context.Background(), "octo-org", "app", 7, o)
		if err != nil {
			t.Fatal(err)
		}
		for _, comment := range list {
			got = append(got, comment.GetID())
		}
		if resp.NextPage == 0 {
			break
		}
		o.Page = resp.NextPage
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if s.Requests() != 3 {
		t.Errorf("got %d requests, want 3", s.Requests())
	}
	list, resp, err := c.Issues.ListComments(context.Background(), "octo-org", "app", 7, nil)
	if err != nil || len(list) != 30 || resp.LastPage != 7 {
		t.Errorf("got %d comments of %d pages, %v; want 30 of 7", len(list), resp.LastPage, err)
	}
	noViolations(t, s)
}

// TestPermissionsAreThoseOfTheToken tries each operation with each set of permissions.
func TestPermissionsAreThoseOfTheToken(t *testing.T) {
	filled := github.Start(t, github.Options{})
	_, head, _ := fill(filled)
	read := func(change func(*github.Permissions)) *github.Permissions {
		p := github.Reader()
		change(p)
		return p
	}
	for _, c := range []struct {
		name         string
		options      github.Options
		method, path string
		want         int
	}{
		{"a reader writes a comment", github.Options{Permissions: github.Reader()}, "POST", "/issues/7/comments", 403},
		{"who may write pull requests writes a comment",
			github.Options{Permissions: read(func(p *github.Permissions) { p.PullRequests = github.Write })}, "POST", "/issues/7/comments", 201},
		{"who may write issues writes a comment",
			github.Options{Permissions: read(func(p *github.Permissions) { p.Issues = github.Write })}, "POST", "/issues/7/comments", 201},
		{"a reader edits a comment", github.Options{Permissions: github.Reader()}, "PATCH", "/issues/comments/1001", 403},
		{"a reader deletes a comment", github.Options{Permissions: github.Reader()}, "DELETE", "/issues/comments/1001", 403},
		{"a reader makes a check run", github.Options{Permissions: github.Reader()}, "POST", "/check-runs", 403},
		{"a person makes a check run", github.Options{User: github.Person()}, "POST", "/check-runs", 403},
		{"an app makes a check run", github.Options{User: github.AppBot()}, "POST", "/check-runs", 201},
		{"nobody in particular reads a public tree", github.Options{Permissions: &github.Permissions{}}, "GET", "/git/trees/main", 200},
		{"the same where reading needs permission",
			github.Options{Permissions: &github.Permissions{}, StrictReads: true}, "GET", "/git/trees/main", 403},
		{"without contents in a private repository",
			github.Options{Permissions: read(func(p *github.Permissions) { p.Contents = github.None }), Private: true}, "GET", "/git/trees/main", 403},
		{"without pull requests in a private repository",
			github.Options{Permissions: read(func(p *github.Permissions) { p.PullRequests = github.None }), Private: true}, "GET", "/pulls/7", 403},
		{"a reader in a private repository", github.Options{Permissions: github.Reader(), Private: true}, "GET", "/pulls/7", 200},
		{"a stranger in a private repository", github.Options{Private: true, NoAccess: true}, "GET", "/pulls/7", 404},
		{"somebody else's comment", github.Options{}, "PATCH", "/issues/comments/1001", 200},
		{"somebody else's comment where that is forbidden", github.Options{OwnComments: true}, "PATCH", "/issues/comments/1001", 403},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := again(t, filled, c.options)
			s.AddComment(7, github.Stranger(), "b")
			body := map[string]string{"/check-runs": `{"name":"n","head_sha":"` + head + `"}`}[c.path]
			if c.method != "GET" && c.method != "DELETE" && body == "" {
				body = `{"body":"b"}`
			}
			resp, text := send(t, s, c.method, repo+c.path, body)
			if resp.StatusCode != c.want {
				t.Errorf("got %d, want %d: %s", resp.StatusCode, c.want, text)
			}
			noViolations(t, s)
		})
	}
}

func TestTheTokenIsAskedFor(t *testing.T) {
	s := github.Start(t, github.Options{})
	fill(s)
	for header, want := range map[string]int{"": 401, "Bearer wrong": 401, "Basic " + s.Token(): 401, "token " + s.Token(): 200} {
		req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, s.URL()+repo+"/pulls/7", nil)
		if err != nil {
			t.Fatal(err)
		}
		if header != "" {
			req.Header.Set("Authorization", header)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%q: got %d, want %d", header, resp.StatusCode, want)
		}
	}
	noViolations(t, s)
}

// TestATokenThatGoesAstrayIsSeen uses go-github as it comes: it sends the token wherever it is redirected.
func TestATokenThatGoesAstrayIsSeen(t *testing.T) {
	s := github.Start(t, github.Options{})
	fill(s)
	s.Inject(github.Fault{Operation: github.ListComments, Kind: github.Redirect})
	if _, _, err := client(t, s).Issues.ListComments(context.Background(), "octo-org", "app", 7, nil); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"api", "elsewhere"}, s.TokenSeenBy()); diff != "" {
		t.Error(diff)
	}
	if strings.Contains(s.Conversation(), s.Token()) {
		t.Error("the conversation has the token in it")
	}
}

func TestAPullRequestWithoutItsMergeCommit(t *testing.T) {
	s := github.Start(t, github.Options{})
	_, _, merge := fill(s)
	p := s.Pull(7)
	for _, c := range []struct {
		name      string
		change    func(*github.Pull)
		mergeable *bool
		sha       string
	}{
		{"clean", func(*github.Pull) {}, api.Bool(true), merge},
		{"computing", func(p *github.Pull) { p.Mergeable = github.Computing }, nil, merge},
		{"first computing", func(p *github.Pull) { p.Mergeable, p.Merge = github.Computing, "" }, nil, ""},
		{"conflicts", func(p *github.Pull) { p.Mergeable = github.Conflicts }, api.Bool(false), merge},
	} {
		changed := p
		c.change(&changed)
		s.SetPull(changed)
		got, _, err := client(t, s).PullRequests.Get(context.Background(), "octo-org", "app", 7)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.mergeable, got.Mergeable); diff != "" || got.GetMergeCommitSHA() != c.sha {
			t.Errorf("%s: %s, merge %q, want %q", c.name, diff, got.GetMergeCommitSHA(), c.sha)
		}
	}
	noViolations(t, s)
}

func TestAPullRequestOfAForkIsFoundByOwnerAndBranch(t *testing.T) {
	s := github.Start(t, github.Options{})
	_, head, _ := fill(s)
	for n, change := range map[int]func(*github.Pull){
		8:  func(p *github.Pull) { p.HeadOwner = "stranger" },
		9:  func(p *github.Pull) { p.HeadOwner, p.Closed = "stranger", true },
		10: func(p *github.Pull) { p.HeadGone = true },
	} {
		p := s.Pull(7)
		p.Number = n
		change(&p)
		s.SetPull(p)
	}
	ctx, c := context.Background(), client(t, s)
	for _, want := range []struct {
		o       api.PullRequestListOptions
		numbers string
	}{
		{api.PullRequestListOptions{State: "open", Head: "stranger:feature"}, "8"},
		{api.PullRequestListOptions{State: "all", Head: "stranger:feature"}, "9 8"},
		{api.PullRequestListOptions{Head: "octo-org:feature"}, "7"},
		{api.PullRequestListOptions{Head: "feature"}, "10 8 7"}, // without an owner GitHub ignores it
		{api.PullRequestListOptions{Head: "nobody:feature"}, ""},
	} {
		list, _, err := c.PullRequests.List(ctx, "octo-org", "app", &want.o)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, p := range list {
			text, err := json.Marshal(p.GetNumber())
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, string(text))
		}
		if strings.Join(got, " ") != want.numbers {
			t.Errorf("%+v: got %v, want %s", want.o, got, want.numbers)
		}
	}
	gone, _, err := c.PullRequests.Get(ctx, "octo-org", "app", 10)
	if err != nil || gone.GetHead().Repo != nil || gone.GetHead().GetSHA() != head {
		t.Errorf("a deleted fork: got %v, %v", gone.GetHead(), err)
	}
	noViolations(t, s)
}

func TestTreesAndBlobsAreThoseOfGit(t *testing.T) {
	s := github.Start(t, github.Options{TreeLimit: 4})
	sub := strings.Repeat("1", 40)
	commit := s.CommitFiles(map[string]github.File{
		"Dockerfile": {Content: "FROM scratch\n"}, "run.sh": {Content: "#!/bin/sh\n", Mode: "100755"},
		"link": {Content: "run.sh", Mode: "120000"}, "vendor/lib": {Content: sub, Mode: "160000"}, "odd \"ä\n": {Content: "x"},
	})
	c := client(t, s)
	tree, _, err := c.Git.GetTree(context.Background(), "octo-org", "app", commit, false)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, e := range tree.Entries {
		got[e.GetPath()] = e.GetMode() + " " + e.GetType()
	}
	want := map[string]string{"Dockerfile": "100644 blob", "run.sh": "100755 blob", "link": "120000 blob", "vendor": "040000 tree", "odd \"ä\n": "100644 blob"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	whole, _, err := c.Git.GetTree(context.Background(), "octo-org", "app", commit, true)
	if err != nil || !whole.GetTruncated() || len(whole.Entries) != 4 {
		t.Errorf("got %d entries, truncated %v, %v; want 4 of 6", len(whole.Entries), whole.GetTruncated(), err)
	}
	for _, e := range whole.Entries {
		if e.GetType() == "blob" && e.Size == nil || e.GetType() != "blob" && e.Size != nil {
			t.Errorf("%s: size %v", e.GetPath(), e.Size)
		}
	}
	noViolations(t, s)
}

func TestACloneOfTheRepositoryIsWhatTheAPISays(t *testing.T) {
	s := github.Start(t, github.Options{})
	base, head, merge := fill(s)
	dir := t.TempDir()
	out, err := exec.Command("git", "-c", "safe.directory=*", "clone", "--quiet", "--config", "safe.directory=*", "file://"+s.GitDir(), dir).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	cmd := exec.Command("git", "-C", dir, "fetch", "--quiet", "origin", "refs/pull/7/merge")
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	parents, err := exec.Command("git", "-C", dir, "rev-list", "--parents", "-1", "FETCH_HEAD").Output()
	if want := merge + " " + base + " " + head; err != nil || strings.TrimSpace(string(parents)) != want {
		t.Errorf("got %s, %v; want %s", parents, err, want)
	}
}

func TestLimitsAreReached(t *testing.T) {
	s := github.Start(t, github.Options{RateLimit: 3, Writes: 1})
	fill(s)
	c, ctx := client(t, s), context.Background()
	body := &api.IssueComment{Body: api.String("b")}
	if _, _, err := c.Issues.CreateComment(ctx, "octo-org", "app", 7, body); err != nil {
		t.Fatal(err)
	}
	_, _, err := c.Issues.CreateComment(ctx, "octo-org", "app", 7, body)
	var secondary *api.AbuseRateLimitError
	if !errors.As(err, &secondary) || secondary.GetRetryAfter() != time.Minute {
		t.Errorf("got %v, want the secondary limit", err)
	}
	c = client(t, s) // go-github remembers limits
	if _, _, err = c.Issues.GetComment(ctx, "octo-org", "app", 1001); err != nil {
		t.Fatal(err)
	}
	_, _, err = c.Issues.GetComment(ctx, "octo-org", "app", 1001)
	var primary *api.RateLimitError
	if !errors.As(err, &primary) || primary.Rate.Remaining != 0 || time.Until(primary.Rate.Reset.Time) < time.Minute {
		t.Errorf("got %v, want the primary limit", err)
	}
	if got := ask(t, s, `{ viewer { login } }`, nil); !strings.Contains(got, "RATE_LIMITED") {
		t.Errorf("GraphQL says %s", got)
	}
	noViolations(t, s)
}
