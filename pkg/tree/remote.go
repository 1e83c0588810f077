package tree

import (
	"github.com/google/go-github/v60/github"
)

// Remote is a repository on GitHub, read by its API. It is safe for use by several goroutines.
type Remote struct {
	client      *github.Client
	owner, repo string
}

// NewRemote answers a repository on GitHub. Nothing is asked for yet. The client's BaseURL says where the API is, and its
// transport what becomes of rate limits.
func NewRemote(client *github.Client, owner, repo string) *Remote {
	return &Remote{client: client, owner: owner, repo: repo}
}
