package loadline

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
)

// Environment is what the surroundings say about the run. The zero value is a laptop.
type Environment struct {
	// CI says that the run is part of continuous integration: the tree of HEAD counts, not the work tree.
	CI bool
	// Event is the GitHub event that started the run; empty elsewhere.
	Event string
	// SHA is the commit that the event is about.
	SHA string
	// BaseBranch is the branch that a pull request wants to be merged into.
	BaseBranch string
	// PullHead and PullBase are the commits of a pull request as the event tells them.
	PullHead, PullBase string
	// GroupBase is the base of a merge group.
	GroupBase string
	// Before is the commit that a push replaces; empty for a new branch.
	Before string
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
	e.Event, e.SHA, e.BaseBranch = getenv("GITHUB_EVENT_NAME"), getenv("GITHUB_SHA"), getenv("GITHUB_BASE_REF")
	payload, err := readEvent(getenv("GITHUB_EVENT_PATH"))
	if err != nil {
		return e
	}
	e.PullHead, e.PullBase = payload.PullRequest.Head.SHA, payload.PullRequest.Base.SHA
	e.GroupBase = payload.MergeGroup.BaseSHA
	if strings.Trim(payload.Before, "0") != "" { // all zeros: the branch is new
		e.Before = payload.Before
	}
	return e
}

type commitRef struct {
	SHA string `json:"sha"`
}

type eventPayload struct {
	Before      string `json:"before"`
	PullRequest struct {
		Head commitRef `json:"head"`
		Base commitRef `json:"base"`
	} `json:"pull_request"`
	MergeGroup struct {
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
