package github

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

type jsonCommit struct {
	jsonLink
	NodeID      string      `json:"node_id"`
	CommentsURL string      `json:"comments_url"`
	Commit      jsonInner   `json:"commit"`
	Author      *jsonUser   `json:"author"`
	Committer   *jsonUser   `json:"committer"`
	Parents     []jsonLink  `json:"parents"`
	Files       []jsonEntry `json:"files,omitempty"`
}

type jsonInner struct {
	URL          string           `json:"url"`
	Author       signature        `json:"author"`
	Committer    signature        `json:"committer"`
	Message      string           `json:"message"`
	CommentCount int              `json:"comment_count"`
	Tree         jsonLink         `json:"tree"`
	Verification jsonVerification `json:"verification"`
}

type jsonEntry struct {
	SHA         *string `json:"sha"`
	Filename    string  `json:"filename"`
	Status      string  `json:"status"`
	Additions   int     `json:"additions"`
	Deletions   int     `json:"deletions"`
	Changes     int     `json:"changes"`
	BlobURL     string  `json:"blob_url"`
	RawURL      string  `json:"raw_url"`
	ContentsURL string  `json:"contents_url"`
	Patch       string  `json:"patch,omitempty"`
}

// commitJSON is a commit as the commits API shows it: a parent of a merge is a link only.
func (s *Server) commitJSON(c commit) jsonCommit {
	author := s.user(Person())
	out := jsonCommit{
		jsonLink: s.commitLink(c.id, "/commits/"), NodeID: nodeID("Commit", c.id), CommentsURL: s.api("/commits/" + c.id + "/comments"),
		Commit: jsonInner{URL: s.api("/git/commits/" + c.id), Author: c.author, Committer: c.committer, Message: c.message,
			Tree: jsonLink{c.tree, s.api("/git/trees/" + c.tree), ""}, Verification: unsigned()},
		Author: &author, Committer: &author, Parents: []jsonLink{},
	}
	for _, parent := range c.parents {
		out.Parents = append(out.Parents, s.commitLink(parent, "/commits/"))
	}
	return out
}

// getCommit takes a branch, a tag or an id.
func (s *Server) getCommit(c call) answer {
	id := s.revision(c.params["ref"], "commit")
	if id == "" {
		return refuse(http.StatusUnprocessableEntity, "No commit found for SHA: "+c.params["ref"])
	}
	if strings.Contains(c.request.Header.Get("Accept"), ".sha") { // also application/vnd.github.v3.sha
		return answer{http.StatusOK, http.Header{"Content-Type": {mediaSHA + "; charset=utf-8"}}, []byte(id), "its id"}
	}
	found, ok := s.commitOf(id)
	if !ok {
		return notFound()
	}
	out := s.commitJSON(found)
	if len(found.parents) > 0 {
		out.Files = s.diff(found.parents[0], id)
	}
	return reply(http.StatusOK, out, "commit with %d parents", len(out.Parents))
}

// maxCompared are the files that the comparison shows, on its first page only; maxListed those of a pull request.
const (
	maxCompared = 300
	maxListed   = 3000
)

type jsonComparison struct {
	URL          string       `json:"url"`
	HTMLURL      string       `json:"html_url"`
	PermalinkURL string       `json:"permalink_url"`
	DiffURL      string       `json:"diff_url"`
	PatchURL     string       `json:"patch_url"`
	BaseCommit   jsonCommit   `json:"base_commit"`
	MergeBase    jsonCommit   `json:"merge_base_commit"`
	Status       string       `json:"status"`
	AheadBy      int          `json:"ahead_by"`
	BehindBy     int          `json:"behind_by"`
	TotalCommits int          `json:"total_commits"`
	Commits      []jsonCommit `json:"commits"`
	Files        []jsonEntry  `json:"files"`
}

// compareCommits takes BASE...HEAD, each a branch, a tag or an id.
func (s *Server) compareCommits(c call) answer {
	from, to, _ := strings.Cut(c.params["basehead"], "...")
	base, head := s.revision(from, "commit"), s.revision(to, "commit")
	if base == "" || head == "" {
		return notFound()
	}
	merge, err := s.git.run("", "merge-base", base, head)
	if err != nil {
		return refuse(http.StatusNotFound, "No common ancestor between "+from+" and "+to+".")
	}
	ahead, behind := s.revisions(base+".."+head), s.revisions(head+".."+base)
	own, mergeBase := strings.TrimSpace(base), strings.TrimSpace(merge)
	baseCommit, _ := s.commitOf(own)
	mergeCommit, _ := s.commitOf(mergeBase)
	path := "/compare/" + from + "..." + to
	out := jsonComparison{
		URL: s.api(path), HTMLURL: s.web(path), PermalinkURL: s.web(path), DiffURL: s.web(path + ".diff"), PatchURL: s.web(path + ".patch"),
		BaseCommit: s.commitJSON(baseCommit), MergeBase: s.commitJSON(mergeCommit), AheadBy: len(ahead), BehindBy: len(behind),
		TotalCommits: len(ahead), Commits: []jsonCommit{}, Files: []jsonEntry{},
		Status: comparison(len(ahead), len(behind)),
	}
	slices.Reverse(ahead)
	list, link := page(s, c, ahead)
	for _, id := range list {
		if found, ok := s.commitOf(id); ok {
			out.Commits = append(out.Commits, s.commitJSON(found))
		}
	}
	if positive(c.request.URL.Query().Get("page"), 1) == 1 {
		files := s.diff(mergeBase, head)
		out.Files = files[:min(len(files), maxCompared)]
	}
	a := reply(http.StatusOK, out, "%s, merge base %s, %d files", out.Status, mergeBase, len(out.Files))
	a.header.Set("Link", link)
	return a.trimLink()
}

