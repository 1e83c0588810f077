//go:build unix

package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/loadline-dev/loadline/pkg/report/golden"
	"github.com/loadline-dev/loadline/test/github"
)

// saveReport is the saved report of the pull request, made without a token.
func (w *world) saveReport() string {
	w.t.Helper()
	token := w.row.token
	w.row.token, w.row.more = "absent", "report-file=report.json"
	w.run(w.event())
	w.row.token, w.row.more = token, ""
	w.out.Reset()
	return filepath.Join(w.dir, "report.json")
}

// publish runs the command outside of any workflow.
func (w *world) publish(token string, args ...string) (code int, out, errs string) {
	w.t.Helper()
	vars := map[string]string{
		"GITHUB_TOKEN": token, "GITHUB_API_URL": w.server.URL(), "GITHUB_GRAPHQL_URL": w.server.GraphQLURL(), "GITHUB_REPOSITORY": w.server.Repository(),
	}
	var stdout, stderr bytes.Buffer
	code = run(context.Background(), append([]string{"publish"}, args...), streams{
		in: strings.NewReader(""), out: &stdout, err: &stderr, getenv: func(name string) string { return vars[name] }, clock: &hurry{},
	})
	return code, stdout.String(), stderr.String()
}

func TestSavedReportsArePublishedInThePullRequestThatTheyAreAbout(t *testing.T) {
	made := kit{dir: t.TempDir(), repositories: map[bool]repository{}}
	w := newWorld(t, row{event: "pull_request", token: "write", base: "local"}, made)
	file := w.saveReport()
	foreign := filepath.Join(w.files, "foreign.json")
	text, err := os.ReadFile(file)
	must(t, err)
	must(t, os.WriteFile(foreign, bytes.ReplaceAll(text, []byte(w.merge), []byte(w.main)), 0o600))
	forged := filepath.Join(w.files, "forged.json")
	must(t, os.WriteFile(forged, bytes.Replace(text, []byte(`"override": null`), []byte(`"override": {"label": "@team", "failures": [{"rule": "growth-budget", "build": "x", "message": "y"}]}`), 1), 0o600))
	token := w.server.Token()
	tests := []struct {
		name      string
		token     string
		args      []string
		code      int
		out, errs string
	}{
		{"no token", "", []string{"--pull", "7", file}, exitUsage, "", "publishing needs a token"},
		{"no pull request", token, []string{file}, exitUsage, "", "the event is about no pull request: use --pull"},
		{"no report", token, []string{"--pull", "7", "absent.json"}, exitUsage, "", "no such file"},
		{"no repository", token, []string{"--repository", "x", "--pull", "7", file}, exitUsage, "", `"x" is not OWNER/NAME`},
		{"wrong when", token, []string{"--comment", "never", "--pull", "7", file}, exitUsage, "", `"never" is none of changes, always, off`},
		{"another commit", token, []string{"--pull", "7", foreign}, exitAnalysis, "", "the report is about another commit than pull request 7"},
		{"another commit among them", token, []string{"--pull", "7", file, foreign}, exitAnalysis, "", "another commit"},
		{"another pull request", token, []string{"--pull", "8", file}, exitAnalysis, "", "404 Not Found"},
		{"made", token, []string{"--pull", "7", file}, exitPassed, "comment: made https://github.com/octo-org/app/pull/7#issuecomment-", ""},
		{"again", token, []string{"--pull", "7", file}, exitPassed, "comment: unchanged ", ""},
		{"with another", token, []string{"--pull", "7", "--check-run", file, file}, exitPassed, "comment: updated ", ""},
		{"a forged override", token, []string{"--pull", "7", forged}, exitPassed, "comment: updated ", ""},
		{"another key", token, []string{"--pull", "7", "--comment-key", "x", file}, exitPassed, "comment: made ", ""},
		{"off", token, []string{"--pull", "7", "--comment", "off", file}, exitPassed, "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			code, out, errs := w.publish(test.token, test.args...)
			if code != test.code || !strings.Contains(out, test.out) || !strings.Contains(errs, test.errs) || test.errs == "" && errs != "" {
				t.Errorf("exit code %d, out %q, errors %q", code, out, errs)
			}
		})
	}
	ours := w.ours()
	if len(ours) != 2 || len(w.server.CheckRuns()) != 1 {
		t.Fatalf("%d comments and %d check runs", len(ours), len(w.server.CheckRuns()))
	}
	if strings.Contains(ours[0].Body, "Allowed by the label") {
		t.Error("a saved report brings its own override")
	}
	for _, v := range w.server.Violations() {
		t.Error("violation of GitHub's description:", v)
	}
}

