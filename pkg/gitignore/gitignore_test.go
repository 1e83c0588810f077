package gitignore_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loadline-dev/loadline/pkg/dockerignore"
	"github.com/loadline-dev/loadline/pkg/gitignore"
)

func set(files map[string]string) (*gitignore.Set, map[string]*gitignore.File) {
	byName := map[string]*gitignore.File{}
	var list []*gitignore.File
	for name, text := range files {
		f := gitignore.Parse(name, []byte(text))
		byName[name] = f
		list = append(list, f)
	}
	return gitignore.NewSet(list), byName
}

func TestLinesAreReadAsGitReadsThem(t *testing.T) {
	f := gitignore.Parse("a/.gitignore", []byte("\ufeff# comment\n\n!keep \nbuild/  \r\n/root\\ \nsub/x\n\\#hash\n"))
	want := []struct {
		number              int
		text                string
		negated, dir, fixed bool
	}{
		{3, "!keep", true, false, false}, {4, "build/", false, true, false}, {5, `/root\ `, false, false, true},
		{6, "sub/x", false, false, true}, {7, `\#hash`, false, false, false},
	}
	if len(f.Lines) != len(want) || f.Dir != "a" {
		t.Fatalf("%d lines in %q", len(f.Lines), f.Dir)
	}
	for i, w := range want {
		l := f.Lines[i]
		if l.Number != w.number || f.Source.Slice(l.Span) != w.text || l.Negated != w.negated || l.Directory != w.dir || l.Anchored != w.fixed {
			t.Errorf("line %d is %+v %q, want %+v", i, l, f.Source.Slice(l.Span), w)
		}
	}
}

func TestWhatIsInAnIgnoredDirectoryStaysIgnored(t *testing.T) {
	s, _ := set(map[string]string{".gitignore": "logs/\n*.tmp\n", "logs/.gitignore": "!keep\n", "a/.gitignore": "!x.tmp\n"})
	for p, want := range map[string]bool{"logs/keep": true, "a/x.tmp": false, "x.tmp": true, "logs": false, "b/logs/y": true} {
		if _, got := s.Ignored(p, false); got != want {
			t.Errorf("%s: ignored is %v", p, got)
		}
	}
}

func TestALineIsSaidInADockerignore(t *testing.T) {
	tests := []struct{ file, line, context, want string }{
		{".gitignore", "node_modules", "", "**/node_modules"},
		{".gitignore", "node_modules/", "web", "**/node_modules"},
		{".gitignore", "/dist", "", "dist"},
		{".gitignore", "/web/dist", "web", "dist"},
		{".gitignore", "/api/dist", "web", ""},
		{"web/.gitignore", "dist", "", "web/**/dist"},
		{"web/.gitignore", "/dist", "web", "dist"},
		{"web/app/.gitignore", "/dist", "web", "app/dist"},
		{"api/.gitignore", "dist", "web", ""},
		{".gitignore", "**/x/*.log", "web", "**/x/*.log"},
		{".gitignore", "{a}", "", "**/{a}"},
		{".gitignore", "a[!b]c", "", ""},
		{".gitignore", "a[b-d]c", "", "**/a[b-d]c"},
		{".gitignore", "a**b", "", "**/a*b"},
		{".gitignore", `\!x`, "", ""},
		{".gitignore", "!x", "", ""},
		{".gitignore", "[[:alpha:]]", "", ""},
	}
	for _, test := range tests {
		f := gitignore.Parse(test.file, []byte(test.line+"\n"))
		got, ok := f.Lines[0].Dockerignore(f, test.context)
		if !ok {
			got = ""
		}
		if got != test.want {
			t.Errorf("%s of %s in %q is %q, want %q", test.line, test.file, test.context, got, test.want)
		}
	}
}

func TestAWitnessIsAPathThatGitIgnoresBecauseOfTheLine(t *testing.T) {
	s, files := set(map[string]string{".gitignore": "*.log\n/build/\na/**/b\n[a-c]?.o\nsecret\n!secret\n", "w/.gitignore": "out\n"})
	want := map[string][]string{
		".gitignore":   {"x.log", "build/x", "a/x/b/x", "ax.o", "", ""},
		"w/.gitignore": {"w/out/x"},
	}
	for name, paths := range want {
		for i, p := range paths {
			got, ok := s.Witness(files[name], &files[name].Lines[i])
			if !ok {
				got = ""
			}
			if got != p {
				t.Errorf("line %d of %s: %q, want %q", i, name, got, p)
			}
		}
	}
}

