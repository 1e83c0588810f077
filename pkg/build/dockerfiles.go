package build

import (
	"cmp"
	"fmt"
	"io/fs"
	"iter"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/loadline-dev/loadline/pkg/tree"
)

// Discovery says which Dockerfiles found by name are taken for builds. The zero value takes what the names say.
type Discovery struct {
	// Off takes none.
	Off bool
	// In are globs (doublestar) of paths to take although their names or directories speak against it; where there
	// are any, no other path is taken.
	In []string
	// Out are globs of paths to leave out.
	Out []string
}

// vendored are names of directories that hold other people's files, or examples that a test reads: nobody builds what
// is in them for this repository.
var vendored = map[string]string{
	"vendor":           "vendored",
	"node_modules":     "vendored",
	"bower_components": "vendored",
	"third_party":      "vendored",
	"third-party":      "vendored",
	"3rdparty":         "vendored",
	"thirdparty":       "vendored",
	".git":             "git's own",
	"testdata":         "test fixture",
	"test-fixtures":    "test fixture",
	"fixtures":         "test fixture",
	"__fixtures__":     "test fixture",
}

// unpacked matches what was unpacked from a release of somebody else's, under its name and version in a directory for that:
// lib/zstd-1.5.7/, deps/openssl-3.0.13/.
var unpacked = regexp.MustCompile(`(?i)(?:^|/)((?:libs?|deps?|dependencies|extern|externals?|contrib|3rdparty|thirdparty)/[a-z][\w.+-]*-v?\d+(?:\.\d+)+[\w.+-]*)/`)

// templates are suffixes of files from which a Dockerfile is made.
var templates = []string{
	".template", ".templ", ".tmpl", ".tpl", ".gotmpl", ".j2", ".jinja", ".jinja2", ".in", ".erb", ".mustache", ".m4",
	".hbs", ".ejs", ".liquid", ".tt",
}

// documents are suffixes of files that are no Dockerfiles although their names begin like one.
var documents = []string{
	".md", ".rst", ".adoc", ".txt", ".html", ".yml", ".yaml", ".json", ".toml", ".sh", ".bash", ".py", ".rb", ".go",
	".js", ".ts", ".ex", ".exs", ".java", ".rs", ".php", ".ps1", ".patch", ".diff", ".png", ".svg", ".dockerignore",
	".rego", ".lock", ".sum",
}

// backups are suffixes that editors and people give to copies.
var backups = []string{"~", ".bak", ".orig", ".old", ".rej", ".swp", ".save", ".disabled"}

