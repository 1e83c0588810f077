package publish

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/google/go-github/v60/github"
)

// own are those of the comments that the token's owner wrote, as they are now. Others' are not touched, although a token
// that may write can edit everybody's: anybody can write a comment with our marker.
func (c *Comment) own(ctx context.Context, found []entry) ([]entry, error) {
	var own []entry
	for part := range slices.Chunk(found, maxAsked) {
		mine, err := c.askAuthors(ctx, part)
		if err != nil && ctx.Err() != nil {
			return nil, err
		}
		if err != nil {
			return c.guessAuthors(ctx, found)
		}
		own = append(own, mine...)
	}
	return own, nil
}

const authorsQuery = `query($ids: [ID!]!) {
  nodes(ids: $ids) {
    ... on IssueComment { id viewerDidAuthor body }
  }
}`

type authorsRequest struct {
	Query     string `json:"query"`
	Variables struct {
		IDs []string `json:"ids"`
	} `json:"variables"`
}

type authorsAnswer struct {
	Data struct {
		Nodes []struct {
			ID              string `json:"id"`
			ViewerDidAuthor bool   `json:"viewerDidAuthor"`
			Body            string `json:"body"`
		} `json:"nodes"`
	} `json:"data"`
	Errors []struct {
		Type    string `json:"type"`
		Message string `json:"message"`
	} `json:"errors"`
}

// maxAsked is how many comments one query is about; GitHub allows 100.
const maxAsked = 100

// askAuthors asks the GraphQL API, which knows whose token it is; a workflow's token cannot ask the REST API who it is.
func (c *Comment) askAuthors(ctx context.Context, found []entry) ([]entry, error) {
	if c.Client.graphQL == "" {
		return nil, errors.New("there is no GraphQL API")
	}
	in := authorsRequest{Query: authorsQuery}
	for _, e := range found {
		in.Variables.IDs = append(in.Variables.IDs, e.node)
	}
	req, err := c.Client.rest.NewRequest(http.MethodPost, c.Client.graphQL, in)
	if err != nil {
		return nil, err
	}
	var out authorsAnswer
	if _, err := c.Client.rest.Do(ctx, req, &out); err != nil {
		return nil, err
	}
	for _, e := range out.Errors {
		if e.Type != "NOT_FOUND" { // deleted since
			return nil, fmt.Errorf("GitHub answers: %s", e.Message)
		}
	}
	if len(out.Data.Nodes) != len(found) {
		return nil, fmt.Errorf("GitHub answers for %d of %d comments", len(out.Data.Nodes), len(found))
	}
	var own []entry
	for _, e := range found {
		for _, n := range out.Data.Nodes {
			if n.ID == e.node && n.ViewerDidAuthor {
				e.body = n.Body
				own = append(own, e)
			}
		}
	}
	return c.withKey(own), nil
}

// withKey leaves out what has lost our marker since it was listed.
func (c *Comment) withKey(list []entry) []entry {
	key := c.marker().key
	return slices.DeleteFunc(list, func(e entry) bool {
		m, _, ok := cutMarker(e.body)
		return !ok || m.key != key
	})
}

// actionsBot is whom a workflow's own token acts for.
const actionsBot = "github-actions[bot]"

// guessAuthors does without GraphQL: a personal token knows its user; any other is taken for a workflow's.
func (c *Comment) guessAuthors(ctx context.Context, found []entry) ([]entry, error) {
	me, _, err := c.Client.rest.Users.Get(ctx, "")
	isUser := err == nil
	if err != nil && status(err) != http.StatusForbidden && status(err) != http.StatusNotFound {
		return nil, err
	}
	var own []entry
	for _, e := range found {
		switch {
		case isUser && e.author.GetID() == me.GetID(), !isUser && isBot(e.author) && e.author.GetLogin() == actionsBot:
			own = append(own, e)
		case !isUser && isBot(e.author):
			// Another app's, and perhaps this token is that app's. A second comment would be worse than none.
			return nil, fmt.Errorf("it cannot be told whether the comment of %s is ours", e.author.GetLogin())
		}
	}
	return c.reread(ctx, own)
}

func isBot(u *github.User) bool { return u.GetType() == "Bot" }

// reread reads comments again, so that what a run decides by is fresh.
func (c *Comment) reread(ctx context.Context, list []entry) ([]entry, error) {
	var out []entry
	for _, e := range list {
		comment, _, err := c.Client.rest.Issues.GetComment(ctx, c.Owner, c.Name, e.id)
		if status(err) == http.StatusNotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, entryOf(comment))
	}
	return c.withKey(out), nil
}
