package pkg_test

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/loadline-dev/loadline/"

// rooms are the packages from the top of the house to the bottom; each may import only packages of the lines below its
// own. Every package of the module has its place.
var rooms = [][]string{
	{"cmd/loadline", "pkg/baseimage/generate", "test/corpus", "test/github/event", "test/github/fakegithub", "test/github/published/reduce"},
	{"pkg/loadline"},
	{"pkg/config", "pkg/publish"},
	{"pkg/report/annotate", "pkg/report/markdown", "pkg/report/sarif", "pkg/report/term"},
	{"pkg/report/golden"},
	{"pkg/compare"},
	{"pkg/report"},
	{"pkg/engine", "pkg/rules", "pkg/rules/internal/newrule"},
	{"pkg/rule"},
	{"pkg/baseimage/registry"},
	{"pkg/transfer"},
	{"pkg/baseimage"},
	{"pkg/build", "pkg/shell"},
	{"pkg/dockerfile", "pkg/dockerignore", "pkg/gitignore", "pkg/tree"},
	{"pkg/finding"},
	{"pkg/source", "test/github"},
	{"test/github/published"},
}

// only names the packages that may import what reaches the system, the network or BuildKit.
var only = map[string][]string{
	"os":        {"cmd/loadline", "pkg/baseimage/generate", "pkg/baseimage/registry", "pkg/loadline", "pkg/publish", "pkg/report/golden", "pkg/rules/internal/newrule", "pkg/tree", "test/corpus", "test/github", "test/github/fakegithub", "test/github/published/reduce"},
	"os/exec":   {"pkg/baseimage/generate", "pkg/tree", "test/corpus", "test/github", "test/github/published/reduce"},
	"net/http":  {"pkg/baseimage/registry", "pkg/publish", "pkg/tree", "test/github"},
	"net":       {"pkg/baseimage/registry", "pkg/publish", "test/github"},
	"os/signal": {"cmd/loadline", "pkg/baseimage/generate", "test/corpus", "test/github/fakegithub"},
	"github.com/moby/buildkit/frontend/dockerfile/builder": {"pkg/transfer"},
	"github.com/moby/buildkit/frontend/gateway/client":     {"pkg/transfer"},
	"github.com/moby/buildkit/frontend/dockerui":           {"pkg/transfer"},
	"github.com/moby/buildkit/solver/pb":                   {"pkg/transfer"},
	"github.com/tonistiigi/fsutil":                         {"pkg/tree", "pkg/transfer"},
	"github.com/tonistiigi/fsutil/types":                   {"pkg/tree", "pkg/transfer"},
	"github.com/google/go-github/v60/github":               {"cmd/loadline", "pkg/publish", "pkg/tree"},
	"github.com/sethvargo/go-githubactions":                {"pkg/publish"},
	"github.com/spf13/cobra":                               {"cmd/loadline"},
}

type goPackage struct {
	ImportPath string
	Imports    []string
}

// packages are those of the module, with the imports of their code; tests may import what they like.
func packages(t *testing.T) []goPackage {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", "./...")
	cmd.Dir = ".."
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var list []goPackage
	dec := json.NewDecoder(strings.NewReader(string(out)))
	for dec.More() {
		var p goPackage
		if err := dec.Decode(&p); err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
	return list
}

func floor(name string) int {
	return slices.IndexFunc(rooms, func(line []string) bool { return slices.Contains(line, name) })
}

func TestPackagesImportOnlyWhatLiesBelowThem(t *testing.T) {
	for _, p := range packages(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		if name == "pkg" {
			continue // this test
		}
		own := floor(name)
		if own < 0 {
			t.Errorf("%s has no place in the table of rooms", name)
			continue
		}
		for _, imported := range p.Imports {
			if other, ours := strings.CutPrefix(imported, module); ours && floor(other) <= own {
				t.Errorf("%s imports %s, which does not lie below it", name, other)
			}
			if allowed, limited := only[imported]; limited && !slices.Contains(allowed, name) {
				t.Errorf("%s imports %s, which only %q may", name, imported, allowed)
			}
			if name == "pkg/source" && strings.Contains(imported, ".") {
				t.Errorf("pkg/source imports %s, want the standard library only", imported)
			}
		}
	}
}
