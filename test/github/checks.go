package github

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// checkRequest is what a client sends to create or update a check run. A nil field is not sent.
type checkRequest struct {
	Name        *string    `json:"name"`
	HeadSHA     *string    `json:"head_sha"`
	DetailsURL  *string    `json:"details_url"`
	ExternalID  *string    `json:"external_id"`
	Status      *string    `json:"status"`
	StartedAt   *time.Time `json:"started_at"`
	CompletedAt *time.Time `json:"completed_at"`
	Conclusion  *string    `json:"conclusion"`
	Output      *struct {
		Title       *string      `json:"title"`
		Summary     *string      `json:"summary"`
		Text        *string      `json:"text"`
		Annotations []Annotation `json:"annotations"`
	} `json:"output"`
}

type jsonCheck struct {
	ID           int64             `json:"id"`
	NodeID       string            `json:"node_id"`
	HeadSHA      string            `json:"head_sha"`
	ExternalID   *string           `json:"external_id"`
	URL          string            `json:"url"`
	HTMLURL      string            `json:"html_url"`
	DetailsURL   *string           `json:"details_url"`
	Status       string            `json:"status"`
	Conclusion   *string           `json:"conclusion"`
	StartedAt    time.Time         `json:"started_at"`
	CompletedAt  *time.Time        `json:"completed_at"`
	Output       jsonOutput        `json:"output"`
	Name         string            `json:"name"`
	CheckSuite   map[string]int64  `json:"check_suite"`
	App          *jsonApp          `json:"app"`
	PullRequests []json.RawMessage `json:"pull_requests"`
}

type jsonOutput struct {
	Title       *string `json:"title"`
	Summary     *string `json:"summary"`
	Text        *string `json:"text"`
	Count       int     `json:"annotations_count"`
	Annotations string  `json:"annotations_url"`
}

func (s *Server) checkRun(c *CheckRun) jsonCheck {
	url := s.api("/check-runs/" + strconv.FormatInt(c.ID, 10))
	out := jsonCheck{
		ID: c.ID, NodeID: nodeID("CheckRun", strconv.FormatInt(c.ID, 10)), HeadSHA: c.HeadSHA, ExternalID: optional(c.ExternalID),
		URL: url, HTMLURL: s.web("/runs/" + strconv.FormatInt(c.ID, 10)), DetailsURL: optional(c.DetailsURL),
		Status: c.Status, Conclusion: optional(c.Conclusion), StartedAt: c.Started, Name: c.Name,
		Output: jsonOutput{optional(c.Title), optional(c.Summary), optional(c.Text), len(c.Annotations), url + "/annotations"},
		// GITHUB_TOKEN cannot choose the suite: it is any one of the commit.
		CheckSuite: map[string]int64{"id": 5}, App: s.app(c.App), PullRequests: []json.RawMessage{},
	}
	if !c.Completed.IsZero() {
		out.CompletedAt = &c.Completed
	}
	return out
}

func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// createCheck makes a check run; only the token of an app may.
func (s *Server) createCheck(c call) answer {
	if s.options.User.App == "" {
		return refuse(http.StatusForbidden, "You must authenticate via a GitHub App.")
	}
	in, wrong := checkOf(c)
	if wrong.status != 0 {
		return wrong
	}
	if in.Name == nil || in.HeadSHA == nil {
		return invalidCheck(`Invalid request. "name" and "head_sha" weren't supplied.`)
	}
	if s.git.id(*in.HeadSHA, "commit") == "" {
		return invalidCheck("No commit found for SHA: " + *in.HeadSHA)
	}
	run := &CheckRun{ID: s.state.id(), App: s.options.User, Name: *in.Name, HeadSHA: *in.HeadSHA, Status: "queued", Started: s.state.now()}
	if wrong := run.update(in, s.state.now()); wrong.status != 0 {
		return wrong
	}
	s.state.checks = append(s.state.checks, run)
	return reply(http.StatusCreated, s.checkRun(run), "%s", checkNote(run))
}

// updateCheck changes a check run of the same app; annotations are appended.
func (s *Server) updateCheck(c call) answer {
	run := s.checkByID(c)
	if run == nil {
		return notFound()
	}
	if run.App != s.options.User {
		return refuse(http.StatusForbidden, fmt.Sprintf("Invalid app_id `%d` - check run can only be modified by the GitHub App that created it.", s.options.User.ID))
	}
	in, wrong := checkOf(c)
	if wrong.status != 0 {
		return wrong
	}
	if wrong := run.update(in, s.state.now()); wrong.status != 0 {
		return wrong
	}
	return reply(http.StatusOK, s.checkRun(run), "%s", checkNote(run))
}

func checkNote(c *CheckRun) string {
	note := fmt.Sprintf("check run #%d, %s", c.ID, c.Status)
	if c.Conclusion != "" {
		note += ": " + c.Conclusion
	}
	return fmt.Sprintf("%s, %d annotations", note, len(c.Annotations))
}

func checkOf(c call) (checkRequest, answer) {
	var in checkRequest
	if err := json.Unmarshal(c.body, &in); err != nil {
		return in, refuse(http.StatusBadRequest, "Problems parsing JSON")
	}
	return in, answer{}
}

