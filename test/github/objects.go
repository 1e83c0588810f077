package github

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

type jsonTree struct {
	SHA       string          `json:"sha"`
	URL       string          `json:"url"`
	Tree      []jsonTreeEntry `json:"tree"`
	Truncated bool            `json:"truncated"`
}

type jsonTreeEntry struct {
	Path string `json:"path"`
	Mode string `json:"mode"`
	Type string `json:"type"`
	SHA  string `json:"sha"`
	Size *int64 `json:"size,omitempty"`
	URL  string `json:"url,omitempty"`
}

// treeBytes is the size of a recursive listing above which it is truncated.
const treeBytes = 7_000_000

// getTree lists a tree: of an id of a tree or commit, or of a branch. A listing asked for by a commit carries the commit's
// id, as far as we know; clients should not rely on it.
func (s *Server) getTree(c call) answer {
	name := c.params["tree_sha"]
	id := s.revision(name, "tree")
	if id == "" {
		return notFound()
	}
	_, recursive := c.request.URL.Query()["recursive"] // with any value, even false
	entries, err := s.git.tree(id, recursive)
	if err != nil {
		return refuse(http.StatusInternalServerError, err.Error())
	}
	sha := id
	if commit := s.revision(name, "commit"); commit != "" {
		sha = commit
	}
	out := jsonTree{SHA: sha, URL: s.api("/git/trees/" + sha), Tree: []jsonTreeEntry{}}
	bytes := 0
	for _, e := range entries {
		entry := jsonTreeEntry{Path: strings.ToValidUTF8(e.path, "\uFFFD"), Mode: e.mode, Type: e.kind, SHA: e.id}
		switch e.kind {
		case "blob":
			entry.Size, entry.URL = &e.size, s.api("/git/blobs/"+e.id)
		case "tree":
			entry.URL = s.api("/git/trees/" + e.id)
		}
		bytes += len(entry.Path) + len(entry.URL) + 120
		if recursive && (len(out.Tree) >= s.options.TreeLimit || bytes > treeBytes) {
			out.Truncated = true
			break
		}
		out.Tree = append(out.Tree, entry)
	}
	note := fmt.Sprintf("%d entries", len(out.Tree))
	if out.Truncated {
		note += ", truncated"
	}
	return reply(http.StatusOK, out, "%s", note)
}

// revision resolves what the Git endpoints take: a full id, a branch or a tag, or a full reference.
func (s *Server) revision(name, kind string) string {
	if isID(name) {
		return s.git.id(name, kind)
	}
	for _, prefix := range []string{"refs/heads/", "refs/tags/", "refs/"} {
		if id := s.git.id(prefix+strings.TrimPrefix(name, "refs/"), kind); id != "" {
			return id
		}
	}
	return ""
}

type jsonBlob struct {
	SHA      string `json:"sha"`
	NodeID   string `json:"node_id"`
	Size     int    `json:"size"`
	URL      string `json:"url"`
	Content  string `json:"content"`
	Encoding string `json:"encoding"`
}

// getBlob answers with base64 in lines of 60 characters, or with the content alone if the client asks for it.
func (s *Server) getBlob(c call) answer {
	id := c.params["file_sha"]
	kind, content, ok := s.git.object(id)
	if !ok || kind != "blob" {
		return notFound()
	}
	if len(content) > s.options.BlobLimit {
		return refuse(http.StatusForbidden, "This API returns blobs up to 100 MB in size. The requested blob is too large to fetch via the API.",
			problemField{Resource: "Blob", Field: "data", Code: "too_large"})
	}
	accept := c.request.Header.Get("Accept")
	if strings.Contains(accept, ".raw") {
		return answer{http.StatusOK, http.Header{"Content-Type": {mediaRaw + "; charset=utf-8"}}, []byte(content),
			fmt.Sprintf("%d bytes", len(content))}
	}
	text := base64.StdEncoding.EncodeToString([]byte(content))
	var lines strings.Builder
	for len(text) > 0 {
		n := min(60, len(text))
		lines.WriteString(text[:n] + "\n")
		text = text[n:]
	}
	return reply(http.StatusOK, jsonBlob{id, nodeID("Blob", id), len(content), s.api("/git/blobs/" + id), lines.String(), "base64"},
		"blob of %d bytes", len(content))
}

