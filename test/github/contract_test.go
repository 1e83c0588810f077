package github_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/loadline-dev/loadline/test/github"
)

// send makes a request as it is, and returns the status and the answer.
func send(t *testing.T, s *github.Server, method, path, body string, header ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, s.URL()+path, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.Token())
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(text)
}

const repo = "/repos/octo-org/app"

// annotation is JSON of one with a level.
func annotation(level string) string {
	return fmt.Sprintf(`{"path":"Dockerfile","start_line":1,"end_line":1,"annotation_level":%q,"message":"m"}`, level)
}

func checkBody(annotations, summary string) string {
	return fmt.Sprintf(`{"name":"loadline","head_sha":"HEAD","output":{"title":"t","summary":%q,"annotations":[%s]}}`, summary, annotations)
}

// TestTheContractCatchesMistakes makes mistakes that a client could make; each must be a violation, and refused where
// GitHub refuses it.
func TestTheContractCatchesMistakes(t *testing.T) {
	filled := github.Start(t, github.Options{})
	_, head, _ := fill(filled)
	many := strings.TrimSuffix(strings.Repeat(annotation("warning")+",", 51), ",")
	for _, c := range []struct {
		name, method, path, body string
		status                   int
		want                     string // in the violation
	}{
		{"51 annotations", "POST", "/check-runs", checkBody(many, "s"), 422, "annotations"},
		{"a level that does not exist", "POST", "/check-runs", checkBody(annotation("error"), "s"), 422, "annotation_level"},
		{"a summary of 65,536 characters", "POST", "/check-runs", checkBody("", strings.Repeat("x", 65_536)), 422, "summary"},
		{"an unknown property", "POST", "/issues/7/comments", `{"body":"b","bdoy":"c"}`, 201, "/bdoy"},
		{"an unknown property deep inside", "POST", "/check-runs", checkBody(strings.Replace(annotation("warning"), "message", "mesage", 1), "s"), 0, "mesage"},
		{"a wrong route", "POST", "/issue/7/comments", `{"body":"b"}`, 404, "not in the description"},
		{"a wrong method", "PUT", "/issues/7/comments", `{"body":"b"}`, 404, "not in the description"},
		{"no body", "POST", "/issues/7/comments", "", 400, "body"},
		{"a body that is no JSON", "POST", "/issues/7/comments", "{", 400, "body"},
		{"a body without its text", "POST", "/issues/7/comments", "{}", 422, "body"},
		{"a number for a text", "PATCH", "/issues/comments/1001", `{"body":5}`, 400, "body"},
		{"completed without a conclusion", "POST", "/check-runs", `{"name":"n","head_sha":"HEAD","status":"completed"}`, 422, "conclusion"},
		{"completed later without a conclusion", "PATCH", "/check-runs/1002", `{"status":"completed"}`, 422, "conclusion"},
		{"an undocumented parameter", "GET", "/issues/7/comments?per-page=100", "", 200, `"per-page"`},
		{"a state that does not exist", "GET", "/pulls?state=opened", "", 200, "state"},
		{"a number that is none", "GET", "/pulls/seven", "", 404, "pull_number"},
		{"a body on GET", "GET", "/pulls/7", `{"a":1}`, 200, "takes no body"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := again(t, filled, github.Options{})
			s.AddComment(7, github.Actions(), "b")
			send(t, s, "POST", repo+"/check-runs", strings.ReplaceAll(`{"name":"n","head_sha":"HEAD"}`, "HEAD", head))
			noViolations(t, s)
			resp, text := send(t, s, c.method, repo+c.path, strings.ReplaceAll(c.body, "HEAD", head))
			got := strings.Join(s.Violations(), "\n")
			if !strings.Contains(got, c.want) || got == "" {
				t.Errorf("got violations %q, want one with %q", got, c.want)
			}
			if c.status != 0 && resp.StatusCode != c.status {
				t.Errorf("got status %d, want %d: %s", resp.StatusCode, c.status, text)
			}
		})
	}
}

func TestACommentMayHave65536Characters(t *testing.T) {
	s := github.Start(t, github.Options{})
	fill(s)
	resp, _ := send(t, s, "POST", repo+"/issues/7/comments", fmt.Sprintf(`{"body":%q}`, strings.Repeat("ä", 65_536)))
	if resp.StatusCode != http.StatusCreated {
		t.Errorf("got %d for 65,536 characters", resp.StatusCode)
	}
	resp, text := send(t, s, "POST", repo+"/issues/7/comments", fmt.Sprintf(`{"body":%q}`, strings.Repeat("x", 65_537)))
	if resp.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(text, "Body is too long (maximum is 65536 characters)") {
		t.Errorf("got %d %s for 65,537 characters", resp.StatusCode, text)
	}
	noViolations(t, s)
}

// TestTheWholeDescriptionAgrees checks the same traffic against a complete description, such as that of GitHub Enterprise
// Server. LOADLINE_OPENAPI names its file, from npm's @octokit/openapi.
func TestTheWholeDescriptionAgrees(t *testing.T) {
	file := os.Getenv("LOADLINE_OPENAPI")
	if file == "" {
		t.Skip("LOADLINE_OPENAPI names no description")
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s := github.Start(t, github.Options{Description: text})
	_, head, merge := fill(s)
	traffic(t, s, head, merge)
	noViolations(t, s)
}
