//go:build unix

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/loadline-dev/loadline/test/github"
	"github.com/loadline-dev/loadline/test/github/event"
)

// world is what surrounds a run.
type world struct {
	t      *testing.T
	row    row
	name   string
	server *github.Server
	golden string // where the golden files are: the run changes the directory
	repository
	pull      github.Pull
	dir       string // the workspace
	out, errs bytes.Buffer
	files     string // outputs and summary
	number    int    // of the run; that of the event's example if 0
}

// repository is the one on GitHub, and its commits: main, and where the topic left it; the topic's first commit and its
// last; and the test merge.
type repository struct {
	git                             string
	fork, main, first, topic, merge string
}

// kit is what the rows have in common, so that it is made once.
type kit struct {
	dir          string
	repositories map[bool]repository // by whether the topic is quiet
	treeLimit    int                 // entries after which GitHub cuts a tree off; 0 for its own limit
}

// has reports whether a circumstance is the case.
func (w *world) has(what string) bool { return slices.Contains(strings.Fields(w.row.more), what) }

// pullNumber is that of the pull request.
const pullNumber = 7

func newWorld(t *testing.T, r row, made kit) *world {
	t.Helper()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, row: r, name: r.name(), golden: filepath.Join(here, "testdata", "action"), files: t.TempDir(), dir: t.TempDir()}
	w.repository = made.repository(t, w.has("quiet"))
	o := github.Options{
		Permissions: map[string]*github.Permissions{"write": github.Writer(), "read": github.Reader(), "none": {}}[r.token],
		StrictReads: w.has("strict") || r.token == "none" && !strings.HasPrefix(r.event, "pull_request_target"),
		Private:     w.has("private"),
		Git:         t.TempDir(),
		TreeLimit:   made.treeLimit,
	}
	if w.has("enterprise") {
		o.APIPath, o.GraphQLPath = "/api/v3", "/api/graphql"
	}
	must(t, os.CopyFS(o.Git, os.DirFS(w.repository.git)))
	w.server = github.Start(t, o)
	w.open()
	if from := made.checkout(t, w); from != "" {
		must(t, os.CopyFS(w.dir, os.DirFS(from)))
	}
	return w
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// repository makes the repository: main has moved since the topic left it, and the topic adds a file that weighs, or not.
func (k kit) repository(t *testing.T, isQuiet bool) repository {
	t.Helper()
	if r, ok := k.repositories[isQuiet]; ok {
		return r
	}
	r := repository{git: filepath.Join(k.dir, fmt.Sprint("repository-", isQuiet))}
	must(t, os.Mkdir(r.git, 0o755))
	git(t, r.git, "init", "-q", "--bare")
	git(t, r.git, "config", "uploadpack.allowAnySHA1InWant", "true")
	s, err := github.New(github.Options{Git: r.git})
	must(t, err)
	defer s.Close()
	files := map[string]string{
		".dockerignore": ".git\n", "Dockerfile": "FROM scratch\nCOPY . .\n", "a.txt": "a\n",
		".loadline.yaml": "budgets:\n  growth: 100kB\nuplink: 1mbit\n",
	}
	r.fork = s.Commit(files)
	files["moved.txt"] = "moved\n"
	r.main = s.Commit(files, r.fork)
	delete(files, "moved.txt")
	files["first.txt"] = "first\n"
	r.first = s.Commit(files, r.fork)
	files["data/big.txt"] = strings.Repeat("0123456789\n", 20_000)
	if isQuiet {
		files["data/big.txt"] = "small\n"
	}
	r.topic = s.Commit(files, r.first)
	r.merge = s.MergeCommit(r.main, r.topic)
	s.SetRef("refs/heads/main", r.main)
	s.SetRef("refs/heads/topic", r.topic)
	k.repositories[isQuiet] = r
	return r
}

// open makes the pull request.
func (w *world) open() {
	w.pull = github.Pull{
		Number: pullNumber, Head: w.topic, HeadRef: "topic", Base: w.main, BaseRef: "main", Merge: w.merge, Author: github.Person(),
		Locked: w.has("locked"), HeadGone: w.has("gone"),
	}
	if strings.HasSuffix(w.row.event, " fork") {
		w.pull.HeadOwner, w.pull.Author = "monalisa", github.Stranger()
	}
	if strings.HasSuffix(w.row.event, " dependabot") {
		w.pull.Author, w.pull.HeadRef = github.Dependabot(), "dependabot/docker/alpine-3.22"
	}
	if w.has("label") {
		w.pull.Labels = []string{"Allow-Growth"}
	}
	if w.has("conflicts") {
		w.pull.Mergeable, w.pull.Merge = github.Conflicts, ""
	}
	w.server.SetPull(w.pull)
}