// commit is a Git commit object, parsed.
type commit struct {
	id, tree, message string
	parents           []string
	author, committer signature
}

type signature struct {
	Name  string    `json:"name"`
	Email string    `json:"email"`
	Date  time.Time `json:"date"`
}

// commitOf parses a commit, false if there is none of that id.
func (s *Server) commitOf(id string) (commit, bool) {
	kind, content, ok := s.git.object(id)
	if !ok || kind != "commit" {
		return commit{}, false
	}
	c := commit{id: id}
	head, message, _ := strings.Cut(content, "\n\n")
	c.message = strings.TrimSuffix(message, "\n")
	for line := range strings.SplitSeq(head, "\n") {
		key, value, _ := strings.Cut(line, " ")
		switch key {
		case "tree":
			c.tree = value
		case "parent":
			c.parents = append(c.parents, value)
		case "author":
			c.author = parseSignature(value)
		case "committer":
			c.committer = parseSignature(value)
		}
	}
	return c, true
}

func parseSignature(line string) signature {
	name, rest, _ := strings.Cut(line, " <")
	email, rest, _ := strings.Cut(rest, "> ")
	seconds, _, _ := strings.Cut(rest, " ")
	n, _ := strconv.ParseInt(seconds, 10, 64)
	return signature{name, email, time.Unix(n, 0).UTC()}
}

type jsonLink struct {
	SHA     string `json:"sha"`
	URL     string `json:"url"`
	HTMLURL string `json:"html_url,omitempty"`
}

type jsonVerification struct {
	Verified   bool    `json:"verified"`
	Reason     string  `json:"reason"`
	Signature  *string `json:"signature"`
	Payload    *string `json:"payload"`
	VerifiedAt *string `json:"verified_at"`
}

type jsonGitCommit struct {
	jsonLink
	NodeID       string           `json:"node_id"`
	Author       signature        `json:"author"`
	Committer    signature        `json:"committer"`
	Message      string           `json:"message"`
	Tree         jsonLink         `json:"tree"`
	Parents      []jsonLink       `json:"parents"`
	Verification jsonVerification `json:"verification"`
}

func unsigned() jsonVerification { return jsonVerification{Reason: "unsigned"} }

// getGitCommit answers for the id of a commit only, as GitHub does; the commits of forks lie in the same network.
func (s *Server) getGitCommit(c call) answer {
	found, ok := s.commitOf(c.params["commit_sha"])
	if !ok {
		return notFound()
	}
	out := jsonGitCommit{
		jsonLink: s.commitLink(found.id, "/git/commits/"), NodeID: nodeID("Commit", found.id),
		Author: found.author, Committer: found.committer, Message: found.message,
		Tree:    jsonLink{found.tree, s.api("/git/trees/" + found.tree), ""},
		Parents: []jsonLink{}, Verification: unsigned(),
	}
	for _, parent := range found.parents {
		out.Parents = append(out.Parents, s.commitLink(parent, "/git/commits/"))
	}
	return reply(http.StatusOK, out, "commit with %d parents", len(out.Parents))
}

func (s *Server) commitLink(id, path string) jsonLink {
	return jsonLink{id, s.api(path + id), s.web("/commit/" + id)}
}

// getRef answers for a reference such as heads/main or pull/7/merge.
func (s *Server) getRef(c call) answer {
	name := "refs/" + strings.TrimPrefix(c.params["ref"], "refs/")
	id := s.git.id(name, "object")
	if id == "" {
		return notFound()
	}
	kind, _, _ := s.git.object(id)
	type target struct {
		Type string `json:"type"`
		SHA  string `json:"sha"`
		URL  string `json:"url"`
	}
	out := struct {
		Ref    string `json:"ref"`
		NodeID string `json:"node_id"`
		URL    string `json:"url"`
		Object target `json:"object"`
	}{name, nodeID("Ref", name), s.api("/git/" + name), target{kind, id, s.api("/git/" + kind + "s/" + id)}}
	return reply(http.StatusOK, out, "%s", kind)
}

// api is an address below the repository in the REST API, web one on the site.
func (s *Server) api(path string) string { return s.URL() + "/repos/" + s.Repository() + path }
func (s *Server) web(path string) string { return siteURL + "/" + s.Repository() + path }

const siteURL = "https://github.com"

// nodeID is an id of the GraphQL API.
func nodeID(kind, id string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(kind + ":" + id))
}
