package loadline

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"regexp"
	"strings"
)

// Environment is what the surroundings say about the run. The zero value is a laptop. Text in it that is the author's of
// a pull request (branches, repositories) has the form of what it stands for: what has not is empty.
type Environment struct {
	// CI says that the run is part of continuous integration: the tree of HEAD counts, not the work tree.
	CI bool
	// Event is the GitHub event that started the run; empty elsewhere.
	Event string
	// SHA is the commit that the event is about, and Workspace the directory into which a job checks out.
	SHA, Workspace string
	// Owner and Repo name the repository of the workflow; empty outside of GitHub.
	Owner, Repo string
	// APIURL and GraphQLURL are where GitHub's API is, without a slash at the end; empty outside of GitHub.
	APIURL, GraphQLURL string
	// Actor is who started the run, such as dependabot[bot].
	Actor string
	// BaseBranch is the branch that a pull request wants to be merged into.
	BaseBranch string
	// Pull is the pull request of the event; nil where the event is about none.
	Pull *Pull
	// Run is the run of another workflow that the event workflow_run is about; nil for other events.
	Run *Run
	// GroupBase is the base of a merge group.
	GroupBase string
	// Before is the commit that a push replaces; empty for a new branch.
	Before string
}

// Pull is a pull request as an event tells it. Labels are not part of it: they may have changed since.
type Pull struct {
	Number int
	// Head is the last commit of the pull request, Base that of the branch that it wants to be merged into, when the
	// event happened.
	Head, Base string
	// HeadOwner and HeadRepo name the repository that the change comes from; empty where that was deleted.
	HeadOwner, HeadRepo string
	HeadBranch          string
	// IsFork says that the change comes from another repository, so that a token may read only.
	IsFork bool
}

// Run is a run of a workflow. Nothing in it but the names of repository and branch is the pull request's author's.
type Run struct {
	ID int64
	// Event is the event that started the run.
	Event string
	// Head is the commit that it ran for; HeadOwner, HeadRepo and HeadBranch say where that comes from and are empty
	// where the repository was deleted.
	Head, HeadOwner, HeadRepo, HeadBranch string
}

func (e *Environment) pullHead() string {
	if e.Pull == nil {
		return ""
	}
	return e.Pull.Head
}

func (e *Environment) pullBase() string {
	if e.Pull == nil {
		return ""
	}
	return e.Pull.Base
}

// maxEvent is the most that an event's payload may hold; GitHub's limit is 25 MB
// (docs.github.com, webhook events and payloads).
const maxEvent = 25 << 20

// ReadEnvironment reads the variables that continuous integration sets
// (docs.github.com, "Default environment variables"). A payload that cannot be read counts as absent.
func ReadEnvironment(getenv func(string) string) Environment {
	e := Environment{CI: getenv("CI") == "true"}
	if getenv("GITHUB_ACTIONS") != "true" {
		return e
	}
	e.Event, e.SHA, e.BaseBranch = getenv("GITHUB_EVENT_NAME"), objectID(getenv("GITHUB_SHA")), branch(getenv("GITHUB_BASE_REF"))
	e.Workspace, e.Actor = getenv("GITHUB_WORKSPACE"), getenv("GITHUB_ACTOR")
	e.APIURL, e.GraphQLURL = address(getenv("GITHUB_API_URL")), address(getenv("GITHUB_GRAPHQL_URL"))
	e.Owner, e.Repo = RepositoryName(getenv("GITHUB_REPOSITORY"))
	payload, err := readEvent(getenv("GITHUB_EVENT_PATH"))
	if err != nil {
		return e
	}
	e.GroupBase, e.Before = objectID(payload.MergeGroup.BaseSHA), objectID(payload.Before)
	if e.Owner == "" {
		e.Owner, e.Repo = RepositoryName(payload.Repository.FullName)
	}
	if e.BaseBranch == "" && payload.PullRequest != nil {
		e.BaseBranch = branch(payload.PullRequest.Base.Ref)
	}
	e.Pull = payload.pull(e.Owner + "/" + e.Repo)
	e.Run = payload.run()
	return e
}

