package container

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/loadline-dev/loadline/test/github"
	"github.com/loadline-dev/loadline/test/github/event"
)

// act is the runner of workflows, built from its module.
var act = sync.OnceValues(func() (string, error) { //nolint:gochecknoglobals // shared by all tests
	file := filepath.Join(env.dir, "act")
	_, err := output("go", "build", "-C", "tools/act", "-o", file, "github.com/nektos/act")
	return file, err
})

// workflow is what users write. act takes the place of actions/checkout: it copies the directory that it runs in.
const workflow = `name: check
on: [pull_request, pull_request_target, merge_group, push, workflow_run, workflow_dispatch, schedule]
jobs:
  check:
    runs-on: ubuntu-latest
    steps:
      - if: github.event_name != 'pull_request_target'
        uses: actions/checkout@v6
      - id: loadline
        uses: loadline-dev/loadline@v1
        with:
          report-file: ${{ github.event_name == 'workflow_run' && 'report.json' || '' }}
      - if: always()
        env:
          PASSED: ${{ steps.loadline.outputs.passed }}
          UPLOAD: ${{ steps.loadline.outputs.upload-bytes }}
          BASE: ${{ steps.loadline.outputs.base-bytes }}
          COMMENT: ${{ steps.loadline.outputs.comment-url }}
        run: echo "passed=[$PASSED] upload=[$UPLOAD] base=[$BASE] comment=[$COMMENT]"
`

// occurrence is one event, and what a run for it should come to.
type occurrence struct {
	name string
	// isLight takes the lighter pull request.
	isLight bool
	make    func(s *shop) (e event.Event, commit string, err error)
	// What is expected: the gate's answer, the job's, which differ where a report is only published, a base, a comment.
	isFailed, isRed, hasBase, hasComment bool
}

func occurrences() []occurrence {
	of := func(s *shop) event.Repository { return event.Of(s.server) }
	return []occurrence{
		{name: "pull_request", isFailed: true, isRed: true, hasBase: true, hasComment: true, make: func(s *shop) (event.Event, string, error) {
			e, err := event.PullRequest(of(s), "opened", s.pull)
			return e, s.pull.Merge, err
		}},
		{name: "pull_request_target", isFailed: true, isRed: true, hasBase: true, hasComment: true, make: func(s *shop) (event.Event, string, error) {
			e, err := event.PullRequestTarget(of(s), "opened", s.pull)
			return e, s.main, err
		}},
		{name: "merge_group", isFailed: true, isRed: true, hasBase: true, make: func(s *shop) (event.Event, string, error) {
			e, err := event.MergeGroup(of(s), s.main, s.pull.Merge, pullNumber)
			return e, s.pull.Merge, err
		}},
		{name: "push", isFailed: true, isRed: true, hasBase: true, make: func(s *shop) (event.Event, string, error) {
			e, err := event.Push(of(s), event.Forward, "main", s.main, s.pull.Merge)
			return e, s.pull.Merge, err
		}},
		{name: "workflow_run", isFailed: true, hasBase: true, hasComment: true, make: func(s *shop) (event.Event, string, error) {
			run := github.Run{ID: 4000, Event: "pull_request", HeadSHA: s.pull.Head, HeadBranch: s.pull.HeadRef}
			e, err := event.WorkflowRun(of(s), run, s.main)
			return e, s.main, err
		}},
		{name: "workflow_dispatch", isLight: true, make: func(s *shop) (event.Event, string, error) {
			e, err := event.WorkflowDispatch(of(s), s.pull.HeadRef, s.pull.Head, nil)
			return e, s.pull.Head, err
		}},
		{name: "schedule", isLight: true, make: func(s *shop) (event.Event, string, error) {
			e, err := event.Schedule(of(s), s.main)
			return e, s.main, err
		}},
	}
}

// TestActRunsTheWorkflowForEveryEvent: the action as users name it, in a job that is a container as well. One after the
// other, for act names the container of a job after the workflow.
func TestActRunsTheWorkflowForEveryEvent(t *testing.T) {
	requireImage(t)
	t.Parallel()
	for _, o := range occurrences() {
		t.Run(o.name, func(t *testing.T) {
			s := newShop(t, github.Options{})
			if o.isLight {
				s.push(s.lighter())
			}
			e, commit, err := o.make(s)
			must(t, err)
			workspace := s.checkout(t, commit)
			if o.name == "workflow_run" {
				saveReport(t, s, workspace)
			}
			log, isRed := runAct(t, s, e, workspace)
			o.check(t, s, log, isRed)
		})
	}
	t.Run("the second run edits the comment of the first", editsItsComment)
}

