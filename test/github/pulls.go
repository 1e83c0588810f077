package github

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// pullOf is the pull request that a parameter names, nil if there is none.
func (s *Server) pullOf(c call, parameter string) *Pull {
	n, err := strconv.Atoi(c.params[parameter])
	if err != nil {
		return nil
	}
	return s.state.pulls[n]
}

// pull is the JSON of a pull request; a list carries less of each.
func (s *Server) pull(p *Pull) object {
	number := strconv.Itoa(p.Number)
	o := s.template("pull-request")
	for _, key := range []string{"comments_url", "commits_url", "issue_url", "review_comments_url", "statuses_url", "url", "diff_url", "patch_url", "html_url"} {
		o[key] = strings.ReplaceAll(o[key].(string), "1347", number)
	}
	o.with("number", p.Number).with("id", 1000+p.Number).with("node_id", nodeID("PullRequest", number)).
		with("title", p.Title).with("user", s.user(p.Author)).with("state", pullState(p)).with("locked", p.Locked).
		with("draft", p.Draft).with("labels", s.labels(p)).with("assignee", nil).with("assignees", []string{}).
		with("requested_reviewers", []string{}).with("requested_teams", []string{}).with("milestone", nil).
		with("body", nil).with("merged", false).with("merged_at", nil).with("closed_at", nil).with("merged_by", nil).
		with("auto_merge", nil).with("active_lock_reason", nil).with("comments", len(s.state.of(p.Number))).
		with("commits", 1).with("changed_files", 1).with("additions", 0).with("deletions", 0).
		with("author_association", "CONTRIBUTOR").with("statuses_url", s.api("/statuses/"+p.Head))
	s.mergeability(o, p)
	o["_links"] = s.links(number, p.Head)
	head := object{"label": p.HeadOwner + ":" + p.HeadRef, "ref": p.HeadRef, "sha": p.Head,
		"user": s.user(s.ownerUser(p.HeadOwner)), "repo": s.repository(p.HeadOwner)}
	if p.HeadGone {
		head["repo"], head["user"], head["label"] = nil, nil, "unknown:"+p.HeadRef
	}
	o["head"] = head
	o["base"] = object{"label": s.options.Owner + ":" + p.BaseRef, "ref": p.BaseRef, "sha": p.Base,
		"user": s.user(s.ownerUser(s.options.Owner)), "repo": s.repository(s.options.Owner)}
	return o
}

func pullState(p *Pull) string {
	if p.Closed {
		return "closed"
	}
	return "open"
}

// mergeability: while the test merge is computed, or with conflicts, merge_commit_sha is that of an earlier merge or null.
func (s *Server) mergeability(o object, p *Pull) {
	o["mergeable"], o["mergeable_state"], o["rebaseable"] = true, "clean", nil
	switch p.Mergeable {
	case Computing:
		o["mergeable"], o["mergeable_state"] = nil, "unknown"
	case Conflicts:
		o["mergeable"], o["mergeable_state"] = false, "dirty"
	}
	o["merge_commit_sha"] = optional(p.Merge)
}

func (s *Server) links(number, head string) object {
	link := func(path string) object { return object{"href": s.api(path)} }
	return object{
		"self": link("/pulls/" + number), "html": object{"href": s.web("/pull/" + number)}, "issue": link("/issues/" + number),
		"comments": link("/issues/" + number + "/comments"), "review_comments": link("/pulls/" + number + "/comments"),
		"review_comment": link("/pulls/comments{/number}"), "commits": link("/pulls/" + number + "/commits"),
		"statuses": link("/statuses/" + head),
	}
}

type jsonLabel struct {
	ID          int64  `json:"id"`
	NodeID      string `json:"node_id"`
	URL         string `json:"url"`
	Name        string `json:"name"`
	Color       string `json:"color"`
	Default     bool   `json:"default"`
	Description string `json:"description"`
}

func (s *Server) labels(p *Pull) []jsonLabel {
	out := []jsonLabel{}
	for i, name := range p.Labels {
		id := int64(208045946 + i)
		out = append(out, jsonLabel{ID: id, NodeID: nodeID("Label", strconv.FormatInt(id, 10)),
			URL: s.api("/labels/" + escapeLabel(name)), Name: name, Color: "f29513"})
	}
	return out
}

func escapeLabel(name string) string { return strings.ReplaceAll(name, " ", "%20") }

func (s *Server) getPull(c call) answer {
	p := s.pullOf(c, "pull_number")
	if p == nil {
		return notFound()
	}
	return reply(http.StatusOK, s.pull(p), "pull request #%d, %s, %s", p.Number, pullState(p), mergeableNote(p))
}

func mergeableNote(p *Pull) string {
	return [...]string{"mergeable", "mergeable unknown", "conflicts"}[p.Mergeable]
}

// simple is a pull request as lists show it.
func (s *Server) simple(p *Pull) object {
	o := s.pull(p)
	for _, key := range []string{"merged", "mergeable", "mergeable_state", "rebaseable", "merged_by", "comments", "review_comments",
		"maintainer_can_modify", "commits", "additions", "deletions", "changed_files"} {
		delete(o, key)
	}
	return o
}

