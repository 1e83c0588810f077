package event_test

import (
	"encoding/json"
	"strings"
	"testing"

	api "github.com/google/go-github/v60/github"

	"github.com/loadline-dev/loadline/test/github"
	"github.com/loadline-dev/loadline/test/github/event"
)

const (
	base  = "1111111111111111111111111111111111111111"
	head  = "2222222222222222222222222222222222222222"
	merge = "3333333333333333333333333333333333333333"
)

func repository() event.Repository { return event.Repository{Owner: "octo-org", Name: "app"} }

func pull() github.Pull {
	return github.Pull{Number: 7, Title: "A change", Author: github.Person(), Head: head, HeadRef: "feature", Base: base, BaseRef: "main",
		Merge: merge, Labels: []string{"allow growth"}}
}

func TestEveryPayloadIsValid(t *testing.T) {
	r := repository()
	fork, gone, bot := pull(), pull(), pull()
	fork.HeadOwner = "stranger"
	gone.HeadGone = true
	bot.Author, bot.HeadRef = github.Dependabot(), "dependabot/go_modules/x-1.2.3"
	run := github.Run{ID: 99, Event: "pull_request", HeadSHA: head, HeadBranch: "feature", HeadOwner: "stranger"}
	own := run
	own.HeadOwner, own.Pulls = "", []int{7}
	made := map[string]func() (event.Event, error){
		"opened":           func() (event.Event, error) { return event.PullRequest(r, "opened", pull()) },
		"synchronize":      func() (event.Event, error) { return event.PullRequest(r, "synchronize", pull()) },
		"labeled":          func() (event.Event, error) { return event.PullRequest(r, "labeled", pull()) },
		"fork":             func() (event.Event, error) { return event.PullRequest(r, "opened", fork) },
		"deleted fork":     func() (event.Event, error) { return event.PullRequest(r, "synchronize", gone) },
		"dependabot":       func() (event.Event, error) { return event.PullRequest(r, "opened", bot) },
		"target":           func() (event.Event, error) { return event.PullRequestTarget(r, "opened", fork) },
		"merge group":      func() (event.Event, error) { return event.MergeGroup(r, base, head, 7) },
		"push":             func() (event.Event, error) { return event.Push(r, event.Forward, "main", base, head) },
		"first push":       func() (event.Event, error) { return event.Push(r, event.Created, "new", "", head) },
		"force push":       func() (event.Event, error) { return event.Push(r, event.Forced, "main", base, head) },
		"workflow run":     func() (event.Event, error) { return event.WorkflowRun(r, run, base) },
		"own workflow run": func() (event.Event, error) { return event.WorkflowRun(r, own, base) },
		"workflow dispatch": func() (event.Event, error) {
			return event.WorkflowDispatch(r, "main", head, map[string]string{"base": "none"})
		},
		"schedule": func() (event.Event, error) { return event.Schedule(r, head) },
	}
	for name, make := range made {
		t.Run(name, func(t *testing.T) {
			e, err := make()
			if err != nil {
				t.Fatal(err)
			}
			for _, trace := range []string{"Codertocat", "Hello-World", "octo-repo"} {
				if strings.Contains(string(e.Payload), trace) {
					t.Errorf("the payload still speaks of %s", trace)
				}
			}
			if _, err := api.ParseWebHook(strings.Replace(e.Name, "_target", "", 1), e.Payload); err != nil && e.Name != "schedule" {
				t.Error(err)
			}
		})
	}
}

func TestAPullRequestCarriesWhatTheTestSays(t *testing.T) {
	p := pull()
	p.HeadOwner = "stranger"
	e, err := event.PullRequest(repository(), "synchronize", p)
	if err != nil {
		t.Fatal(err)
	}
	var got api.PullRequestEvent
	if err := json.Unmarshal(e.Payload, &got); err != nil {
		t.Fatal(err)
	}
	pr := got.GetPullRequest()
	for _, c := range [][2]string{
		{pr.GetHead().GetSHA(), head}, {pr.GetBase().GetSHA(), base}, {pr.GetHead().GetRef(), "feature"}, {pr.GetBase().GetRef(), "main"},
		{pr.GetHead().GetRepo().GetFullName(), "stranger/app"}, {pr.GetBase().GetRepo().GetFullName(), "octo-org/app"},
		{pr.GetHead().GetUser().GetLogin(), "stranger"}, {pr.GetURL(), "https://api.github.com/repos/octo-org/app/pulls/7"},
		{pr.GetCommentsURL(), "https://api.github.com/repos/octo-org/app/issues/7/comments"},
		{pr.GetLinks().GetSelf().GetHRef(), "https://api.github.com/repos/octo-org/app/pulls/7"},
		{pr.Labels[0].GetName(), "allow growth"}, {e.SHA, merge}, {e.Ref, "refs/pull/7/merge"}, {e.Actor, "octocat"},
	} {
		if c[0] != c[1] {
			t.Errorf("got %q, want %q", c[0], c[1])
		}
	}
	if got.GetNumber() != 7 || pr.GetNumber() != 7 || !pr.GetHead().GetRepo().GetFork() || pr.GetBase().GetRepo().GetFork() {
		t.Errorf("got number %d, %d, forks %v, %v", got.GetNumber(), pr.GetNumber(), pr.GetHead().GetRepo().GetFork(), pr.GetBase().GetRepo().GetFork())
	}
}

func TestTheEnvironmentIsTheRunners(t *testing.T) {
	e, err := event.Push(repository(), event.Created, "new", "", head)
	if err != nil {
		t.Fatal(err)
	}
	env := strings.Join(e.Environment("https://api.github.com", "https://api.github.com/graphql", "/e.json"), "\n")
	for _, want := range []string{"GITHUB_SHA=" + head, "GITHUB_REF=refs/heads/new", "GITHUB_REF_NAME=new", "GITHUB_REPOSITORY=octo-org/app",
		"GITHUB_EVENT_NAME=push", "GITHUB_EVENT_PATH=/e.json", "GITHUB_HEAD_REF=\n"} {
		if !strings.Contains(env+"\n", want) {
			t.Errorf("no %s in\n%s", want, env)
		}
	}
}
