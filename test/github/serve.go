package github

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Operation is one of GitHub's operations, by the name that the published description gives it.
type Operation string

const (
	CompareCommits Operation = "repos/compare-commits-with-basehead"
	CreateCheck    Operation = "checks/create"
	CreateComment  Operation = "issues/create-comment"
	CreateReview   Operation = "pulls/create-review"
	CreateStatus   Operation = "repos/create-commit-status"
	DeleteComment  Operation = "issues/delete-comment"
	GetBlob        Operation = "git/get-blob"
	GetCheck       Operation = "checks/get"
	GetComment     Operation = "issues/get-comment"
	GetCommit      Operation = "repos/get-commit"
	GetGitCommit   Operation = "git/get-commit"
	GetIssue       Operation = "issues/get"
	GetPull        Operation = "pulls/get"
	GetRateLimit   Operation = "rate-limit/get"
	GetRef         Operation = "git/get-ref"
	GetRepository  Operation = "repos/get"
	GetRun         Operation = "actions/get-workflow-run"
	GetTree        Operation = "git/get-tree"
	GetUser        Operation = "users/get-authenticated"
	ListAnnotation Operation = "checks/list-annotations"
	ListChecks     Operation = "checks/list-for-ref"
	ListComments   Operation = "issues/list-comments"
	ListFiles      Operation = "pulls/list-files"
	ListLabels     Operation = "issues/list-labels-on-issue"
	ListPulls      Operation = "pulls/list"
	ListReviewed   Operation = "pulls/list-review-comments"
	ListPullsOf    Operation = "repos/list-pull-requests-associated-with-commit"
	UpdateCheck    Operation = "checks/update"
	UpdateComment  Operation = "issues/update-comment"
	GraphQL        Operation = "graphql"

	unknownOperation Operation = "unknown"
)

const (
	mediaJSON = "application/json; charset=utf-8"
	mediaRaw  = "application/vnd.github.raw"
	mediaSHA  = "application/vnd.github.sha"
)

// call is one request on its way through the fake.
type call struct {
	match
	request *http.Request
	body    []byte
}

// answer is what the fake says. note is its line in the conversation.
type answer struct {
	status int
	header http.Header
	body   []byte
	note   string
}

func reply(status int, value any, note string, args ...any) answer {
	body, err := json.Marshal(value)
	if err != nil {
		panic(err) // a type of this package that is no JSON
	}
	return answer{status, http.Header{"Content-Type": {mediaJSON}}, body, fmt.Sprintf(note, args...)}
}

// problem is GitHub's JSON for an error.
type problem struct {
	Message       string         `json:"message"`
	Errors        []problemField `json:"errors,omitempty"`
	Documentation string         `json:"documentation_url"`
	Status        string         `json:"status"`
}

type problemField struct {
	Resource string `json:"resource"`
	Field    string `json:"field"`
	Code     string `json:"code"`
	Message  string `json:"message,omitempty"`
}

func refuse(status int, message string, fields ...problemField) answer {
	p := problem{message, fields, "https://docs.github.com/rest", strconv.Itoa(status)}
	if message == secondaryMessage { // clients tell the limits apart by this
		p.Documentation += "/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits"
	}
	if len(fields) > 0 && fields[0].Message != "" {
		message += ": " + fields[0].Message
	}
	return reply(status, p, "%s", message)
}

func notFound() answer { return refuse(http.StatusNotFound, "Not Found") }

// serve answers one request: contract, hooks, faults, who asks, how often, what it may, and the operation itself.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	if s.serveOwn(w, r) {
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 8<<20))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.sawToken("api", r)
	c := s.identify(r, body)
	s.check(c)
	s.runHooks(c.operation)
	fault := s.nextFault(c.operation)
	if fault != nil {
		wait(r, fault.Delay)
	}
	var a answer
	if fault == nil || fault.passes() {
		a = s.answer(c)
		s.checkAnswer(c, a)
	}
	if fault != nil {
		a = fault.disturb(s, a)
	}
	s.record(c, a, fault)
	s.send(w, a, fault)
}

// identify finds the operation of a request.
func (s *Server) identify(r *http.Request, body []byte) call {
	c := call{match{operation: unknownOperation}, r, body}
	if r.URL.Path == s.options.GraphQLPath {
		c.operation = GraphQL
		return c
	}
	path, ok := cutPath(r.URL.EscapedPath(), s.options.APIPath)
	if !ok {
		return c
	}
	plain := r.Clone(r.Context())
	plain.URL = &url.URL{Scheme: "http", Host: r.Host, RawQuery: r.URL.RawQuery}
	plain.URL.Path, plain.URL.RawPath = unescape(path), path
	plain.RequestURI = plain.URL.RequestURI()
	c.request = plain
	if m, ok := s.contract.find(plain); ok {
		c.match = m
	}
	return c
}

// wait passes the time of a delay, but does not outlast the client.
func wait(r *http.Request, delay time.Duration) {
	select {
	case <-time.After(delay):
	case <-r.Context().Done():
	}
}

