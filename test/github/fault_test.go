package github_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	api "github.com/google/go-github/v60/github"

	"github.com/loadline-dev/loadline/test/github"
)

var update = flag.Bool("update", false, "write the golden files")

func create(t *testing.T, s *github.Server) error {
	t.Helper()
	_, _, err := client(t, s).Issues.CreateComment(context.Background(), "octo-org", "app", 7, &api.IssueComment{Body: api.String("b")})
	return err
}

func TestAFaultHappensAsOftenAsItShall(t *testing.T) {
	s := github.Start(t, github.Options{})
	fill(s)
	s.Inject(github.Fault{Operation: github.CreateComment, Skip: 1, Times: 2, Status: 502})
	var got []int
	for range 4 {
		var response *api.ErrorResponse
		switch err := create(t, s); {
		case err == nil:
			got = append(got, 201)
		case errors.As(err, &response):
			got = append(got, response.Response.StatusCode)
		default:
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]int{201, 502, 502, 201}, got); diff != "" {
		t.Error(diff)
	}
	if n := len(s.Comments(7)); n != 2 {
		t.Errorf("got %d comments, want 2", n)
	}
	noViolations(t, s)
}

// TestEachKindOfFault looks at what a client sees, and whether the comment was made all the same.
func TestEachKindOfFault(t *testing.T) {
	filled := github.Start(t, github.Options{})
	fill(filled)
	var syntax *json.SyntaxError
	for _, c := range []struct {
		name  string
		fault github.Fault
		made  int
		fits  func(error) bool
	}{
		{"refused", github.Fail("", 0, 422, "no"), 0, func(err error) bool { return strings.Contains(err.Error(), "422 no") }},
		{"refused without words", github.Fault{}, 0, func(err error) bool { return strings.Contains(err.Error(), "500") }},
		{"reset", github.Fault{Kind: github.Reset}, 0, func(err error) bool { return strings.Contains(err.Error(), "reset") || errors.Is(err, io.EOF) }},
		{"reset when it was done", github.Fault{Kind: github.Reset, Done: true}, 1, func(err error) bool { return err != nil }},
		{"truncated", github.Fault{Kind: github.Truncate}, 1, func(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) }},
		{"malformed", github.Fault{Kind: github.Malformed}, 1, func(err error) bool { return errors.As(err, &syntax) }},
		{"huge", github.Fault{Kind: github.Huge, Size: 1 << 20}, 0, func(err error) bool { return err != nil }},
		{"only slow", github.Fault{Kind: github.Slow, Delay: time.Millisecond}, 1, func(err error) bool { return err == nil }},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := again(t, filled, github.Options{})
			s.Inject(c.fault)
			if err := create(t, s); !c.fits(err) {
				t.Errorf("got %v", err)
			}
			if n := len(s.Comments(7)); n != c.made {
				t.Errorf("got %d comments, want %d", n, c.made)
			}
			noViolations(t, s)
		})
	}
}

func TestFaultsOfLimitsAreThoseOfGitHub(t *testing.T) {
	s := github.Start(t, github.Options{})
	fill(s)
	s.Inject(github.PrimaryLimit(github.CreateComment, 1, 403, time.Hour))
	var primary *api.RateLimitError
	if err := create(t, s); !errors.As(err, &primary) || primary.Rate.Remaining != 0 {
		t.Errorf("got %v, want the primary limit", err)
	}
	s.Inject(github.SecondaryLimit(github.CreateComment, 1, 403, time.Second))
	var secondary *api.AbuseRateLimitError
	if err := create(t, s); !errors.As(err, &secondary) || secondary.GetRetryAfter() != time.Second {
		t.Errorf("got %v, want the secondary limit", err)
	}
	if err := create(t, s); err != nil {
		t.Error(err)
	}
}

