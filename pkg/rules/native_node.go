package rules

import (
	"encoding/json"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/loadline-dev/loadline/pkg/dockerfile"
	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/shell"
)

// harmlessNode are packages of npm with an install script that compiles nothing on Linux with glibc and needs nothing of the
// distribution: it fetches a finished program, or prints a message.
var harmlessNode = []string{
	"@nestjs/core", "@scarf/scarf", "@swc/core", "core-js", "core-js-bundle", "core-js-pure", "es5-ext", "esbuild", "fsevents", "msw", "protobufjs",
	"styled-components", "unrs-resolver", "vue-demi",
}

// needyNode are packages of npm that are compiled where there is no finished program, that compile others, or that start
// programs and load libraries of the distribution which slim images lack. All add-ons depend on one of the first.
var needyNode = []string{
	"bindings", "cmake-js", "nan", "node-addon-api", "node-gyp", "node-gyp-build", "node-pre-gyp", "@mapbox/node-pre-gyp", "prebuild-install", "napi-build-utils",
	"@prisma/client", "@prisma/engines", "gm", "imagemagick", "nodegit", "playwright", "playwright-core", "prisma", "puppeteer",
	"puppeteer-core", "simple-git",
}

// nodeLibraries looks at what the stages that are built install from npm.
func nodeLibraries(p *rule.Pass) libraries {
	var l libraries
	for i, c := range p.AllCalls() {
		switch {
		case c.Is("npm") && nodeInstalls(c, "--prefix", "-C", "-w", "--workspace"):
			l.nodeLock(p, i, projectDir(c, "--prefix", "-C"), "package-lock.json", "npm-shrinkwrap.json")
		case c.Is("yarn", "yarnpkg") && (nodeInstalls(c, "--cwd") || c.Subcommand("--cwd") == "" && !c.HasArg("--version", "-v") || c.HasArg("focus")):
			l.nodeLock(p, i, projectDir(c, "--cwd"), "yarn.lock")
		case c.Is("pnpm") && (nodeInstalls(c, "--dir", "-C", "--filter", "-F", "--store-dir") || c.HasArg("fetch", "deploy")):
			l.nodeLock(p, i, projectDir(c, "--dir", "-C"), "pnpm-lock.yaml")
		case c.Is("bun", "bunx", "npx", "lerna", "rush", "deno"), c.Is("npm", "pnpm", "yarn") && c.HasArg("-g", "--global", "global", "dlx", "exec"):
			l.lost()
		}
	}
	return l
}

func nodeInstalls(c *shell.Call, valued ...string) bool {
	return slices.Contains([]string{"ci", "install", "i", "clean-install", "add", "install-clean", "rebuild"}, c.Subcommand(valued...))
}

// nodeLock reads the lock file that an installation goes by.
func (l *libraries) nodeLock(p *rule.Pass, i *dockerfile.Instruction, dir string, names ...string) {
	for _, name := range names {
		if dir == "" {
			break
		}
		found, ok := p.ContextFile(i, path.Join(dir, name))
		if !ok {
			continue
		}
		text, err := read(p, found)
		if err != nil || text == "" {
			continue
		}
		l.read(found)
		if strings.HasSuffix(name, ".json") && needyPackageLock(text) || !strings.HasSuffix(name, ".json") && needyLock.MatchString(text) {
			l.lost()
		}
		return
	}
	l.lost()
}

const nodeModules = "node_modules/"

// needyPackageLock reports whether npm's lock file has a package that may be compiled, or comes from a repository.
func needyPackageLock(text string) bool {
	var lock struct {
		LockfileVersion int `json:"lockfileVersion"`
		Packages        map[string]struct {
			HasInstallScript bool `json:"hasInstallScript"`
			Link             bool
			Resolved         string
		}
	}
	const saysScripts = 2 // docs.npmjs.com, "package-lock.json": hasInstallScript
	if json.Unmarshal([]byte(text), &lock) != nil || lock.LockfileVersion < saysScripts {
		return true
	}
	for at, one := range lock.Packages {
		name := at
		if n := strings.LastIndex(at, nodeModules); n >= 0 {
			name = at[n+len(nodeModules):]
		}
		switch {
		case at == "":
		case one.HasInstallScript && !slices.Contains(harmlessNode, name), strings.HasPrefix(one.Resolved, "git"), slices.Contains(needyNode, name):
			return true
		}
	}
	return false
}

// needyLock matches the lock files of yarn and pnpm that name such a package.
var needyLock = func() *regexp.Regexp {
	var names []string
	for _, n := range append(slices.Clone(needyNode), "better-sqlite3", "sqlite3", "bcrypt", "argon2", "canvas", "sharp", "re2", "usb", "serialport", "zeromq", "oracledb") {
		names = append(names, regexp.QuoteMeta(n))
	}
	return regexp.MustCompile(`(?m)^\s*['"]?/?(` + strings.Join(names, "|") + `)[@/:]|git\+|codeload\.github\.com|requiresBuild: true|github:`)
}()

// fullWords matches tools that slim images lack, in the scripts of a package.json.
var fullWords = regexp.MustCompile(`(^|[\s;&|("$])(git|curl|wget|make|gcc|g\+\+|cmake|node-gyp|python3?|unzip|ps|convert|ssh|scp|openssl|svn|hg)([\s;&|)"]|$)`)

// scriptsAreSlim reports whether the scripts that commands start through npm and its like need no such tool: what package.json
// says of them is seen.
func scriptsAreSlim(p *rule.Pass, list []started) bool {
	for _, s := range list {
		if !s.call.Is("npm", "yarn", "yarnpkg", "pnpm") {
			continue
		}
		dir := projectDir(s.call, "--prefix", "-C", "--cwd", "--dir")
		found, ok := "", false
		if dir != "" {
			found, ok = p.ContextFile(s.by, path.Join(dir, "package.json"))
		}
		var m struct{ Scripts map[string]string }
		text, err := "", error(nil)
		if ok {
			text, err = read(p, found)
		}
		if !ok || err != nil || json.Unmarshal([]byte(text), &m) != nil {
			return false
		}
		for _, script := range m.Scripts {
			if fullWords.MatchString(script) {
				return false
			}
		}
	}
	return true
}
