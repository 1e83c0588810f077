package rules

import (
	"context"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/loadline-dev/loadline/pkg/dockerfile"
	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/shell"
	"github.com/loadline-dev/loadline/pkg/source"
)

// packageCacheNotMounted reports steps that download or compile everything again whenever they run.
var packageCacheNotMounted = rule.Rule{
	Name:     "package-cache-not-mounted",
	Title:    "the next build downloads or compiles all of it again",
	Area:     finding.Cache,
	Severity: finding.Notice,
	Needs:    rule.NeedsScripts | rule.NeedsFiles,
	Run:      runPackageCacheNotMounted,
}

// runPackageCacheNotMounted reports the first installation of each kind in a stage and those that it is built on: whoever
// mounts a cache there does it for the others.
func runPackageCacheNotMounted(_ context.Context, p *rule.Pass) error {
	if forDevelopment(p) {
		return nil
	}
	said := map[*dockerfile.Stage]map[string]bool{}
	for _, stage := range p.Stages {
		of := map[string]bool{}
		maps.Copy(of, said[stage.Parent])
		said[stage] = of
		for _, i := range stage.Instructions {
			if i.Name != "RUN" || mountsCache(p, i) {
				continue
			}
			for _, c := range p.Calls(i) {
				m, inner := managerIn(p, i, c)
				if m == nil || of[m.what] {
					continue
				}
				of[m.what] = true
				if m.what == "Go modules" {
					of[goCompiler.what] = true // the advice is about both
				}
				p.Report(notMounted(p, m, i, c, inner))
			}
		}
	}
	return nil
}

// managerIn is the package manager that a call starts, itself or in the script that it runs; inner is the call in the
// script, nil where there is none.
func managerIn(p *rule.Pass, i *dockerfile.Instruction, c *shell.Call) (m *packageManager, inner *shell.Call) {
	if m := managerOf(p, c); m == &goCompiler && !vendoredAt(p, i, c) {
		return nil, nil
	} else if m != nil {
		return m, nil
	}
	if makesGo(p, i, c) {
		return &goCompiler, nil
	}
	for _, inner := range p.ScriptCalls(i, c) {
		if m := managerOf(p, inner); m != nil {
			return m, inner
		}
	}
	return nil, nil
}

// notMounted is the finding about one installation.
func notMounted(p *rule.Pass, m *packageManager, i *dockerfile.Instruction, c, inner *shell.Call) finding.Finding {
	f := finding.Finding{
		Span:    c.Command.Span,
		About:   m.what,
		Message: "downloads all " + m.what + " again whenever one of them changes, since no cache mount keeps them",
	}
	if m == &goCompiler {
		f.Message = "compiles all Go packages again whenever a file changes, since no cache mount keeps what is compiled"
	} else if inner == nil {
		f.Fixes = mountFixes(p, m, i)
	} else {
		at := inner.File.Position(inner.Command.Span.Start)
		f.Message = fmt.Sprintf("downloads all %s again whenever this step runs (%s:%d), since no cache mount keeps them", m.what, source.Printable(inner.File.Path), at.Line)
	}
	if len(f.Fixes) == 0 {
		f.Advice = mountAdvice(p, m, i)
	}
	return f
}

// managerOf is the package manager that a call starts to install what a project depends on, with a cache that it uses;
// nil where it does not.
func managerOf(p *rule.Pass, c *shell.Call) *packageManager {
	for n := range packageManagers {
		m := &packageManagers[n]
		if !m.installs(c) {
			continue
		}
		off := c.HasArg(m.off...) || slices.ContainsFunc(m.settings, func(name string) bool {
			return strings.Contains(strings.ToUpper(name), "NO_CACHE") && c.Env(name).Defined
		})
		switch {
		case off:
			return nil
		case m.what == "Go modules" && vendored(p):
			if c.Subcommand("-C") != "build" {
				return nil
			}
			return &goCompiler
		}
		return m
	}
	return nil
}

// goRecipe matches a recipe of a makefile that compiles with Go.
var goRecipe = regexp.MustCompile(`(?m)^\t.*(\bgo|\$[({]GO[)}]) (build|install)\b|^\w+[ \t]*[:?]?=.*(\bgo|\$[({]GO[)}]) (build|install)\b`)