func invalidCheck(message string) answer {
	return refuse(http.StatusUnprocessableEntity, message)
}

// maxAnnotations is how many one request may carry, maxOutput how many characters summary and text each.
const (
	maxAnnotations = 50
	maxOutput      = 65_535
)

// update applies a request, or refuses it as a whole.
func (c *CheckRun) update(in checkRequest, now time.Time) answer {
	if in.Status != nil && *in.Status == "completed" && in.Conclusion == nil && c.Conclusion == "" {
		return invalidCheck(`Invalid request. "conclusion" wasn't supplied.`)
	}
	if in.Output != nil {
		if wrong := c.output(in); wrong.status != 0 {
			return wrong
		}
	}
	set(&c.Name, in.Name)
	set(&c.Status, in.Status)
	set(&c.ExternalID, in.ExternalID)
	set(&c.DetailsURL, in.DetailsURL)
	if in.Conclusion != nil {
		// Giving a conclusion completes the run.
		c.Conclusion, c.Status, c.Completed = *in.Conclusion, "completed", now
	}
	if in.CompletedAt != nil {
		c.Completed = *in.CompletedAt
	}
	if in.StartedAt != nil {
		c.Started = *in.StartedAt
	}
	return answer{}
}

// output applies the texts and appends the annotations.
func (c *CheckRun) output(in checkRequest) answer {
	out := in.Output
	switch {
	case out.Title == nil || out.Summary == nil:
		return invalidCheck(`Invalid request. "title" and "summary" weren't supplied.`)
	case len(out.Annotations) > maxAnnotations:
		return invalidCheck("Invalid request. No more than 50 items are allowed; " + strconv.Itoa(len(out.Annotations)) + " were supplied.")
	case len(*out.Summary) > maxOutput, out.Text != nil && len(*out.Text) > maxOutput:
		return invalidCheck("Invalid request. Only 65535 characters are allowed.")
	}
	for _, a := range out.Annotations {
		if wrong := a.wrong(); wrong != "" {
			return invalidCheck("Invalid request. " + wrong)
		}
	}
	c.Title, c.Summary = *out.Title, *out.Summary
	set(&c.Text, out.Text)
	c.Annotations = append(c.Annotations, out.Annotations...)
	return answer{}
}

// wrong says which documented limit an annotation breaks.
func (a Annotation) wrong() string {
	switch {
	case !slices.Contains([]string{"notice", "warning", "failure"}, a.Level):
		return "annotation_level " + a.Level
	case a.StartLine < 1 || a.EndLine < a.StartLine:
		return "lines"
	case (a.StartColumn != nil || a.EndColumn != nil) && a.StartLine != a.EndLine:
		return "columns on more than one line"
	case len(a.Message) > 64<<10 || len(a.RawDetails) > 64<<10 || len([]rune(a.Title)) > 255:
		return "too long"
	case a.Path == "":
		return "path"
	}
	return ""
}

func set(to *string, from *string) {
	if from != nil {
		*to = *from
	}
}

func (s *Server) checkByID(c call) *CheckRun {
	for _, run := range s.state.checks {
		if strconv.FormatInt(run.ID, 10) == c.params["check_run_id"] {
			return run
		}
	}
	return nil
}

func (s *Server) getCheck(c call) answer {
	run := s.checkByID(c)
	if run == nil {
		return notFound()
	}
	return reply(http.StatusOK, s.checkRun(run), "%s", checkNote(run))
}

// listChecks are the check runs of a commit, newest first; of each name the latest unless all are asked for.
func (s *Server) listChecks(c call) answer {
	query := c.request.URL.Query()
	head := s.revision(c.params["ref"], "commit")
	if head == "" {
		return refuse(http.StatusUnprocessableEntity, "No commit found for SHA: "+c.params["ref"])
	}
	var all []*CheckRun
	seen := map[string]bool{}
	for _, run := range slices.Backward(s.state.checks) {
		name, status := query.Get("check_name"), query.Get("status")
		if run.HeadSHA != head || name != "" && run.Name != name || status != "" && run.Status != status {
			continue
		}
		key := run.App.App + " " + run.Name
		if query.Get("filter") != "all" && seen[key] {
			continue
		}
		seen[key] = true
		all = append(all, run)
	}
	list, link := page(s, c, all)
	out := struct {
		Total int         `json:"total_count"`
		Runs  []jsonCheck `json:"check_runs"`
	}{len(all), []jsonCheck{}}
	for _, run := range list {
		out.Runs = append(out.Runs, s.checkRun(run))
	}
	a := reply(http.StatusOK, out, "%d check runs", len(list))
	a.header.Set("Link", link)
	return a.trimLink()
}

func (s *Server) listAnnotations(c call) answer {
	run := s.checkByID(c)
	if run == nil {
		return notFound()
	}
	type entry struct {
		Annotation
		BlobHref string `json:"blob_href"`
	}
	list, link := page(s, c, run.Annotations)
	out := []entry{}
	for _, a := range list {
		out = append(out, entry{a, s.web("/blob/" + run.HeadSHA + "/" + a.Path)})
	}
	a := reply(http.StatusOK, out, "%d annotations", len(out))
	a.header.Set("Link", link)
	return a.trimLink()
}
