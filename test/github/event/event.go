// Package event makes the payloads with which GitHub starts a workflow, out of GitHub's own examples, with the commits,
// branches and numbers of a test in them; and the variables that the runner sets along. Each payload is valid by GitHub's
// published schemas, or making it fails. Only tests use it.
package event

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/loadline-dev/loadline/test/github"
)

// Repository is where events happen.
type Repository struct {
	Owner, Name string
	Private     bool
}

// Of is the repository of a fake.
func Of(s *github.Server) Repository {
	owner, name, _ := strings.Cut(s.Repository(), "/")
	return Repository{owner, name, s.Private()}
}

// Event is what starts a workflow.
type Event struct {
	Repository Repository
	Name       string // GITHUB_EVENT_NAME
	Payload    []byte // JSON of the file that GITHUB_EVENT_PATH names
	SHA, Ref   string // GITHUB_SHA, GITHUB_REF
	HeadRef    string // branches of a pull request; empty for other events
	BaseRef    string
	Actor      string
}

// defaultBranch is the branch on which events happen that belong to none.
const defaultBranch = "main"

// Zeros stands in a push for a branch that was not there before.
const Zeros = "0000000000000000000000000000000000000000"

// PullRequest is a pull_request of an action: opened, synchronize or labeled. The workflow runs on the test merge commit.
// One from a fork has another HeadOwner; one of Dependabot has it as Author.
func PullRequest(r Repository, action string, p github.Pull) (Event, error) {
	payload, err := pullRequest(r, action, p)
	ref := "refs/pull/" + strconv.Itoa(p.Number) + "/merge"
	return Event{r, "pull_request", payload, p.Merge, ref, p.HeadRef, p.BaseRef, p.Author.Login}, err
}

// PullRequestTarget is the same for pull_request_target: the workflow runs on the head of the base branch, which the
// payload calls base.sha here.
func PullRequestTarget(r Repository, action string, p github.Pull) (Event, error) {
	payload, err := pullRequest(r, action, p)
	return Event{r, "pull_request_target", payload, p.Base, "refs/heads/" + p.BaseRef, p.HeadRef, p.BaseRef, p.Author.Login}, err
}

// pullRequest patches the example of an action.
func pullRequest(r Repository, action string, p github.Pull) ([]byte, error) {
	if p.HeadOwner == "" {
		p.HeadOwner = r.Owner
	}
	d := example("pull_request."+action, r)
	if pull, ok := d.get("pull_request").(map[string]any); ok {
		renumber(pull, strconv.Itoa(p.Number))
	}
	d.set("action", action)
	d.set("number", p.Number)
	d.set("sender", d.user(p.Author.Login))
	for key, value := range map[string]any{
		"number": p.Number, "id": 1000 + p.Number, "title": p.Title, "locked": p.Locked, "draft": p.Draft, "user": d.user(p.Author.Login),
		"state": map[bool]string{true: "closed", false: "open"}[p.Closed], "labels": d.labels(p.Labels), "body": nil,
		"assignees": []string{}, "assignee": nil, "requested_reviewers": []string{}, "milestone": nil, "merge_commit_sha": nil,
		"head.ref": p.HeadRef, "head.sha": p.Head, "head.label": p.HeadOwner + ":" + p.HeadRef, "head.user": d.user(p.HeadOwner),
		"base.ref": p.BaseRef, "base.sha": p.Base, "base.label": r.Owner + ":" + p.BaseRef, "base.user": d.user(r.Owner),
		"base.repo": d.repository(r, r.Owner), "head.repo": d.repository(r, p.HeadOwner),
		"statuses_url": "https://api.github.com/repos/" + r.Owner + "/" + r.Name + "/statuses/" + p.Head,
	} {
		d.set("pull_request."+key, value)
	}
	if p.HeadGone {
		d.set("pull_request.head.repo", nil)
	}
	switch action {
	case "synchronize":
		d.set("before", p.Base)
		d.set("after", p.Head)
	case "labeled":
		if len(p.Labels) > 0 {
			d.set("label", d.labels(p.Labels[len(p.Labels)-1:])[0])
		}
	}
	return d.valid("pull_request$" + action)
}

// MergeGroup is a merge_group: the queue asks for checks of head, which is base with one or more pull requests merged.
func MergeGroup(r Repository, base, head string, pull int) (Event, error) {
	ref := "refs/heads/gh-readonly-queue/" + defaultBranch + "/pr-" + strconv.Itoa(pull) + "-" + base
	d := example("merge_group.checks_requested", r)
	d.set("merge_group.head_sha", head)
	d.set("merge_group.base_sha", base)
	d.set("merge_group.head_ref", ref)
	d.set("merge_group.base_ref", "refs/heads/"+defaultBranch)
	d.set("merge_group.head_commit.id", head)
	d.set("sender", d.user("octocat"))
	payload, err := d.valid("merge_group$checks_requested")
	return Event{r, "merge_group", payload, head, ref, "", "", "octocat"}, err
}

// PushKind is how a branch moved.
type PushKind int

const (
	Forward PushKind = iota
	Created          // before is all zeros
	Forced           // before is no ancestor of after
)