// Discover finds Dockerfiles and Containerfiles by name among the entries of a repository. What looks like one and is
// left out is listed with the reason. Both lists are sorted by path.
//
// A malformed glob is the only error.
func Discover(entries iter.Seq[tree.Entry], d Discovery) ([]Build, []LeftOut, error) {
	for _, glob := range slices.Concat(d.In, d.Out) {
		if err := CheckGlob(glob); err != nil {
			return nil, nil, err
		}
	}
	if d.Off {
		return nil, nil, nil
	}
	var builds []Build
	var left []LeftOut
	for e := range entries {
		if !e.Mode.IsRegular() && e.Mode&fs.ModeSymlink == 0 {
			continue
		}
		switch looks, reason := d.judge(e.Path); {
		case !looks:
		case reason != "":
			left = append(left, LeftOut{Path: e.Path, Reason: reason})
		default:
			builds = append(builds, Build{
				Name: e.Path, Dockerfile: e.Path, Candidates: ancestors(path.Dir(e.Path)), Origin: Origin{Path: e.Path},
			})
		}
	}
	slices.SortFunc(builds, func(a, b Build) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(left, func(a, b LeftOut) int { return cmp.Compare(a.Path, b.Path) })
	return builds, left, nil
}

// judge answers whether a path looks like a Dockerfile, and for which reason it is left out; an empty reason takes it.
func (d Discovery) judge(p string) (looks bool, reason string) {
	looks, reason = byName(path.Base(p))
	for dir := range strings.SplitSeq(path.Dir(p), "/") {
		if why, ok := vendored[dir]; ok && looks && reason == "" {
			reason = why + " (" + dir + "/)"
		}
	}
	if m := unpacked.FindStringSubmatch(p); m != nil && looks && reason == "" {
		reason = "vendored (" + m[1] + "/)"
	}
	if len(d.In) > 0 {
		switch {
		case matches(d.In, p):
			looks, reason = true, ""
		case reason == "":
			reason = "not among discover.in"
		}
	}
	if matches(d.Out, p) && reason == "" {
		reason = "among discover.out"
	}
	return looks, reason
}

// byName judges a file's name alone.
func byName(name string) (looks bool, reason string) {
	lower := strings.ToLower(name)
	if !strings.Contains(lower, "dockerfile") && !strings.Contains(lower, "containerfile") {
		return false, ""
	}
	if hasSuffix(lower, documents) {
		return false, ""
	}
	if hasSuffix(lower, templates) {
		return true, "template"
	}
	if hasSuffix(lower, backups) {
		return true, "backup copy"
	}
	for _, word := range []string{"dockerfile", "containerfile"} {
		rest, isPrefix := strings.CutPrefix(lower, word)
		if isPrefix && (rest == "" || rest[0] == '.' || rest[0] == '-' || rest[0] == '_') {
			return true, ""
		}
		if strings.HasSuffix(lower, "."+word) {
			return true, ""
		}
	}
	return false, ""
}

func hasSuffix(name string, suffixes []string) bool {
	return slices.ContainsFunc(suffixes, func(s string) bool { return strings.HasSuffix(name, s) })
}

// matches reports whether a path matches one of the globs, which are valid.
func matches(globs []string, p string) bool {
	return slices.ContainsFunc(globs, func(glob string) bool { return doublestar.MatchUnvalidated(glob, p) })
}

// ancestors are a directory and all above it, up to the root.
func ancestors(dir string) []string {
	list := []string{dir}
	for dir != "." {
		dir = path.Dir(dir)
		list = append(list, dir)
	}
	return list
}

// The most that a glob may hold: matching takes time that grows exponentially with braces and stars.
const (
	maxGlob   = 1024
	maxBraces = 4
	maxStars  = 16
)

// CheckGlob reports whether a glob is well formed.
func CheckGlob(glob string) error {
	if len(glob) > maxGlob || strings.Count(glob, "{") > maxBraces || strings.Count(glob, "*") > maxStars {
		return fmt.Errorf("reading the glob %.40q: too long, or too many of * and {", glob)
	}
	if !doublestar.ValidatePattern(glob) {
		return fmt.Errorf("reading the glob %q: malformed", glob)
	}
	return nil
}

// IsDockerfile reports whether a file's name is that of a Dockerfile.
func IsDockerfile(name string) bool {
	looks, reason := byName(name)
	return looks && reason == ""
}

// IsDocument reports whether a file's name is that of a document or of git's own settings: nothing that a build reads.
func IsDocument(name string) bool {
	upper := strings.ToUpper(name)
	return strings.HasPrefix(upper, "README") || strings.HasPrefix(upper, "LICENSE") ||
		strings.HasSuffix(upper, ".MD") || name == ".gitignore" || name == ".gitattributes"
}

// projectFiles are names of files that stand at the root of a project, and hardly anywhere else: an ignore file, and
// what package managers and build tools read first.
var projectFiles = []string{
	".dockerignore", "go.mod", "package.json", "deno.json", "pom.xml", "build.gradle", "build.gradle.kts", "build.sbt",
	"Cargo.toml", "pyproject.toml", "setup.py", "requirements.txt", "Pipfile", "Gemfile", "composer.json", "mix.exs",
	"rebar.config", "CMakeLists.txt", "meson.build", "configure.ac", "Makefile", "Package.swift", "pubspec.yaml",
	"stack.yaml", "dune-project", "global.json", "Directory.Build.props",
}

// IsProject reports whether a directory holds a file that stands at the root of a project.
func IsProject(t *tree.Snapshot, dir string) bool {
	return slices.ContainsFunc(projectFiles, func(name string) bool {
		e, ok := t.Lookup(path.Join(dir, name))
		return ok && !e.Mode.IsDir()
	})
}
