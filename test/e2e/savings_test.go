package e2e

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	gocmp "github.com/google/go-cmp/cmp"
)

// checked is the part of loadline.report/v1 that is held against the daemon.
type checked struct {
	Builds   []checkedBuild   `json:"builds"`
	Findings []checkedFinding `json:"findings"`
}

type checkedFinding struct {
	Rule   string   `json:"rule"`
	Area   string   `json:"area"`
	Build  string   `json:"build"`
	Builds []string `json:"builds"`
	Saves  *size    `json:"saves"`
	Fixes  []struct {
		Title string   `json:"title"`
		Edits []change `json:"edits"`
	} `json:"fixes"`
}

type checkedBuild struct {
	Name       string            `json:"name"`
	Dockerfile string            `json:"dockerfile"`
	Context    string            `json:"context"`
	Stage      string            `json:"stage"`
	Args       map[string]string `json:"args"`
	Platforms  []string          `json:"platforms"`
	Contexts   map[string]string `json:"contexts"`
	Exact      bool              `json:"exact"`
	Upload     struct {
		Head size `json:"head"`
	} `json:"upload"`
	Untracked size `json:"untracked"`
}

type size struct {
	Bytes int64 `json:"bytes"`
}

// total is what the build uploads from this disk.
func (b *checkedBuild) total() int64 { return b.Upload.Head.Bytes + b.Untracked.Bytes }

// change is an edit of a file; columns count characters.
type change struct {
	Path    string `json:"path"`
	Start   place  `json:"start"`
	End     place  `json:"end"`
	NewText string `json:"newText"`
}

type place struct {
	Line   int `json:"line"`
	Column int `json:"column"`
}

// worktree is a repository on disk with what git does not track.
type worktree struct{ root string }

// loadline runs the command as a developer does: nothing says that it is a workflow.
func (w worktree) loadline(t *testing.T, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), env.loadline, args...)
	cmd.Dir = w.root
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "CI=") || strings.HasPrefix(v, "GITHUB_") })
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		errors.As(err, &exit)
		t.Fatalf("loadline %s: %v\n%s", strings.Join(args, " "), err, exit.Stderr)
	}
	return out
}

