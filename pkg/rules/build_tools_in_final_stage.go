package rules

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/loadline-dev/loadline/pkg/dockerfile"
	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/shell"
	"github.com/loadline-dev/loadline/pkg/source"
)

// buildToolsInFinalStage reports compilers that the final stage installs for building something, and keeps.
var buildToolsInFinalStage = rule.Rule{
	Name:     "build-tools-in-final-stage",
	Title:    "the image keeps the compilers that its packages needed",
	Area:     finding.MultiStage,
	Severity: finding.Notice,
	Needs:    rule.NeedsScripts | rule.NeedsFiles,
	Run:      runBuildToolsInFinalStage,
}

// buildPackage matches packages of distributions that are needed for compiling only.
var buildPackage = regexp.MustCompile(`^(build-essential|build-base|base-devel|gcc(-\d+)?|g\+\+(-\d+)?|gcc-c\+\+|clang(-\d+)?|llvm(-\d+)?(-dev)?|make|cmake|ninja(-build)?|meson|autoconf|automake|libtool|pkg-config|pkgconf|musl-dev|libc-dev|libc6-dev|linux-headers|rustc|cargo|golang(-go)?|maven|gradle|[a-z0-9.+-]+-dev(el)?)(=.*)?$`)

// heavyPackage matches those of them that show by themselves that a compiler is installed.
var heavyPackage = regexp.MustCompile(`^(build-essential|build-base|base-devel|gcc|g\+\+|gcc-c\+\+|clang|rustc|cargo|golang|maven|gradle)`)

// installers are package managers with the words that install.
var installers = map[string][]string{
	"apt-get": {"install"}, "apt": {"install"}, "apk": {"add"}, "dnf": {"install"}, "yum": {"install"}, "microdnf": {"install"},
	"zypper": {"install", "in"},
}

func runBuildToolsInFinalStage(_ context.Context, p *rule.Pass) error {
	if tooling.MatchString(p.Final.Name) || tooling.MatchString(p.Build.Dockerfile) || !startsProgram(p) {
		return nil
	}
	var tools []string
	var at *shell.Word
	for _, i := range p.Final.Instructions {
		if i.Name != "RUN" {
			continue
		}
		calls := p.Calls(i)
		if slices.ContainsFunc(calls, removesTools) {
			continue // it cleans up after itself
		}
		for _, c := range calls {
			names, first := installsToolsIn(p, i, c)
			tools = append(tools, names...)
			if at == nil {
				at = first
			}
			if by := needsCompiler(c); by != "" && at != nil {
				p.Report(finding.Finding{
					Span:    at.Span,
					Message: "installs " + list(tools) + " for " + by + ", and keeps them in the image",
					Advice:  "Install and build in a stage of its own, and COPY --from=build the result, such as a virtual environment, node_modules or the bundle",
				})
				return nil
			}
		}
	}
	return nil
}

// installsToolsIn is installsTools of a command, or of the script that it runs: first is then the word that starts the script.
func installsToolsIn(p *rule.Pass, i *dockerfile.Instruction, c *shell.Call) (names []string, first *shell.Word) {
	if names, first = installsTools(c); first != nil {
		return names, first
	}
	inside := p.ScriptCalls(i, c)
	if slices.ContainsFunc(inside, removesThese) {
		return nil, nil
	}
	for _, inner := range inside {
		if more, word := installsTools(inner); word != nil {
			names, first = append(names, more...), &c.Command
		}
	}
	return names, first
}

// removesThese reports whether a command of a script removes packages for compiling, or some that are not known; and not,
// as scripts that prepare an image do, others.
func removesThese(c *shell.Call) bool {
	if !removesTools(c) || c.HasArg("autoremove") && len(c.Operands()) == 1 {
		return false
	}
	operands := c.Operands()
	return len(operands) <= 1 || slices.ContainsFunc(operands, func(w shell.Word) bool { return !w.Known || buildPackage.MatchString(w.Text) })
}

// installsTools are the packages that a command installs and that are for compiling only, where a compiler is among them.
func installsTools(c *shell.Call) (names []string, first *shell.Word) {
	words := installers[c.Name]
	if words == nil || !c.HasArg(words...) || c.HasArg("--virtual", "-t") || c.Conditional {
		return nil, nil
	}
	for i := range c.Args {
		w := &c.Args[i]
		if !w.Known || strings.HasPrefix(w.Text, "-") || !buildPackage.MatchString(w.Text) {
			continue
		}
		names = append(names, w.Text)
		if first == nil && heavyPackage.MatchString(w.Text) {
			first = w
		}
	}
	if first == nil {
		return nil, nil
	}
	return names, first
}

// needsCompiler names a command that may compile what it installs; empty for others.
func needsCompiler(c *shell.Call) string {
	switch {
	case pipInstalls(c), npmInstalls(c), yarnInstalls(c):
		return c.Name
	case c.Is("bundle") && c.Subcommand() == "install", c.Is("gem") && c.HasArg("install"):
		return c.Name
	case c.Is("make", "cmake", "gcc", "g++", "cc", "clang", "cargo", "ninja") && !c.HasArg("--version"):
		return c.Name
	}
	return ""
}

// list names the first few of many.
func list(names []string) string {
	const shown = 3
	for i, n := range names {
		names[i] = source.Printable(n)
	}
	if len(names) <= shown {
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:shown], ", ") + " and " + finding.Count(int64(len(names)-shown), "more package")
}
