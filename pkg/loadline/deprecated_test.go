//go:build unix

package loadline

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// deprecatedIn answers where the check of a directory finds deprecated base images: path, state.
func deprecatedIn(t *testing.T, o CheckOptions) string {
	t.Helper()
	r, err := Check(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	out := ""
	for _, f := range r.Findings {
		if f.Rule == "deprecated-base" {
			out += f.Path + " " + f.State + "\n"
		}
	}
	return out
}

func TestAnImageIsPastItsTimeByTheDayOfHeadsCommit(t *testing.T) {
	dir := t.TempDir()
	plainGit(t, dir, "init", "-q")
	commit := func(day, text string) {
		must(t, os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte(text), 0o644))
		plainGit(t, dir, "add", "-A")
		cmd := exec.Command("git", "-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-qm", "change")
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "GIT_COMMITTER_DATE="+day+"T12:00:00 +0000")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	commit("2022-01-01", "FROM node:14\n") // until 2023-04-30
	commit("2022-01-02", "FROM node:14\nRUN true\n")
	commit("2024-01-01", "FROM node:14\nRUN false\n")
	for _, c := range []struct{ name, head, base, want string }{
		{"in time", "HEAD~1", "HEAD~2", ""},
		{"too late, and on either side", "HEAD", "HEAD~1", "Dockerfile kept\n"},
		{"the files on disk", worktree, "HEAD", "Dockerfile kept\n"},
		{"the files on disk without a base", worktree, "none", "Dockerfile new\n"},
	} {
		if got := deprecatedIn(t, CheckOptions{Path: dir, Head: c.head, Base: c.base}); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	must(t, os.RemoveAll(filepath.Join(dir, ".git")))
	if got, want := deprecatedIn(t, CheckOptions{Path: dir, Base: "none"}), "Dockerfile new\n"; got != want {
		t.Errorf("a directory: %q, want %q", got, want)
	}
}
