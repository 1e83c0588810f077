package rules_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/loadline-dev/loadline/pkg/baseimage"
	"github.com/loadline-dev/loadline/pkg/build"
	"github.com/loadline-dev/loadline/pkg/config"
	"github.com/loadline-dev/loadline/pkg/engine"
	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/report"
	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/rules"
	"github.com/loadline-dev/loadline/pkg/source"
	"github.com/loadline-dev/loadline/pkg/transfer"
	"github.com/loadline-dev/loadline/pkg/tree"
)

var update = flag.Bool("update", false, "rewrite the sections want and fixed/… of doc and testdata")

// The least number of cases that a rule needs in which it says something, and in which it must not.
const (
	minPositive = 3
	minSilent   = 3
)

// TestRulesSayWhatTheirCasesWant walks the page and the cases of every rule: it compares what the rule says with the
// section want, what the files hold after the fix with fixed/…, and expects the rule to be silent then. Every fix that a
// case offers has to pass its proof.
func TestRulesSayWhatTheirCasesWant(t *testing.T) {
	for _, r := range rules.All() {
		t.Run(r.Name, func(t *testing.T) {
			cases, err := filepath.Glob(filepath.Join("testdata", r.Name, "*.txtar"))
			if err != nil {
				t.Fatal(err)
			}
			positive, silent := 0, 0
			for _, name := range append([]string{filepath.Join("doc", r.Name+".txtar")}, cases...) {
				t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
					if c := readCase(t, name); c.check(t, r) {
						positive++
					} else {
						silent++
					}
				})
			}
			if positive < minPositive || silent < minSilent {
				t.Errorf("%d cases in which it says something and %d in which it does not, want %d and %d", positive, silent, minPositive, minSilent)
			}
		})
	}
}

// testCase is a repository with what a rule says of it.
type testCase struct {
	path    string
	archive *txtar.Archive
	// files are the repository, tracked and untracked ones apart.
	tracked, untracked txtar.Archive
	want               string
	hasWant            bool
	fixed              map[string]string
	config             *config.Config
}

// readCase reads an archive: the files of a repository, the section tree with further paths and sizes, the section
// untracked with paths that lie on disk only, want and fixed/….
func readCase(t *testing.T, name string) *testCase {
	t.Helper()
	a, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	c := &testCase{path: name, archive: a, fixed: map[string]string{}, config: &config.Config{}}
	for _, f := range a.Files {
		switch fixed, isFixed := strings.CutPrefix(f.Name, "fixed/"); {
		case f.Name == "want":
			c.want, c.hasWant = string(f.Data), true
		case isFixed:
			c.fixed[fixed] = string(f.Data)
		case f.Name == "untracked":
			c.untracked.Files = append(c.untracked.Files, txtar.File{Name: "tree", Data: f.Data})
		case strings.HasPrefix(f.Name, "untracked/"):
			c.untracked.Files = append(c.untracked.Files, txtar.File{Name: strings.TrimPrefix(f.Name, "untracked/"), Data: f.Data})
		default:
			c.tracked.Files = append(c.tracked.Files, f)
		}
		if f.Name == ".loadline.yaml" {
			if c.config, err = config.Parse(f.Name, f.Data); err != nil {
				t.Fatal(err)
			}
		}
	}
	if strings.Contains(string(a.Comment), "crlf") && strings.HasPrefix(name, "testdata") {
		for i := range c.tracked.Files {
			c.tracked.Files[i].Data = []byte(strings.ReplaceAll(string(c.tracked.Files[i].Data), "\n", "\r\n"))
		}
	}
	return c
}

// repository is the case's repository: its tree, and the disk that it lies on.
func (c *testCase) repository(t *testing.T) *engine.Repository {
	t.Helper()
	all := txtar.Archive{}
	var listed []byte
	for _, f := range slices.Concat(c.tracked.Files, c.untracked.Files) {
		if f.Name == "tree" {
			listed = append(append(listed, f.Data...), '\n')
			continue
		}
		all.Files = append(all.Files, f)
	}
	all.Files = append(all.Files, txtar.File{Name: "tree", Data: listed})
	r := &engine.Repository{
		Meter: &transfer.Meter{}, Listings: &rule.Listings{},
		Images: &baseimage.Facts{}, // the tables of the program: no registry, and their own day
	}
	var err error
	if r.Tree, err = tree.FromTxtar(&c.tracked); err != nil {
		t.Fatal(err)
	}
	r.Tracked = r.Tree
	r.RemoteSteps = func() []build.RemoteStep { return build.RemoteSteps(r.Tree) }
	if r.Disk, err = tree.FromTxtar(&all); err != nil {
		t.Fatal(err)
	}
	return r
}

// builds are those that .loadline.yaml declares, else the Dockerfile at the root.
func (c *testCase) builds() []build.Build {
	if len(c.config.Builds) == 0 {
		return []build.Build{{Name: "Dockerfile", Dockerfile: "Dockerfile", Context: "."}}
	}
	out := slices.Clone(c.config.Builds)
	for i := range out {
		if out[i].Name == "" {
			out[i].Name = out[i].Dockerfile
		}
	}
	return out
}

