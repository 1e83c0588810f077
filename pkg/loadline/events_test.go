//go:build unix

package loadline

import (
	"flag"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	api "github.com/google/go-github/v60/github"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/loadline-dev/loadline/pkg/report"
	"github.com/loadline-dev/loadline/pkg/tree"
	"github.com/loadline-dev/loadline/test/github"
	"github.com/loadline-dev/loadline/test/github/event"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// plainGit runs git as a user would.
func plainGit(t testing.TB, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "protocol.file.allow=always", "-c", "init.defaultBranch=main", "-c", "advice.detachedHead=false"}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com",
		"GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com", "GIT_TERMINAL_PROMPT=0",
		"GIT_AUTHOR_DATE=2026-01-01T00:00:00Z", "GIT_COMMITTER_DATE=2026-01-01T00:00:00Z")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// project is a repository on the GitHub of the tests: main has moved since the topic branch left it, and pull request 7
// wants to merge the topic.
type project struct {
	server *github.Server
	commits
	pull github.Pull
}

// commits are those of a project: fork is where main was when the topic left it, merge the test merge, stale one of an
// earlier head.
type commits struct{ dir, fork, main, first, topic, merge, stale string }

const ten = "0123456789\n"

// template is the repository of every project, made once.
var template = sync.OnceValues(func() (commits, error) {
	dir, err := os.MkdirTemp("", "loadline-project-")
	if err != nil {
		return commits{}, err
	}
	if out, err := exec.Command("git", "init", "-q", "--bare", "--initial-branch=main", dir).CombinedOutput(); err != nil {
		return commits{}, fmt.Errorf("%w: %s", err, out)
	}
	s, err := github.New(github.Options{Git: dir})
	if err != nil {
		return commits{}, err
	}
	defer s.Close()
	c := commits{dir: dir}
	files := map[string]string{".dockerignore": ".git\n", "Dockerfile": "FROM scratch\nCOPY . .\n", "a.txt": ten, ".loadline.yaml": "budgets:\n  growth: 1kB\n"}
	c.fork = s.Commit(files)
	files["moved.txt"] = strings.Repeat(ten, 100)
	c.main = s.Commit(files, c.fork)
	delete(files, "moved.txt")
	files["first.txt"] = ten
	c.first = s.Commit(files, c.fork)
	files["big.txt"] = strings.Repeat(ten, 10)
	c.topic = s.Commit(files, c.first)
	c.merge, c.stale = s.MergeCommit(c.main, c.topic), s.MergeCommit(c.fork, c.first)
	s.SetRef("refs/heads/main", c.main)
	s.SetRef("refs/heads/topic", c.topic)
	s.SetRef("refs/kept/stale", c.stale)
	s.SetRef("refs/pull/7/merge", c.merge)
	return c, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if c, err := template(); err == nil {
		os.RemoveAll(c.dir)
	}
	os.Exit(code)
}

func newProject(t *testing.T, o github.Options) *project {
	t.Helper()
	c, err := template()
	must(t, err)
	o.Git = t.TempDir()
	must(t, os.CopyFS(o.Git, os.DirFS(c.dir)))
	p := &project{server: github.Start(t, o), commits: c}
	t.Cleanup(func() {
		for _, v := range p.server.Violations() {
			t.Error("violation:", v)
		}
		if seen := p.server.TokenSeenBy(); len(seen) > 1 {
			t.Error("the token was sent to", seen)
		}
	})
	p.pull = github.Pull{Number: 7, Head: p.topic, HeadRef: "topic", Base: p.fork, BaseRef: "main", Merge: p.merge, Author: github.Person()}
	p.server.SetPull(p.pull)
	return p
}

// named puts names in the place of commits.
func (p *project) named(text string) string {
	return strings.NewReplacer(p.fork, "<fork>", p.main, "<main>", p.first, "<first>", p.topic, "<topic>", p.merge, "<merge>", p.stale, "<stale>").Replace(text)
}

func (p *project) remote(t *testing.T) *tree.Remote {
	t.Helper()
	c := api.NewClient(nil).WithAuthToken(p.server.Token())
	base, err := url.Parse(p.server.URL() + "/")
	must(t, err)
	c.BaseURL = base
	owner, repo, _ := strings.Cut(p.server.Repository(), "/")
	return tree.NewRemote(c, owner, repo)
}

// options are those of a run that an event starts in a workspace.
func (p *project) options(t *testing.T, e event.Event, workspace string) CheckOptions {
	t.Helper()
	payload := filepath.Join(t.TempDir(), "event.json")
	must(t, os.WriteFile(payload, e.Payload, 0o600))
	vars := map[string]string{"GITHUB_WORKSPACE": workspace}
	for _, v := range e.Environment(p.server.URL(), p.server.GraphQLURL(), payload) {
		name, value, _ := strings.Cut(v, "=")
		vars[name] = value
	}
	return CheckOptions{
		Remote:      p.remote(t),
		Environment: ReadEnvironment(func(name string) string { return vars[name] }),
	}
}

// checkout lays a workspace down as a step before ours left it.
func (p *project) checkout(t *testing.T, how string) string {
	t.Helper()
	dir := t.TempDir()
	how, uid, _ := strings.Cut(how, "@")
	what, depth, _ := strings.Cut(how, " ")
	from := "file://" + p.server.GitDir()
	rev := map[string]string{"merge": p.merge, "topic": p.topic, "main": p.main, "stale": p.stale, "own": p.topic}[what]
	switch {
	case what == "nothing":
	case what == "files":
		must(t, os.WriteFile(filepath.Join(dir, "left.txt"), []byte(ten), 0o600))
	case depth == "filtered":
		plainGit(t, p.server.GitDir(), "config", "uploadpack.allowFilter", "true")
		plainGit(t, p.server.GitDir(), "config", "uploadpack.allowAnySHA1InWant", "true")
		plainGit(t, dir, "clone", "-q", "--filter=blob:none", "--no-checkout", from, ".")
		plainGit(t, dir, "fetch", "-q", "origin", rev)
		plainGit(t, dir, "checkout", "-q", rev)
	default:
		plainGit(t, p.server.GitDir(), "config", "uploadpack.allowAnySHA1InWant", "true")
		plainGit(t, dir, "init", "-q")
		plainGit(t, dir, "remote", "add", "origin", from)
		args := []string{"fetch", "-q", "origin", rev}
		if depth != "full" {
			args = append(args, "--depth="+strings.TrimSuffix(depth, "c"))
		} else {
			args = append(args, "+refs/heads/*:refs/remotes/origin/*")
		}
		plainGit(t, dir, args...)
		plainGit(t, dir, "checkout", "-q", rev)
		if what == "own" {
			must(t, os.WriteFile(filepath.Join(dir, "own.txt"), []byte(ten), 0o600))
			plainGit(t, dir, "add", "-A")
			plainGit(t, dir, "commit", "-qm", "made by the workflow")
		}
	}
	if what != "nothing" && what != "files" && !strings.HasSuffix(depth, "c") {
		plainGit(t, dir, "remote", "set-url", "origin", "file:///nowhere") // persist-credentials: false
	}
	if uid != "" {
		chown(t, dir)
	}
	return dir
}

// chown gives everything to another user, as on a runner.
func chown(t *testing.T, dir string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	must(t, filepath.WalkDir(dir, func(name string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(name, 1001, 1001)
	}))
}

// summary is what the tests look at of a report.
func (p *project) summary(r *report.Report, err error) string {
	if err != nil {
		return p.named(err.Error()) + "\n"
	}
	var b strings.Builder
	line := func(name string, s *report.Side) {
		if s == nil {
			fmt.Fprintf(&b, "%s none\n", name)
			return
		}
		fmt.Fprintf(&b, "%s %s%s: %s, %s\n", name, s.Commit, s.Directory, s.Source, s.Reason)
	}
	line("head", &r.Head)
	line("base", r.Base)
	if r.Upload.Delta != nil {
		fmt.Fprintf(&b, "%+d bytes\n", r.Upload.Delta.Payload)
	}
	if r.Untracked != nil {
		fmt.Fprintf(&b, "untracked %d\n", r.Untracked.Payload)
	}
	for _, n := range r.Notices {
		b.WriteString("note: " + n + "\n")
	}
	for _, reason := range r.Gate.Reasons {
		b.WriteString("failed: " + reason + "\n")
	}
	return p.named(b.String())
}

// eventTest is a run that an event starts. What comes of it stands in testdata/events.txtar.
type eventTest struct {
	name     string
	event    func(*project) (event.Event, error)
	checkout string
	github   github.Options
	faults   []github.Fault
	change   func(*project, *CheckOptions)
}

// Events, of the project's pull request and main branch.
var (
	onPull = func(p *project) (event.Event, error) {
		return event.PullRequest(event.Of(p.server), "synchronize", p.pull)
	}
	onTarget = func(p *project) (event.Event, error) {
		return event.PullRequestTarget(event.Of(p.server), "synchronize", p.pull)
	}
	onFork = func(p *project) (event.Event, error) {
		p.pull.HeadOwner = "stranger"
		return onPull(p)
	}
	onDeletedFork = func(p *project) (event.Event, error) {
		p.pull.HeadOwner, p.pull.HeadGone = "stranger", true
		return onPull(p)
	}
	onGroup = func(p *project) (event.Event, error) {
		return event.MergeGroup(event.Of(p.server), p.main, p.merge, 7)
	}
	onPush = func(p *project) (event.Event, error) {
		return event.Push(event.Of(p.server), event.Forward, "topic", p.first, p.topic)
	}
	onFirstPush = func(p *project) (event.Event, error) {
		return event.Push(event.Of(p.server), event.Created, "topic", "", p.topic)
	}
	onForcePush = func(p *project) (event.Event, error) {
		return event.Push(event.Of(p.server), event.Forced, "topic", strings.Repeat("1", 40), p.topic)
	}
	onDispatch = func(p *project) (event.Event, error) {
		return event.WorkflowDispatch(event.Of(p.server), "topic", p.topic, nil)
	}
	onSchedule = func(p *project) (event.Event, error) { return event.Schedule(event.Of(p.server), p.main) }
	onRun      = func(p *project) (event.Event, error) {
		return event.WorkflowRun(event.Of(p.server), github.Run{ID: 9, Event: "pull_request", HeadSHA: p.topic, HeadBranch: "topic", HeadOwner: "stranger"}, p.main)
	}
)

var update = flag.Bool("update", false, "rewrite the golden files")

const eventsFile = "testdata/events.txtar"

func TestEventsAndCheckouts(t *testing.T) {
	want := map[string]string{}
	archive, err := txtar.ParseFile(eventsFile)
	if err == nil {
		for _, f := range archive.Files {
			want[f.Name] = string(f.Data)
		}
	}
	out := &txtar.Archive{Comment: []byte("What comes of the events of events_test.go, with the names of commits in <>. Made by go test ./pkg/loadline -update\n\n")}
	tests := eventTests()
	got := make([]string, len(tests))
	t.Run("all", func(t *testing.T) {
		for i, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				t.Parallel()
				got[i] = test.run(t)
				if diff := cmp.Diff(want[test.name], got[i]); diff != "" && !*update {
					t.Error(diff)
				}
			})
		}
	})
	for i, test := range tests {
		out.Files = append(out.Files, txtar.File{Name: test.name, Data: []byte(got[i])})
	}
	if *update {
		must(t, os.MkdirAll("testdata", 0o755))
		must(t, os.WriteFile(eventsFile, txtar.Format(out), 0o644))
	}
}

