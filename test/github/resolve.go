package github

import (
	"encoding/base64"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

func forbidden() *graphqlError { return &graphqlError{Type: "FORBIDDEN", Message: notAccessible} }

func unresolved(format string, args ...any) *graphqlError {
	return &graphqlError{Type: "NOT_FOUND", Message: "Could not resolve to a " + fmt.Sprintf(format, args...)}
}

// refused is the error of an operation of the REST API that needs the same permission.
func (s *Server) refused(o Operation) *graphqlError {
	if s.permit(o).status != 0 {
		return forbidden()
	}
	return nil
}

// query is the root of queries.
func (s *Server) query() *resolved {
	return &resolved{"Query", map[string]field{
		"repository": func(args map[string]any) (any, *graphqlError) {
			name := fmt.Sprintf("%s/%s", args["owner"], args["name"])
			if !strings.EqualFold(name, s.Repository()) || s.options.Private && s.options.NoAccess {
				return nil, unresolved("Repository with the name '%s'.", name)
			}
			return s.repositoryNode(), nil
		},
		"viewer": constant(s.viewer()),
		"node": func(args map[string]any) (any, *graphqlError) {
			id := fmt.Sprint(args["id"])
			if c := s.commentByNode(id); c != nil {
				return s.commentNode(c), s.refused(ListComments)
			}
			return nil, unresolved("node with the global id of '%s'.", id)
		},
		"rateLimit": constant(&resolved{"RateLimit", map[string]field{
			"cost": constant(1), "limit": constant(s.options.RateLimit), "remaining": constant(s.remaining), "nodeCount": constant(0),
			"used":    constant(s.options.RateLimit - s.remaining),
			"resetAt": constant(time.Now().Add(time.Hour).UTC().Format(time.RFC3339)),
		}}),
	}}
}

// viewer is whom the token acts for. For a workflow's token it carries the bot's login with its suffix.
func (s *Server) viewer() *resolved {
	u := s.user(s.options.User)
	return &resolved{"User", map[string]field{
		"login": constant(u.Login), "id": constant(u.NodeID), "databaseId": constant(u.ID), "url": constant(u.HTMLURL),
		"name": constant(nil), "avatarUrl": constant(u.AvatarURL),
	}}
}

// mutation is the root of mutations.
func (s *Server) mutation() *resolved {
	return &resolved{"Mutation", map[string]field{"minimizeComment": s.minimize}}
}

// minimize hides a comment. The reason is shown in lower case.
func (s *Server) minimize(args map[string]any) (any, *graphqlError) {
	in, _ := args["input"].(map[string]any)
	c := s.commentByNode(fmt.Sprint(in["subjectId"]))
	if c == nil {
		return nil, unresolved("node with the global id of '%s'.", in["subjectId"])
	}
	if err := s.refused(UpdateComment); err != nil {
		return nil, err
	}
	c.Minimized = fmt.Sprint(in["classifier"])
	var client any
	if id, ok := in["clientMutationId"].(string); ok {
		client = id
	}
	return &resolved{"MinimizeCommentPayload", map[string]field{
		"clientMutationId": constant(client), "minimizedComment": constant(s.commentNode(c)),
	}}, nil
}

func (s *Server) commentByNode(id string) *Comment {
	for _, c := range s.state.comments {
		if commentNodeID(c.ID) == id {
			return c
		}
	}
	return nil
}

func (s *Server) repositoryNode() *resolved {
	return &resolved{"Repository", map[string]field{
		"id": constant(nodeID("Repository", s.Repository())), "databaseId": constant(1296269), "name": constant(s.options.Name),
		"nameWithOwner": constant(s.Repository()), "isPrivate": constant(s.options.Private), "isFork": constant(false),
		"url": constant(s.web("")),
		"object": func(args map[string]any) (any, *graphqlError) {
			if err := s.refused(GetTree); err != nil {
				return nil, err
			}
			oid, _ := args["oid"].(string)
			if expression, ok := args["expression"].(string); ok {
				oid, _, _ = s.git.read(expression) // such as main:src/a.txt
			}
			return s.objectNode(oid), nil
		},
		"pullRequest": func(args map[string]any) (any, *graphqlError) {
			n, _ := strconv.Atoi(fmt.Sprint(args["number"]))
			p := s.state.pulls[n]
			if err := s.refused(GetPull); err != nil {
				return nil, err
			}
			if p == nil {
				return nil, unresolved("PullRequest with the number of %d.", n)
			}
			return s.pullNode(p), nil
		},
	}}
}

// maxText is how many bytes of a blob's text are shown, the rest is cut off; found by users, not documented.
const maxText = 512_000

// objectNode is an object of the Git repository, nil if there is none.
func (s *Server) objectNode(id string) *resolved {
	kind, content, ok := s.git.object(id)
	if !ok {
		return nil
	}
	o := &resolved{map[string]string{"blob": "Blob", "tree": "Tree", "commit": "Commit", "tag": "Tag"}[kind], map[string]field{
		"oid": constant(id), "id": constant(nodeID(kind, id)), "abbreviatedOid": constant(id[:7]),
		"commitUrl": constant(s.web("/commit/" + id)), "commitResourcePath": constant("/" + s.Repository() + "/commit/" + id),
		"repository": func(map[string]any) (any, *graphqlError) { return s.repositoryNode(), nil },
	}}
	switch kind {
	case "blob":
		s.blobFields(o, content)
	case "tree":
		o.fields["entries"] = func(map[string]any) (any, *graphqlError) { return s.entryNodes(id, ""), nil }
	case "commit":
		c, _ := s.commitOf(id)
		o.fields["message"], o.fields["url"] = constant(c.message), constant(s.web("/commit/"+id))
		o.fields["tree"] = func(map[string]any) (any, *graphqlError) { return s.objectNode(c.tree), nil }
	}
	return o
}

// blobFields: a blob with a NUL byte is binary and has no text. Text in another encoding than UTF-8 is converted, so its
// length is not byteSize (not verified); text that is too long is cut.
func (s *Server) blobFields(o *resolved, content string) {
	binary := strings.ContainsRune(content[:min(len(content), 8000)], 0)
	o.fields["byteSize"], o.fields["isBinary"] = constant(len(content)), constant(binary)
	o.fields["isTruncated"] = constant(len(content) > maxText)
	text := content[:min(len(content), maxText)]
	switch {
	case binary:
		o.fields["text"] = constant(nil)
		return
	case !utf8.ValidString(content):
		runes := make([]rune, 0, len(text))
		for i := range len(text) {
			runes = append(runes, rune(text[i])) // as Latin-1
		}
		text = string(runes)
	}
	o.fields["text"] = constant(strings.ToValidUTF8(text, ""))
}

// entryNodes are the entries of one tree. Their mode is a decimal number.
func (s *Server) entryNodes(id, dir string) []*resolved {
	entries, err := s.git.tree(id, false)
	if err != nil {
		return nil
	}
	var out []*resolved
	for _, e := range entries {
		mode, _ := strconv.ParseInt(e.mode, 8, 64)
		full := path.Join(dir, e.path)
		out = append(out, &resolved{"TreeEntry", map[string]field{
			"name": constant(strings.ToValidUTF8(e.path, "\uFFFD")), "path": constant(strings.ToValidUTF8(full, "\uFFFD")),
			"nameRaw": constant(base64.StdEncoding.EncodeToString([]byte(e.path))),
			"pathRaw": constant(base64.StdEncoding.EncodeToString([]byte(full))),
			"mode":    constant(int(mode)), "type": constant(e.kind), "oid": constant(e.id), "size": constant(int(e.size)),
			"extension": constant(path.Ext(e.path)), "isGenerated": constant(false), "lineCount": constant(nil),
			"object": func(map[string]any) (any, *graphqlError) { return s.objectNode(e.id), nil },
		}})
	}
	return out
}

func (s *Server) pullNode(p *Pull) *resolved {
	state := map[bool]string{true: "CLOSED", false: "OPEN"}[p.Closed]
	return &resolved{"PullRequest", map[string]field{
		"id": constant(nodeID("PullRequest", strconv.Itoa(p.Number))), "number": constant(p.Number), "title": constant(p.Title),
		"url": constant(s.web("/pull/" + strconv.Itoa(p.Number))), "state": constant(state), "locked": constant(p.Locked),
		"headRefName": constant(p.HeadRef), "headRefOid": constant(p.Head), "baseRefName": constant(p.BaseRef),
		"baseRefOid": constant(p.Base), "isCrossRepository": constant(p.HeadOwner != s.options.Owner),
		"comments": func(args map[string]any) (any, *graphqlError) {
			if err := s.refused(ListComments); err != nil {
				return nil, err
			}
			var nodes []*resolved
			for _, c := range s.state.of(p.Number) {
				nodes = append(nodes, s.commentNode(c))
			}
			return connection("IssueComment", "comments", nodes, args)
		},
		"labels": func(args map[string]any) (any, *graphqlError) {
			var nodes []*resolved
			for _, l := range s.labels(p) {
				nodes = append(nodes, &resolved{"Label", map[string]field{
					"id": constant(l.NodeID), "name": constant(l.Name), "url": constant(s.web("/labels/" + escapeLabel(l.Name)))}})
			}
			return connection("Label", "labels", nodes, args)
		},
	}}
}

// connection cuts a page out of a list by first and after, or last and before. GitHub wants one of first and last, up to
// 100.
func connection(kind, name string, all []*resolved, args map[string]any) (any, *graphqlError) {
	first, last := number(args["first"]), number(args["last"])
	switch {
	case first == 0 && last == 0:
		return nil, &graphqlError{Type: "MISSING_PAGINATION_BOUNDARIES",
			Message: "You must provide a `first` or `last` value to properly paginate the `" + name + "` connection."}
	case first > 100 || last > 100:
		return nil, &graphqlError{Type: "EXCESSIVE_PAGINATION", Message: fmt.Sprintf(
			"Requesting %d records on the `%s` connection exceeds the `first` limit of 100 records.", max(first, last), name)}
	}
	from, to := 0, len(all)
	if at, ok := cursorIndex(args["after"]); ok {
		from = min(at+1, len(all))
	}
	if at, ok := cursorIndex(args["before"]); ok {
		to = max(min(at, len(all)), from)
	}
	if first > 0 {
		to = min(to, from+first)
	}
	if last > 0 {
		from = max(from, to-last)
	}
	nodes, edges := all[from:to], []*resolved{}
	for i, node := range nodes {
		edges = append(edges, &resolved{kind + "Edge", map[string]field{"cursor": constant(cursor(from + i)), "node": constant(node)}})
	}
	info := map[string]field{"hasNextPage": constant(to < len(all)), "hasPreviousPage": constant(from > 0),
		"startCursor": constant(nil), "endCursor": constant(nil)}
	if len(nodes) > 0 {
		info["startCursor"], info["endCursor"] = constant(cursor(from)), constant(cursor(to-1))
	}
	return &resolved{kind + "Connection", map[string]field{
		"nodes": constant(slices.Clone(nodes)), "edges": constant(edges), "totalCount": constant(len(all)),
		"pageInfo": constant(&resolved{"PageInfo", info}),
	}}, nil
}

func number(value any) int {
	n, _ := strconv.Atoi(fmt.Sprint(value))
	return n
}

func cursor(index int) string {
	return base64.StdEncoding.EncodeToString([]byte("cursor:" + strconv.Itoa(index)))
}

func cursorIndex(value any) (int, bool) {
	text, err := base64.StdEncoding.DecodeString(fmt.Sprint(value))
	index, found := strings.CutPrefix(string(text), "cursor:")
	n, bad := strconv.Atoi(index)
	return n, err == nil && found && bad == nil
}

// commentNode is a comment. A bot's login has no suffix here, unlike in the REST API.
func (s *Server) commentNode(c *Comment) *resolved {
	mine, id := c.Author == s.options.User, strconv.FormatInt(c.ID, 10)
	write := s.permit(UpdateComment).status == 0
	author := s.user(c.Author)
	var reason any
	if c.Minimized != "" {
		reason = strings.ToLower(c.Minimized)
	}
	return &resolved{"IssueComment", map[string]field{
		"id": constant(commentNodeID(c.ID)), "databaseId": constant(int(c.ID)), "fullDatabaseId": constant(id), "body": constant(c.Body),
		"author": constant(&resolved{author.Type, map[string]field{
			"login": constant(strings.TrimSuffix(c.Author.Login, "[bot]")), "id": constant(author.NodeID), "url": constant(author.HTMLURL),
			"databaseId": constant(c.Author.ID), "avatarUrl": constant(author.AvatarURL),
			"resourcePath": constant(strings.TrimPrefix(author.HTMLURL, siteURL)),
		}}),
		"viewerDidAuthor": constant(mine), "isMinimized": constant(c.Minimized != ""), "minimizedReason": constant(reason),
		"viewerCanUpdate": constant(write), "viewerCanDelete": constant(write), "viewerCanMinimize": constant(write),
		"createdAt": constant(c.Created.Format(time.RFC3339)), "updatedAt": constant(c.Updated.Format(time.RFC3339)),
		"url": constant(s.web(fmt.Sprintf("/pull/%d#issuecomment-%s", c.Pull, id))),
	}}
}
