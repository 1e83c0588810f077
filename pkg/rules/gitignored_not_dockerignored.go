package rules

import (
	"context"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/gitignore"
	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/shell"
	"github.com/loadline-dev/loadline/pkg/source"
)

// gitignoredNotDockerignored reports what git ignores, what the build makes anew, and what a developer's machine would
// upload all the same. A clean checkout holds none of it, so that no measured number shows it.
var gitignoredNotDockerignored = rule.Rule{
	Name:     "gitignored-not-dockerignored",
	Title:    "what git ignores would be uploaded from a work tree",
	Area:     finding.Dockerignore,
	Severity: finding.Notice,
	Needs:    rule.NeedsUpload | rule.NeedsFiles | rule.NeedsScripts,
	Run:      runGitignoredNotDockerignored,
}

// ignoredKind is a kind of paths that git is told to ignore and that no build takes as input.
type ignoredKind struct {
	// names are last parts of patterns, as a .gitignore has them.
	names []string
	// made reports whether a command of the build makes the paths; nil where no build reads them anyhow.
	made func(c *shell.Call) bool
	// large says that such paths are worth a finding by themselves.
	large bool
}

// ignoredKinds are such kinds, after the templates of github/gitignore. A directory that a build may take as it is, such as
// dist, is only among them where the build makes it itself.
var ignoredKinds = []ignoredKind{
	{[]string{"node_modules", ".pnpm-store"}, func(c *shell.Call) bool {
		return c.Is("npm", "pnpm", "bun", "yarn", "yarnpkg") && (c.HasArg("install", "ci", "i") || len(c.Operands()) == 0)
	}, true},
	{[]string{"bower_components"}, func(c *shell.Call) bool { return c.Is("bower") }, true},
	{[]string{".venv", "venv", "env", "ENV", ".virtualenv"}, func(c *shell.Call) bool {
		return c.Is("pip", "pip3", "uv", "poetry", "pdm", "pipenv") || c.Is("python", "python3") && c.HasArg("pip", "venv")
	}, true},
	{[]string{"target"}, func(c *shell.Call) bool { return c.Is("cargo", "mvn", "mvnw", "sbt", "lein") }, true},
	{[]string{"bin", "obj", "[Bb]in", "[Oo]bj"}, func(c *shell.Call) bool { return c.Is("dotnet") && c.HasArg("build", "publish", "restore") }, true},
	{[]string{"build", ".gradle"}, func(c *shell.Call) bool { return gradleInstalls(c) }, true},
	{[]string{"_build", "deps"}, func(c *shell.Call) bool { return c.Is("mix") && c.HasArg("deps.get", "compile", "release") }, true},
	{[]string{"vendor"}, func(c *shell.Call) bool { return c.Is("composer") && c.HasArg("install", "update") }, true},
	{[]string{".bundle"}, func(c *shell.Call) bool { return c.Is("bundle") }, false},
	{[]string{"dist", "build", "out", ".next", ".nuxt", ".output", ".svelte-kit", ".angular"}, func(c *shell.Call) bool {
		return c.Is("npm", "yarn", "pnpm", "bun") && c.HasArg("build") || c.Is("next", "nuxt", "vite", "ng", "tsc")
	}, true},
	{[]string{".terraform", ".stack-work", "dist-newstyle", ".dart_tool", ".zig-cache"}, nil, true},
	{[]string{
		"coverage", "htmlcov", ".nyc_output", ".cache", ".turbo", ".parcel-cache", ".tox", ".nox", ".pytest_cache", ".mypy_cache",
		".ruff_cache", "__pycache__", "*.py[cod]", "*.pyc", ".eslintcache", ".ipynb_checkpoints",
	}, nil, false},
	{[]string{"*.log", "npm-debug.log*", "yarn-debug.log*", "yarn-error.log*", "logs", ".DS_Store", ".idea", ".vscode", "*.swp", "Thumbs.db"}, nil, false},
	{[]string{".env.local", ".env*.local", ".env.*.local"}, nil, false},
}

func runGitignoredNotDockerignored(_ context.Context, p *rule.Pass) error {
	for _, u := range p.Uploads() {
		if u.Name != "context" {
			continue
		}
		files, err := gitignores(p, u)
		if err != nil {
			return err
		}
		reportLatent(p, u, files)
	}
	return nil
}