// TestTwoRunsRace lets another run's comment appear between the list and the new comment.
func TestTwoRunsRace(t *testing.T) {
	s := github.Start(t, github.Options{})
	fill(s)
	s.BeforeNth(github.ListComments, 2, func() { s.AddComment(7, github.Actions(), "late") })
	s.Before(github.CreateComment, func() { s.AddComment(7, github.Actions(), "other") })
	ctx, c := context.Background(), client(t, s)
	list := func() int {
		all, _, err := c.Issues.ListComments(ctx, "octo-org", "app", 7, nil)
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	if got := list(); got != 0 {
		t.Errorf("at first there are %d comments", got)
	}
	if err := create(t, s); err != nil {
		t.Fatal(err)
	}
	if got := list(); got != 3 {
		t.Errorf("afterwards there are %d comments, want 3", got)
	}
	if got := s.Comments(7); got[0].Body != "other" || got[1].Body != "b" || got[2].Body != "late" {
		t.Errorf("got %+v", got)
	}
}

func TestADeletedCommentAndALockedConversation(t *testing.T) {
	s := github.Start(t, github.Options{})
	fill(s)
	id := s.AddComment(7, github.Actions(), "b")
	s.Before(github.UpdateComment, func() { s.RemoveComment(id) })
	_, resp, err := client(t, s).Issues.EditComment(context.Background(), "octo-org", "app", id, &api.IssueComment{Body: api.String("c")})
	if err == nil || resp.StatusCode != http.StatusNotFound {
		t.Errorf("editing a deleted comment: %v", err)
	}
	p := s.Pull(7)
	p.Locked = true
	s.SetPull(p)
	if err := create(t, s); err == nil || !strings.Contains(err.Error(), "403 Unable to create comment because issue is locked.") {
		t.Errorf("a locked conversation: %v", err)
	}
	noViolations(t, s)
}

// TestTheConversationIsTheSameEachTime holds the form in which other tests keep their golden files.
func TestTheConversationIsTheSameEachTime(t *testing.T) {
	s := github.Start(t, github.Options{Lines: 4})
	base, head, merge := fill(s)
	s.Rename(base, "<base>")
	s.Rename(head, "<head>")
	s.Rename(merge, "<merge>")
	s.Inject(github.Fault{Operation: github.GetIssue, Kind: github.Reset, Times: 1})
	client(t, s).Issues.Get(context.Background(), "octo-org", "app", 7)
	s.Inject(github.Fail(github.GetIssue, 1, 502, "Bad Gateway"))
	client(t, s).Issues.Get(context.Background(), "octo-org", "app", 7)
	traffic(t, s, head, merge)
	ask(t, s, commentsQuery, map[string]string{"owner": "octo-org", "name": "app"})
	golden := filepath.Join("testdata", "conversation.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(s.Conversation()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), s.Conversation()); diff != "" {
		t.Error(diff)
	}
	noViolations(t, s)
}

// TestAProcessOfItsOwn runs the command and talks to it over the network only.
func TestAProcessOfItsOwn(t *testing.T) {
	filled := github.Start(t, github.Options{})
	fill(filled)
	dir := t.TempDir()
	command := filepath.Join(dir, "fakegithub")
	if out, err := exec.Command("go", "build", "-o", command, "./fakegithub").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for name, text := range map[string]string{
		"options.json": `{"Token": "tok", "APIPath": "/api/v3"}`,
		"setup.json":   `{"Comments": [{"Pull": 7, "Body": "mine"}], "Rename": {"octo-org": "<owner>"}}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(command, "-git", filled.GitDir(), "-options", filepath.Join(dir, "options.json"), "-setup", filepath.Join(dir, "setup.json"))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		cmd.Process.Signal(os.Interrupt)
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}()
	line := make([]byte, 100)
	n, err := out.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	address := strings.TrimSpace(string(line[:n]))
	setup, err := json.Marshal(github.Setup{Pulls: []github.Pull{filled.Pull(7)}})
	if err != nil {
		t.Fatal(err)
	}
	root := strings.TrimSuffix(address, "/api/v3")
	resp, err := http.Post(root+"/_setup", "application/json", bytes.NewReader(setup))
	if err != nil || resp.StatusCode != http.StatusNoContent {
		t.Fatal(resp, err)
	}
	resp.Body.Close()
	c := api.NewClient(nil).WithAuthToken("tok")
	if c.BaseURL, err = c.BaseURL.Parse(address + "/"); err != nil {
		t.Fatal(err)
	}
	list, _, err := c.Issues.ListComments(context.Background(), "octo-org", "app", 7, nil)
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	resp, err = http.Get(root + "/_report")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var got github.Report
	if err := json.NewDecoder(resp.Body).Decode(&got); err != nil {
		t.Fatal(err)
	}
	want := "GET /repos/<owner>/app/issues/7/comments\n  => 200 1 comments: #1001 by github-actions[bot]\n"
	if got.Conversation != want || got.Requests != 1 || len(got.Comments) != 1 || got.Violations != nil {
		t.Errorf("got %+v", got)
	}
}