func comparison(ahead, behind int) string {
	switch {
	case ahead > 0 && behind > 0:
		return "diverged"
	case ahead > 0:
		return "ahead"
	case behind > 0:
		return "behind"
	}
	return "identical"
}

func (s *Server) revisions(span string) []string {
	out, err := s.git.run("", "rev-list", span)
	if err != nil {
		return nil
	}
	return strings.Fields(out)
}

// diff are the files that differ, with their patches as hunks alone. Renames are shown as a removal and an addition.
func (s *Server) diff(from, to string) []jsonEntry {
	out := []jsonEntry{}
	raw, err := s.git.run("", "diff-tree", "-r", "-z", "--no-renames", from, to)
	if err != nil {
		return out
	}
	fields := strings.Split(strings.TrimSuffix(raw, "\x00"), "\x00")
	for i := 0; i+1 < len(fields); i += 2 {
		head, path := strings.Fields(fields[i]), fields[i+1]
		if len(head) != 5 {
			continue
		}
		e := jsonEntry{Filename: path, Status: map[string]string{"A": "added", "D": "removed", "M": "modified", "T": "changed"}[head[4]]}
		sha, at := head[3], to
		if e.Status == "removed" {
			sha, at = head[2], from
		}
		e.SHA = &sha
		escaped := escapePath(path)
		e.BlobURL, e.RawURL = s.web("/blob/"+at+"/"+escaped), s.web("/raw/"+at+"/"+escaped)
		e.ContentsURL = s.api("/contents/" + escaped + "?ref=" + at)
		e.Patch, e.Additions, e.Deletions = s.patch(from, to, path)
		e.Changes = e.Additions + e.Deletions
		out = append(out, e)
	}
	return out
}

func escapePath(path string) string {
	var out strings.Builder
	for i := range len(path) {
		c := path[i]
		if c == '/' || c == '.' || c == '-' || c == '_' || '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' {
			out.WriteByte(c)
			continue
		}
		fmt.Fprintf(&out, "%%%02X", c)
	}
	return out.String()
}

// patch is the text of one file's hunks, and how many lines come and go. A binary file has none.
func (s *Server) patch(from, to, path string) (text string, added, removed int) {
	out, err := s.git.run("", "diff", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames", from, to, "--", ":(literal)"+path)
	if err != nil {
		return "", 0, 0
	}
	_, hunks, ok := strings.Cut(out, "\n@@ ")
	if !ok {
		return "", 0, 0
	}
	text = "@@ " + strings.TrimSuffix(hunks, "\n")
	for line := range strings.SplitSeq(text, "\n") {
		switch {
		case strings.HasPrefix(line, "+"):
			added++
		case strings.HasPrefix(line, "-"):
			removed++
		}
	}
	return text, added, removed
}

// listFiles are those that a pull request changes against its merge base.
func (s *Server) listFiles(c call) answer {
	p := s.pullOf(c, "pull_number")
	if p == nil {
		return notFound()
	}
	merge, err := s.git.run("", "merge-base", p.Base, p.Head)
	if err != nil {
		return refuse(http.StatusUnprocessableEntity, "Validation Failed")
	}
	all := s.diff(strings.TrimSpace(merge), p.Head)
	list, link := page(s, c, all[:min(len(all), maxListed)])
	a := reply(http.StatusOK, list, "%d files", len(list))
	a.header.Set("Link", link)
	return a.trimLink()
}

type jsonStatus struct {
	ID          int64    `json:"id"`
	NodeID      string   `json:"node_id"`
	URL         string   `json:"url"`
	AvatarURL   string   `json:"avatar_url"`
	State       string   `json:"state"`
	Description string   `json:"description"`
	TargetURL   *string  `json:"target_url"`
	Context     string   `json:"context"`
	CreatedAt   string   `json:"created_at"`
	UpdatedAt   string   `json:"updated_at"`
	Creator     jsonUser `json:"creator"`
}

// createStatus adds a commit status.
func (s *Server) createStatus(c call) answer {
	var in struct {
		State       string `json:"state"`
		TargetURL   string `json:"target_url"`
		Description string `json:"description"`
		Context     string `json:"context"`
	}
	if err := json.Unmarshal(c.body, &in); err != nil {
		return refuse(http.StatusBadRequest, "Problems parsing JSON")
	}
	sha := c.params["sha"]
	if s.git.id(sha, "commit") == "" {
		return refuse(http.StatusUnprocessableEntity, "No commit found for SHA: "+sha)
	}
	if in.Context == "" {
		in.Context = "default"
	}
	st := Status{ID: s.state.id(), SHA: sha, State: in.State, Context: in.Context, Description: in.Description, DestURL: in.TargetURL}
	s.state.statuses = append(s.state.statuses, st)
	now := s.state.now().Format("2006-01-02T15:04:05Z07:00")
	return reply(http.StatusCreated, jsonStatus{
		ID: st.ID, NodeID: nodeID("Status", strconv.FormatInt(st.ID, 10)), URL: s.api("/statuses/" + sha),
		AvatarURL: s.user(s.options.User).AvatarURL, State: st.State, Description: st.Description, TargetURL: optional(st.DestURL),
		Context: st.Context, CreatedAt: now, UpdatedAt: now, Creator: s.user(s.options.User),
	}, "status %s: %s", st.Context, st.State)
}