// checkout lays a workspace down as the step before leaves it; empty where nothing is checked out.
func (k kit) checkout(t *testing.T, w *world) string {
	t.Helper()
	event, _, _ := strings.Cut(w.row.event, " ")
	rev := map[string]string{"pull_request": w.merge, "merge_group": w.merge, "push": w.topic, "workflow_dispatch": w.topic, "schedule": w.main, "workflow_run": w.merge}[event]
	if rev == "" {
		return ""
	}
	isFull := w.row.base == "local"
	dir := filepath.Join(k.dir, fmt.Sprint("checkout-", rev, isFull))
	if os.Mkdir(dir, 0o755) != nil {
		return dir // made before
	}
	git(t, dir, "init", "-q")
	git(t, dir, "remote", "add", "origin", "file://"+w.repository.git)
	if isFull {
		git(t, dir, "fetch", "-q", "origin", rev, "+refs/heads/*:refs/remotes/origin/*")
	} else {
		git(t, dir, "fetch", "-q", "--depth=1", "origin", rev)
		git(t, dir, "remote", "remove", "origin")
	}
	git(t, dir, "checkout", "-q", rev)
	return dir
}

func git(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "protocol.file.allow=always", "-c", "init.defaultBranch=main", "-c", "advice.detachedHead=false"}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
}

// before is what happened before the run.
func (w *world) before() {
	w.t.Helper()
	if w.row.base == "absent" {
		w.server.Inject(github.Fail(github.GetTree, 0, 403, "Resource not accessible by integration"))
	}
	if strings.HasPrefix(w.row.event, "workflow_run") {
		w.save()
	}
	if w.has("commented") {
		// By a run of the same job, when the pull request was heavier.
		w.server.AddComment(pullNumber, github.Stranger(), "Nice!")
		w.server.AddComment(pullNumber, github.Actions(), fmt.Sprintf("<!-- loadline:v1 key=%s run=4000.1 sha=%s -->\nheavy\n", jobKey, w.first))
	}
	if w.has("moved-on") {
		next := w.server.Commit(map[string]string{"Dockerfile": "FROM scratch\n"}, w.topic)
		w.pull.Head = next
		w.server.SetPull(w.pull)
	}
}

// jobKey is the marker's key of the job that the events name, without a comment-key.
const jobKey = "c3a3ddf2620f11ae"

// save makes the report of the run that the event workflow_run follows, without a token as that of a fork; the workspace
// then holds nothing else.
func (w *world) save() {
	w.t.Helper()
	phase := *w
	phase.row = row{event: "pull_request", token: "absent", more: "report-file=report.json"}
	ev, err := event.PullRequest(event.Of(w.server), "opened", w.pull)
	if err != nil {
		w.t.Fatal(err)
	}
	phase.run(ev)
	text, err := os.ReadFile(filepath.Join(w.dir, "report.json"))
	if err != nil {
		w.t.Fatalf("%v\n%s%s", err, &phase.out, &phase.errs)
	}
	if w.has("foreign") {
		text = bytes.ReplaceAll(text, []byte(w.merge), []byte(w.main))
	}
	w.dir, w.files = w.t.TempDir(), w.t.TempDir()
	if err := os.WriteFile(filepath.Join(w.dir, "report.json"), text, 0o644); err != nil {
		w.t.Fatal(err)
	}
	w.row.more += " report-file=report.json"
}

