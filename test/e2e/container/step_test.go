package container

import (
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/loadline-dev/loadline/test/github"
)

// slow is how long a run may take here, where others may be at work too. What it takes is printed.
const slow = time.Minute

// TestACommentIsMadeByTheFirstRunAndEditedByTheSecond: a pull request exceeds a budget; then its author mends it.
func TestACommentIsMadeByTheFirstRunAndEditedByTheSecond(t *testing.T) {
	requireImage(t)
	s := newShop(t, github.Options{})
	first := newJob(t, s.server, s.checkout(t, s.pull.Merge)).step(s.event(t, "opened"), nil)
	if first.code != 1 {
		t.Fatalf("exit code %d, want 1 for a failed gate\n%s", first.code, first.log)
	}
	made := s.server.Comments(pullNumber)
	if len(made) != 1 || made[0].Author != github.Actions() {
		t.Fatalf("comments after the first run: %v\n%s", made, first.log)
	}
	if first.outputs["passed"] != "false" || !strings.Contains(first.outputs["comment-url"], fmt.Sprint(made[0].ID)) {
		t.Errorf("outputs %v", first.outputs)
	}
	if !regexp.MustCompile(`(?m)^::error `).MatchString(first.log) {
		t.Errorf("no annotation says why it is red:\n%s", first.log)
	}
	assertSummary(t, first)
	assertSums(t, first.outputs)

	s.push(s.lighter())
	job := newJob(t, s.server, s.checkout(t, s.pull.Merge))
	job.variables = []string{"GITHUB_RUN_ID=4243"}
	second := job.step(s.event(t, "synchronize"), nil)
	if second.code != 0 || second.outputs["passed"] != "true" {
		t.Errorf("exit code %d, outputs %v\n%s", second.code, second.outputs, second.log)
	}
	edited := s.server.Comments(pullNumber)
	if len(edited) != 1 || edited[0].ID != made[0].ID || edited[0].Body == made[0].Body {
		t.Errorf("comments after the second run: %v", edited)
	}
	assertSummary(t, second)
	fmt.Printf("a run on a small repository, start to finish: %.2f s and %.2f s\n", first.took.Seconds(), second.took.Seconds())
	if took := max(first.took, second.took); took > slow {
		t.Errorf("a run takes %s", took)
	}
}

func assertSummary(t *testing.T, r result) {
	t.Helper()
	if !strings.Contains(r.summary, "services/web") && !strings.Contains(r.summary, "builds") {
		t.Errorf("the summary says nothing: %q", r.summary)
	}
	if strings.Contains(r.summary, "<!-- loadline:") {
		t.Error("the marker of comments is in the summary")
	}
}

// assertSums holds the outputs against each other.
func assertSums(t *testing.T, outputs map[string]string) {
	t.Helper()
	var head, base, delta, builds int
	for name, n := range map[string]*int{"upload-bytes": &head, "base-bytes": &base, "delta-bytes": &delta, "builds": &builds} {
		if _, err := fmt.Sscan(outputs[name], n); err != nil {
			t.Errorf("%s is %q", name, outputs[name])
		}
	}
	if head-base != delta || delta <= 0 || builds < 3 {
		t.Errorf("outputs %v", outputs)
	}
}

// TestAForkWithATokenThatReadsIsNotRed: nothing is written to GitHub, everything else is as ever.
func TestAForkWithATokenThatReadsIsNotRed(t *testing.T) {
	requireImage(t)
	s := newShop(t, github.Options{Permissions: github.Reader()})
	s.pull.HeadOwner, s.pull.Author = "monalisa", github.Stranger()
	s.push(s.lighter())
	r := newJob(t, s.server, s.checkout(t, s.pull.Merge)).step(s.event(t, "opened"), map[string]string{"comment": "always", "max-upload": "1GB"})
	if r.code != 0 || r.outputs["passed"] != "true" {
		t.Errorf("exit code %d, outputs %v\n%s", r.code, r.outputs, r.log)
	}
	if comments := s.server.Comments(pullNumber); len(comments) != 0 {
		t.Errorf("comments %v", comments)
	}
	assertSummary(t, r)
	why := regexp.MustCompile(`(?m)^.*comment.*$`).FindAllString(r.log, -1)
	if len(why) != 1 {
		t.Errorf("%d lines about the comment, want one that says why there is none:\n%s", len(why), r.log)
	}
	if regexp.MustCompile(`(?m)^::(error|warning)`).MatchString(r.log) {
		t.Errorf("it warns:\n%s", r.log)
	}
}

// TestAForkThatIsTooHeavyIsRedWithoutAComment: the gate needs no permission.
func TestAForkThatIsTooHeavyIsRedWithoutAComment(t *testing.T) {
	requireImage(t)
	s := newShop(t, github.Options{Permissions: github.Reader()})
	s.pull.HeadOwner, s.pull.Author = "monalisa", github.Stranger()
	s.server.SetPull(s.pull)
	r := newJob(t, s.server, s.checkout(t, s.pull.Merge)).step(s.event(t, "opened"), nil)
	if r.code != 1 || r.outputs["passed"] != "false" {
		t.Errorf("exit code %d, outputs %v\n%s", r.code, r.outputs, r.log)
	}
	if comments := s.server.Comments(pullNumber); len(comments) != 0 {
		t.Errorf("comments %v", comments)
	}
	assertSummary(t, r)
	if !regexp.MustCompile(`(?m)^::error `).MatchString(r.log) {
		t.Errorf("no annotation says why it is red:\n%s", r.log)
	}
}