// run runs one rule over the builds of a repository.
func (c *testCase) run(t *testing.T, r *rule.Rule, repository *engine.Repository) *engine.Result {
	t.Helper()
	e, err := engine.New([]*rule.Rule{r}, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	var list []engine.Build
	for _, b := range c.builds() {
		repository.Contexts = append(repository.Contexts, b.Context)
	}
	for _, b := range c.builds() {
		s, err := repository.Analyse(ctx, b)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, engine.Build{Name: b.Name, Head: &engine.Side{Subject: s, Repository: repository}, Exact: true})
	}
	result, err := e.Run(ctx, list, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range result.Refused {
		if f.Other {
			continue // as it should be: another build of the case needs what the fix takes away
		}
		t.Errorf("a fix that fails its proof: build %s: %s: %v", f.Build, f.Fix, f.Err)
	}
	for _, s := range result.Skipped {
		if broken := (*engine.PanicError)(nil); errors.As(s.Err, &broken) {
			t.Error(s.Err)
		}
	}
	return result
}

// check checks a case and reports whether the rule says something in it.
func (c *testCase) check(t *testing.T, r *rule.Rule) bool {
	t.Helper()
	result := c.run(t, r, c.repository(t))
	files, left := engine.Merge(result.Findings)
	if len(left) > 0 {
		t.Errorf("fixes of one rule overlap: %s", left[0].Message)
	}
	got, fixed := output(result), map[string]string{}
	for name, data := range files {
		fixed[name] = strings.ReplaceAll(string(data), "\r\n", "\n")
	}
	c.silentAfter(t, r, files, result)
	if *update {
		c.write(t, got, fixed)
		return len(result.Findings) > 0
	}
	if !c.hasWant {
		t.Errorf("%s has no section want: go test ./pkg/rules -update", c.path)
	}
	if diff := cmp.Diff(c.want, got); diff != "" {
		t.Errorf("%s: -want +got:\n%s", c.path, diff)
	}
	if diff := cmp.Diff(c.fixed, fixed); diff != "" {
		t.Errorf("%s: fixed: -want +got:\n%s", c.path, diff)
	}
	return len(result.Findings) > 0
}

// silentAfter holds that the rule says nothing after all fixes, but what had none.
func (c *testCase) silentAfter(t *testing.T, r *rule.Rule, files map[string][]byte, before *engine.Result) {
	t.Helper()
	if len(files) == 0 {
		return
	}
	after := *c
	after.tracked.Files = nil
	for _, f := range c.tracked.Files {
		if data, ok := files[f.Name]; ok {
			f.Data = data
		}
		after.tracked.Files = append(after.tracked.Files, f)
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if !slices.ContainsFunc(c.tracked.Files, func(f txtar.File) bool { return f.Name == name }) {
			after.tracked.Files = append(after.tracked.Files, txtar.File{Name: name, Data: files[name]})
		}
	}
	want := 0
	for _, f := range before.Findings {
		if len(f.Fixes) == 0 {
			want++
		}
	}
	if left := after.run(t, r, after.repository(t)); len(left.Findings) != want {
		t.Errorf("after the fixes it still says:\n%s", output(left))
	}
}

// output is everything that a rule says.
func output(r *engine.Result) string {
	var b strings.Builder
	for _, f := range report.FromFindings(r.Findings) {
		fmt.Fprintln(&b, f.Block())
	}
	for _, s := range r.Suppressed {
		fmt.Fprintf(&b, "suppressed: %s\n", report.FromFindings([]finding.Finding{s.Finding})[0].Line())
	}
	for _, s := range r.Skipped {
		fmt.Fprintf(&b, "skipped: %s\n", source.Printable(s.Err.Error()))
	}
	for _, n := range r.Notices {
		fmt.Fprintf(&b, "notice: %s\n", source.Printable(n))
	}
	return b.String()
}

// write writes want and fixed/… behind the files of the repository.
func (c *testCase) write(t *testing.T, want string, fixed map[string]string) {
	t.Helper()
	out := &txtar.Archive{Comment: c.archive.Comment}
	for _, f := range c.archive.Files {
		if f.Name != "want" && !strings.HasPrefix(f.Name, "fixed/") {
			out.Files = append(out.Files, f)
		}
	}
	out.Files = append(out.Files, txtar.File{Name: "want", Data: []byte(want)})
	for _, name := range slices.Sorted(maps.Keys(fixed)) {
		out.Files = append(out.Files, txtar.File{Name: "fixed/" + name, Data: []byte(fixed[name])})
	}
	if err := os.WriteFile(c.path, txtar.Format(out), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestTheListOfRulesIsComplete(t *testing.T) {
	list := rules.All()
	if err := rule.Validate(list); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, r := range list {
		names = append(names, r.Name)
		if _, err := rules.Doc(r.Name); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(strings.ReplaceAll(r.Name, "-", "_") + ".go"); err != nil {
			t.Errorf("rule %s does not lie in the file of its name: %v", r.Name, err)
		}
	}
	if !slices.IsSorted(names) {
		t.Error("All is not in the order of names")
	}
	for _, pattern := range []string{"doc/*.txtar", "testdata/*"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range paths {
			if name := strings.TrimSuffix(filepath.Base(p), ".txtar"); !slices.Contains(names, name) {
				t.Errorf("%s belongs to no rule", p)
			}
		}
	}
}
