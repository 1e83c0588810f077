package rules

import (
	"encoding/json"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/shell"
)

// evidence is what a build says about the paths that it reads: its instructions, the scripts and recipes that it runs, and the
// manifests of the project.
type evidence struct {
	texts []string
	// tests says that the build runs tests, docs that it makes documents, solution that it builds a whole .NET solution.
	tests, docs, solution bool
	// goes, makes and jvm say which tools compile; make may start go.
	goes, makes, jvm bool
	// workspace says that packages of the project are found by their manifests.
	workspace bool
}

// projectManifests are files at the root of the context that name directories which a build reads.
var projectManifests = []string{
	"package.json", "pnpm-workspace.yaml", "lerna.json", "tsconfig.json", "Cargo.toml", "pyproject.toml", "setup.py", "setup.cfg", "MANIFEST.in", "go.mod",
	"go.work", "CMakeLists.txt", "meson.build", "build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts", "pom.xml", "composer.json",
	"Gemfile", "mix.exs", "angular.json", "build.sbt", "Package.swift", "dune-project", "configure.ac", "Makefile.am", "build.zig", "Procfile",
}

// gather reads what a build says.
func gather(p *rule.Pass, u *rule.Upload) (*evidence, error) {
	e := &evidence{}
	for _, i := range p.Dockerfile.Instructions {
		text := i.Text()
		for _, h := range i.Heredocs {
			text += "\n" + h.Content
		}
		e.texts = append(e.texts, text)
	}
	for i, c := range p.AllCalls() {
		e.hear(c)
		if file, ok := p.Called(i, c); ok {
			text := string(file.Text)
			if c.Is("make", "gmake") {
				text = recipes(text, operandsOf(c))
			}
			e.texts = append(e.texts, text)
		}
		for _, inner := range p.ScriptCalls(i, c) {
			e.hear(inner)
			e.texts = append(e.texts, inner.Text())
		}
	}
	for _, name := range projectManifests {
		text, err := read(p, name)
		if err != nil {
			return nil, err
		}
		if name == "CMakeLists.txt" && text != "" {
			more, err := cmakeTexts(p, u, text, strings.Join(e.texts, "\n"))
			if err != nil {
				return nil, err
			}
			e.texts = append(e.texts, more...)
			continue
		}
		e.texts = append(e.texts, e.manifest(name, text))
	}
	e.workspace = e.workspace || p.Exists("pnpm-workspace.yaml") || p.Exists("lerna.json") || p.Exists("go.work")
	return e, nil
}

// hear takes what one command says about the kinds of things that are read.
func (e *evidence) hear(c *shell.Call) {
	switch {
	case c.Is("pytest", "tox", "nox", "ctest", "rspec", "jest", "vitest", "mocha", "phpunit", "cypress", "playwright", "golangci-lint"),
		c.HasArg("test", "check", "verify", "tests", "lint", "typecheck", "ci") && !c.Is("test", "[", "npm", "cd", "mkdir", "rm", "cp", "echo"),
		c.Is("npm") && c.HasArg("test", "t", "lint"):
		e.tests = true
	case c.Is("sphinx-build", "mkdocs", "mdbook", "hugo", "docusaurus", "doxygen"), c.HasArg("docs", "doc", "html"):
		e.docs = true
	}
	if c.Is("dotnet") && slices.ContainsFunc(c.Args, func(w shell.Word) bool {
		return strings.HasSuffix(w.Text, ".sln") || strings.HasSuffix(w.Text, ".slnx")
	}) {
		e.solution = true
	}
	e.goes, e.makes = e.goes || c.Is("go"), e.makes || c.Is("make", "gmake")
	e.jvm = e.jvm || c.Is("mvn", "mvnw", "gradle", "gradlew", "sbt")
}