func (test eventTest) run(t *testing.T) string {
	t.Helper()
	p := newProject(t, test.github)
	e, err := test.event(p)
	must(t, err)
	workspace := p.checkout(t, test.checkout)
	o := p.options(t, e, workspace)
	o.Path = workspace
	if test.change != nil {
		test.change(p, &o)
	}
	for _, f := range test.faults {
		p.server.Inject(f)
	}
	r, err := Check(t.Context(), o)
	return strings.ReplaceAll(p.summary(r, err), workspace, "<workspace>") + p.asked()
}

// asked is the conversation with GitHub, without what is in the answers.
func (p *project) asked() string {
	var out []string
	for line := range strings.Lines(p.server.Conversation()) {
		if strings.HasPrefix(line, "GET ") || strings.HasPrefix(line, "POST ") {
			out = append(out, strings.ReplaceAll(line, "/repos/octo-org/app", ""))
		} else if status, ok := strings.CutPrefix(line, "  => "); ok && len(out) > 0 {
			out[len(out)-1] = strings.TrimSpace(out[len(out)-1]) + " " + status[:3] + "\n"
		}
	}
	slices.Sort(out) // some are sent at the same time
	return p.named(strings.Join(out, ""))
}

// Changes of options.
func base(rev string) func(*project, *CheckOptions) {
	return func(_ *project, o *CheckOptions) { o.Base = rev }
}