// listPulls filters by state, head (OWNER:BRANCH; anything else is ignored, as GitHub does) and base, newest first.
func (s *Server) listPulls(c call) answer {
	query := c.request.URL.Query()
	owner, branch, filtered := strings.Cut(query.Get("head"), ":")
	var all []*Pull
	for _, n := range slices.Backward(slices.Sorted(maps.Keys(s.state.pulls))) {
		p := s.state.pulls[n]
		wanted := query.Get("state")
		if wanted == "" {
			wanted = "open"
		}
		switch {
		case wanted != "all" && wanted != pullState(p):
		case filtered && (p.HeadGone || !strings.EqualFold(owner, p.HeadOwner) || branch != p.HeadRef):
		case query.Get("base") != "" && query.Get("base") != p.BaseRef:
		default:
			all = append(all, p)
		}
	}
	if query.Get("direction") == "asc" {
		slices.Reverse(all)
	}
	return s.pulls(c, all)
}

func (s *Server) pulls(c call, all []*Pull) answer {
	list, link := page(s, c, all)
	out, note := []object{}, fmt.Sprintf("%d pull requests", len(list))
	for _, p := range list {
		out = append(out, s.simple(p))
		note += fmt.Sprintf(" #%d", p.Number)
	}
	a := reply(http.StatusOK, out, "%s", note)
	a.header.Set("Link", link)
	return a.trimLink()
}

// listPullsOf are the open pull requests whose head is the commit, or the merged one that it came with. Heads of forks are
// not found, as on GitHub.
func (s *Server) listPullsOf(c call) answer {
	sha := c.params["commit_sha"]
	if s.git.id(sha, "commit") == "" {
		return refuse(http.StatusUnprocessableEntity, "No commit found for SHA: "+sha)
	}
	var all []*Pull
	for _, n := range slices.Sorted(maps.Keys(s.state.pulls)) {
		if p := s.state.pulls[n]; p.HeadOwner == s.options.Owner && p.Head == sha {
			all = append(all, p)
		}
	}
	return s.pulls(c, all)
}

// getIssue answers for the issue behind a pull request.
func (s *Server) getIssue(c call) answer {
	p := s.pullOf(c, "issue_number")
	if p == nil {
		return notFound()
	}
	number := strconv.Itoa(p.Number)
	o := s.template("issue")
	for _, key := range []string{"milestone", "assignee", "closed_by", "active_lock_reason", "closed_at", "type", "pinned_comment"} {
		o[key] = nil
	}
	for _, key := range []string{"assignees", "sub_issues_summary", "issue_dependencies_summary", "pinned_comment", "type", "issue_field_values", "performed_via_github_app", "state_reason"} {
		delete(o, key)
	}
	for _, path := range []string{"", "/labels{/name}", "/comments", "/events"} {
		key := strings.TrimPrefix(strings.TrimSuffix(path, "{/name}")+"_url", "/")
		o[strings.TrimPrefix(key, "_")] = s.api("/issues/" + number + path)
	}
	o.with("id", 2000+p.Number).with("number", p.Number).with("title", p.Title).with("user", s.user(p.Author)).
		with("state", pullState(p)).with("locked", p.Locked).with("labels", s.labels(p)).with("draft", p.Draft).
		with("comments", len(s.state.of(p.Number))).with("html_url", s.web("/pull/"+number)).
		with("repository_url", s.api("")).with("pull_request", object{"url": s.api("/pulls/" + number),
		"html_url": s.web("/pull/" + number), "diff_url": s.web("/pull/" + number + ".diff"), "patch_url": s.web("/pull/" + number + ".patch")})
	return reply(http.StatusOK, o, "issue #%d, labels %q", p.Number, p.Labels)
}

// listLabels are the labels as they are now.
func (s *Server) listLabels(c call) answer {
	p := s.pullOf(c, "issue_number")
	if p == nil {
		return notFound()
	}
	list, link := page(s, c, s.labels(p))
	a := reply(http.StatusOK, list, "labels %q", p.Labels)
	a.header.Set("Link", link)
	return a.trimLink()
}

func (s *Server) getRepository(call) answer {
	return reply(http.StatusOK, s.repository(s.options.Owner), "%s", s.Repository())
}

// getRun answers for a workflow run. Its list of pull requests is empty for a fork.
func (s *Server) getRun(c call) answer {
	id, err := strconv.ParseInt(c.params["run_id"], 10, 64)
	run, ok := s.state.runs[id]
	if err != nil || !ok {
		return notFound()
	}
	owner := run.HeadOwner
	if owner == "" {
		owner = s.options.Owner
	}
	o := s.template("workflow-run")
	o.with("id", run.ID).with("event", run.Event).with("head_sha", run.HeadSHA).with("head_branch", run.HeadBranch).
		with("status", "completed").with("conclusion", "success").with("pull_requests", s.runPulls(run)).
		with("repository", s.repository(s.options.Owner)).with("head_repository", s.repository(owner))
	return reply(http.StatusOK, o, "workflow run %d", run.ID)
}

// runPulls is the short form in which a run names its pull requests.
func (s *Server) runPulls(run Run) []object {
	out := []object{}
	for _, n := range run.Pulls {
		p := s.state.pulls[n]
		if p == nil {
			continue
		}
		repo := object{"id": 1296269, "url": s.api(""), "name": s.options.Name}
		out = append(out, object{"id": 1000 + n, "number": n, "url": s.api("/pulls/" + strconv.Itoa(n)),
			"head": object{"ref": p.HeadRef, "sha": p.Head, "repo": repo}, "base": object{"ref": p.BaseRef, "sha": p.Base, "repo": repo}})
	}
	return out
}