// ownTests matches tables and keys of manifests that are for testing and checking the project, and not for building it.
var ownTests = regexp.MustCompile(`(?ms)^\[tool\.(pytest|coverage|ruff|mypy|black|isort|pyright|hatch\.envs|tox|pylint|bandit)[^\n]*\n.*?(?:^\[tool\.|\z)`)

// manifest is what of a manifest counts for a build.
func (e *evidence) manifest(name, text string) string {
	switch name {
	case "package.json":
		return e.packageJSON(text)
	case "composer.json":
		var m struct{ Autoload, Repositories json.RawMessage }
		if json.Unmarshal([]byte(text), &m) != nil {
			return text
		}
		return string(m.Autoload) + string(m.Repositories)
	case "pyproject.toml", "setup.cfg":
		for {
			shorter := ownTests.ReplaceAllStringFunc(text, func(s string) string {
				if i := strings.LastIndex(s, "\n[tool."); i > 0 {
					return s[i+1:]
				}
				return ""
			})
			if shorter == text {
				return text
			}
			text = shorter
		}
	}
	return text
}

// packageJSON is what of a package.json counts: its workspaces, and the scripts that a build runs.
func (e *evidence) packageJSON(text string) string {
	var m struct {
		Workspaces json.RawMessage
		Scripts    map[string]string
		Files      []string
	}
	if text == "" || json.Unmarshal([]byte(text), &m) != nil {
		return text
	}
	e.workspace = e.workspace || len(m.Workspaces) > 0
	var out []string
	all := strings.Join(e.texts, "\n")
	for name, script := range m.Scripts {
		if regexp.MustCompile(`(^|[\s"'])`+regexp.QuoteMeta(name)+`($|[\s"'&;|])`).MatchString(all) || slices.Contains([]string{"preinstall", "install", "postinstall", "prepare", "start"}, name) {
			out = append(out, script)
		}
	}
	slices.Sort(out)
	return strings.Join(append(out, string(m.Workspaces)), "\n")
}

// names reports whether any text names a directory, by its path or its last part.
func (e *evidence) names(dir string) bool {
	return e.namesPath(dir) || e.namesPath(path.Base(dir))
}

// namesPath reports whether any text has a path, or one below it.
func (e *evidence) namesPath(name string) bool {
	word := regexp.MustCompile(`(^|[\s/"'=.,:;()<>{}\[\]\\*])` + regexp.QuoteMeta(name) + `($|[\s/"',:;()<>{}\[\]\\*.])`)
	return slices.ContainsFunc(e.texts, word.MatchString)
}

// needs reports whether something says that the build reads a directory, or may.
func (e *evidence) needs(p *rule.Pass, u *rule.Upload, dir string) bool {
	name := path.Base(dir)
	switch {
	case e.tests && testParts.MatchString(name), e.docs && docParts.MatchString(name):
		return true
	case e.jvm && strings.Contains(dir, "/"), e.solution && testParts.MatchString(name):
		return true
	case e.names(dir):
		return true
	}
	module := false
	goes := e.goes || e.makes && inGoModule(u, dir)
	for _, f := range u.Below(dir) {
		base := path.Base(f.Path)
		switch {
		case base == "go.mod" && path.Dir(f.Path) == dir:
			module = true
		case goes && !module && strings.HasSuffix(base, ".go") && !strings.HasSuffix(base, "_test.go"):
			return true // a package that another may import
		case e.workspace && base == "package.json", e.jvm && (base == "pom.xml" || strings.HasPrefix(base, "build.gradle")):
			return true // a member of the workspace
		}
	}
	return false
}

// inGoModule reports whether a directory around another one is the root of a module of Go.
func inGoModule(u *rule.Upload, dir string) bool {
	for dir != "." {
		dir = path.Dir(dir)
		if _, ok := u.File(path.Join(dir, "go.mod")); ok {
			return true
		}
	}
	return false
}

func operandsOf(c *shell.Call) []string {
	var out []string
	for _, w := range c.Operands() {
		out = append(out, w.Text)
	}
	return out
}