func head(rev string) func(*project, *CheckOptions) {
	return func(p *project, o *CheckOptions) { o.Head = map[string]string{"topic": p.topic, "first": p.first}[rev] }
}

func withoutAPI(_ *project, o *CheckOptions) { o.Remote = nil }

// pulled changes the pull request on GitHub after its event.
func pulled(change func(*project, *github.Pull)) func(*project, *CheckOptions) {
	return func(p *project, _ *CheckOptions) {
		change(p, &p.pull)
		p.server.SetPull(p.pull)
	}
}

func eventTests() []eventTest {
	down := []github.Fault{github.Fail("", 0, 503, "")}
	return slices.Concat(pullTests(down), targetTests(down), []eventTest{
		{name: "merge group", event: onGroup, checkout: "merge 1"},
		{name: "merge group, nothing checked out", event: onGroup, checkout: "nothing"},
		{name: "push", event: onPush, checkout: "topic 1"},
		{name: "push, full clone", event: onPush, checkout: "topic full"},
		{name: "push, nothing checked out", event: onPush, checkout: "nothing"},
		{name: "push, nothing checked out, API down", event: onPush, checkout: "nothing", faults: down},
		{name: "first push", event: onFirstPush, checkout: "topic 1"},
		{name: "first push, nothing checked out", event: onFirstPush, checkout: "nothing"},
		{name: "force push over a commit that is gone", event: onForcePush, checkout: "topic 1"},
		{name: "force push over a commit that is gone, nothing checked out", event: onForcePush, checkout: "nothing"},
		{name: "dispatch", event: onDispatch, checkout: "topic 1"},
		{name: "dispatch with a base", event: onDispatch, checkout: "topic 1", change: base("main")},
		{name: "dispatch with a base, nothing checked out", event: onDispatch, checkout: "nothing", change: base("origin/main")},
		{name: "dispatch with a base that is not there", event: onDispatch, checkout: "nothing", change: base("nowhere")},
		{name: "dispatch, nothing checked out", event: onDispatch, checkout: "nothing"},
		{name: "schedule", event: onSchedule, checkout: "main 1"},
		{name: "schedule, nothing checked out", event: onSchedule, checkout: "nothing"},
		{name: "workflow run", event: onRun, checkout: "nothing"},
	})
}