// makesGo reports whether a call is a make whose makefile compiles with Go.
func makesGo(p *rule.Pass, i *dockerfile.Instruction, c *shell.Call) bool {
	if !c.Is("make", "gmake") || len(c.Operands()) == 0 || !p.Exists("go.mod") {
		return false
	}
	file, ok := p.Called(i, c)
	return ok && goRecipe.Match(file.Text) && !readMakefile(p, file).objects
}

// vendored reports whether the context brings the modules of Go along: the go command then downloads nothing.
func vendored(p *rule.Pass) bool { return p.Exists("vendor/modules.txt") }

// vendoredAt reports whether the modules lie where the go command compiles: else it is about another module.
func vendoredAt(p *rule.Pass, i *dockerfile.Instruction, c *shell.Call) bool {
	if c.Dir == "" {
		return false
	}
	_, ok := p.ContextFile(i, path.Join(c.Dir, "vendor/modules.txt"))
	return ok
}

// mountsCache reports whether a step mounts a cache for something other than the packages of the distribution.
func mountsCache(p *rule.Pass, i *dockerfile.Instruction) bool {
	for n := range i.Mounts {
		m := &i.Mounts[n]
		target, _ := m.Field("target", "dst", "destination")
		v := p.Dockerfile.Expand(target.Value, p.Variables(i))
		if m.Type == "cache" && (!v.Known || !strings.HasPrefix(v.Text, "/var/")) {
			return true
		}
	}
	return false
}

func mountAdvice(p *rule.Pass, m *packageManager, i *dockerfile.Instruction) string {
	if len(m.keeps) == 0 || !isRoot(p, i) || m.image != "" && !strings.HasPrefix(path.Base(root(i.Stage).Base.Value), path.Base(m.image)) {
		return "Mount its cache directory, as with RUN --mount=type=cache,target=DIR, in every step that uses it (" + m.source + ")"
	}
	var mounts []string
	for _, dir := range m.keeps {
		mounts = append(mounts, "--mount=type=cache,target="+dir)
	}
	return "Mount the cache in every step that uses it: RUN " + strings.Join(mounts, " ") + " (" + m.source + ")"
}

// mountFixes offers the mount where nothing but downloads depends on the directory, and where it surely lies there: for
// root, with no settings of its own, and where the step does not delete it, which a mount makes impossible.
func mountFixes(p *rule.Pass, m *packageManager, i *dockerfile.Instruction) []finding.Fix {
	if !m.cacheOnly || !isRoot(p, i) || i.JSON {
		return nil
	}
	for _, name := range append([]string{"HOME"}, m.settings...) {
		if p.Variables(i).Get(name).Defined {
			return nil
		}
	}
	for _, c := range p.Calls(i) {
		if c.Is("rm") || c.HasArg("clean", "purge", "--no-cache-dir") || c.Env("HOME").Defined || slices.Contains(c.Through, "su") || slices.Contains(c.Through, "sudo") {
			return nil
		}
	}
	fix := finding.Fix{Title: "Mount a cache for the " + m.what + " that this step downloads (needs BuildKit)"}
	for _, dir := range m.keeps {
		fix.Edits = append(fix.Edits, insert(p, i.Keyword.Span.End, " --mount=type=cache,target="+dir))
	}
	return []finding.Fix{fix}
}

// isRoot reports whether a step runs as root: no USER before it, in a stage whose image is known to have none.
func isRoot(p *rule.Pass, i *dockerfile.Instruction) bool {
	user := "root"
	for s := i.Stage; s != nil; s = s.Parent {
		for n := len(s.Instructions) - 1; n >= 0; n-- {
			o := s.Instructions[n]
			if o.Name != "USER" || s == i.Stage && o.StartLine > i.StartLine || len(o.Words) == 0 {
				continue
			}
			v := p.Dockerfile.Expand(o.Words[0].Value, p.Variables(o))
			user = v.Text
			return v.Known && (user == "root" || user == "0" || strings.HasPrefix(user, "0:") || strings.HasPrefix(user, "root:"))
		}
	}
	// Official images of languages run as root; of others nobody knows.
	base := root(i.Stage).Base.Value
	name, _, _ := strings.Cut(base, ":")
	name, _, _ = strings.Cut(name, "@")
	return slices.Contains([]string{"python", "node", "golang", "rust", "ruby", "php", "debian", "ubuntu", "alpine"}, name)
}
