package github

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// Comment is a comment of an issue or pull request.
type Comment struct {
	ID        int64
	Pull      int
	Author    User
	Body      string
	Minimized string // why it was minimized, such as OUTDATED; empty if it was not
	Created   time.Time
	Updated   time.Time
}

// Mergeable is what GitHub knows of a pull request's test merge.
type Mergeable int

const (
	Clean     Mergeable = iota // the merge commit is there
	Computing                  // mergeable is null, merge_commit_sha is stale or null
	Conflicts                  // mergeable is false, merge_commit_sha is stale or null
)

// Pull is a pull request.
type Pull struct {
	Number    int
	Title     string
	Author    User   // Person() if zero
	Head      string // commit
	HeadRef   string // branch; feature if empty
	HeadOwner string // owner of the repository of the branch; the repository's own if empty
	HeadGone  bool   // the fork was deleted: head.repo is null
	Base      string // commit that the branch pointed to when the pull request was last updated: may be stale
	BaseRef   string // main if empty
	Merge     string // the test merge commit, or a stale one
	Mergeable Mergeable
	Labels    []string
	Draft     bool
	Closed    bool
	Locked    bool
}

// Annotation is one of a check run, as the client sent it.
type Annotation struct {
	Path        string `json:"path"`
	StartLine   int    `json:"start_line"`
	EndLine     int    `json:"end_line"`
	StartColumn *int   `json:"start_column"`
	EndColumn   *int   `json:"end_column"`
	Level       string `json:"annotation_level"`
	Title       string `json:"title"`
	Message     string `json:"message"`
	RawDetails  string `json:"raw_details"`
}

// CheckRun is a check run. Its annotations are those of all requests.
type CheckRun struct {
	ID          int64
	App         User
	Name        string
	HeadSHA     string
	Status      string
	Conclusion  string
	ExternalID  string
	DetailsURL  string
	Title       string
	Summary     string
	Text        string
	Annotations []Annotation
	Started     time.Time
	Completed   time.Time
}

// Status is a commit status.
type Status struct {
	ID                                        int64
	SHA, State, Context, Description, DestURL string
}

// Run is a workflow run.
type Run struct {
	ID         int64
	Event      string
	HeadSHA    string
	HeadBranch string
	HeadOwner  string // owner of the repository of the branch; the repository's own if empty
	Pulls      []int  // empty for a fork, as on GitHub
}

// state is what the fake remembers.
type state struct {
	clock    time.Time
	lastID   int64
	comments map[int64]*Comment
	pulls    map[int]*Pull
	reviews  []ReviewComment
	checks   []*CheckRun
	statuses []Status
	runs     map[int64]Run
}

func newState() state {
	return state{clock: start(), lastID: 1000, comments: map[int64]*Comment{}, pulls: map[int]*Pull{}, runs: map[int64]Run{}}
}

// now is the time of the next event.
func (s *state) now() time.Time {
	s.clock = s.clock.Add(time.Second)
	return s.clock
}

func (s *state) id() int64 {
	s.lastID++
	return s.lastID
}

// of are the comments of a pull request in the order of their creation.
func (s *state) of(pull int) []*Comment {
	var out []*Comment
	for _, id := range slices.Sorted(maps.Keys(s.comments)) {
		if c := s.comments[id]; c.Pull == pull {
			out = append(out, c)
		}
	}
	return out
}

// SetPull adds a pull request, or replaces the one of the same number. Its references refs/pull/N/head and, without
// conflicts, refs/pull/N/merge point to its commits.
func (s *Server) SetPull(p Pull) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.Author == (User{}) {
		p.Author = Person()
	}
	if p.HeadRef == "" {
		p.HeadRef = "feature"
	}
	if p.HeadOwner == "" {
		p.HeadOwner = s.options.Owner
	}
	if p.BaseRef == "" {
		p.BaseRef = "main"
	}
	if p.Title == "" {
		p.Title = "A change"
	}
	s.state.pulls[p.Number] = &p
	s.pointRef(fmt.Sprintf("refs/pull/%d/head", p.Number), p.Head)
	if p.Mergeable == Clean {
		s.pointRef(fmt.Sprintf("refs/pull/%d/merge", p.Number), p.Merge)
	}
}

// pointRef lets a reference point to a commit, if there is such a commit and it does not yet.
func (s *Server) pointRef(name, commit string) {
	if s.git.id(commit, "commit") == "" || s.git.id(name, "commit") == commit {
		return
	}
	if _, err := s.git.run("", "update-ref", name, commit); err != nil {
		panic(err)
	}
}

// Pull returns a pull request, the zero value if there is none.
func (s *Server) Pull(number int) Pull {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.state.pulls[number]; p != nil {
		return *p
	}
	return Pull{}
}

// SetRun adds a workflow run.
func (s *Server) SetRun(r Run) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.runs[r.ID] = r
}

// AddComment writes a comment without the API, as another run or a person would, and returns its number.
func (s *Server) AddComment(pull int, author User, body string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state.add(pull, author, body).ID
}

func (s *state) add(pull int, author User, body string) *Comment {
	now := s.now()
	c := &Comment{ID: s.id(), Pull: pull, Author: author, Body: body, Created: now, Updated: now}
	s.comments[c.ID] = c
	return c
}

// EditComment changes a comment without the API.
func (s *Server) EditComment(id int64, body string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.state.comments[id]; c != nil {
		c.Body, c.Updated = body, s.state.now()
	}
}

// RemoveComment deletes a comment without the API.
func (s *Server) RemoveComment(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.state.comments, id)
}

// Comments are those of a pull request, oldest first.
func (s *Server) Comments(pull int) []Comment {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Comment
	for _, c := range s.state.of(pull) {
		out = append(out, *c)
	}
	return out
}

// CheckRuns are all check runs, oldest first.
func (s *Server) CheckRuns() []CheckRun {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []CheckRun
	for _, c := range s.state.checks {
		run := *c
		run.Annotations = slices.Clone(c.Annotations)
		out = append(out, run)
	}
	return out
}

// Statuses are all commit statuses, oldest first.
func (s *Server) Statuses() []Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.state.statuses)
}
