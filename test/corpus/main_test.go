package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// clone makes a repository of two commits, of which the second adds 1,000 bytes to the context.
func clone(t *testing.T, dir string) (base, head string) {
	t.Helper()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	git := func(args ...string) string {
		cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=a", "-c", "user.email=a@b"}, args...)...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("git %s: %v\n%s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	git("init", "-q")
	write("Dockerfile", "FROM scratch\nCOPY . .\n")
	git("add", ".")
	git("commit", "-qm", "one")
	base = git("rev-parse", "HEAD")
	write("data", strings.Repeat("x", 1000))
	write("broken.Dockerfile", "COPY . .\n")
	git("add", ".")
	git("commit", "-qm", "two")
	return base, git("rev-parse", "HEAD")
}

func TestTablesShowWhatIsFoundBesideWhatIsExpected(t *testing.T) {
	clones := t.TempDir()
	base, head := clone(t, filepath.Join(clones, "a+b", "repo"))
	corpus := filepath.Join(t.TempDir(), "corpus.json")
	text := fmt.Sprintf(`{"repos": [{"repo": "a/b", "sha": %q, "cases": [{"base": %q, "head": %q, "context": ".",
		"dockerfile": "Dockerfile", "dockerfile_at_base": true, "dockerfile_at_head": true, "effective_delta": 1009, "kind": "bloat"}]},
		{"repo": "a/absent", "sha": %q}]}`, head, base, head, head)
	if err := os.WriteFile(corpus, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	for table, wants := range map[string][]string{
		"builds":  {"| a/b | 1 builds, 1 exact |", "| 1 skipped |", "broken.Dockerfile:1:1", "| a/absent | no clone |"},
		"commits": {"| bloat | +1.009 kB | +1.009 kB | equal |"},
	} {
		var out bytes.Buffer
		if err := run(t.Context(), []string{"-clones", clones, "-corpus", corpus, table}, &out); err != nil {
			t.Fatal(err)
		}
		for _, want := range wants {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s: no %q in\n%s", table, want, out.String())
			}
		}
	}
}