// gitignores are the .gitignore files that say something about the context: at its root and above, and those uploaded
// with it.
func gitignores(p *rule.Pass, u *rule.Upload) ([]*gitignore.File, error) {
	var names []string
	for dir := u.Dir; ; dir = path.Dir(dir) {
		names = append(names, path.Join(dir, ".gitignore"))
		if dir == "." {
			break
		}
	}
	below := u.Named(".gitignore")
	for _, f := range below[:min(len(below), maxManifests)] {
		if name := path.Join(u.Dir, f.Path); !slices.Contains(names, name) && !dependencyDirectory.MatchString(name) {
			names = append(names, name)
		}
	}
	var files []*gitignore.File
	for _, name := range names {
		text, err := p.Repository().ReadFile(name, source.MaxText)
		if err != nil {
			continue // there is none
		}
		files = append(files, gitignore.Parse(name, text))
	}
	return files, nil
}

// reportLatent reports all lines as one finding, if one of them is about something large.
func reportLatent(p *rule.Pass, u *rule.Upload, files []*gitignore.File) {
	set := gitignore.NewSet(files)
	dir := strings.TrimPrefix(u.Dir, ".")
	var large, lines []rule.IgnoreLine
	var names []string
	witness := ""
	for _, f := range files {
		for i := range f.Lines {
			l := &f.Lines[i]
			kind := kindOf(p, f.Source.Slice(l.Span))
			if kind == nil {
				continue
			}
			pattern, ok := l.Dockerignore(f, dir)
			if !ok || slices.ContainsFunc(slices.Concat(large, lines), func(o rule.IgnoreLine) bool { return o.Pattern == pattern }) {
				continue
			}
			proof, ok := latent(u, set, f, l, dir)
			if !ok {
				continue
			}
			if !kind.large {
				lines = append(lines, rule.IgnoreLine{Pattern: pattern})
			} else {
				large = append(large, rule.IgnoreLine{Pattern: pattern})
				if name := shortName(pattern); !slices.Contains(names, name) {
					names = append(names, name)
				}
				witness = proof
			}
		}
	}
	if len(names) == 0 {
		return
	}
	lines = slices.Concat(large, lines)
	lines[0].Why = "made on developers' machines, and not read by the build: git ignores it as well"
	what := strings.Join(names[:min(len(names), 3)], ", ")
	if more := len(lines) - min(len(names), 3); more > 0 {
		what += " and " + finding.Count(int64(more), "more pattern")
	}
	p.Report(finding.Finding{
		Span: u.Pulls(witness)[0].Keyword.Span, About: "git ignores",
		Message: "uploads " + what + " where a work tree holds it: git ignores it, and the build does not read it",
		Fixes:   u.Exclude(lines...),
	})
}

// shortName is what a pattern is about, for people: its last part, [Bb]in as bin.
func shortName(pattern string) string {
	return source.Printable(bothCases.ReplaceAllString(path.Base(pattern), "$1"))
}

// bothCases matches a letter in both cases, as templates of .gitignore files have them.
var bothCases = regexp.MustCompile(`\[[A-Z]([a-z])\]`)

// kindOf is the kind of paths that a line of a .gitignore is about, where the build makes them or no build reads them.
func kindOf(p *rule.Pass, line string) *ignoredKind {
	last := path.Base(strings.TrimSuffix(line, "/"))
	for i := range ignoredKinds {
		k := &ignoredKinds[i]
		if !slices.Contains(k.names, last) {
			continue
		}
		if k.made == nil {
			return k
		}
		for _, c := range p.AllCalls() {
			if k.made(c) {
				return k
			}
		}
	}
	return nil
}

// latent is a path of the context that git ignores because of a line and that would be uploaded if it were there, as
// nothing of the kind is now.
func latent(u *rule.Upload, set *gitignore.Set, f *gitignore.File, l *gitignore.Line, dir string) (string, bool) {
	name, ok := set.Witness(f, l)
	if !ok {
		return "", false
	}
	inside, ok := strings.CutPrefix(name, dir+"/")
	if dir == "" {
		inside, ok = name, true
	}
	if !ok {
		if l.Anchored {
			return "", false
		}
		inside = strings.TrimPrefix(name, f.Dir+"/")
		if m, ignored := set.Ignored(path.Join(dir, inside), false); !ignored || m.Line.Number != l.Number {
			return "", false
		}
	}
	if u.Ignore != nil {
		if d, err := u.Ignore.Decide(inside); err != nil || d.Excluded {
			return "", false
		}
	}
	top := strings.TrimSuffix(inside, "/x")
	if len(u.Pulls(inside)) == 0 || u.Wanted(top) || u.Readmitted(top) != nil || len(u.Named(path.Base(top))) > 0 {
		return "", false
	}
	return inside, true
}
