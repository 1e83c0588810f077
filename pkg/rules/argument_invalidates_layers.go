package rules

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/loadline-dev/loadline/pkg/dockerfile"
	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/rule"
)

// argumentInvalidatesLayers reports arguments with another value in each build that stand before steps which do not use
// them.
var argumentInvalidatesLayers = rule.Rule{
	Name:     "argument-invalidates-layers",
	Title:    "an argument that changes with each build precedes slow steps",
	Area:     finding.Cache,
	Severity: finding.Notice,
	Needs:    rule.NeedsScripts,
	Run:      runArgumentInvalidatesLayers,
}

// volatile matches names of arguments that hold a commit, a date or a number of the build. One such as CACHEBUST is there to
// make the steps behind it run again.
var volatile = regexp.MustCompile(`(?i)^(git_?)?(commit|revision|rev|sha|hash|ref|describe)(_?(sha|hash|id|ref|short|date|time|timestamp))?$|^(vcs|git|source|build|ci|app|image)_?(commit|revision|rev|ref|sha|hash|date|time|timestamp|number|id|tag)(_?(sha|hash|ref))?$|^(build_?stamp|timestamp)$`)

// fetchers are programs that take long and read no variable but their own: package managers and downloads. What compiles is
// not among them: make, a build script and build.rs read the environment, in which the argument is.
var fetchers = []string{
	"apt-get", "apt", "apk", "dnf", "yum", "microdnf", "zypper", "pip", "pip3", "uv", "poetry", "npm", "yarn", "pnpm", "bun",
	"bundle", "gem", "composer", "curl", "wget", "conda", "mamba",
}

// plain are programs that do the small things of a step, and read no such variable either.
var plain = []string{
	"set", "cd", "echo", "printf", "true", "test", "[", "mkdir", "rm", "mv", "cp", "ln", "chmod", "chown", "install", "touch", "tar", "unzip", "gzip",
	"gunzip", "xz", "sed", "grep", "cat", "tee", "useradd", "adduser", "groupadd", "addgroup", "apt-mark", "ldconfig", "update-ca-certificates",
	"apt-key", "gpg", "sha256sum", "sudo", "env", "xargs", "find", "export", "sleep", "nproc", "dpkg", "uname",
}

func runArgumentInvalidatesLayers(_ context.Context, p *rule.Pass) error {
	for _, stage := range p.Stages {
		for n, i := range stage.Instructions {
			if i.Name != "ARG" {
				continue
			}
			for _, pair := range i.Pairs {
				if volatile.MatchString(pair.Key.Value) {
					reportVolatile(p, stage.Instructions[n+1:], pair)
				}
			}
		}
	}
	return nil
}

// reportVolatile counts the slow steps behind an argument that do not use it and would be cached without it: every RUN behind
// an ARG depends on its value (docs.docker.com, Dockerfile reference, "Impact on build caching").
func reportVolatile(p *rule.Pass, after []*dockerfile.Instruction, pair dockerfile.Pair) {
	name := pair.Key.Value
	var steps []string
	for _, i := range after {
		if uses(i, name) {
			break // from here on it is needed
		}
		if i.Name != "RUN" {
			continue
		}
		slow, known := fetches(p, i)
		if !known {
			break // it may read the environment
		}
		if slow != "" {
			steps = append(steps, slow)
		}
	}
	if len(steps) == 0 {
		return
	}
	what := steps[0] + " run again, which does not use it"
	if more := len(steps) - 1; more > 0 {
		what = fmt.Sprintf("%s and %s run again, which do not use it", steps[0], finding.Count(int64(more), "more slow step"))
	}
	p.Report(finding.Finding{
		Span: pair.Key.Span, About: name,
		Message: "has another value in each build, and makes " + what,
		Advice:  "Move ARG " + name + " down, to just before the first instruction that uses it",
	})
}

// fetches is the first program of a step that takes long; known says that no program of it may read an argument of the build.
func fetches(p *rule.Pass, i *dockerfile.Instruction) (slow string, known bool) {
	for _, c := range p.Calls(i) {
		switch {
		case c.Is("npm", "yarn", "pnpm", "bun", "poetry", "uv", "composer") && c.HasArg("run", "build", "exec", "run-script"):
			return "", false
		case c.Is("sh", "bash") && c.HasArg("-c", "-lc", "-ec", "-exc", "-euxc"): // what it starts follows
		case c.HasArg(".", "-e") && c.Is("pip", "pip3", "uv"): // setup.py may read it
			return "", false
		case c.Is(fetchers...):
			if slow == "" {
				slow = c.Name
			}
		case !c.Is(plain...):
			return "", false
		}
	}
	return slow, true
}

// uses reports whether an instruction uses a variable: written out, or in the environment of a program that may read it.
func uses(i *dockerfile.Instruction, name string) bool {
	text := i.Text()
	for _, h := range i.Heredocs {
		text += "\n" + h.Content
	}
	if i.Name == "ENV" && slices.ContainsFunc(i.Pairs, func(p dockerfile.Pair) bool { return strings.Contains(p.Value.Value, name) }) {
		return true
	}
	return strings.Contains(text, name)
}