// pull is the pull request of an event about one.
func (p *eventPayload) pull(repository string) *Pull {
	if p.PullRequest == nil {
		return nil
	}
	pull := &Pull{
		Number: p.PullRequest.Number, Head: objectID(p.PullRequest.Head.SHA), Base: objectID(p.PullRequest.Base.SHA),
		HeadBranch: branch(p.PullRequest.Head.Ref), IsFork: true,
	}
	if pull.Number <= 0 {
		pull.Number = max(p.Number, 0)
	}
	if from := p.PullRequest.Head.Repo; from != nil {
		pull.HeadOwner, pull.HeadRepo = RepositoryName(from.FullName)
		pull.IsFork = !strings.EqualFold(from.FullName, repository)
	}
	return pull
}

// run is the run of an event about one.
func (p *eventPayload) run() *Run {
	if p.WorkflowRun == nil {
		return nil
	}
	run := &Run{
		ID: p.WorkflowRun.ID, Event: p.WorkflowRun.Event, Head: objectID(p.WorkflowRun.HeadSHA),
		HeadBranch: branch(p.WorkflowRun.HeadBranch),
	}
	if from := p.WorkflowRun.HeadRepository; from != nil {
		run.HeadOwner, run.HeadRepo = RepositoryName(from.FullName)
	}
	return run
}

type eventRepository struct {
	FullName string `json:"full_name"`
}

type eventCommit struct {
	SHA  string           `json:"sha"`
	Ref  string           `json:"ref"`
	Repo *eventRepository `json:"repo"`
}

type eventPull struct {
	Number int         `json:"number"`
	Head   eventCommit `json:"head"`
	Base   eventCommit `json:"base"`
}

type eventRun struct {
	ID             int64            `json:"id"`
	Event          string           `json:"event"`
	HeadSHA        string           `json:"head_sha"`
	HeadBranch     string           `json:"head_branch"`
	HeadRepository *eventRepository `json:"head_repository"`
}

type eventPayload struct {
	Number      int             `json:"number"`
	Before      string          `json:"before"`
	Repository  eventRepository `json:"repository"`
	PullRequest *eventPull      `json:"pull_request"`
	WorkflowRun *eventRun       `json:"workflow_run"`
	MergeGroup  struct {
		BaseSHA string `json:"base_sha"`
	} `json:"merge_group"`
}

func readEvent(name string) (eventPayload, error) {
	var payload eventPayload
	f, err := os.Open(name)
	if err != nil {
		return payload, fmt.Errorf("reading the event: %w", err)
	}
	defer f.Close()
	if err := json.NewDecoder(io.LimitReader(f, maxEvent)).Decode(&payload); err != nil {
		return payload, fmt.Errorf("reading the event: %w", err)
	}
	return payload, nil
}

var (
	objectIDs = regexp.MustCompile(`^(?:[0-9a-f]{40}|[0-9a-f]{64})$`)
	// names are what GitHub takes for owners and repositories, and no more than that needs no escaping in a URL.
	names = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,100}$`)
	// notInBranch matches what no branch's name holds (git-check-ref-format(1)).
	notInBranch = regexp.MustCompile(`^[-/.]|[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(?:/|$)|[/.]$|^@$`)
)

// maxBranch is the longest name of a branch, in bytes: GitHub's own limit for a ref is 255.
const maxBranch = 255

// objectID is s where it is a full object id, and not that of zeros which stands for none.
func objectID(s string) string {
	if !objectIDs.MatchString(s) || strings.Trim(s, "0") == "" {
		return ""
	}
	return s
}

// branch is s where it can be the name of a branch.
func branch(s string) string {
	if len(s) > maxBranch || notInBranch.MatchString(s) {
		return ""
	}
	return s
}

// RepositoryName splits OWNER/REPO; both are empty where that is no such name.
func RepositoryName(s string) (owner, repo string) {
	owner, repo, _ = strings.Cut(s, "/")
	for _, name := range []string{owner, repo} {
		if !names.MatchString(name) || strings.Trim(name, ".") == "" {
			return "", ""
		}
	}
	return owner, repo
}

// address is s where it is the address of a server, without a slash at its end.
func address(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return ""
	}
	return strings.TrimRight(s, "/")
}
