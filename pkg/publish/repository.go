package publish

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/google/go-github/v60/github"

	"github.com/loadline-dev/loadline/pkg/source"
)

// Repository is a repository on GitHub, as its API shows it.
type Repository struct {
	// Client is nil where nothing may be asked: there is no token.
	Client      *Client
	Owner, Name string
}

// Pull is a pull request as it is now.
type Pull struct {
	Number int
	// Head is its last commit.
	Head string
	// merge is the commit that GitHub made to try the merge; empty where there is none.
	merge  string
	labels []string
}

// Has reports whether the pull request has a label. GitHub's labels differ in more than case.
func (p *Pull) Has(label string) bool {
	return label != "" && slices.ContainsFunc(p.labels, func(l string) bool { return strings.EqualFold(l, label) })
}

// Pull reads a pull request.
func (r Repository) Pull(ctx context.Context, number int) (*Pull, error) {
	p, _, err := r.Client.rest.PullRequests.Get(ctx, r.Owner, r.Name, number)
	if err != nil {
		return nil, forbidden(err, "pull-requests: read")
	}
	return pullOf(p), nil
}

func pullOf(p *github.PullRequest) *Pull {
	out := &Pull{Number: p.GetNumber(), Head: p.GetHead().GetSHA(), merge: p.GetMergeCommitSHA()}
	for _, l := range p.Labels {
		out.labels = append(out.labels, l.GetName())
	}
	return out
}

// Origin is where the commits of a pull request come from.
type Origin struct {
	// Owner and Repo name the repository; empty where that was deleted.
	Owner, Repo string
	Branch      string
	// Head is the last commit.
	Head string
}

// Find answers the open pull request whose branch and last commit are the given ones, and to which the commits that were
// judged belong. What a saved report says about the pull request itself does not count, since anybody may have written it.
//
// Where there is none, because the branch has moved on or comes from a deleted repository, the error says so.
func (r Repository) Find(ctx context.Context, from Origin, judged ...string) (*Pull, error) {
	if from.Owner == "" || from.Branch == "" || from.Head == "" {
		return nil, Notice("the repository or branch that the run was for is gone")
	}
	found, err := r.pullsOf(ctx, from)
	if err != nil {
		return nil, forbidden(err, "pull-requests: read")
	}
	if len(found) > 1 { // of one branch into several
		found = slices.DeleteFunc(found, func(p *Pull) bool { return !slices.Contains(judged, p.merge) })
		if len(found) != 1 {
			return nil, Notice("several pull requests have this branch and commit, and the report fits none of them alone")
		}
	}
	if len(found) == 0 {
		return nil, Notice(fmt.Sprintf("no open pull request has %s at commit %s", source.Printable(from.Owner+":"+from.Branch), short(from.Head)))
	}
	return found[0], r.Belong(ctx, found[0], judged...)
}

// pullsOf lists the open pull requests that come from there.
func (r Repository) pullsOf(ctx context.Context, from Origin) ([]*Pull, error) {
	o := &github.PullRequestListOptions{State: "open", Head: from.Owner + ":" + from.Branch, ListOptions: github.ListOptions{PerPage: 100}}
	list, _, err := r.Client.rest.PullRequests.List(ctx, r.Owner, r.Name, o)
	if err != nil {
		return nil, err
	}
	var found []*Pull
	for _, p := range list {
		repo := p.GetHead().GetRepo() // nil where the fork is gone
		if p.GetHead().GetSHA() == from.Head && strings.EqualFold(repo.GetFullName(), from.Owner+"/"+from.Repo) {
			found = append(found, pullOf(p))
		}
	}
	return found, nil
}

// Belong checks that commits are the pull request's: its last one, or a merge whose second parent is that. The error
// matches IsForeign where one is not.
func (r Repository) Belong(ctx context.Context, p *Pull, commits ...string) error {
	for _, commit := range commits {
		if err := r.belongs(ctx, p, commit); err != nil {
			return err
		}
	}
	return nil
}

func (r Repository) belongs(ctx context.Context, p *Pull, commit string) error {
	foreign := Foreign(fmt.Sprintf("the report is about another commit than pull request %d at %s", p.Number, short(p.Head)))
	switch {
	case commit == "":
		return Foreign("the report is about a directory, so that nothing says which commit it is of")
	case commit == p.Head:
		return nil
	case !isObjectID(commit):
		return foreign
	}
	c, _, err := r.Client.rest.Git.GetCommit(ctx, r.Owner, r.Name, commit)
	switch status(err) {
	case http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity:
		return foreign
	}
	if err != nil {
		return forbidden(err, "contents: read")
	}
	if len(c.Parents) != 2 || c.Parents[1].GetSHA() != p.Head {
		return foreign
	}
	return nil
}

func isObjectID(s string) bool {
	return (len(s) == 40 || len(s) == 64) && strings.Trim(s, "0123456789abcdef") == ""
}

// short is how people write a commit.
func short(commit string) string { return commit[:min(len(commit), 12)] }
