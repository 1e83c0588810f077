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
	write(".dockerignore", "# what nobody needs\n// a comment\n")
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

func TestFindingsAreHeldAgainstWhatPeopleSay(t *testing.T) {
	clones := t.TempDir()
	_, head := clone(t, filepath.Join(clones, "a+b", "repo"))
	corpus := filepath.Join(t.TempDir(), "corpus.json")
	if err := os.WriteFile(corpus, fmt.Appendf(nil, `{"repos": [{"repo": "a/b", "sha": %q}]}`, head), 0o644); err != nil {
		t.Fatal(err)
	}
	table := func(text string) string {
		t.Helper()
		judgements := filepath.Join(t.TempDir(), "judgements.yaml")
		if err := os.WriteFile(judgements, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := run(t.Context(), []string{"-clones", clones, "-corpus", corpus, "-judgements", judgements, "findings"}, &out); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	for text, want := range map[string]string{
		"- repo: a/b\n  expected:\n  - {what: a comment, rules: [ignore-*], at: [\".dockerignore:1-2\"]}\n": "| all | 1 of 1 expected, 0 have no rule |",
		"- repo: a/b\n  expected:\n  - {what: a comment, rules: [ignore-*], at: [\".dockerignore:3\"]}\n":   "| missed | a comment |",
		"- repo: a/b\n  expected:\n  - {what: a comment}\n":                                                 "| no rule | a comment |",
		"- repo: a/b\n  never:\n  - {what: a comment, rules: [ignore-line-without-effect], at: [\"*\"]}\n":  "| MUST NOT | a comment: ignore-line-without-effect .dockerignore:2 ",
		"- repo: a/b\n  judged:\n  - {rule: ignore-line-without-effect, at: [\"*\"], verdict: debatable}\n": "1 others: 0 true, 1 debatable",
		"- repo: x/y\n": "| unjudged | ignore-line-without-effect .dockerignore:2 is a pattern",
	} {
		if got := table(text); !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}
