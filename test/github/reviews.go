package github

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ReviewComment is a comment at lines of a pull request's diff.
type ReviewComment struct {
	ID     int64
	Review int64
	Pull   int
	Author User
	Path   string
	// First and Line are the lines on the new side; equal for a single one.
	First, Line int
	Commit      string
	Body        string
	created     time.Time
}

// ReviewComments are those of a pull request in the order of their creation.
func (s *Server) ReviewComments(pull int) []ReviewComment {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state.reviewed(pull)
}

func (s *state) reviewed(pull int) []ReviewComment {
	return slices.DeleteFunc(slices.Clone(s.reviews), func(c ReviewComment) bool { return c.Pull != pull })
}

func (s *Server) reviewComment(c ReviewComment) object {
	id, pull := strconv.FormatInt(c.ID, 10), strconv.Itoa(c.Pull)
	self, web := s.api("/pulls/comments/"+id), s.web("/pull/"+pull+"#discussion_r"+id)
	o := object{
		"id": c.ID, "node_id": nodeID("PullRequestReviewComment", id), "url": self, "html_url": web,
		"pull_request_review_id": c.Review, "pull_request_url": s.api("/pulls/" + pull), "diff_hunk": "@@ -1 +1 @@",
		"path": c.Path, "commit_id": c.Commit, "original_commit_id": c.Commit, "user": s.user(c.Author), "body": c.Body,
		"created_at": c.created, "updated_at": c.created, "author_association": "NONE", "line": c.Line, "side": "RIGHT",
		"_links": object{"self": object{"href": self}, "html": object{"href": web}, "pull_request": object{"href": s.api("/pulls/" + pull)}},
	}
	if c.First < c.Line {
		o["start_line"], o["start_side"] = c.First, "RIGHT"
	}
	return o
}

// listReviewComments pages in ascending order of id.
func (s *Server) listReviewComments(c call) answer {
	p := s.pullOf(c, "pull_number")
	if p == nil {
		return notFound()
	}
	list, header := page(s, c, s.state.reviewed(p.Number))
	out := make([]object, 0, len(list))
	for _, comment := range list {
		out = append(out, s.reviewComment(comment))
	}
	a := reply(http.StatusOK, out, "%d review comments", len(list))
	a.header.Set("Link", header)
	return a.trimLink()
}

// createReview makes a review with all of its comments, or none: a line that is not in the diff refuses all of it.
func (s *Server) createReview(c call) answer {
	p := s.pullOf(c, "pull_number")
	if p == nil {
		return notFound()
	}
	var in struct {
		CommitID string `json:"commit_id"`
		Event    string `json:"event"`
		Body     string `json:"body"`
		Comments []struct {
			Path      string `json:"path"`
			Body      string `json:"body"`
			Side      string `json:"side"`
			Line      int    `json:"line"`
			StartLine int    `json:"start_line"`
		} `json:"comments"`
	}
	if err := json.Unmarshal(c.body, &in); err != nil {
		return refuse(http.StatusBadRequest, "Problems parsing JSON")
	}
	invalid := func(text string) answer {
		return refuse(http.StatusUnprocessableEntity, "Unprocessable Entity: "+text)
	}
	switch {
	case p.Locked:
		return refuse(http.StatusForbidden, "Unable to create review because issue is locked.")
	case in.Event == "COMMENT" && in.Body == "" && len(in.Comments) == 0:
		return invalid("Body can't be blank")
	case s.git.id(in.CommitID, "commit") == "":
		return invalid("Commit is not part of the pull request")
	}
	review, now := s.state.id(), s.state.now()
	var made []ReviewComment
	for _, one := range in.Comments {
		first := one.Line
		if one.StartLine > 0 {
			first = one.StartLine
		}
		if one.Side != "RIGHT" || one.Body == "" || first > one.Line || !s.shows(p, one.Path, first, one.Line) {
			return invalid("Line could not be resolved")
		}
		made = append(made, ReviewComment{
			ID: s.state.id(), Review: review, Pull: p.Number, Author: s.options.User, Path: one.Path,
			First: first, Line: one.Line, Commit: in.CommitID, Body: one.Body, created: now,
		})
	}
	s.state.reviews = append(s.state.reviews, made...)
	id := strconv.FormatInt(review, 10)
	web := s.web("/pull/" + strconv.Itoa(p.Number) + "#pullrequestreview-" + id)
	return reply(http.StatusOK, object{
		"id": review, "node_id": nodeID("PullRequestReview", id), "user": s.user(s.options.User), "body": in.Body,
		"state": "COMMENTED", "commit_id": in.CommitID, "html_url": web, "pull_request_url": s.api("/pulls/" + strconv.Itoa(p.Number)),
		"submitted_at": now, "author_association": "NONE",
		"_links": object{"html": object{"href": web}, "pull_request": object{"href": s.api("/pulls/" + strconv.Itoa(p.Number))}},
	}, "a review with %d comments", len(made))
}

var hunkHeader = regexp.MustCompile(`(?m)^@@ -\d+(?:,\d+)? \+(\d+)(?:,(\d+))? @@`)

// shows reports whether one hunk of a pull request's diff has all of these lines on its new side.
func (s *Server) shows(p *Pull, path string, first, last int) bool {
	merge, err := s.git.run("", "merge-base", p.Base, p.Head)
	if err != nil {
		return false
	}
	text, _, _ := s.patch(strings.TrimSpace(merge), p.Head, path)
	for _, m := range hunkHeader.FindAllStringSubmatch(text, -1) {
		from, _ := strconv.Atoi(m[1])
		count := 1
		if m[2] != "" {
			count, _ = strconv.Atoi(m[2])
		}
		if from <= first && last < from+count {
			return true
		}
	}
	return false
}

// AddReviewComment writes a comment at a line without the API, as a person would.
func (s *Server) AddReviewComment(c ReviewComment) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.ID, c.created = s.state.id(), s.state.now()
	s.state.reviews = append(s.state.reviews, c)
}

// String is a comment for people.
func (c ReviewComment) String() string {
	return fmt.Sprintf("%s:%d-%d %s", c.Path, c.First, c.Line, c.Body)
}