// TestTheWorkspaceStaysTheRunners: the container is root. What it left there, the next job could not remove.
func TestTheWorkspaceStaysTheRunners(t *testing.T) {
	requireImage(t)
	s := newShop(t, github.Options{})
	workspace := s.checkout(t, s.pull.Merge)
	before := files(t, workspace)
	newJob(t, s.server, workspace).step(s.event(t, "opened"), nil)
	if diff := cmp.Diff(before, files(t, workspace)); diff != "" {
		t.Errorf("the workspace before (-) and after (+):\n%s", diff)
	}
	if paths := foreign(t, workspace); len(paths) > 0 {
		t.Errorf("these belong to root: %v", paths)
	}
}

// TestReportsAreWrittenIntoTheWorkspace: later steps upload them, as another user.
func TestReportsAreWrittenIntoTheWorkspace(t *testing.T) {
	requireImage(t)
	s := newShop(t, github.Options{})
	workspace := s.checkout(t, s.pull.Merge)
	r := newJob(t, s.server, workspace).step(s.event(t, "opened"), map[string]string{"report-file": "report.json", "sarif-file": "loadline.sarif"})
	if r.outputs["report"] != "report.json" {
		t.Errorf("outputs %v", r.outputs)
	}
	for _, name := range []string{"report.json", "loadline.sarif"} {
		info, err := os.Stat(filepath.Join(workspace, name))
		must(t, err)
		if info.Mode().Perm()&0o044 != 0o044 {
			t.Errorf("%s cannot be read by others: %s", name, info.Mode())
		}
	}
}

// TestTheBaseIsFetchedOverHTTPS: without a token for the API, the credentials that a checkout leaves are used, by the git
// of the image.
func TestTheBaseIsFetchedOverHTTPS(t *testing.T) {
	requireImage(t)
	s := newShop(t, github.Options{})
	git(t, s.server.GitDir(), "config", "uploadpack.allowAnySHA1InWant", "true")
	header := "AUTHORIZATION: basic " + base64.StdEncoding.EncodeToString([]byte("x-access-token:"+s.server.Token()))
	remote := serveGit(t, s.server.GitDir(), header)
	for _, checkout := range []struct {
		name  string
		leave func(t *testing.T, j *job)
	}{
		{"credentials in the configuration, as of checkout v5", func(t *testing.T, j *job) {
			git(t, j.workspace, "config", "http."+remote.URL+"/.extraheader", header)
		}},
		{"credentials in a file of the runner, as of checkout v6", func(t *testing.T, j *job) {
			text := fmt.Sprintf("[http %q]\n\textraheader = %s\n", remote.URL+"/", header)
			must(t, os.WriteFile(filepath.Join(j.temp, "git-credentials-1.config"), []byte(text), 0o600))
			git(t, j.workspace, "config", "includeIf.gitdir:/github/workspace/.git.path", "/github/runner_temp/git-credentials-1.config")
		}},
	} {
		t.Run(checkout.name, func(t *testing.T) {
			j := newJob(t, s.server, s.checkout(t, s.pull.Merge))
			git(t, j.workspace, "config", "remote.origin.url", remote.URL+"/app.git")
			checkout.leave(t, j)
			certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: remote.Certificate().Raw})
			must(t, os.WriteFile(filepath.Join(j.temp, "ca.pem"), certificate, 0o644))
			own(t, j.workspace)
			own(t, j.temp)
			j.variables = []string{"GIT_SSL_CAINFO=/github/runner_temp/ca.pem"}
			r := j.step(s.event(t, "opened"), map[string]string{"token": ""})
			if r.code != 1 {
				t.Errorf("exit code %d, want 1 for a failed gate\n%s", r.code, r.log)
			}
			assertSums(t, r.outputs)
			if dirs := foreignDirectories(t, j.workspace); len(dirs) > 0 {
				t.Errorf("these belong to root, so that their content can not be removed: %v", dirs)
			}
			if n := s.server.Requests(); n != 0 {
				t.Errorf("%d requests to the API without a token", n)
			}
		})
	}
}

// serveGit serves one bare repository over https to those who send a header.
func serveGit(t *testing.T, dir, header string) *httptest.Server {
	t.Helper()
	exec, err := output("git", "--exec-path")
	must(t, err)
	backend := &cgi.Handler{
		Path: filepath.Join(strings.TrimSpace(exec), "git-http-backend"), Root: "/app.git",
		Env: []string{"GIT_PROJECT_ROOT=" + dir, "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*"},
	}
	name, value, _ := strings.Cut(header, ": ")
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get(name) != value {
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		backend.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}
