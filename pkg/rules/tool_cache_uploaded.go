package rules

import (
	"context"
	"path"

	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/rule"
)

// toolCacheUploaded reports caches and reports of compilers, linters and tests.
var toolCacheUploaded = rule.Rule{
	Name:     "tool-cache-uploaded",
	Title:    "caches of tools are uploaded",
	Area:     finding.Dockerignore,
	Severity: finding.Warning,
	Needs:    rule.NeedsUpload | rule.NeedsScripts,
	Run:      runToolCacheUploaded,
}

// toolCache is a directory that a tool fills for itself.
type toolCache struct {
	name string
	// proof is a file of which one has to lie in it, where the name alone may mean something else.
	proof []string
}

// toolCaches are directories that tools make and make again, after their documentation and github/gitignore.
var toolCaches = []toolCache{
	{name: "__pycache__"}, {name: ".pytest_cache"}, {name: ".mypy_cache"}, {name: ".ruff_cache"}, {name: ".tox"}, {name: ".nox"},
	{name: ".hypothesis"}, {name: ".ipynb_checkpoints"}, {name: ".parcel-cache"}, {name: ".turbo"}, {name: ".nyc_output"},
	{name: ".sass-cache"}, {name: ".angular"}, {name: ".vite"}, {name: ".gradle"}, {name: ".kotlin"}, {name: ".terraform"},
	{name: ".phpunit.cache"}, {name: ".bloop"}, {name: ".metals"}, {name: ".elixir_ls"}, {name: ".ccls-cache"}, {name: ".clangd"},
	{name: ".dart_tool"}, {name: ".cache", proof: []string{"CACHEDIR.TAG", "pip", "clangd", "yarn", "babel-loader", "prettier", "webpack"}},
	{name: "coverage", proof: []string{"lcov.info", "coverage-final.json", "lcov-report", "clover.xml"}},
	{name: "htmlcov", proof: []string{"index.html"}},
	{name: "storybook-static", proof: []string{"iframe.html"}},
}

func runToolCacheUploaded(_ context.Context, p *rule.Pass) error {
	for _, u := range p.Uploads() {
		var found []leftover
		for _, c := range toolCaches {
			if namedAtRoot(u, c.name) {
				continue
			}
			for _, f := range u.Named(c.name) {
				if f.Mode.IsDir() && proven(u, f.Path, c.proof) && !needed(p, u, f.Path) {
					found = append(found, leftover{
						path: f.Path, size: u.Under(f.Path),
						line: rule.IgnoreLine{Pattern: recursive(f.Path), Why: "caches, which tools make again"},
					})
				}
			}
		}
		if worthwhile(total(found)) {
			reportLeftovers(p, u, found, "cache")
		}
	}
	return nil
}

// proven reports whether a directory holds one of the files that show what it is.
func proven(u *rule.Upload, dir string, files []string) bool {
	for _, name := range files {
		if _, ok := u.File(path.Join(dir, name)); ok {
			return true
		}
	}
	return len(files) == 0
}
