package e2e

import (
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var (
	clones = flag.String("clones", "", "directory of bare clones, as test/corpus has them")
	corpus = flag.String("corpus", "", "JSON file of the repositories with their commits, as test/corpus has it")
	only   = flag.String("repos", "", "parts of names of repositories, with commas between; empty means all")
)

// TestFixesOfPublicRepositoriesSaveWhatTheySay does for clones what TestFixesSaveWhatTheySayThatTheySave does for a made-up
// repository: each is checked out with its .git, and what its projects leave behind on a developer's disk is planted.
func TestFixesOfPublicRepositoriesSaveWhatTheySay(t *testing.T) {
	if *clones == "" {
		t.Skip("no -clones")
	}
	requireDaemon(t)
	text, err := os.ReadFile(*corpus)
	if err != nil {
		t.Fatal(err)
	}
	var list struct {
		Repos []struct {
			Name string `json:"repo"`
			SHA  string `json:"sha"`
		} `json:"repos"`
	}
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	for _, r := range list.Repos {
		if !slices.ContainsFunc(strings.Split(*only, ","), func(part string) bool { return strings.Contains(r.Name, part) }) {
			continue
		}
		t.Run(r.Name, func(t *testing.T) {
			w := worktree{root: t.TempDir()}
			w.checkout(t, r.Name, r.SHA)
			w.plant(t)
			t.Log("| what | before | after | difference | saves | |")
			for _, row := range w.savings(t) {
				t.Log(row)
			}
		})
	}
}

// checkout fills a work tree with a commit of a clone, and skips the test where the clone lacks some of it.
func (w worktree) checkout(t *testing.T, name, sha string) {
	t.Helper()
	var clone string
	for _, form := range []string{strings.ReplaceAll(name, "/", "+") + "/repo", name, name + ".git"} {
		if info, err := os.Stat(filepath.Join(*clones, form)); err == nil && info.IsDir() {
			clone = filepath.Join(*clones, form)
			break
		}
	}
	if clone == "" {
		t.Skip("no clone of it")
	}
	for _, args := range [][]string{
		{"clone", "-q", "--no-checkout", clone, w.root},
		{"-C", w.root, "update-ref", "--no-deref", "HEAD", sha},
		{"-C", w.root, "read-tree", sha},
		{"-C", w.root, "checkout-index", "-a", "-q"},
	} {
		if out, err := exec.CommandContext(t.Context(), "git", args...).CombinedOutput(); err != nil {
			t.Skipf("cannot be checked out: git %s: %v\n%.300s", strings.Join(args, " "), err, out)
		}
	}
}

// plant puts beside each of the first projects what its tools leave behind.
func (w worktree) plant(t *testing.T) {
	t.Helper()
	leavings := map[string][]string{
		"package.json":     {"node_modules/a/index.js", "node_modules/b/c/index.js", "coverage/lcov.info"},
		"Cargo.toml":       {"target/debug/a", "target/debug/deps/a.d"},
		"pyproject.toml":   {".venv/pyvenv.cfg", ".venv/lib/site-packages/a.py", ".pytest_cache/v", "htmlcov/index.html"},
		"requirements.txt": {".venv/pyvenv.cfg", ".venv/lib/site-packages/a.py"},
		"Gemfile":          {"vendor/bundle/ruby/a.rb", "coverage/index.html", "log/development.log"},
		"composer.json":    {"vendor/a/b.php", "node_modules/a/index.js"},
		"mix.exs":          {"_build/dev/a.beam", "deps/a/a.ex"},
		"go.mod":           {"coverage.out", "npm-debug.log"},
	}
	const projects = 4 // of a kind
	seen := map[string]int{}
	size := 1_000_000
	files := tree{}
	err := filepath.WalkDir(w.root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && d.Name() == ".git" {
			return cmp.Or(err, fs.SkipDir)
		}
		if seen[d.Name()] >= projects || leavings[d.Name()] == nil || d.IsDir() {
			return nil
		}
		seen[d.Name()]++
		for _, left := range leavings[d.Name()] {
			full := filepath.Join(filepath.Dir(name), left)
			if _, err := os.Lstat(full); err == nil {
				continue
			}
			relative, err := filepath.Rel(w.root, full)
			if err != nil {
				return err
			}
			size += 10_007
			files[relative] = fmt.Sprintf("#%d", size)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	files.write(t, w.root)
	t.Logf("%d files planted", len(files))
}
