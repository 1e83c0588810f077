package rules

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/source"
)

// contextWiderThanNeeded reports tests, documents, examples and tools that a whole project brings along into the upload of a
// build in which nothing names them.
var contextWiderThanNeeded = rule.Rule{
	Name:     "context-wider-than-needed",
	Title:    "parts that the build does not name are uploaded",
	Area:     finding.Dockerignore,
	Severity: finding.Notice,
	Needs:    rule.NeedsUpload | rule.NeedsFiles | rule.NeedsScripts,
	Run:      runContextWiderThanNeeded,
}

// Parts of a project that a build of its image rarely reads. What a directory is called says only where to look: it counts
// where nothing that the build runs names it.
var (
	testParts = regexp.MustCompile(`^(tests?|__tests__|specs?|e2e|(integration|functional|acceptance|unit|performance|load|perf|smoke)[-_]?tests?|` +
		`tests?[-_]?(data|resources|suites?)|fixtures|bench(es|marks?|marking)?|perf|fuzz(ing)?|workloads?)$`)
	docParts  = regexp.MustCompile(`^(docs?|documentation|website|man|examples?|samples?|demos?|tutorials?|notebooks?|screenshots?)$`)
	workParts = regexp.MustCompile(`^(\.github|\.circleci|\.gitlab|\.buildkite|\.devcontainer|\.vscode|\.idea|\.husky|\.changeset|` +
		`deploy(ments?)?|k8s|kubernetes|helm|charts?|terraform|ansible|packaging|infra(structure)?|benchmarks?)$`)
)

const (
	// partBytes is from how many bytes on a part is listed, partFiles from how many files on.
	partBytes, partFiles = 100_000, 50
	// partShare is the share of the upload from which on all parts together are worth a finding, in per cent.
	partShare = 3
	// partDepth is how deep parts are looked for.
	partDepth = 4
)

func runContextWiderThanNeeded(_ context.Context, p *rule.Pass) error {
	for _, u := range p.Uploads() {
		if u.Name != "context" {
			continue
		}
		found, err := unneededParts(p, u)
		if err != nil {
			return err
		}
		reportParts(p, u, found)
	}
	return nil
}

// unneededParts are the directories that nothing in the build names, the outermost of each, the largest first.
func unneededParts(p *rule.Pass, u *rule.Upload) ([]leftover, error) {
	var e *evidence
	var found []leftover
	for _, f := range u.Files() {
		if !f.Mode.IsDir() || f.Untracked || !isPart(f.Path) || insideAny(found, f.Path) {
			continue
		}
		size := u.Under(f.Path)
		if size.Bytes < partBytes && size.Files < partFiles || u.Wanted(f.Path) || u.Readmitted(f.Path) != nil {
			continue
		}
		if e == nil {
			var err error
			if e, err = gather(p, u); err != nil {
				return nil, err
			}
		}
		if !e.needs(p, u, f.Path) {
			found = append(found, leftover{path: f.Path, size: size})
		}
	}
	modules, err := strayVendor(p, u, e, found)
	found = append(found, modules...)
	slices.SortStableFunc(found, func(a, b leftover) int { return cmp.Compare(b.size.Bytes, a.size.Bytes) })
	return found, err
}

// isPart reports whether a directory may be one of those parts, from its path alone.
func isPart(p string) bool {
	if strings.Count(p, "/") >= partDepth || dependencyDirectory.MatchString(p+"/") || sourceTree.MatchString(p) {
		return false
	}
	parts := strings.Split(p, "/")
	if slices.ContainsFunc(parts[:len(parts)-1], namedAsPart) {
		return false // what is around it counts
	}
	if len(parts) > 1 {
		return testParts.MatchString(path.Base(p)) // a nested docs or deploy is often a part of the program
	}
	return namedAsPart(p)
}

func namedAsPart(name string) bool {
	return testParts.MatchString(name) || docParts.MatchString(name) || workParts.MatchString(name)
}

// sourceTree matches directories of which everything is compiled or shipped, whatever it is called.
var sourceTree = regexp.MustCompile(`(^|/)(src|lib|libs|app|pkg|internal|cmd|public|static|assets|resources|templates|vendor)/`)

func insideAny(found []leftover, p string) bool {
	return slices.ContainsFunc(found, func(l leftover) bool { return strings.HasPrefix(p, l.path+"/") })
}

// strayVendor are vendored modules of Go modules other than the one at the root, of which no step compiles anything.
func strayVendor(p *rule.Pass, u *rule.Upload, e *evidence, found []leftover) ([]leftover, error) {
	var out []leftover
	for _, f := range u.Named("modules.txt") {
		dir := path.Dir(f.Path)
		module := path.Dir(dir)
		if path.Base(dir) != "vendor" || module == "." || insideAny(found, dir) || f.Untracked {
			continue
		}
		size := u.Under(dir)
		if _, ok := u.File(path.Join(module, "go.mod")); !ok || !worthwhile(size) || u.Wanted(dir) || u.Wanted(module) || u.Readmitted(dir) != nil {
			continue
		}
		if e == nil {
			var err error
			if e, err = gather(p, u); err != nil {
				return nil, err
			}
		}
		if p.Exists("go.work") || e.namesPath(module) {
			continue
		}
		if root, err := read(p, "go.mod"); err != nil || strings.Contains(root, "=> ./"+module) {
			if err != nil {
				return nil, err
			}
			continue
		}
		out = append(out, leftover{path: dir, size: size})
	}
	return out, nil
}

// reportParts reports all parts as one finding, at the instruction that pulls in the largest.
func reportParts(p *rule.Pass, u *rule.Upload, found []leftover) {
	sum := total(found)
	if len(found) == 0 || !worthwhile(sum) || sum.Bytes*100 < u.Size().Bytes*partShare {
		return
	}
	pulls := u.Pulls(found[0].path)
	if len(pulls) == 0 {
		return
	}
	const shown = 3
	var parts, lines []string
	for _, l := range found[:min(len(found), shown)] {
		parts = append(parts, fmt.Sprintf("%s (%s)", source.Printable(l.path), finding.Bytes(l.size.Bytes)))
		lines = append(lines, source.Printable(rule.Pattern(l.path)))
	}
	what := strings.Join(parts, ", ")
	if more := len(found) - len(parts); more > 0 {
		what += " and " + finding.Count(int64(more), "more such part")
	}
	p.Report(finding.Finding{
		Span:    pulls[0].Keyword.Span,
		About:   "parts",
		Message: fmt.Sprintf("uploads %s of parts that nothing in this build names: %s", sum, what),
		Advice: "Leave them out with lines in " + source.Printable(cmp.Or(u.IgnorePath, u.NewIgnorePath())) + ", such as " + strings.Join(lines, ", ") +
			", once you know that the program does not read them when it runs",
	})
}
