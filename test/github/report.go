package github

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
)

// The fake's own addresses, next to the API: for tests that reach it over the network only.
const (
	reportPath = "/_report" // GET: a Report
	setupPath  = "/_setup"  // POST: a Setup
)

// Report is what a test wants to know afterwards.
type Report struct {
	Violations   []string   `json:"violations"`
	Conversation string     `json:"conversation"`
	TokenSeenBy  []string   `json:"token_seen_by"`
	Requests     int        `json:"requests"`
	Comments     []Comment  `json:"comments"` // of all pull requests
	CheckRuns    []CheckRun `json:"check_runs"`
	Statuses     []Status   `json:"statuses"`
}

// Report returns all of it at once.
func (s *Server) Report() Report {
	r := Report{
		Violations: s.Violations(), Conversation: s.Conversation(), TokenSeenBy: s.TokenSeenBy(), Requests: s.Requests(),
		CheckRuns: s.CheckRuns(), Statuses: s.Statuses(),
	}
	s.mu.Lock()
	numbers := slices.Sorted(maps.Keys(s.state.pulls))
	s.mu.Unlock()
	for _, n := range numbers {
		r.Comments = append(r.Comments, s.Comments(n)...)
	}
	return r
}

// Setup is what a test arranges beforehand. In JSON the names are those of the fields.
type Setup struct {
	Pulls    []Pull
	Runs     []Run
	Comments []Comment // Pull, Author and Body count
	Faults   []Fault
	Rename   map[string]string // text and what stands for it in the conversation
}

// Arrange adds a setup to what is there.
func (s *Server) Arrange(setup Setup) {
	for _, p := range setup.Pulls {
		s.SetPull(p)
	}
	for _, r := range setup.Runs {
		s.SetRun(r)
	}
	for _, c := range setup.Comments {
		if c.Author == (User{}) {
			c.Author = s.options.User
		}
		s.AddComment(c.Pull, c.Author, c.Body)
	}
	for _, f := range setup.Faults {
		s.Inject(f)
	}
	for _, text := range slices.Sorted(maps.Keys(setup.Rename)) {
		s.Rename(text, setup.Rename[text])
	}
}

// Decode reads JSON that may have no unknown names.
func Decode(r io.Reader, into *Setup) error {
	dec := json.NewDecoder(r)
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("reading the setup: %w", err)
	}
	return nil
}

// serveOwn answers the fake's own addresses, false for all others.
func (s *Server) serveOwn(w http.ResponseWriter, r *http.Request) bool {
	switch r.Method + " " + r.URL.Path {
	case "GET " + reportPath:
		w.Header().Set("Content-Type", mediaJSON)
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		enc.Encode(s.Report())
	case "POST " + setupPath:
		var setup Setup
		if err := Decode(r.Body, &setup); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return true
		}
		s.Arrange(setup)
		w.WriteHeader(http.StatusNoContent)
	default:
		return false
	}
	return true
}
