package github

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// maxComment is the longest comment in characters. GitHub counts characters or bytes: reports differ, so a client that
// keeps below it in bytes is safe with both.
const maxComment = 65_536

type jsonComment struct {
	ID        int64     `json:"id"`
	NodeID    string    `json:"node_id"`
	URL       string    `json:"url"`
	HTMLURL   string    `json:"html_url"`
	Body      string    `json:"body"`
	User      jsonUser  `json:"user"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	IssueURL  string    `json:"issue_url"`
	Author    string    `json:"author_association"`
	App       *jsonApp  `json:"performed_via_github_app"`
	Minimized *reason   `json:"minimized,omitempty"`
}

// reason is why a comment is minimized.
type reason struct {
	Reason string `json:"reason"`
}

func (s *Server) comment(c *Comment) jsonComment {
	id, pull := strconv.FormatInt(c.ID, 10), strconv.Itoa(c.Pull)
	out := jsonComment{
		ID: c.ID, NodeID: commentNodeID(c.ID), URL: s.api("/issues/comments/" + id),
		HTMLURL: s.web("/pull/" + pull + "#issuecomment-" + id), Body: c.Body, User: s.user(c.Author),
		CreatedAt: c.Created, UpdatedAt: c.Updated, IssueURL: s.api("/issues/" + pull), Author: "NONE",
		App: s.app(c.Author),
	}
	if c.Author.App == "" {
		out.Author = "CONTRIBUTOR"
	}
	if c.Minimized != "" {
		out.Minimized = &reason{strings.ToLower(c.Minimized)}
	}
	return out
}

func commentNodeID(id int64) string { return nodeID("IssueComment", strconv.FormatInt(id, 10)) }

// listComments pages in ascending order of id.
func (s *Server) listComments(c call) answer {
	p := s.pullOf(c, "issue_number")
	if p == nil {
		return notFound()
	}
	all := s.state.of(p.Number)
	if since := c.request.URL.Query().Get("since"); since != "" {
		after, err := time.Parse(time.RFC3339, since)
		if err != nil {
			return refuse(http.StatusUnprocessableEntity, "Validation Failed")
		}
		all = slices.DeleteFunc(all, func(c *Comment) bool { return c.Updated.Before(after) })
	}
	list, header := page(s, c, all)
	out := make([]jsonComment, 0, len(list))
	for _, comment := range list {
		out = append(out, s.comment(comment))
	}
	a := reply(http.StatusOK, out, "%s", commentsNote(list))
	a.header.Set("Link", header)
	return a.trimLink()
}

func commentsNote(list []*Comment) string {
	note := fmt.Sprintf("%d comments", len(list))
	if len(list) > 5 {
		return note
	}
	for i, c := range list {
		note += map[bool]string{true: ": ", false: ", "}[i == 0] + "#" + strconv.FormatInt(c.ID, 10) + " by " + c.Author.Login
	}
	return note
}

func (s *Server) getComment(c call) answer {
	comment := s.commentOf(c)
	if comment == nil {
		return notFound()
	}
	return reply(http.StatusOK, s.comment(comment), "comment #%d", comment.ID)
}

func (s *Server) commentOf(c call) *Comment {
	id, err := strconv.ParseInt(c.params["comment_id"], 10, 64)
	if err != nil {
		return nil
	}
	return s.state.comments[id]
}

// createComment refuses in a locked conversation: a workflow's token is no collaborator, as users report
// (hashicorp/terraform-github-actions#100, upptime/uptime-monitor#189).
func (s *Server) createComment(c call) answer {
	p := s.pullOf(c, "issue_number")
	if p == nil {
		return notFound()
	}
	if p.Locked {
		return refuse(http.StatusForbidden, "Unable to create comment because issue is locked.")
	}
	body, wrong := bodyOf(c)
	if wrong.status != 0 {
		return wrong
	}
	comment := s.state.add(p.Number, s.options.User, body)
	a := reply(http.StatusCreated, s.comment(comment), "comment #%d", comment.ID)
	a.header.Set("Location", s.api("/issues/comments/"+strconv.FormatInt(comment.ID, 10)))
	return a
}

// updateComment edits any comment if the token may write: GitHub lets a write token edit everybody's.
func (s *Server) updateComment(c call) answer {
	comment := s.commentOf(c)
	if comment == nil {
		return notFound()
	}
	if a := s.mayChange(comment); a.status != 0 {
		return a
	}
	body, wrong := bodyOf(c)
	if wrong.status != 0 {
		return wrong
	}
	comment.Body, comment.Updated = body, s.state.now()
	return reply(http.StatusOK, s.comment(comment), "comment #%d%s", comment.ID, s.foreign(comment))
}

func (s *Server) deleteComment(c call) answer {
	comment := s.commentOf(c)
	if comment == nil {
		return notFound()
	}
	if a := s.mayChange(comment); a.status != 0 {
		return a
	}
	delete(s.state.comments, comment.ID)
	return answer{status: http.StatusNoContent, header: http.Header{}, note: fmt.Sprintf("comment #%d is gone%s", comment.ID, s.foreign(comment))}
}

// foreign marks in the conversation that a comment is somebody else's.
func (s *Server) foreign(c *Comment) string {
	if c.Author == s.options.User {
		return ""
	}
	return ", which is " + c.Author.Login + "'s"
}

// mayChange refuses changes of a comment in a locked conversation (whether GitHub does is not verified), and of others'
// comments if the options say so.
func (s *Server) mayChange(c *Comment) answer {
	if s.options.OwnComments && c.Author != s.options.User {
		return refuse(http.StatusForbidden, notAccessible)
	}
	if p := s.state.pulls[c.Pull]; p != nil && p.Locked {
		return refuse(http.StatusForbidden, "Unable to update comment because issue is locked.")
	}
	return answer{}
}

// bodyOf is the text of a comment in a request, or the refusal of it.
func bodyOf(c call) (string, answer) {
	var in struct {
		Body *string `json:"body"`
	}
	if err := json.Unmarshal(c.body, &in); err != nil {
		return "", refuse(http.StatusBadRequest, "Problems parsing JSON")
	}
	switch {
	case in.Body == nil || *in.Body == "":
		return "", refuse(http.StatusUnprocessableEntity, "Validation Failed",
			problemField{Resource: "IssueComment", Field: "body", Code: "missing_field"})
	case utf8.RuneCountInString(*in.Body) > maxComment:
		return "", refuse(http.StatusUnprocessableEntity, "Validation Failed", problemField{Resource: "IssueComment",
			Field: "data", Code: "unprocessable", Message: "Body is too long (maximum is 65536 characters)"})
	}
	return *in.Body, answer{}
}

// page cuts the page out of a list that the request asks for: 30 elements unless told, 100 at most. The second result is
// the Link header, empty if there is one page only.
func page[T any](s *Server, c call, all []T) ([]T, string) {
	query := c.request.URL.Query()
	number, size := positive(query.Get("page"), 1), min(positive(query.Get("per_page"), 30), 100)
	last := max((len(all)+size-1)/size, 1)
	from := min((number-1)*size, len(all))
	list := all[from:min(from+size, len(all))]
	var links string
	add := func(page int, rel string) {
		q := url.Values{}
		for name, values := range query {
			q[name] = values
		}
		q.Set("page", strconv.Itoa(page))
		if links != "" {
			links += ", "
		}
		links += fmt.Sprintf(`<%s%s?%s>; rel="%s"`, s.URL(), c.request.URL.EscapedPath(), q.Encode(), rel)
	}
	if number > 1 {
		add(min(number-1, last), "prev")
	}
	if number < last {
		add(number+1, "next")
		add(last, "last")
	}
	if number > 1 {
		add(1, "first")
	}
	return list, links
}

func positive(text string, otherwise int) int {
	if n, err := strconv.Atoi(text); err == nil && n > 0 {
		return n
	}
	return otherwise
}

// trimLink takes the Link header away if it is empty.
func (a answer) trimLink() answer {
	if a.header.Get("Link") == "" {
		a.header.Del("Link")
	}
	return a
}
