package pkg_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestTheWalkthroughNamesOnlyWhatExists(t *testing.T) {
	text := read(t, "docs/walkthrough.md")
	for _, m := range regexp.MustCompile("`((?:cmd|pkg|testdata)/[^` ]+)`").FindAllStringSubmatch(text, -1) {
		if _, err := os.Stat(filepath.Join("..", m[1])); err != nil {
			t.Errorf("it names %s, which does not exist", m[1])
		}
	}
	found := 0
	for _, m := range regexp.MustCompile("`([a-z]+)\\.([A-Z][A-Za-z]+)`").FindAllStringSubmatch(text, -1) {
		found++
		if !declares(t, m[1], m[2]) {
			t.Errorf("it names %s.%s, which is not declared", m[1], m[2])
		}
	}
	if found < 8 {
		t.Errorf("only %d functions are named: is the pattern of this test right?", found)
	}
}

// declares reports whether a package declares a function.
func declares(t *testing.T, pkg, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(pkg, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "\nfunc "+name+"(") {
			return true
		}
	}
	return false
}

func TestEveryDirectDependencyHasItsLine(t *testing.T) {
	listed := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(read(t, "docs/dependencies.md"), -1) {
		listed[m[1]] = true
	}
	used := map[string]bool{"honnef.co/go/tools": true, "github.com/rhysd/actionlint": true} // tools/go.mod
	requirement := regexp.MustCompile(`(?m)^\t(\S+) v\S+$`)
	for _, file := range []string{"go.mod", "test/e2e/go.mod"} {
		for _, m := range requirement.FindAllStringSubmatch(read(t, file), -1) {
			used[m[1]] = true
		}
	}
	delete(used, "github.com/loadline-dev/loadline") // test/e2e has a module of its own
	for name := range used {
		if !listed[name] {
			t.Errorf("docs/dependencies.md has no line for %s", name)
		}
	}
	for name := range listed {
		if !used[name] {
			t.Errorf("docs/dependencies.md has a line for %s, which is no direct dependency", name)
		}
	}
}

func TestLinksOfTheReadmeLeadSomewhere(t *testing.T) {
	text := read(t, "README.md")
	links := regexp.MustCompile(`\]\(([^)#:]+)\)`).FindAllStringSubmatch(text, -1)
	pictures := regexp.MustCompile(` (?:src|srcset)="([^":]+)"`).FindAllStringSubmatch(text, -1)
	for _, m := range append(links, pictures...) {
		if _, err := os.Stat(filepath.Join("..", m[1])); err != nil {
			t.Errorf("README.md links to %s, which does not exist", m[1])
		}
	}
	if len(pictures) < 2 {
		t.Error("README.md shows no picture in light and dark")
	}
}