// event is what starts the run.
func (w *world) event() event.Event {
	w.t.Helper()
	r := event.Of(w.server)
	pull := w.pull
	pull.Head = w.topic // as it was when the event happened
	var e event.Event
	var err error
	switch name, variant, _ := strings.Cut(w.row.event, " "); name {
	case "pull_request":
		e, err = event.PullRequest(r, "synchronize", pull)
	case "pull_request_target":
		e, err = event.PullRequestTarget(r, "synchronize", pull)
	case "merge_group":
		e, err = event.MergeGroup(r, w.main, w.merge, pullNumber)
	case "push":
		kind := map[string]event.PushKind{"": event.Forward, "first": event.Created, "forced": event.Forced}[variant]
		before := w.first
		if kind == event.Forced {
			before = map[string]string{"api": w.main, "absent": strings.Repeat("d", 40)}[w.row.base]
		}
		e, err = event.Push(r, kind, "topic", before, w.topic)
	case "workflow_run":
		run := github.Run{ID: 4000, Event: "pull_request", HeadSHA: w.topic, HeadBranch: "topic", HeadOwner: pull.HeadOwner}
		e, err = event.WorkflowRun(r, run, w.main)
	case "workflow_dispatch":
		e, err = event.WorkflowDispatch(r, "topic", w.topic, nil)
	case "schedule":
		e, err = event.Schedule(r, w.main)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return e
}

// run is the action in the workspace.
func (w *world) run(e event.Event) int {
	w.t.Helper()
	w.t.Chdir(w.dir)
	return w.start(e)
}

// start is the action in the working directory.
func (w *world) start(e event.Event) int {
	w.t.Helper()
	payload := filepath.Join(w.files, "event.json")
	if err := os.WriteFile(payload, e.Payload, 0o600); err != nil {
		w.t.Fatal(err)
	}
	vars := map[string]string{
		"GITHUB_WORKSPACE": w.dir, "GITHUB_OUTPUT": filepath.Join(w.files, "output"), "GITHUB_STEP_SUMMARY": filepath.Join(w.files, "summary"),
		"INPUT_TOKEN": w.server.Token(),
	}
	if w.row.token == "absent" {
		vars["INPUT_TOKEN"] = ""
	}
	for _, v := range e.Environment(w.server.URL(), w.server.GraphQLURL(), payload) {
		name, value, _ := strings.Cut(v, "=")
		vars[name] = value
	}
	if w.number > 0 {
		vars["GITHUB_RUN_ID"] = strconv.Itoa(w.number)
	}
	for _, word := range strings.Fields(w.row.more) {
		if name, value, isInput := strings.Cut(word, "="); isInput {
			vars["INPUT_"+strings.ToUpper(name)] = value
		}
	}
	return run(context.Background(), []string{"action"}, streams{
		in: strings.NewReader(""), out: &w.out, err: &w.errs, getenv: func(name string) string { return vars[name] }, clock: &hurry{},
	})
}

// hurry is a clock that does not wait.
type hurry struct {
	mu    sync.Mutex
	ahead time.Duration
}

func (h *hurry) Now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return time.Now().Add(h.ahead)
}

func (h *hurry) Sleep(ctx context.Context, d time.Duration) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ahead += d
	return ctx.Err()
}

// ours are the comments that the action made.
func (w *world) ours() []github.Comment {
	return slices.DeleteFunc(w.server.Comments(pullNumber), func(c github.Comment) bool { return c.Author != github.Actions() })
}

// promises hold for every run.
func (w *world) promises() {
	w.t.Helper()
	for _, v := range w.server.Violations() {
		w.t.Error("violation of GitHub's description:", v)
	}
	if seen := w.server.TokenSeenBy(); slices.Contains(seen, "elsewhere") {
		w.t.Error("the token was sent to", seen)
	}
	for name, text := range map[string]string{"log": w.out.String() + w.errs.String(), "outputs": w.read("output"), "summary": w.read("summary")} {
		if strings.Contains(text, w.server.Token()) {
			w.t.Errorf("the %s holds the token", name)
		}
	}
	if w.read("summary") == "" {
		w.t.Error("the summary says nothing")
	}
	if n := len(w.ours()); n > 1 {
		w.t.Errorf("there are %d comments", n)
	}
}

// check holds everything against the golden file.
func (w *world) check(code int) {
	w.t.Helper()
	w.promises()
	a := &txtar.Archive{Comment: []byte(fmt.Sprintf("%s\nexit code %d\n", strings.TrimSpace(w.row.event+", token "+w.row.token+", base "+w.row.base+" "+w.row.more), code))}
	for _, f := range []struct{ name, text string }{
		{"log", w.out.String()}, {"errors", w.errs.String()}, {"outputs", w.read("output")}, {"summary", w.read("summary")}, {"conversation", w.server.Conversation()},
	} {
		if f.text != "" {
			a.Files = append(a.Files, txtar.File{Name: f.name, Data: []byte(w.named(f.text))})
		}
	}
	w.compare(txtar.Format(a))
}

func (w *world) read(name string) string {
	w.t.Helper()
	text, err := os.ReadFile(filepath.Join(w.files, name))
	if err != nil && !os.IsNotExist(err) {
		w.t.Fatal(err)
	}
	return string(text)
}

// named puts names in the place of commits and of what belongs to this machine.
func (w *world) named(text string) string {
	var pairs []string
	for name, id := range map[string]string{"fork": w.fork, "main": w.main, "first": w.first, "topic": w.topic, "merge": w.merge, "next": w.pull.Head} {
		if name == "next" && id == w.topic {
			continue
		}
		pairs = append(pairs, id, "<"+name+">")
		pairs = append(pairs, id[:12], "<"+name+">")
	}
	return strings.NewReplacer(append(pairs, w.dir, "<workspace>", "https://github.com/octo-org/app/blob", "<files>")...).Replace(text)
}

func (w *world) compare(got []byte) {
	w.t.Helper()
	file := filepath.Join(w.golden, w.name+".txtar")
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			w.t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		w.t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		w.t.Errorf("%s differs, run: go test ./cmd/loadline -run Action -update\n%s", filepath.Base(file), diff)
	}
}