func cutPath(path, prefix string) (string, bool) {
	rest, ok := strings.CutPrefix(path, prefix)
	return rest, ok && strings.HasPrefix(rest, "/")
}

func unescape(path string) string {
	plain, err := url.PathUnescape(path)
	if err != nil {
		return path
	}
	return plain
}

// check holds a request against the published description.
func (s *Server) check(c call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch c.operation {
	case GraphQL: // its own schema is asked where it is answered
	case unknownOperation:
		s.violate(c, "the operation is not in the description")
	default:
		for _, wrong := range s.contract.request(c.match, c.request, c.body) {
			s.violate(c, "request: "+wrong)
		}
	}
}

func (s *Server) checkAnswer(c call, a answer) {
	if c.operation == GraphQL || c.operation == unknownOperation {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, wrong := range s.contract.response(c.match, c.request, c.body, a) {
		s.violate(c, fmt.Sprintf("response %d: %s", a.status, wrong))
	}
}

// violate notes a breach of the contract; the server's lock is held.
func (s *Server) violate(c call, wrong string) {
	s.violations = append(s.violations, fmt.Sprintf("%s %s: %s", c.request.Method, c.request.URL.Path, wrong))
}

// sawToken records that a host was sent the token.
func (s *Server) sawToken(host string, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, values := range r.Header {
		if slices.ContainsFunc(values, func(v string) bool { return strings.Contains(v, s.options.Token) }) {
			s.hosts[host] = true
		}
	}
	if strings.Contains(r.URL.RawQuery, s.options.Token) {
		s.hosts[host] = true
	}
}

// serveElsewhere answers at the other host: it notes whether the token came along.
func (s *Server) serveElsewhere(w http.ResponseWriter, r *http.Request) {
	s.sawToken("elsewhere", r)
	w.Header().Set("Content-Type", mediaJSON)
	w.WriteHeader(http.StatusOK)
	io.WriteString(w, "[]")
}

// answer is what GitHub would say.
func (s *Server) answer(c call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.authenticate(c); a.status != 0 {
		return a
	}
	if a := s.meter(c.operation); a.status != 0 {
		return a
	}
	if c.operation == GraphQL {
		return s.graphql(c)
	}
	handle := handlers[c.operation]
	if handle == nil {
		return notFound()
	}
	if owner, ok := c.params["owner"]; ok {
		own := strings.EqualFold(owner, s.options.Owner) && strings.EqualFold(c.params["repo"], s.options.Name)
		if !own || s.options.Private && s.options.NoAccess {
			return notFound()
		}
	}
	if a := s.permit(c.operation); a.status != 0 {
		return a
	}
	return handle(s, c)
}

// handlers answer the operations; the server's lock is held.
var handlers = map[Operation]func(*Server, call) answer{
	CompareCommits: (*Server).compareCommits,
	CreateCheck:    (*Server).createCheck,
	CreateComment:  (*Server).createComment,
	CreateStatus:   (*Server).createStatus,
	DeleteComment:  (*Server).deleteComment,
	GetBlob:        (*Server).getBlob,
	GetCheck:       (*Server).getCheck,
	GetComment:     (*Server).getComment,
	GetCommit:      (*Server).getCommit,
	GetGitCommit:   (*Server).getGitCommit,
	GetIssue:       (*Server).getIssue,
	GetPull:        (*Server).getPull,
	GetRateLimit:   (*Server).getRateLimit,
	GetRef:         (*Server).getRef,
	GetRepository:  (*Server).getRepository,
	GetRun:         (*Server).getRun,
	GetTree:        (*Server).getTree,
	GetUser:        (*Server).getUser,
	ListAnnotation: (*Server).listAnnotations,
	ListChecks:     (*Server).listChecks,
	ListComments:   (*Server).listComments,
	ListFiles:      (*Server).listFiles,
	ListReviewed:   (*Server).listReviewComments,
	CreateReview:   (*Server).createReview,
	ListLabels:     (*Server).listLabels,
	ListPulls:      (*Server).listPulls,
	ListPullsOf:    (*Server).listPullsOf,
	UpdateCheck:    (*Server).updateCheck,
	UpdateComment:  (*Server).updateComment,
}

// send writes an answer; a fault may cut it off.
func (s *Server) send(w http.ResponseWriter, a answer, fault *Fault) {
	if fault != nil && fault.Kind == Reset {
		reset(w)
		return
	}
	maps.Copy(w.Header(), a.header)
	s.mu.Lock()
	s.limitHeaders(w.Header(), fault)
	s.mu.Unlock()
	if fault != nil && fault.Kind == Truncate {
		w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
		w.WriteHeader(a.status)
		w.Write(a.body[:len(a.body)/2])
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	if a.status == http.StatusNoContent || a.status == http.StatusNotModified {
		w.Header().Del("Content-Type")
		w.WriteHeader(a.status)
		return
	}
	w.WriteHeader(a.status)
	io.Copy(w, bytes.NewReader(a.body))
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