// git asks git itself which of the paths it ignores.
func git(t testing.TB, files map[string]string, paths []string) map[string]bool {
	t.Helper()
	dir := t.TempDir()
	if out, err := exec.Command("git", "init", "-q", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for name, text := range files {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("git", "-C", dir, "-c", "core.excludesFile=/dev/null", "check-ignore", "--no-index", "--stdin", "-z")
	cmd.Stdin = strings.NewReader(strings.Join(paths, "\x00") + "\x00")
	out, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); err != nil && (!asExit(err, &exit) || exit.ExitCode() != 1) {
		t.Fatalf("git check-ignore: %v", err)
	}
	ignored := map[string]bool{}
	for _, p := range bytes.Split(bytes.TrimSuffix(out, []byte{0}), []byte{0}) {
		ignored[string(p)] = true
	}
	return ignored
}

func asExit(err error, exit **exec.ExitError) bool {
	e, ok := err.(*exec.ExitError) //nolint:errorlint // Output returns it as it is
	*exit = e
	return ok
}

var pieces = []string{"a", "b", "ab", "*", "**", "?", "/", "/", "!", "[ab]", "[!a]", "[a-c]", `\*`, ".x", "{a,b}", "***", " ", `\ `, "#"}

func random(r *rand.Rand) string {
	var b strings.Builder
	for range 1 + r.IntN(5) {
		b.WriteString(pieces[r.IntN(len(pieces))])
	}
	return b.String()
}

func TestRandomFilesAreReadAsGitReadsThem(t *testing.T) {
	names := []string{"a", "b", "ab", "a.x", "*", "{a,b}", "cab"}
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 60 {
		files := map[string]string{}
		for _, name := range []string{".gitignore", "a/.gitignore", "a/b/.gitignore"} {
			for range r.IntN(4) {
				files[name] += random(r) + "\n"
			}
		}
		var paths []string
		for range 60 {
			var parts []string
			for range 1 + r.IntN(4) {
				parts = append(parts, names[r.IntN(len(names))])
			}
			paths = append(paths, strings.Join(parts, "/")+".f")
		}
		want := git(t, files, paths)
		s, _ := set(files)
		for _, p := range paths {
			if _, got := s.Ignored(p, false); got != want[p] {
				t.Errorf("round %d: %q: ignored is %v, of git %v, by %q", n, p, got, want[p], files)
			}
		}
	}
}

func TestRandomLinesMeanTheSameInADockerignore(t *testing.T) {
	names := []string{"a", "b", "ab", "a.x", "cab"}
	r := rand.New(rand.NewPCG(3, 4))
	said := 0
	for range 3000 {
		f := gitignore.Parse(".gitignore", []byte(random(r)+"\n"))
		if len(f.Lines) != 1 {
			continue
		}
		pattern, ok := f.Lines[0].Dockerignore(f, "")
		if !ok {
			continue
		}
		said++
		ignore, err := dockerignore.Parse(".dockerignore", []byte(pattern+"\n"))
		if err != nil {
			t.Fatalf("%q of %q: %v", pattern, f.Source.Text, err)
		}
		s := gitignore.NewSet([]*gitignore.File{f})
		for range 20 {
			var parts []string
			for range 1 + r.IntN(4) {
				parts = append(parts, names[r.IntN(len(names))])
			}
			p := strings.Join(parts, "/")
			_, want := s.Ignored(p, false)
			d, err := ignore.Decide(p)
			if err != nil {
				t.Fatal(err)
			}
			if d.Excluded != want && (want || !f.Lines[0].Directory) {
				t.Errorf("%q: excluded is %v by %q, ignored is %v by %q", p, d.Excluded, pattern, want, f.Source.Text)
			}
		}
	}
	if said < 500 {
		t.Errorf("only %d lines have a pattern", said)
	}
}

// FuzzIgnored holds that nothing panics, and that git agrees.
func FuzzIgnored(f *testing.F) {
	for _, s := range []string{"a", "/a/", "!a\n*", "a/**/b", "[", `a\`, "**", "{a}", "[!a]x ", "#\n!#"} {
		f.Add(s, "a/b")
	}
	f.Fuzz(func(t *testing.T, text, p string) {
		file := gitignore.Parse(".gitignore", []byte(text))
		s := gitignore.NewSet([]*gitignore.File{file})
		_, ignored := s.Ignored(p, false)
		for i := range file.Lines {
			l := &file.Lines[i]
			if got := file.Source.Slice(l.Span); got == "" {
				t.Error("an empty pattern")
			}
			l.Dockerignore(file, "")
			if w, ok := s.Witness(file, l); ok {
				if _, ignored := s.Ignored(w, false); !ignored {
					t.Errorf("the witness %q is not ignored", w)
				}
			}
		}
		if !plain(text) || !plain(p) || !ignored {
			return
		}
		if !git(t, map[string]string{".gitignore": text}, []string{p})[p] {
			t.Errorf("git does not ignore %q by %q", p, text)
		}
	})
}

// plain reports whether git can be asked about a text as a path: ASCII, and no path that leaves the tree.
func plain(s string) bool {
	for _, c := range s {
		if c < ' ' && c != '\n' || c > '~' {
			return false
		}
	}
	clean := filepath.ToSlash(filepath.Clean(s))
	return s != "" && !strings.HasPrefix(s, "/") && !strings.HasPrefix(clean, "..") && clean == s && clean != "." &&
		!strings.Contains(fmt.Sprintf("/%s/", strings.ToLower(s)), "/.git/")
}