func pullTests(down []github.Fault) []eventTest {
	review := func(_ *project, o *CheckOptions) { o.Environment.Event = "pull_request_review" }
	closed := github.Options{StrictReads: true, Permissions: &github.Permissions{}}
	return []eventTest{
		{name: "pull request", event: onPull, checkout: "merge 1"},
		{name: "pull request, depth 2", event: onPull, checkout: "merge 2"},
		{name: "pull request, full clone", event: onPull, checkout: "merge full"},
		{name: "pull request, workspace of another user", event: onPull, checkout: "merge 1@1001"},
		{name: "pull request, clone without blobs", event: onPull, checkout: "merge filtered"},
		{name: "pull request, clone without blobs, API down", event: onPull, checkout: "merge filtered", faults: down},
		{name: "pull request, enterprise", event: onPull, checkout: "nothing", github: github.Options{APIPath: "/api/v3", GraphQLPath: "/api/graphql"}},
		{name: "pull request, API down", event: onPull, checkout: "merge 1", faults: down},
		{name: "pull request, API down, credentials of the checkout", event: onPull, checkout: "merge 1c", faults: down},
		{name: "pull request, without API", event: onPull, checkout: "merge 1", change: withoutAPI},
		{name: "pull request, without API, credentials of the checkout", event: onPull, checkout: "merge 1c", change: withoutAPI},
		{name: "pull request, no permission", event: onPull, checkout: "merge 1", github: closed},
		{name: "pull request, private repository without access", event: onPull, checkout: "merge 1", github: github.Options{Private: true, NoAccess: true}},
		{name: "pull request, answers cut short", event: onPull, checkout: "merge 1", faults: []github.Fault{{Kind: github.Truncate}}},
		{name: "pull request, answers that are no JSON", event: onPull, checkout: "merge 1", faults: []github.Fault{{Kind: github.Malformed}}},
		{name: "pull request, huge answers", event: onPull, checkout: "merge 1", faults: []github.Fault{{Kind: github.Huge}}},
		{name: "pull request, connections reset", event: onPull, checkout: "merge 1", faults: []github.Fault{{Kind: github.Reset}}},
		{name: "pull request, rate limit", event: onPull, checkout: "merge 1", faults: []github.Fault{github.SecondaryLimit("", 0, 403, time.Second)}},
		{name: "pull request, truncated tree", event: onPull, checkout: "merge 1", github: github.Options{TreeLimit: 2}},
		{name: "pull request, its last commit checked out", event: onPull, checkout: "topic 1"},
		{name: "pull request, its last commit checked out, full clone", event: onPull, checkout: "topic full"},
		{name: "pull request, its last commit checked out, API down", event: onPull, checkout: "topic 1", faults: down},
		{name: "pull request, a commit of the workflow checked out", event: onPull, checkout: "own 1"},
		{name: "pull request, an older merge checked out", event: onPull, checkout: "stale 1"},
		{name: "pull request, review", event: onPull, checkout: "merge 1", change: review},
		{name: "pull request, base given", event: onPull, checkout: "merge 1", change: base("topic")},
		{name: "pull request, no base wanted", event: onPull, checkout: "merge 1", change: base("none")},
		{name: "pull request, work tree", event: onPull, checkout: "merge 1", change: func(_ *project, o *CheckOptions) { o.Head = worktree }},
		{name: "pull request, head given that is not in the clone", event: onPull, checkout: "main 1", change: head("topic")},
		{name: "fork", event: onFork, checkout: "merge 1", github: github.Options{Permissions: github.Reader()}},
		{name: "fork, nothing checked out", event: onFork, checkout: "nothing", github: github.Options{Permissions: github.Reader()}},
		{name: "deleted fork", event: onDeletedFork, checkout: "merge 1", github: github.Options{Permissions: github.Reader()}},
		{name: "pull request, nothing checked out", event: onPull, checkout: "nothing"},
		{name: "pull request, files without a repository", event: onPull, checkout: "files"},
		{name: "pull request, nothing checked out, API down", event: onPull, checkout: "nothing", faults: down},
		{name: "pull request, nothing checked out, no GraphQL", event: onPull, checkout: "nothing", faults: []github.Fault{github.Fail(github.GraphQL, 0, 403, "")}},
		{name: "pull request, nothing checked out, GraphQL fails", event: onPull, checkout: "nothing", faults: []github.Fault{github.Fail(github.GraphQL, 1, 502, "")}},
	}
}