// saveReport is the run that workflow_run follows, which may not comment. Its report is what a step before downloads.
func saveReport(t *testing.T, s *shop, workspace string) {
	t.Helper()
	earlier := s.checkout(t, s.pull.Merge)
	r := newJob(t, s.server, earlier).step(s.event(t, "opened"), map[string]string{"comment": "off", "report-file": "report.json"})
	text, err := os.ReadFile(filepath.Join(earlier, "report.json"))
	if err != nil {
		t.Fatalf("%v\n%s", err, r.log)
	}
	must(t, os.WriteFile(filepath.Join(workspace, "report.json"), text, 0o644))
}

func (o occurrence) check(t *testing.T, s *shop, log string, isRed bool) {
	t.Helper()
	line := ""
	for text := range strings.Lines(log) {
		if strings.Contains(text, "passed=[") && !strings.Contains(text, "$PASSED") {
			line = strings.TrimSpace(text)
		}
	}
	if isRed != o.isRed || !strings.Contains(line, fmt.Sprintf("passed=[%t]", !o.isFailed)) || strings.Contains(line, "upload=[]") ||
		strings.Contains(line, "base=[]") == o.hasBase || strings.Contains(line, "comment=[]") == o.hasComment {
		t.Errorf("red is %t, want %t; outputs are %q\n%s", isRed, o.isRed, line, log)
	}
	if n := len(s.server.Comments(pullNumber)); n != map[bool]int{true: 1, false: 0}[o.hasComment] {
		t.Errorf("%d comments\n%s", n, log)
	}
	if !strings.Contains(log, "Summary - ") {
		t.Errorf("act shows no summary\n%s", log)
	}
	for _, violation := range s.server.Violations() {
		t.Errorf("breach of GitHub's contract: %s", violation)
	}
	if hosts := s.server.TokenSeenBy(); slices.ContainsFunc(hosts, func(host string) bool { return host != "api" }) || strings.Contains(log, s.server.Token()) {
		t.Errorf("the token was seen by %v, or is in the log\n%s", hosts, log)
	}
}

// editsItsComment: the marker of the comment has the same key in every run of the workflow.
func editsItsComment(t *testing.T) {
	s := newShop(t, github.Options{})
	runAct(t, s, s.event(t, "opened"), s.checkout(t, s.pull.Merge))
	first := s.server.Comments(pullNumber)
	s.push(s.lighter())
	log, isRed := runAct(t, s, s.event(t, "synchronize"), s.checkout(t, s.pull.Merge), "GITHUB_RUN_ID=4243")
	second := s.server.Comments(pullNumber)
	if len(first) != 1 || len(second) != 1 || first[0].ID != second[0].ID || first[0].Body == second[0].Body || isRed {
		t.Errorf("comments after the first run %v and after the second %v\n%s", first, second, log)
	}
}

// runAct runs the workflow in a workspace and answers what act says, and whether the job failed.
func runAct(t *testing.T, s *shop, e event.Event, workspace string, variables ...string) (log string, isRed bool) {
	t.Helper()
	program, err := act()
	must(t, err)
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		must(t, os.MkdirAll(filepath.Dir(file), 0o755))
		must(t, os.WriteFile(file, []byte(text), 0o644))
		return file
	}
	// As a release does: action.yml names the image.
	released := strings.Replace(read(t, filepath.Join(root, "action.yml")), "image: Dockerfile", "image: docker://"+imageName, 1)
	write("action/action.yml", released)
	args := []string{
		e.Name, "--eventpath", write("event.json", string(e.Payload)), "--workflows", write("check.yml", workflow),
		"--platform", "ubuntu-latest=" + debianImage, "--pull=false", "--no-cache-server", "--action-cache-path", filepath.Join(dir, "cache"),
		"--local-repository", "https://github.com/loadline-dev/loadline@v1=" + filepath.Join(dir, "action"),
		"--container-daemon-socket", "-", "--actor", e.Actor, "--secret", "GITHUB_TOKEN=" + s.server.Token(), "--rm",
	}
	// What act makes up otherwise. SHA_REF is its name for GITHUB_SHA.
	known := append(e.Environment(s.server.URL(), s.server.GraphQLURL(), ""), variables...)
	for _, variable := range append(known, "SHA_REF="+e.SHA) {
		if name, _, _ := strings.Cut(variable, "="); name != "GITHUB_EVENT_PATH" && name != "GITHUB_EVENT_NAME" {
			args = append(args, "--env", variable)
		}
	}
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir = workspace
	cmd.Env = []string{"DOCKER_HOST=unix://" + env.socket, "HOME=" + dir, "PATH=" + os.Getenv("PATH"), "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*"}
	start := time.Now()
	text, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	fmt.Printf("act, %s: %.1f s\n", e.Name, time.Since(start).Seconds())
	return string(text), cmd.ProcessState.ExitCode() != 0
}
