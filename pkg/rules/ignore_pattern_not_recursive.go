package rules

import (
	"context"
	"fmt"
	"path"
	"regexp"
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
	Needs:    rule.NeedsUpload,
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
			if !l.Include && rootOnly(u, l) {
				reportDeeper(p, u, l)
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

func reportDeeper(p *rule.Pass, u *rule.Upload, l *dockerignore.Line) {
	found := deeper(u, l.Pattern)
	var size rule.Size
	for _, f := range found {
		s := u.Under(f.Path)
		size.Bytes += s.Bytes
		size.Payload += s.Payload
		size.Files += s.Files
	}
	if !worthwhile(size) {
		return
	}
	where := source.Printable(found[0].Path) + " is"
	if len(found) > 1 {
		where = fmt.Sprintf("%s and %d more are", source.Printable(found[0].Path), len(found)-1)
	}
	p.Report(finding.Finding{
		File: u.Ignore.Source, Span: l.Span,
		Message: fmt.Sprintf("keeps out %s at the root alone; %s uploaded: %s", l.Pattern, where, size),
		Fixes: []finding.Fix{rewrite(u, "Write **/"+l.Pattern+", which means every directory",
			source.Span{Start: l.Span.Start, End: l.Span.Start}, "**/")},
	})
}
