//go:build unix

package tree_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"

	"github.com/loadline-dev/loadline/pkg/tree"
)

// git runs the plain git, as a user would.
func git(t testing.TB, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "protocol.file.allow=always", "-c", "init.defaultBranch=main"}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com",
		"GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com", "GIT_NO_LAZY_FETCH=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func repository(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	git(t, dir, "init", "-q")
	git(t, dir, "config", "uploadpack.allowFilter", "true")
	git(t, dir, "config", "uploadpack.allowAnySHA1InWant", "true")
	for name, text := range map[string]string{
		"a.txt": "one\n", "a/b/c": "deep", "a-b": "", "foo/x": "x", "foo.d/y": "yy", "ü/new\nline": "n", "run.sh": "#!/bin/sh\n",
	} {
		write(t, filepath.Join(dir, name), text)
	}
	must(t, os.Chmod(filepath.Join(dir, "run.sh"), 0o755))
	must(t, os.Symlink("../a.txt", filepath.Join(dir, "a/link")))
	must(t, os.Symlink("a", filepath.Join(dir, "alias")))
	commit(t, dir)
	return dir
}

func commit(t testing.TB, dir string) string {
	t.Helper()
	git(t, dir, "add", "-A")
	git(t, dir, "commit", "-qm", "change")
	return git(t, dir, "rev-parse", "HEAD")
}

func open(t testing.TB, dir string) *tree.Git {
	t.Helper()
	g, err := tree.OpenGit(t.Context(), dir)
	must(t, err)
	t.Cleanup(func() { _ = g.Close() })
	return g
}

func head(t testing.TB, g *tree.Git) *tree.Snapshot {
	t.Helper()
	s, err := tree.Commit(t.Context(), g, "HEAD")
	must(t, err)
	return s
}

// storable is what a walk reports without what git does not store.
func storable(t *testing.T, files fsutil.FS, target string) []string {
	t.Helper()
	var out []string
	must(t, files.Walk(t.Context(), target, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if p == ".git" {
			return fs.SkipDir
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		stat := info.Sys().(*types.Stat)
		out = append(out, fmt.Sprintf("%q %v %d %q", stat.Path, fs.FileMode(stat.Mode), stat.Size*int64(1-stat.Mode>>31), stat.Linkname))
		return nil
	}))
	return out
}

func TestCommitEqualsItsCheckout(t *testing.T) {
	dir := repository(t)
	disk, err := fsutil.NewFS(dir)
	must(t, err)
	bare := filepath.Join(t.TempDir(), "bare")
	git(t, dir, "clone", "-q", "--bare", dir, bare)
	shallow := filepath.Join(t.TempDir(), "shallow")
	git(t, dir, "clone", "-q", "--depth=1", "file://"+dir, shallow)
	linked := filepath.Join(t.TempDir(), "linked")
	git(t, dir, "worktree", "add", "-q", linked)
	for _, at := range []string{dir, bare, shallow, linked, filepath.Join(dir, "a/b")} {
		s := head(t, open(t, at))
		if diff := cmp.Diff(storable(t, disk, "/"), storable(t, s, "/")); diff != "" {
			t.Errorf("%s (-disk +commit):\n%s", at, diff)
		}
		for _, opt := range filters {
			w, err := fsutil.NewFilterFS(disk, opt)
			must(t, err)
			for _, files := range []fsutil.FS{s, s.Deferred()} {
				g, err := fsutil.NewFilterFS(files, opt)
				must(t, err)
				if diff := cmp.Diff(storable(t, w, "/"), storable(t, g, "/")); diff != "" {
					t.Errorf("%+v (-disk +commit):\n%s", opt, diff)
				}
			}
		}
		if data, err := s.ReadFile("alias/link", 100); err != nil || string(data) != "one\n" {
			t.Errorf("%s: alias/link: %q, %v", at, data, err)
		}
		sub, err := s.Sub("alias")
		must(t, err)
		want, err := fsutil.NewFS(filepath.Join(dir, "a"))
		must(t, err)
		if diff := cmp.Diff(storable(t, want, "/"), storable(t, sub, "/")); diff != "" {
			t.Errorf("%s: a (-disk +commit):\n%s", at, diff)
		}
		if again, _ := s.Sub("a"); again.ID() != sub.ID() || sub.ID() == s.ID() {
			t.Errorf("identities %q %q %q", again.ID(), sub.ID(), s.ID())
		}
	}
}

