package publish

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"

	"github.com/cenkalti/backoff/v5"
	"github.com/google/go-github/v60/github"
)

// MaxComment is the most that a comment holds, in bytes. GitHub refuses more than 65,536 characters, and fewer bytes are
// safe whether it counts bytes or characters.
const MaxComment = 65_000

// Comment is the one comment of a job on a pull request. Later runs edit it.
type Comment struct {
	Repository
	Pull int
	// Head is the pull request's commit that was judged.
	Head string
	Job  Job
	// Key tells several comments of one job apart.
	Key string
	// Body is what the comment says.
	Body string
	// IsWanted says that there is something to say, so that a comment is made where there is none. One that is there is
	// updated in any case.
	IsWanted bool

	url atomic.Pointer[string]
}

// URL is the comment's address once it was sent; empty where there is none.
func (c *Comment) URL() string {
	if u := c.url.Load(); u != nil {
		return *u
	}
	return ""
}

// permissions, as the log names them.
const writePulls = "pull-requests: write"

// maxPages is how many pages of comments are looked through, 100 on each.
const maxPages = 50

// entry is a comment with our key, written by whomever.
type entry struct {
	id   int64
	node string
	url  string
	body string
	// author is of the REST API.
	author *github.User
}

func (c *Comment) marker() marker {
	return marker{key: c.Job.key(c.Key), run: c.Job.Run, attempt: c.Job.Attempt, head: c.Head}
}

func (c *Comment) text() string { return c.marker().String() + "\n" + c.Body }

// Send makes the comment, or edits the one that is there. It gives way where the pull request has moved on from Head, and
// where a later run has commented already.
func (c *Comment) Send(ctx context.Context) (string, error) {
	note, err := c.send(ctx)
	return note, forbidden(err, writePulls)
}

func (c *Comment) send(ctx context.Context) (string, error) {
	if !isObjectID(c.Head) {
		return "", notice("the event does not say which commit the pull request is at")
	}
	found, err := c.list(ctx)
	if err != nil {
		return "", fmt.Errorf("listing comments: %w", err)
	}
	if len(found) == 0 && !c.IsWanted {
		return "nothing to say", nil
	}
	if err := c.isCurrent(ctx); err != nil {
		return "", err
	}
	own, err := c.own(ctx, found)
	if err != nil {
		return "", err
	}
	switch {
	case slices.ContainsFunc(own, c.isOutrun):
		return "", outrun
	case len(own) > 0:
		return c.update(ctx, own)
	case c.IsWanted:
		return c.create(ctx)
	}
	return "nothing to say", nil
}

// outrun says that what we have to say is old.
const outrun = notice("a later run has commented already")

func (c *Comment) isOutrun(e entry) bool {
	m, _, _ := cutMarker(e.body)
	return m.isNewer(c.marker())
}

// isCurrent asks whether the pull request is still at the commit that was judged.
func (c *Comment) isCurrent(ctx context.Context) error {
	p, err := c.Repository.Pull(ctx, c.Pull)
	if err != nil {
		return err
	}
	if p.Head != c.Head {
		return notice(fmt.Sprintf("the pull request has moved on from %s to %s", short(c.Head), short(p.Head)))
	}
	return nil
}

// list are the comments with our key, the oldest first.
func (c *Comment) list(ctx context.Context) ([]entry, error) {
	var found []entry
	key := c.marker().key
	o := &github.IssueListCommentsOptions{ListOptions: github.ListOptions{PerPage: 100}}
	for range maxPages {
		page, res, err := c.Client.rest.Issues.ListComments(ctx, c.Owner, c.Name, c.Pull, o)
		if err != nil {
			return nil, err
		}
		for _, comment := range page {
			if m, _, ok := cutMarker(comment.GetBody()); ok && m.key == key {
				found = append(found, entryOf(comment))
			}
		}
		if o.Page = res.NextPage; o.Page == 0 {
			break
		}
	}
	slices.SortFunc(found, func(a, b entry) int { return cmp.Compare(a.id, b.id) })
	return found, nil
}

func entryOf(c *github.IssueComment) entry {
	return entry{id: c.GetID(), node: c.GetNodeID(), url: c.GetHTMLURL(), body: c.GetBody(), author: c.User}
}

// create makes the comment. Where the answer is lost it looks whether there is one before it tries again.
func (c *Comment) create(ctx context.Context) (string, error) {
	pauses := backoff.NewExponentialBackOff()
	for attempt := 1; ; attempt++ {
		made, _, err := c.Client.rest.Issues.CreateComment(ctx, c.Owner, c.Name, c.Pull, &github.IssueComment{Body: github.String(c.text())})
		if err == nil {
			return c.settle(ctx, entryOf(made))
		}
		if isRefused(err) {
			return "", err
		}
		if c.Client.wait(ctx, pauses.NextBackOff()) != nil {
			return "", err
		}
		found, again := c.list(ctx)
		if again != nil {
			return "", fmt.Errorf("whether the comment was made is not known: %w", err)
		}
		for _, e := range found {
			if m, _, _ := cutMarker(e.body); m == c.marker() {
				return c.settle(ctx, e)
			}
		}
		if attempt == maxAttempts {
			return "", err
		}
	}
}

// settle makes one comment of those that racing runs made at the same time: the oldest stays, with the text of the latest
// run. All racing runs come to the same end, whichever is last.
func (c *Comment) settle(ctx context.Context, made entry) (string, error) {
	c.url.Store(&made.url)
	found, err := c.list(ctx)
	if err != nil || len(found) < 2 {
		return "made " + made.url, nil // the next run looks again
	}
	own, err := c.own(ctx, found)
	if err != nil || len(own) < 2 {
		return "made " + made.url, nil
	}
	latest := c.text()
	if i := slices.IndexFunc(own, c.isOutrun); i >= 0 {
		latest = own[i].body
	}
	return c.keepOldest(ctx, own, latest)
}

// update edits our oldest comment.
func (c *Comment) update(ctx context.Context, own []entry) (string, error) {
	note, err := c.keepOldest(ctx, own, c.text())
	if errors.Is(err, errGone) {
		if !c.IsWanted {
			return "it was deleted, and there is nothing to say", nil
		}
		return c.create(ctx)
	}
	return note, err
}

// errGone says that a comment was deleted while we looked at it.
var errGone = errors.New("the comment is gone")

// keepOldest gives the oldest comment the text and deletes the others.
func (c *Comment) keepOldest(ctx context.Context, own []entry, text string) (string, error) {
	for i, e := range own {
		note := "unchanged"
		if !sameText(e.body, text) {
			note = "updated"
			err := c.edit(ctx, e.id, text)
			if status(err) == http.StatusNotFound {
				continue
			}
			if err != nil {
				return "", err
			}
		}
		for _, other := range own[i+1:] {
			// One that stays is seen by the next run.
			_, _ = c.Client.rest.Issues.DeleteComment(ctx, c.Owner, c.Name, other.id)
		}
		c.url.Store(&e.url)
		return note + " " + e.url, nil
	}
	return "", errGone
}

// edit changes a comment. To do it twice does no harm.
func (c *Comment) edit(ctx context.Context, id int64, text string) error {
	pauses := backoff.NewExponentialBackOff()
	for attempt := 1; ; attempt++ {
		_, _, err := c.Client.rest.Issues.EditComment(ctx, c.Owner, c.Name, id, &github.IssueComment{Body: github.String(text)})
		if err == nil || isRefused(err) || attempt == maxAttempts || c.Client.wait(ctx, pauses.NextBackOff()) != nil {
			return err
		}
	}
}
