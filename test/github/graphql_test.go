package github_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadline-dev/loadline/test/github"
)

// ask posts a query and returns the answer's JSON in one form.
func ask(t *testing.T, s *github.Server, query string, vars map[string]string) string {
	t.Helper()
	body, err := json.Marshal(struct {
		Query string            `json:"query"`
		Vars  map[string]string `json:"variables,omitempty"`
	}{query, vars})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, s.GraphQLURL(), bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "bearer "+s.Token())
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var value any
	if err := json.NewDecoder(resp.Body).Decode(&value); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestObjectsAreReadInOneQuery(t *testing.T) {
	s := github.Start(t, github.Options{})
	base := s.Commit(map[string]string{"a.txt": "a\n", "binary": "\x00\x01", "latin1": "caf\xe9", "big": strings.Repeat("x", 512_001)})
	s.SetRef("refs/heads/main", base)
	got := ask(t, s, `query($o: String!, $n: String!) { repository(owner: $o, name: $n) {
		a: object(expression: "main:a.txt") { ...blob }
		b: object(expression: "main:binary") { ...blob }
		c: object(expression: "main:latin1") { ...blob }
		d: object(expression: "main:big") { ... on Blob { byteSize isTruncated isBinary } }
		e: object(oid: "78981922613b2afb6025042ff6bd878ac1994e85") { __typename ...blob }
		f: object(oid: "0000000000000000000000000000000000000001") { oid }
		g: object(expression: "main") { ... on Commit { tree { entries { path mode type size } } } }
	} }
	fragment blob on Blob { oid byteSize isBinary isTruncated text }`, map[string]string{"o": "octo-org", "n": "app"})
	want := `{"data":{"repository":{` +
		`"a":{"byteSize":2,"isBinary":false,"isTruncated":false,"oid":"78981922613b2afb6025042ff6bd878ac1994e85","text":"a\n"},` +
		`"b":{"byteSize":2,"isBinary":true,"isTruncated":false,"oid":"bdc955b7b2e610ad5a72302b139a2e6cb325519a","text":null},` +
		`"c":{"byteSize":4,"isBinary":false,"isTruncated":false,"oid":"d3ae608677238b6df90c87efb3afae7c367c732a","text":"café"},` +
		`"d":{"byteSize":512001,"isBinary":false,"isTruncated":true},` +
		`"e":{"__typename":"Blob","byteSize":2,"isBinary":false,"isTruncated":false,"oid":"78981922613b2afb6025042ff6bd878ac1994e85","text":"a\n"},` +
		`"f":null,` +
		`"g":{"tree":{"entries":[{"mode":33188,"path":"a.txt","size":2,"type":"blob"},{"mode":33188,"path":"big","size":512001,"type":"blob"},` +
		`{"mode":33188,"path":"binary","size":2,"type":"blob"},{"mode":33188,"path":"latin1","size":4,"type":"blob"}]}}}}}`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	noViolations(t, s)
}

const commentsQuery = `query($owner: String!, $name: String!, $after: String) { repository(owner: $owner, name: $name) {
	pullRequest(number: 7) { comments(first: 2, after: $after) {
		nodes { databaseId viewerDidAuthor isMinimized minimizedReason author { __typename login } }
		pageInfo { hasNextPage endCursor } } } } }`

func TestCommentsSayWhoWroteThem(t *testing.T) {
	s := github.Start(t, github.Options{})
	fill(s)
	mine := s.AddComment(7, github.Actions(), "mine")
	s.AddComment(7, github.Stranger(), "theirs")
	s.AddComment(7, github.AppBot(), "another bot's")
	vars := map[string]string{"owner": "octo-org", "name": "app"}
	got := ask(t, s, commentsQuery, vars)
	want := `{"data":{"repository":{"pullRequest":{"comments":{"nodes":[` +
		`{"author":{"__typename":"Bot","login":"github-actions"},"databaseId":1001,"isMinimized":false,"minimizedReason":null,"viewerDidAuthor":true},` +
		`{"author":{"__typename":"User","login":"monalisa"},"databaseId":1002,"isMinimized":false,"minimizedReason":null,"viewerDidAuthor":false}],` +
		`"pageInfo":{"endCursor":"Y3Vyc29yOjE=","hasNextPage":true}}}}}}`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	vars["after"] = "Y3Vyc29yOjE="
	if got := ask(t, s, commentsQuery, vars); !strings.Contains(got, `"databaseId":1003`) || !strings.Contains(got, `"hasNextPage":false`) {
		t.Errorf("second page: %s", got)
	}
	comment := strings.Split(ask(t, s, `{ repository(owner: "octo-org", name: "app") { pullRequest(number: 7) { comments(last: 3) { nodes { id } } } } }`, nil), `"`)
	got = ask(t, s, `mutation($id: ID!) { minimizeComment(input: {subjectId: $id, classifier: OUTDATED}) {
		minimizedComment { isMinimized minimizedReason } } }`, map[string]string{"id": comment[13]})
	want = `{"data":{"minimizeComment":{"minimizedComment":{"isMinimized":true,"minimizedReason":"outdated"}}}}`
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if c := s.Comments(7)[0]; c.ID != mine || c.Minimized != "OUTDATED" {
		t.Errorf("got %+v, want it minimized", c)
	}
	noViolations(t, s)
}

func TestAQueryOutsideTheSchemaIsAViolation(t *testing.T) {
	for name, query := range map[string]string{
		"a misspelt field":         `{ repository(owner: "o", name: "n") { pullRequest(number: 7) { coments(first: 1) { totalCount } } } }`,
		"a wrong enum":             `mutation { minimizeComment(input: {subjectId: "x", classifier: OLD}) { clientMutationId } }`,
		"a missing argument":       `{ repository(owner: "o") { id } }`,
		"no query at all":          `{`,
		"a field without children": `{ repository(owner: "o", name: "n") }`,
	} {
		s := github.Start(t, github.Options{})
		got := ask(t, s, query, nil)
		if len(s.Violations()) == 0 || !strings.Contains(got, `"errors":[`) {
			t.Errorf("%s passes: %s", name, got)
		}
	}
}

func TestGraphQLRefusesWhatTheTokenMayNot(t *testing.T) {
	s := github.Start(t, github.Options{Permissions: github.Reader()})
	fill(s)
	s.AddComment(7, github.Actions(), "mine")
	id := strings.Split(ask(t, s, `{ repository(owner: "octo-org", name: "app") { pullRequest(number: 7) { comments(last: 3) { nodes { id } } } } }`, nil), `"`)[13]
	got := ask(t, s, fmt.Sprintf(`mutation { minimizeComment(input: {subjectId: %q, classifier: OUTDATED}) { clientMutationId } }`, id), nil)
	want := `{"data":{"minimizeComment":null},"errors":[{"message":"Resource not accessible by integration","path":["minimizeComment"],"type":"FORBIDDEN"}]}`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := ask(t, s, `{ repository(owner: "octo-org", name: "other") { id } }`, nil); !strings.Contains(got, "NOT_FOUND") {
		t.Errorf("got %s", got)
	}
	noViolations(t, s)
}