func TestMemorySkippingEndsWhereFsutilEndsIt(t *testing.T) {
	dir := repository(t)
	s := head(t, open(t, dir))
	must(t, os.RemoveAll(filepath.Join(dir, ".git")))
	disk, err := fsutil.NewFS(dir)
	must(t, err)
	for _, answer := range []error{fs.SkipDir, fs.SkipAll, fs.ErrNotExist, errors.New("stop")} {
		for at := range 20 {
			run := func(files fsutil.FS) []string {
				var out []string
				err := files.Walk(t.Context(), "/", func(p string, _ fs.DirEntry, err error) error {
					if out = append(out, p); len(out) == at+1 {
						return answer
					}
					return err
				})
				return append(out, fmt.Sprint(err))
			}
			if diff := cmp.Diff(run(disk), run(s)); diff != "" {
				t.Fatalf("%v at %d:\n%s", answer, at, diff)
			}
		}
	}
}

func TestTrackedFilesHaveTheirContentOnDisk(t *testing.T) {
	dir := repository(t)
	write(t, filepath.Join(dir, "a.txt"), "edited, not committed")
	write(t, filepath.Join(dir, "untracked"), "x")
	must(t, os.Remove(filepath.Join(dir, "a-b")))
	must(t, os.RemoveAll(filepath.Join(dir, "foo")))
	must(t, os.Symlink("/etc", filepath.Join(dir, "foo"))) // foo/x must not be looked for in /etc
	s, err := tree.Tracked(t.Context(), open(t, filepath.Join(dir, "a")))
	must(t, err)
	if data, err := s.ReadFile("a.txt", 100); err != nil || string(data) != "edited, not committed" {
		t.Errorf("a.txt: %q, %v", data, err)
	}
	for _, gone := range []string{"untracked", "a-b", "foo", "foo/x"} {
		if _, ok := s.Lookup(gone); ok {
			t.Errorf("%s is there", gone)
		}
	}
	if e, ok := s.Lookup("a/link"); !ok || e.Link != "../a.txt" {
		t.Errorf("a/link: %+v", e)
	}
}

