package container

import (
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loadline-dev/loadline/test/github"
	"github.com/loadline-dev/loadline/test/github/event"
)

// shop is a small repository on GitHub with a pull request that makes its builds heavier than the budgets allow.
type shop struct {
	server *github.Server
	files  map[string]string // of main
	main   string
	pull   github.Pull
}

// pullNumber is that of the pull request.
const pullNumber = 7

func newShop(t *testing.T, o github.Options) *shop {
	t.Helper()
	s := &shop{server: github.Start(t, o)}
	s.files = files(t, filepath.Join(root, "testdata", "repos", "shop", "base"))
	s.main = s.server.Commit(s.files)
	s.server.SetRef("refs/heads/main", s.main)
	s.pull = github.Pull{Number: pullNumber, HeadRef: "intro", Base: s.main, BaseRef: "main", Author: github.Person()}
	s.push(files(t, filepath.Join(root, "testdata", "repos", "shop", "head")))
	return s
}

// push makes a tree the head of the pull request.
func (s *shop) push(tree map[string]string) {
	parent := s.main
	if s.pull.Head != "" {
		parent = s.pull.Head
	}
	s.pull.Head = s.server.Commit(tree, parent)
	s.pull.Merge = s.server.MergeCommit(s.main, s.pull.Head)
	s.server.SetPull(s.pull)
}

// lighter is main with an edit that weighs next to nothing.
func (s *shop) lighter() map[string]string {
	tree := maps.Clone(s.files)
	tree["README.md"] += "\nThe introduction is to come.\n"
	tree["worker/main.py"] += "\n# later\n"
	return tree
}

// event is the pull request's.
func (s *shop) event(t *testing.T, action string) event.Event {
	t.Helper()
	e, err := event.PullRequest(event.Of(s.server), action, s.pull)
	must(t, err)
	return e
}

// checkout is a workspace as actions/checkout leaves it: one commit, a remote that only GitHub's runners can reach, and
// no credentials.
func (s *shop) checkout(t *testing.T, commit string) string {
	t.Helper()
	dir := t.TempDir()
	git(t, dir, "init", "-q")
	git(t, dir, "remote", "add", "origin", "https://github.invalid/"+s.server.Repository())
	git(t, dir, "fetch", "-q", "--depth=1", "file://"+s.server.GitDir(), commit)
	git(t, dir, "checkout", "-q", "--detach", commit)
	own(t, dir)
	return dir
}

func git(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "init.defaultBranch=main", "-c", "safe.directory=*"}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// files are those under a directory.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		all[strings.TrimPrefix(path, dir+"/")] = string(text)
		return err
	}))
	return all
}
