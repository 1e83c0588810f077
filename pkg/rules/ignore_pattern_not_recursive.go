package rules

import (
	"context"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/loadline-dev/loadline/pkg/dockerignore"
	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/source"
)

// ignorePatternNotRecursive reports lines such as node_modules that keep out the directory at the root while others of the
// name further down are uploaded.
var ignorePatternNotRecursive = rule.Rule{
	Name:     "ignore-pattern-not-recursive",
	Title:    "an ignored name is uploaded from deeper directories",
	Area:     finding.Dockerignore,
	Severity: finding.Warning,
	Needs:    rule.NeedsUpload | rule.NeedsFiles | rule.NeedsScripts,
	Run:      runIgnorePatternNotRecursive,
}

// everywhere are names whose directories and files are made by tools and never written by people, wherever they stand
// (github/gitignore, the templates of the languages). A name that may mean something else further down is not here:
// build, dist, target, vendor, bin, test.
var everywhere = []string{
	"node_modules", "bower_components", ".pnpm-store", ".next", ".nuxt", ".svelte-kit", ".turbo", ".parcel-cache", ".angular",
	"__pycache__", ".venv", ".tox", ".nox", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".ipynb_checkpoints", ".eggs",
	".gradle", ".terraform", ".stack-work", "dist-newstyle", ".dart_tool", ".zig-cache", ".nyc_output", ".vs", ".idea",
	".git", ".DS_Store", "*.pyc", "*.log", "*.class", "*.o",
}

// fixtures matches directories that hold such names on purpose, for tests.
var fixtures = regexp.MustCompile(`(^|/)(testdata|fixtures?|__fixtures__|test-fixtures|__tests__|tests?|spec|examples?)(/|$)`)

func runIgnorePatternNotRecursive(_ context.Context, p *rule.Pass) error {
	for _, u := range p.Uploads() {
		if u.Ignore == nil {
			continue
		}
		for i := range u.Ignore.Lines {
			l := &u.Ignore.Lines[i]
			if !l.Include && rootOnly(u, l) && !reportDeeper(p, u, l) {
				reportPackages(p, u, l)
			}
		}
	}
	return nil
}

// rootOnly reports whether a line names what tools make, without "**/" and without a slash at its beginning, which would
// say that the root alone is meant.
func rootOnly(u *rule.Upload, l *dockerignore.Line) bool {
	if strings.HasPrefix(u.Ignore.Source.Slice(l.Span), "/") {
		return false
	}
	for _, name := range everywhere {
		if l.Pattern == name {
			return true
		}
	}
	return false
}

// deeper are the paths sent whose name a pattern of one name matches, below the root and apart from fixtures.
func deeper(u *rule.Upload, pattern string) []rule.File {
	var found []rule.File
	if !strings.ContainsAny(pattern, "*?[") {
		found = u.Named(pattern)
	} else {
		for _, f := range u.Files() {
			if ok, err := path.Match(pattern, path.Base(f.Path)); ok && err == nil {
				found = append(found, f)
			}
		}
	}
	var out []rule.File
	for _, f := range found {
		if strings.Contains(f.Path, "/") && !fixtures.MatchString(path.Dir(f.Path)) && !u.Wanted(f.Path) && u.Readmitted(f.Path) == nil {
			out = append(out, f)
		}
	}
	return out
}

// reportDeeper reports a line that lets through what lies deeper, and whether it does.
func reportDeeper(p *rule.Pass, u *rule.Upload, l *dockerignore.Line) bool {
	found := deeper(u, l.Pattern)
	var size rule.Size
	for _, f := range found {
		s := u.Under(f.Path)
		size.Bytes += s.Bytes
		size.Payload += s.Payload
		size.Files += s.Files
	}
	if !worthwhile(size) {
		return false
	}
	where := source.Printable(found[0].Path) + " is"
	if len(found) > 1 {
		where = fmt.Sprintf("%s and %d more are", source.Printable(found[0].Path), len(found)-1)
	}
	p.Report(finding.Finding{
		File: u.Ignore.Source, Span: l.Span,
		Message: fmt.Sprintf("keeps out %s at the root alone; %s uploaded: %s", l.Pattern, where, size),
		Fixes:   []finding.Fix{everywhereFix(u, l)},
	})
	return true
}

func everywhereFix(u *rule.Upload, l *dockerignore.Line) finding.Fix {
	return rewrite(u, "Write **/"+l.Pattern+", which means every directory", source.Span{Start: l.Span.Start, End: l.Span.Start}, "**/")
}

// reportPackages reports node_modules at the root alone where the packages of a workspace have their own, although none is
// there now: a clean checkout never holds them.
func reportPackages(p *rule.Pass, u *rule.Upload, l *dockerignore.Line) {
	if l.Pattern != "node_modules" || len(u.Named("node_modules")) > 0 || !installsNode(p) {
		return
	}
	var dirs []string
	workspace := p.Exists("pnpm-workspace.yaml") || p.Exists("lerna.json")
	for _, f := range u.Named("package.json") {
		dir := path.Dir(f.Path)
		if dir == "." || fixtures.MatchString(dir) || strings.Contains(dir, "template") {
			continue
		}
		installed := dir + "/node_modules/x"
		if d, err := u.Ignore.Decide(installed); err != nil || d.Excluded || len(u.Pulls(installed)) == 0 {
			continue
		}
		if u.Wanted(path.Dir(installed)) || u.Readmitted(path.Dir(installed)) != nil || !workspace && !locked(p, dir) {
			continue
		}
		dirs = append(dirs, dir)
	}
	if len(dirs) == 0 {
		return
	}
	where := source.Printable(dirs[0])
	if more := len(dirs) - 1; more > 0 {
		where += " and " + finding.Count(int64(more), "more package")
	}
	p.Report(finding.Finding{
		File: u.Ignore.Source, Span: l.Span, Severity: finding.Notice,
		Message: "keeps out node_modules at the root alone: that of " + where + " is uploaded from a work tree in which it is installed",
		Fixes:   []finding.Fix{everywhereFix(u, l)},
	})
}

// locked reports whether a directory has a lock file of its own, so that its packages are installed there.
func locked(p *rule.Pass, dir string) bool {
	return slices.ContainsFunc([]string{"package-lock.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb"}, func(name string) bool {
		return p.Exists(path.Join(dir, name))
	})
}

// installsNode reports whether the build installs packages of Node, so that it does not need those of the work tree.
func installsNode(p *rule.Pass) bool {
	for _, c := range p.AllCalls() {
		if c.Is("npm", "pnpm", "bun", "yarn", "yarnpkg") && (c.HasArg("install", "ci", "i") || len(c.Operands()) == 0) {
			return true
		}
	}
	return false
}
