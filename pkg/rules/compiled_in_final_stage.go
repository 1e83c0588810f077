package rules

import (
	"context"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/loadline-dev/loadline/pkg/dockerfile"
	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/shell"
)

// compiledInFinalStage reports programs that are compiled in the stage that becomes the image.
var compiledInFinalStage = rule.Rule{
	Name:     "compiled-in-final-stage",
	Title:    "the image holds the compiler, sources and caches of a build",
	Area:     finding.MultiStage,
	Severity: finding.Notice,
	Needs:    rule.NeedsScripts,
	Run:      runCompiledInFinalStage,
}

// compilers are commands that turn sources into a program which runs without them.
var compilers = []struct {
	programs []string
	commands []string // of which one has to be there; none for all
	result   string
}{
	{[]string{"go"}, []string{"build"}, "a binary"},
	{[]string{"cargo"}, []string{"build"}, "a binary"},
	{[]string{"mvn", "mvnw"}, []string{"package", "install", "verify"}, "a jar"},
	{[]string{"gradle", "gradlew"}, []string{"build", "assemble", "bootJar", "shadowJar", "installDist", "jar"}, "a jar"},
	{[]string{"dotnet"}, []string{"publish"}, "an application"},
	{[]string{"sbt"}, []string{"assembly", "stage", "dist"}, "a jar"},
	{[]string{"swift"}, []string{"build"}, "a binary"},
	{[]string{"zig"}, []string{"build", "build-exe"}, "a binary"},
	{[]string{"crystal"}, []string{"build"}, "a binary"},
	{[]string{"stack", "cabal"}, []string{"build", "install"}, "a binary"},
	{[]string{"mix"}, []string{"release"}, "a release"},
	{[]string{"gcc", "g++", "cc", "c++", "clang", "clang++", "rustc", "ghc", "javac"}, nil, "a program"},
}

// tooling matches names of stages and directories that are for developing and testing, where a compiler belongs.
var tooling = regexp.MustCompile(`(?i)(^|[/._-])(dev|devel|develop|development|devcontainer|\.devcontainer|debug|test|tests|testing|ci|lint|builder?|toolchain|sdk|fuzz|fuzzing|bench)([/._-]|$)`)

func runCompiledInFinalStage(_ context.Context, p *rule.Pass) error {
	if tooling.MatchString(p.Final.Name) || tooling.MatchString(p.Build.Dockerfile) || !startsProgram(p) {
		return nil
	}
	for _, i := range p.Final.Instructions {
		if i.Name != "RUN" {
			continue
		}
		calls := p.Calls(i)
		if slices.ContainsFunc(calls, removesTools) {
			continue
		}
		for _, c := range calls {
			if result := compiledResult(c); result != "" {
				p.Report(finding.Finding{
					Span:    c.Command.Span,
					Message: "compiles " + result + " in the stage that becomes the image, which keeps the compiler, the sources and what they download",
					Advice:  "Compile in a stage of its own, FROM … AS build, and COPY --from=build the result into a small image",
				})
				return nil // one is enough: they go together
			}
		}
	}
	return nil
}

// compiledResult names what a command makes; empty where it compiles nothing that the image needs.
func compiledResult(c *shell.Call) string {
	if c.Conditional || c.HasArg("--version", "-version", "-v", "--help") {
		return ""
	}
	for _, k := range compilers {
		if !c.Is(k.programs...) {
			continue
		}
		if len(k.commands) == 0 || slices.ContainsFunc(c.Args, func(w shell.Word) bool {
			return slices.Contains(k.commands, w.Text[strings.LastIndexByte(w.Text, ':')+1:])
		}) {
			return k.result
		}
	}
	return ""
}

// removesTools reports whether a command takes packages away again.
func removesTools(c *shell.Call) bool {
	return c.Is("apk") && c.HasArg("del") || c.Is("apt-get", "apt") && c.HasArg("purge", "remove", "autoremove") ||
		c.Is("dnf", "yum", "microdnf") && c.HasArg("remove", "autoremove", "erase")
}

// interactive are programs that a container starts for people, or that compile when it starts.
var interactive = []string{
	"bash", "sh", "zsh", "go", "cargo", "mvn", "mvnw", "gradle", "gradlew", "make", "sbt", "mix", "iex", "tail", "sleep", "air",
	"reflex", "nodemon", "swift", "stack", "cabal",
}

// startsProgram reports whether the image is for running a program: its own CMD or ENTRYPOINT names one, and no shell or
// build tool.
func startsProgram(p *rule.Pass) bool {
	var last *dockerfile.Instruction
	for _, i := range p.Final.Instructions {
		if i.Name == "ENTRYPOINT" || i.Name == "CMD" && (last == nil || last.Name == "CMD") {
			last = i
		}
	}
	if last == nil {
		return false
	}
	program := ""
	switch {
	case len(last.Words) > 0:
		program = last.Words[0].Value
	case last.Script != nil:
		program, _, _ = strings.Cut(strings.TrimSpace(strings.TrimPrefix(last.Text(), last.Keyword.Value)), " ")
	}
	return program != "" && !slices.Contains(interactive, path.Base(program))
}