func targetTests(down []github.Fault) []eventTest {
	withoutPulls := &github.Permissions{Contents: github.Read}
	return []eventTest{
		{name: "target", event: onTarget, checkout: "nothing"},
		{name: "target, base checked out", event: onTarget, checkout: "main 1"},
		{name: "target, a stranger's commit checked out", event: onTarget, checkout: "topic 1"},
		{name: "target, head given", event: onTarget, checkout: "topic 1", change: head("topic")},
		{name: "target, base given", event: onTarget, checkout: "main 1", change: base("topic")},
		{name: "target, no base wanted", event: onTarget, checkout: "nothing", change: base("none")},
		{name: "target, API down", event: onTarget, checkout: "main 1", faults: down},
		{name: "target, without API", event: onTarget, checkout: "topic 1", change: withoutAPI},
		{name: "target, conflicts", event: onTarget, checkout: "nothing", change: pulled(func(p *project, pull *github.Pull) {
			pull.Mergeable, pull.Merge = github.Conflicts, p.stale
		})},
		{name: "target, merge not tried yet", event: onTarget, checkout: "nothing", change: func(p *project, _ *CheckOptions) {
			late := p.pull
			p.pull.Mergeable, p.pull.Merge = github.Computing, p.stale
			p.server.SetPull(p.pull)
			p.server.BeforeNth(github.GetPull, 2, func() { p.server.SetPull(late) })
		}},
		{name: "target, pushed again since", event: onTarget, checkout: "nothing", change: pulled(func(p *project, pull *github.Pull) {
			pull.Head = p.server.Commit(map[string]string{"a": ""}, p.topic)
			pull.Merge = p.server.MergeCommit(p.fork, pull.Head)
		})},
		{name: "target, no permission to read pull requests", event: onTarget, checkout: "nothing", github: github.Options{StrictReads: true, Permissions: withoutPulls}},
		{name: "target, deleted fork", event: func(p *project) (event.Event, error) {
			p.pull.HeadOwner, p.pull.HeadGone = "stranger", true
			return onTarget(p)
		}, checkout: "nothing"},
	}
}