func TestANewIgnoreFileCountsAsAnEdit(t *testing.T) {
	dir := repository(t)
	write(t, filepath.Join(dir, ".gitignore"), "ignored.dockerignore\nout\n")
	for _, name := range []string{".dockerignore", "a/.dockerignore", "a/x.Dockerfile.dockerignore", "ignored.dockerignore", "out/.dockerignore", "new/x"} {
		must(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		write(t, filepath.Join(dir, name), "x\n")
	}
	git(t, dir, "init", "-q", "other.dockerignore") // a repository in the repository
	s, err := tree.Tracked(t.Context(), open(t, filepath.Join(dir, "a")))
	must(t, err)
	for name, want := range map[string]bool{
		".dockerignore": true, "a/.dockerignore": true, "a/x.Dockerfile.dockerignore": true,
		"ignored.dockerignore": false, "out/.dockerignore": false, "new/x": false, "other.dockerignore": false,
	} {
		if _, ok := s.Lookup(name); ok != want {
			t.Errorf("%s: %t", name, ok)
		}
	}
}

func TestPartialCloneCountsAbsentBlobsAndFetchesNothing(t *testing.T) {
	dir := repository(t)
	clone := filepath.Join(t.TempDir(), "clone")
	git(t, dir, "clone", "-q", "--filter=blob:none", "--no-checkout", "file://"+dir, clone)
	s := head(t, open(t, clone))
	e, ok := s.Lookup("a/b/c")
	if !ok || e.Note != tree.Absent || e.Size != 0 {
		t.Errorf("a/b/c: %+v", e)
	}
	if _, err := s.ReadFile("a/b/c", 10); !errors.Is(err, tree.ErrAbsent) {
		t.Errorf("reading an absent blob: %v", err)
	}
	if out := git(t, clone, "rev-list", "--objects", "--missing=print", "HEAD"); strings.Count(out, "\n?") != 8 && !strings.Contains(out, "?") {
		t.Errorf("something was fetched:\n%s", out)
	}
	treeless := filepath.Join(t.TempDir(), "treeless")
	git(t, dir, "clone", "-q", "--filter=tree:0", "--no-checkout", "file://"+dir, treeless)
	if _, err := tree.Commit(t.Context(), open(t, treeless), "HEAD"); !errors.Is(err, tree.ErrAbsent) {
		t.Errorf("a clone without trees: %v", err)
	}
}

func TestMissingObjectsOfAnOrdinaryCloneAreAbsent(t *testing.T) {
	dir := repository(t)
	id := git(t, dir, "rev-parse", "HEAD:a/b/c")
	must(t, os.Remove(filepath.Join(dir, ".git/objects", id[:2], id[2:])))
	s := head(t, open(t, dir))
	if e, _ := s.Lookup("a/b/c"); e.Note != tree.Absent {
		t.Errorf("a/b/c: %+v", e)
	}
	if e, _ := s.Lookup("a.txt"); e.Note != 0 || e.Size != 4 {
		t.Errorf("a.txt: %+v", e)
	}
	id = git(t, dir, "rev-parse", "HEAD:a")
	must(t, os.Remove(filepath.Join(dir, ".git/objects", id[:2], id[2:])))
	if _, err := tree.Commit(t.Context(), open(t, dir), "HEAD"); !errors.Is(err, tree.ErrAbsent) {
		t.Errorf("a tree is missing: %v", err)
	}
}

func TestAttributesMarkWhatACheckoutChanges(t *testing.T) {
	dir := repository(t)
	write(t, filepath.Join(dir, "x.u16"), "\xff\xfet\x00")
	write(t, filepath.Join(dir, ".gitattributes"), "*.bin filter=lfs\n*.bat text eol=crlf\n*.u16 working-tree-encoding=UTF-16\n*.png -text eol=crlf\n*.lf eol=lf\n")
	write(t, filepath.Join(dir, "m.bin"), "version https://git-lfs.github.com/spec/v1\noid sha256:"+strings.Repeat("a", 64)+"\nsize 123456789\n")
	for _, name := range []string{"x.bat", "x.png", "x.lf", "plain.bin"} {
		write(t, filepath.Join(dir, name), "text\n")
	}
	commit(t, dir)
	s := head(t, open(t, dir))
	for name, want := range map[string]tree.Note{
		"m.bin": tree.LFSPointer, "x.bat": tree.Converted, "x.u16": tree.Converted, "x.png": 0, "x.lf": 0, "plain.bin": 0, "a.txt": 0,
	} {
		if e, _ := s.Lookup(name); e.Note != want {
			t.Errorf("%s: %+v, want note %d", name, e, want)
		}
	}
	if e, _ := s.Lookup("m.bin"); e.RealSize != 123456789 {
		t.Errorf("m.bin: %+v", e)
	}
}

func TestSubmoduleIsAnEmptyDirectory(t *testing.T) {
	dir, other := repository(t), repository(t)
	git(t, dir, "submodule", "--quiet", "add", other, "mod")
	commit(t, dir)
	g := open(t, dir)
	tracked, err := tree.Tracked(t.Context(), g)
	must(t, err)
	for _, s := range []*tree.Snapshot{head(t, g), tracked} {
		if e, ok := s.Lookup("mod"); !ok || e.Note != tree.Submodule || !e.Mode.IsDir() {
			t.Errorf("mod: %+v", e)
		}
		if _, ok := s.Lookup("mod/a.txt"); ok {
			t.Error("the submodule has contents")
		}
	}
}

func TestRevisions(t *testing.T) {
	dir := repository(t)
	first := git(t, dir, "rev-parse", "HEAD")
	write(t, filepath.Join(dir, "later"), "x")
	second := commit(t, dir)
	git(t, dir, "tag", "-am", "tag", "v1")
	g := open(t, dir)
	for rev, want := range map[string]string{"HEAD": second, "main": second, "v1": second, "HEAD~1": first} {
		if got, err := g.Resolve(t.Context(), rev); err != nil || got != want {
			t.Errorf("%s: %s, %v", rev, got, err)
		}
	}
	if s, err := tree.Commit(t.Context(), g, "HEAD:a"); err != nil {
		t.Error(err)
	} else if _, ok := s.Lookup("b/c"); !ok {
		t.Error("HEAD:a lacks b/c")
	}
	absent := strings.Repeat("1", 40)
	for rev, want := range map[string]error{
		"nowhere": tree.ErrUnknownRevision, "--all": tree.ErrUnknownRevision, "": tree.ErrUnknownRevision, absent: tree.ErrAbsent,
	} {
		if _, err := g.Resolve(t.Context(), rev); !errors.Is(err, want) {
			t.Errorf("%q: %v", rev, err)
		}
		if _, err := tree.Commit(t.Context(), g, rev); !errors.Is(err, want) {
			t.Errorf("commit %q: %v", rev, err)
		}
	}
	if got, err := g.MergeBase(t.Context(), "HEAD", "HEAD~1"); err != nil || got != first {
		t.Errorf("merge base %s, %v", got, err)
	}
	if got, err := g.DefaultBranch(t.Context()); err != nil || got != "main" {
		t.Errorf("default branch %s, %v", got, err)
	}
	shallow := filepath.Join(t.TempDir(), "shallow")
	git(t, dir, "clone", "-q", "--depth=1", "file://"+dir, shallow)
	g = open(t, shallow)
	if got, err := g.Parents(t.Context(), "HEAD"); err != nil || len(got) != 1 || got[0] != first {
		t.Errorf("parents in a shallow clone: %v, %v", got, err)
	}
	if _, err := tree.Commit(t.Context(), g, first); !errors.Is(err, tree.ErrAbsent) {
		t.Errorf("the parent in a shallow clone: %v", err)
	}
	must(t, g.FetchDepth1(t.Context(), "origin", first))
	if _, err := tree.Commit(t.Context(), g, first); err != nil {
		t.Errorf("after fetching: %v", err)
	}
	if got, err := g.DefaultBranch(t.Context()); err != nil || got != "origin/main" {
		t.Errorf("default branch of a clone %s, %v", got, err)
	}
	if _, err := tree.OpenGit(t.Context(), t.TempDir()); !errors.Is(err, tree.ErrNotRepository) {
		t.Errorf("no repository: %v", err)
	}
	if _, err := tree.OpenGitDir(t.Context(), t.TempDir()); !errors.Is(err, tree.ErrNotRepository) {
		t.Errorf("no git directory: %v", err)
	}
	t.Setenv("GIT_DIR", "/nowhere")
	if _, err := tree.OpenGit(t.Context(), dir); err != nil {
		t.Errorf("GIT_DIR of the caller leaks: %v", err)
	}
}

func TestTheDayOfACommitIsItsOwn(t *testing.T) {
	dir := repository(t)
	g := open(t, dir)
	for _, c := range []struct{ date, want string }{
		{"2024-03-01T23:30:00 -0200", "2024-03-02"}, // in UTC
		{"2024-03-01T00:30:00 +0200", "2024-02-29"},
	} {
		t.Setenv("GIT_COMMITTER_DATE", c.date)
		t.Setenv("GIT_AUTHOR_DATE", "2020-01-01T00:00:00 +0000")
		git(t, dir, "commit", "-q", "--allow-empty", "-m", "committer x <y> 1 +0000")
		if got, err := g.Day(t.Context(), "HEAD"); err != nil || got.Format(time.RFC3339) != c.want+"T00:00:00Z" {
			t.Errorf("%s: %v, %v", c.date, got, err)
		}
	}
	for name, committer := range map[string]string{
		"none": "author a <a> 1 +0000", "no number": "committer a <a> x +0000", "nothing": "committer a <a>",
		"beyond all years": "committer a <a> 999999999999999 +0000",
	} {
		text := "tree " + git(t, dir, "rev-parse", "HEAD^{tree}") + "\n" + committer + "\n\ncommitter a <a> 1700000000 +0000\n"
		file := filepath.Join(t.TempDir(), "commit")
		write(t, file, text)
		id := git(t, dir, "hash-object", "-t", "commit", "-w", "--literally", file)
		if got, err := g.Day(t.Context(), id); err == nil {
			t.Errorf("%s: %v", name, got)
		}
	}
	if got, err := g.Day(t.Context(), "HEAD^{tree}"); err == nil {
		t.Errorf("a tree: %v", got)
	}
}

func TestProgramsThatTheRepositoryNamesDoNotRun(t *testing.T) {
	dir := repository(t)
	first := git(t, dir, "rev-parse", "HEAD")
	write(t, filepath.Join(dir, ".gitattributes"), "*.txt filter=evil diff=evil\n*.bat eol=crlf\n*.bin filter=lfs\n")
	write(t, filepath.Join(dir, "x.bat"), "x\n")
	commit(t, dir)
	clone := filepath.Join(t.TempDir(), "clone")
	git(t, dir, "clone", "-q", "--filter=blob:limit=1", "--no-checkout", "file://"+dir, clone)
	git(t, clone, "read-tree", "HEAD")
	marker := filepath.Join(t.TempDir(), "marker")
	program := filepath.Join(t.TempDir(), "evil")
	write(t, program, "#!/bin/sh\necho \"$0 $@\" >> "+marker+"\ncat\nexit 1\n")
	must(t, os.Chmod(program, 0o755))
	for _, at := range []string{dir, clone} {
		for _, key := range []string{
			"core.fsmonitor", "core.pager", "pager.ls-tree", "core.sshCommand", "core.askPass", "core.gitProxy", "core.editor", "diff.external",
			"diff.evil.textconv", "filter.evil.smudge", "filter.evil.clean", "filter.evil.process", "filter.lfs.smudge", "credential.helper",
			"remote.origin.uploadpack", "uploadpack.packObjectsHook", "core.alternateRefsCommand",
		} {
			git(t, at, "config", key, program)
		}
		for _, command := range []string{"ls-tree", "cat-file", "rev-parse", "ls-files"} {
			git(t, at, "config", "alias."+command, "!"+program)
		}
		hooks := filepath.Join(at, ".git/hooks")
		must(t, os.MkdirAll(hooks, 0o755))
		for _, name := range []string{"post-index-change", "reference-transaction", "post-checkout", "fsmonitor-watchman"} {
			must(t, os.Symlink(program, filepath.Join(hooks, name)))
		}
		git(t, at, "config", "protocol.ext.allow", "always")
	}
	_ = exec.Command("git", "-C", dir, "status").Run()
	if err := os.Remove(marker); err != nil {
		t.Fatalf("plain git runs none of the programs, so this test shows nothing: %v", err)
	}
	git(t, clone, "config", "remote.origin.url", "ext::"+program)
	g := open(t, clone)
	s := head(t, g)
	for e := range s.All() {
		_, _ = s.ReadFile(e.Path, 100)
	}
	_, _ = tree.Tracked(t.Context(), g)
	_, _ = tree.Commit(t.Context(), g, first)
	if err := g.FetchDepth1(t.Context(), "origin", strings.Repeat("1", 40)); err == nil {
		t.Error("fetching from ext:: works")
	}
	git(t, clone, "config", "remote.origin.url", "file://"+dir)
	_ = g.FetchDepth1(t.Context(), "origin", first)
	g = open(t, dir)
	_ = head(t, g)
	_, err := tree.Tracked(t.Context(), g)
	must(t, err)
	_, _ = g.MergeBase(t.Context(), "HEAD", first)
	_, _ = g.DefaultBranch(t.Context())
	if out, err := os.ReadFile(marker); err == nil {
		t.Errorf("programs ran:\n%s", out)
	}
}
