package publish

import (
	"context"
	"fmt"
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

// Find answers the open pull request whose branch and last commit are the given ones, and to which the commit that was
// judged belongs: it is that last commit, or a merge whose second parent is. What a saved report says about the pull
// request itself does not count, since anybody may have written it.
//
// Where there is none, because the branch has moved on or comes from a deleted repository, the error says so.
func (r Repository) Find(ctx context.Context, from Origin, judged string) (*Pull, error) {
	if from.Owner == "" || from.Branch == "" || from.Head == "" {
		return nil, notice("the repository or branch that the run was for is gone")
	}
	found, err := r.pullsOf(ctx, from)
	if err != nil {
		return nil, forbidden(err, "pull-requests: read")
	}
	if len(found) > 1 { // of one branch into several
		found = slices.DeleteFunc(found, func(p *Pull) bool { return p.merge == "" || p.merge != judged })
		if len(found) != 1 {
			return nil, notice("several pull requests have this branch and commit, and the report fits none of them alone")
		}
	}
	if len(found) == 0 {
		return nil, notice(fmt.Sprintf("no open pull request has %s at commit %s", source.Printable(from.Owner+":"+from.Branch), short(from.Head)))
	}
	return found[0], r.belongs(ctx, judged, found[0])
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

// belongs checks that a commit is the pull request's.
func (r Repository) belongs(ctx context.Context, commit string, p *Pull) error {
	foreign := notice(fmt.Sprintf("the report is about another commit than pull request %d at %s", p.Number, short(p.Head)))
	switch commit {
	case "":
		return notice("the report is about a directory, so that nothing says which commit it is of")
	case p.Head, p.merge:
		return nil
	}
	if !isObjectID(commit) {
		return foreign
	}
	c, _, err := r.Client.rest.Git.GetCommit(ctx, r.Owner, r.Name, commit)
	if s := status(err); s == 404 || s == 409 || s == 422 {
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