func (w worktree) check(t *testing.T) checked {
	t.Helper()
	var c checked
	if err := json.Unmarshal(w.loadline(t, "check", "--base", "none", "--format", "json"), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// received is what the daemon receives for one of the builds. ok is false where its frontend does not get that far. An
// argument without which FROM names nothing is made up, as check does.
func (w worktree) received(t *testing.T, b checkedBuild) (bytes int64, ok bool) {
	t.Helper()
	args := maps.Clone(b.Args)
	for {
		steps, err := received(t, build{
			root: w.root, File: b.Dockerfile, Context: b.Context, Target: b.Stage, Args: args, Contexts: b.Contexts, Platforms: b.Platforms,
		})
		if err == nil {
			for _, list := range steps {
				bytes += sum(list)
			}
			return bytes, true
		}
		missing := blankBase.FindStringSubmatch(err.Error())
		if missing == nil || args[missing[1]] != "" {
			t.Logf("%s: not built: %v", b.Name, err)
			return 0, false
		}
		if args == nil {
			args = map[string]string{}
		}
		args[missing[1]] = "busybox"
	}
}

// blankBase is what the frontend says where FROM is nothing but an argument that is not given.
var blankBase = regexp.MustCompile(`base name \(\$\{?(\w+)\}?\) should not be blank`)

// apply makes edits, and returns what undoes them.
func (w worktree) apply(t *testing.T, edits []change) (undo func()) {
	t.Helper()
	before := map[string][]byte{}
	slices.SortStableFunc(edits, func(a, b change) int {
		return cmp.Or(b.Start.Line-a.Start.Line, b.Start.Column-a.Start.Column) // the last first, so that places stay
	})
	for _, e := range edits {
		name := filepath.Join(w.root, e.Path)
		text, err := os.ReadFile(name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		if _, known := before[name]; !known {
			before[name] = text
		}
		changed := string(text[:e.Start.offset(text)]) + e.NewText + string(text[e.End.offset(text):])
		if err := os.WriteFile(name, []byte(changed), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return func() {
		for name, text := range before {
			err := os.Remove(name)
			if text != nil {
				err = os.WriteFile(name, text, 0o644)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

func (p place) offset(text []byte) int {
	at := 0
	for range p.Line - 1 {
		at += strings.IndexByte(string(text[at:]), '\n') + 1
	}
	for range p.Column - 1 {
		_, n := utf8.DecodeRune(text[at:])
		at += n
	}
	return at
}

// saved is a row of the table: what the daemon received before and after a fix, and what was said that it saves.
type saved struct {
	what          string
	before, after int64
	says          int64
}

func (s saved) String() string {
	verdict := "equal"
	if s.before-s.after != s.says {
		verdict = "DIFFERENT"
	}
	return fmt.Sprintf("| %s | %d | %d | %d | %d | %s |", s.what, s.before, s.after, s.before-s.after, s.says, verdict)
}

// savings applies the fixes of the area dockerignore, each alone and then all together as "loadline fix" does, and holds
// what the daemon receives against what is said.
func (w worktree) savings(t *testing.T) []saved {
	t.Helper()
	said := w.check(t)
	said.Findings = slices.DeleteFunc(said.Findings, func(f checkedFinding) bool { return f.Area != "dockerignore" || len(f.Fixes) == 0 })
	before := map[string]int64{}
	for i := range said.Builds {
		b := &said.Builds[i]
		if !slices.ContainsFunc(said.Findings, func(f checkedFinding) bool { return slices.Contains(f.Builds, b.Name) }) {
			continue
		}
		if n, ok := w.received(t, *b); ok {
			before[b.Name] = n
			if n != b.total() {
				t.Errorf("%s: the daemon received %d, check says %d", b.Name, n, b.total())
			}
		}
	}
	var rows []saved
	for _, f := range said.Findings {
		if n, ok := before[f.Build]; ok {
			rows = append(rows, w.alone(t, &said, f, n))
		}
	}
	return append(rows, w.together(t, &said, before)...)
}

// alone applies the fix of one finding and takes it back.
func (w worktree) alone(t *testing.T, said *checked, f checkedFinding, before int64) saved {
	t.Helper()
	undo := w.apply(t, f.Fixes[0].Edits)
	defer undo()
	i := slices.IndexFunc(said.Builds, func(b checkedBuild) bool { return b.Name == f.Build })
	after, ok := w.received(t, said.Builds[i])
	if !ok {
		t.Fatalf("%s: %s: the build is broken by %q", f.Build, f.Rule, f.Fixes[0].Title)
	}
	row := saved{what: f.Build + ": " + f.Rule, before: before, after: after}
	switch {
	case f.Saves != nil:
		row.says = f.Saves.Bytes
		if before-after != row.says {
			t.Errorf("%s: %s: the daemon received %d less, saves is %d", f.Build, f.Rule, before-after, row.says)
		}
	case after < before:
		t.Errorf("%s: %s: the daemon received %d less, and nothing is said to be saved", f.Build, f.Rule, before-after)
	default:
		row.says = before - after // only the ignore file is longer
	}
	return row
}

// together applies all fixes at once, as far as they do not overlap.
func (w worktree) together(t *testing.T, said *checked, before map[string]int64) []saved {
	t.Helper()
	args := []string{"fix", "--write"}
	for _, f := range said.Findings {
		if !slices.Contains(args, f.Rule) {
			args = append(args, "--rule", f.Rule)
		}
	}
	if len(args) == 2 {
		return nil
	}
	t.Logf("%s", w.loadline(t, args...))
	afterwards := w.check(t)
	var rows []saved
	for i := range afterwards.Builds {
		b := &afterwards.Builds[i]
		old, ok := before[b.Name]
		if !ok {
			continue
		}
		n, ok := w.received(t, *b)
		if !ok || n != b.total() {
			t.Errorf("%s, mended: the daemon received %d, check says %d", b.Name, n, b.total())
		}
		rows = append(rows, saved{what: b.Name + ": all", before: old, after: n, says: old - b.total()})
	}
	return rows
}

// TestFixesSaveWhatTheySayThatTheySave lets the daemon fetch the contexts of a repository with all that lies on a
// developer's disk, before and after the fixes of ignore files.
func TestFixesSaveWhatTheySayThatTheySave(t *testing.T) {
	requireDaemon(t)
	always := map[string]int{
		"dependencies-uploaded": 3, "build-output-uploaded": 2, "tool-cache-uploaded": 2, "local-file-uploaded": 1, "all": 5,
	}
	for name, c := range map[string]struct {
		more  tree
		rules []string
	}{
		"no ignore file at the root": {nil, []string{"no-dockerignore"}},
		"an ignore file at the root": {tree{".dockerignore": "web\nshop\ncore\napi\n"}, []string{"git-directory-uploaded"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := worktree{root: t.TempDir()}
			with(tracked(), c.more).write(t, w.root)
			commit(t, w.root)
			untracked().write(t, w.root)
			want := maps.Clone(always)
			for _, rule := range c.rules {
				want[rule] = 1
			}
			count := map[string]int{}
			for _, row := range w.savings(t) {
				t.Log(row)
				build, rule, _ := strings.Cut(row.what, ": ")
				if row.says > 1_000_000 {
					count[rule]++
				}
				if rule == "all" && build != "Dockerfile" && row.after > 10_000 {
					t.Errorf("%s still uploads %d bytes", build, row.after)
				}
			}
			if diff := gocmp.Diff(want, count); diff != "" {
				t.Errorf("rules that save a megabyte (-want +got):\n%s", diff)
			}
		})
	}
}

// tracked is a repository of five builds: a context with an ignore file whose last line does not end, one with an ignore
// file with carriage returns, one without any, one whose Dockerfile has its own, and the whole repository.
func tracked() tree {
	return tree{
		".gitignore":                   "node_modules\ntarget\n.venv\n__pycache__\n.pytest_cache\ncoverage\nhtmlcov\n*.log\n.next\n",
		"Dockerfile":                   "FROM golang:1.26\nCOPY . /src\nRUN go build -C /src ./...\n",
		"go.mod":                       "module example.com/all\n",
		"web/Dockerfile":               "FROM node:22\nWORKDIR /app\nCOPY . .\nRUN npm ci && npm run build\n",
		"web/.dockerignore":            "# texts\n*.md",
		"web/package.json":             `{"name": "web", "scripts": {"build": "next build"}, "dependencies": {"next": "15"}}`,
		"web/package-lock.json":        `{"lockfileVersion": 3}`,
		"web/src/index.js":             "#3000",
		"web/packages/ui/package.json": `{"name": "ui"}`,
		"web/README.md":                "# web\n",
		"shop/Dockerfile":              "FROM node:22\nWORKDIR /app\nCOPY . .\nRUN npm ci\n",
		"shop/.dockerignore":           "# texts\r\n*.md\r\n",
		"shop/package.json":            `{"name": "shop", "dependencies": {"a": "1"}}`,
		"shop/package-lock.json":       `{"lockfileVersion": 3}`,
		"core/Dockerfile":              "FROM rust:1\nWORKDIR /app\nCOPY . .\nRUN cargo build --release\n",
		"core/Cargo.toml":              "[package]\nname = \"core\"\n",
		"core/src/main.rs":             "fn main() {}\n",
		"api/Dockerfile":               "FROM python:3.12\nCOPY . /api\nRUN pip install -r /api/requirements.txt\n",
		"api/Dockerfile.dockerignore":  "docs\n",
		"api/requirements.txt":         "flask\n",
		"api/pyproject.toml":           "[project]\nname = \"api\"\n",
		"api/app/main.py":              "#2000",
	}
}

// untracked is what lies beside it on a developer's disk, nested projects included.
func untracked() tree {
	return tree{
		".git/objects/pack/pack-1.pack":           "#1500000",
		"web/node_modules/a/index.js":             "#1100000",
		"web/node_modules/.bin/a":                 "-> ../a/index.js",
		"web/packages/ui/node_modules/b/index.js": "#1200000",
		"web/.next/cache/x":                       "#1300000",
		"web/coverage/lcov.info":                  "#1400000",
		"web/npm-debug.log":                       "#1600000",
		"shop/node_modules/a/index.js":            "#1700000",
		"core/target/debug/core":                  "#1800000",
		"core/target/debug/deps/core.d":           "#70000",
		"api/.venv/lib/python3.12/site.py":        "#1900000",
		"api/.venv/pyvenv.cfg":                    "home = /usr/bin\\n",
		"api/.venv/bin/python":                    "-> /usr/bin/python3",
		"api/app/__pycache__/main.cpython.pyc":    "#1010000",
		"api/.pytest_cache/v/cache":               "#1020000",
		"api/htmlcov/index.html":                  "#1030000",
	}
}