// commandsOfOurs are the only lines of the log that the runner may take for commands.
var commandsOfOurs = regexp.MustCompile(`^::(?:error|warning|notice) (?:[a-zA-Z]+=[^,:]*,?)+::`)

// TestHostileNamesAreInertInTheWholeAction gives files, directories, the base branch and the author of a pull request
// names that mean something to a log, to Markdown or to HTML, and looks at all that comes out.
func TestHostileNamesAreInertInTheWholeAction(t *testing.T) {
	here, err := os.Getwd()
	must(t, err)
	w := &world{t: t, row: row{event: "pull_request", token: "write", more: "comment=always check-run=true max-upload=1B comment-key=-->"}, name: "hostile", golden: here, files: t.TempDir(), dir: t.TempDir()}
	w.server = github.Start(t, github.Options{})
	before := map[string]string{"Dockerfile": "FROM scratch\nCOPY . .\n"}
	w.fork = w.server.Commit(before)
	w.main = w.fork
	after := map[string]string{"Dockerfile": before["Dockerfile"]}
	for i, name := range golden.HostileNames() {
		name = strings.NewReplacer("\x00", "", "/", "", "..", "").Replace(name)
		if len(name) > 200 {
			name = name[:200]
		}
		if name == "" {
			continue
		}
		after["data/"+name] = strings.Repeat("x", 1000*(i+1))
		after["d"+name+"/Dockerfile"] = "FROM scratch AS x\nCOPY Dockerfile \"/" + strings.Trim(strings.ToValidUTF8(name, ""), "\n\r\"\\\u2028") + "\"\n"
	}
	w.topic = w.server.Commit(after, w.fork)
	w.first = w.topic
	w.merge = w.server.MergeCommit(w.fork, w.topic)
	const branch = "a|b\"<img-src=x>`@team`##[x]&'--><!--"
	w.server.SetRef("refs/heads/main", w.main)
	w.pull = github.Pull{
		Number: pullNumber, Head: w.topic, HeadRef: branch, Base: w.fork, BaseRef: branch, Merge: w.merge,
		Author: github.User{ID: 1, Login: "@team##[x]"}, Title: branch, Labels: []string{branch},
	}
	w.server.SetPull(w.pull)
	git(t, w.dir, "init", "-q")
	git(t, w.dir, "fetch", "-q", "file://"+w.server.GitDir(), w.merge)
	git(t, w.dir, "update-ref", "refs/heads/work", w.merge)
	git(t, w.dir, "symbolic-ref", "HEAD", "refs/heads/work")
	if code := w.run(w.event()); code != exitGate {
		t.Fatalf("exit code %d\n%s", code, &w.out)
	}
	w.promises()
	for line := range strings.Lines(w.out.String() + w.errs.String()) {
		if strings.Contains(line, "##[") || strings.HasPrefix(strings.TrimSpace(line), "::") && !commandsOfOurs.MatchString(line) {
			t.Errorf("a line of the log is %q", line)
		}
	}
	ours := w.ours()
	if len(ours) != 1 || len(w.server.CheckRuns()) != 1 {
		t.Fatalf("%d comments, %d check runs\n%s", len(ours), len(w.server.CheckRuns()), &w.out)
	}
	first, body, _ := strings.Cut(ours[0].Body, "\n")
	if !regexp.MustCompile(`^<!-- loadline:v1 key=[0-9a-f]{16} run=4242\.1 sha=` + w.topic + ` -->$`).MatchString(first) {
		t.Errorf("the marker is %q", first)
	}
	own := regexp.MustCompile(`</?(?:code|details|summary|br)>|<a href="https://github\.com/octo-org/app/blob/` + w.topic + `/[^"<>& ]*">|</a>`)
	for name, text := range map[string]string{"comment": body, "summary": w.read("summary"), "check run": w.server.CheckRuns()[0].Summary} {
		text = own.ReplaceAllString(text, "")
		if at := strings.IndexAny(text, "<@`[]\x1b\u202e"); at >= 0 {
			t.Errorf("the %s holds %q", name, text[max(at-100, 0):min(at+100, len(text))])
		}
		if !strings.Contains(text, "&#64;team") {
			t.Errorf("the %s does not name what it should", name)
		}
	}
}