// Push is a push to a branch. before is ignored for a new branch.
func Push(r Repository, kind PushKind, branch, before, after string) (Event, error) {
	if kind == Created {
		before = Zeros
	}
	d := example("push", r)
	d.set("ref", "refs/heads/"+branch)
	d.set("before", before)
	d.set("after", after)
	d.set("created", kind == Created)
	d.set("forced", kind == Forced)
	d.set("compare", "https://github.com/"+r.Owner+"/"+r.Name+"/compare/"+short(before)+"..."+short(after))
	d.set("head_commit.id", after)
	d.set("head_commit.url", "https://github.com/"+r.Owner+"/"+r.Name+"/commit/"+after)
	d.set("commits", []any{d.get("head_commit")})
	d.set("sender", d.user("octocat"))
	d.set("pusher.name", "octocat")
	payload, err := d.valid("push$event")
	return Event{r, "push", payload, after, "refs/heads/" + branch, "", "", "octocat"}, err
}

func short(sha string) string { return sha[:min(12, len(sha))] }

// WorkflowRun is a workflow_run that follows a completed run; it runs on head, that of the default branch. The list of
// pull requests is empty if the run's branch lies in a fork.
func WorkflowRun(r Repository, run github.Run, head string) (Event, error) {
	if run.HeadOwner == "" {
		run.HeadOwner = r.Owner
	}
	d := example("workflow_run.completed", r)
	for key, value := range map[string]any{
		"id": run.ID, "event": run.Event, "head_sha": run.HeadSHA, "head_branch": run.HeadBranch, "head_commit.id": run.HeadSHA,
		"conclusion": "success", "status": "completed", "run_attempt": 1, "path": ".github/workflows/check.yml", "name": "check",
		"repository": d.lite("workflow_run.repository", r, r.Owner), "head_repository": d.lite("workflow_run.repository", r, run.HeadOwner),
		"pull_requests": runPulls(r, run),
	} {
		d.set("workflow_run."+key, value)
	}
	d.set("sender", d.user("octocat"))
	payload, err := d.valid("workflow_run$completed")
	return Event{r, "workflow_run", payload, head, "refs/heads/" + defaultBranch, "", "", "octocat"}, err
}

func runPulls(r Repository, run github.Run) []any {
	out := []any{}
	repo := map[string]any{"id": repositoryID, "name": r.Name, "url": "https://api.github.com/repos/" + r.Owner + "/" + r.Name}
	for _, n := range run.Pulls {
		out = append(out, map[string]any{
			"id": 1000 + n, "number": n, "url": repo["url"].(string) + "/pulls/" + strconv.Itoa(n),
			"head": map[string]any{"ref": run.HeadBranch, "sha": run.HeadSHA, "repo": repo},
			"base": map[string]any{"ref": defaultBranch, "sha": run.HeadSHA, "repo": repo},
		})
	}
	return out
}

// WorkflowDispatch is a workflow that somebody starts on a branch.
func WorkflowDispatch(r Repository, branch, head string, inputs map[string]string) (Event, error) {
	d := example("workflow_dispatch", r)
	values := map[string]any{}
	for name, value := range inputs {
		values[name] = value
	}
	d.set("inputs", values)
	d.set("ref", "refs/heads/"+branch)
	d.set("sender", d.user("octocat"))
	payload, err := d.valid("workflow_dispatch$event")
	return Event{r, "workflow_dispatch", payload, head, "refs/heads/" + branch, "", "", "octocat"}, err
}

// Schedule is a workflow at its time. GitHub publishes no schema of its payload, which has little in it.
func Schedule(r Repository, head string) (Event, error) {
	payload := []byte("{\n  \"schedule\": \"30 5 * * 1\"\n}\n")
	return Event{r, "schedule", payload, head, "refs/heads/" + defaultBranch, "", "", "octocat"}, nil
}

// Environment are the variables that the runner sets for the event, sorted, as NAME=VALUE. api and graphql are the
// addresses of GitHub, path is that of the payload's file. What belongs to the step is not among them: GITHUB_WORKSPACE,
// GITHUB_OUTPUT, GITHUB_STEP_SUMMARY and the inputs.
func (e Event) Environment(api, graphql, path string) []string {
	name := strings.TrimPrefix(strings.TrimPrefix(e.Ref, "refs/heads/"), "refs/pull/")
	full := e.Repository.Owner + "/" + e.Repository.Name
	values := map[string]string{
		"CI": "true", "GITHUB_ACTIONS": "true", "GITHUB_ACTOR": e.Actor, "GITHUB_TRIGGERING_ACTOR": e.Actor,
		"GITHUB_API_URL": api, "GITHUB_GRAPHQL_URL": graphql, "GITHUB_SERVER_URL": "https://github.com",
		"GITHUB_EVENT_NAME": e.Name, "GITHUB_EVENT_PATH": path, "GITHUB_SHA": e.SHA, "GITHUB_REF": e.Ref, "GITHUB_REF_NAME": name,
		"GITHUB_REF_TYPE": "branch", "GITHUB_HEAD_REF": e.HeadRef, "GITHUB_BASE_REF": e.BaseRef, "GITHUB_REPOSITORY": full,
		"GITHUB_REPOSITORY_OWNER": e.Repository.Owner, "GITHUB_REPOSITORY_ID": strconv.Itoa(repositoryID),
		"GITHUB_RUN_ID": "4242", "GITHUB_RUN_NUMBER": "42", "GITHUB_RUN_ATTEMPT": "1", "GITHUB_JOB": "check",
		"GITHUB_WORKFLOW": "check", "GITHUB_WORKFLOW_REF": full + "/.github/workflows/check.yml@" + e.Ref,
		"GITHUB_WORKFLOW_SHA": e.SHA, "RUNNER_OS": "Linux", "RUNNER_ARCH": "X64",
	}
	var out []string
	for _, key := range slices.Sorted(maps.Keys(values)) {
		out = append(out, key+"="+values[key])
	}
	return out
}
