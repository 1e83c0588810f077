package rules

import (
	"context"
	"slices"
	"strings"

	"github.com/loadline-dev/loadline/pkg/dockerfile"
	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/shell"
	"github.com/loadline-dev/loadline/pkg/source"
)

// sdkAtRunTime reports images that carry a compiler although the program comes out of another stage or the build context.
var sdkAtRunTime = rule.Rule{
	Name:     "sdk-at-run-time",
	Title:    "the image is built on an SDK and only runs a program",
	Area:     finding.BaseImage,
	Severity: finding.Notice,
	Needs:    rule.NeedsImages | rule.NeedsScripts | rule.NeedsFiles,
	Run:      runSDKAtRunTime,
}

// sdk is a family of images that are for compiling.
type sdk struct {
	family, what string
	// tools are its programs; a call of one in the image says that it is used there.
	tools []string
	// instead is what runs the result.
	instead string
}

// sdks are the official images of compilers and build tools (docker-library/docs) and the .NET SDK (dotnet/dotnet-docker).
var sdks = []sdk{
	{"dotnet/sdk", "the .NET SDK", []string{"dotnet"}, "mcr.microsoft.com/dotnet/aspnet or dotnet/runtime of the same version"},
	{"golang", "the Go compiler", []string{"go", "gofmt"}, "a small image with what the binary needs: scratch or distroless/static where it is linked statically"},
	{"rust", "the Rust compiler", []string{"cargo", "rustc", "rustup"}, "debian:slim, or scratch where it is linked statically"},
	{"maven", "Maven and a JDK", []string{"mvn", "javac", "jar"}, "a run-time environment such as eclipse-temurin:21-jre"},
	{"gradle", "Gradle and a JDK", []string{"gradle", "javac", "jar"}, "a run-time environment such as eclipse-temurin:21-jre"},
	{"gcc", "the GNU compilers", []string{"gcc", "g++", "cc", "c++", "make", "gfortran"}, "debian:slim with the libraries that it needs"},
	{"haskell", "the Haskell compiler", []string{"ghc", "cabal", "stack"}, "debian:slim with the libraries that it needs"},
	{"dart", "the Dart SDK", []string{"dart", "pub"}, "scratch with /runtime/ of the dart image copied along"},
}

func runSDKAtRunTime(ctx context.Context, p *rule.Pass) error {
	if forDevelopment(p) || aside(p) || tooling.MatchString(p.Final.Name) || !startsProgram(p) {
		return nil
	}
	b, ok := p.BaseImage(p.Final)
	if !ok || b.Chosen || b.Variant == "slim" && b.Family == "rust" {
		return nil
	}
	i := slices.IndexFunc(sdks, func(s sdk) bool { return s.family == b.Family })
	if i < 0 || !bringsProgram(p) {
		return nil
	}
	if said, err := p.Ask(ctx, &compiledInFinalStage); err != nil || len(said) > 0 {
		return err
	}
	list, seen := startedBy(p, b)
	if !seen || slices.ContainsFunc(list, func(s started) bool { return usesSDK(&sdks[i], s.call) }) {
		return nil
	}
	p.Report(finding.Finding{
		Span:    b.Word.Span,
		Message: "ships " + sdks[i].what + ", which no step and no command of the image uses: its program comes from elsewhere",
		Advice:  "Build it on " + source.Printable(sdks[i].instead),
	})
	return nil
}

// bringsProgram reports whether the final stage copies what it runs out of another stage.
func bringsProgram(p *rule.Pass) bool {
	return slices.ContainsFunc(p.Final.Instructions, hasFrom)
}

// hasFrom reports whether an instruction copies out of another stage or image.
func hasFrom(i *dockerfile.Instruction) bool {
	_, from := i.Flag("from")
	return from && i.Name == "COPY"
}

// usesSDK reports whether a call uses what only the SDK has. "dotnet app.dll" runs a program, as the runtime does.
func usesSDK(s *sdk, c *shell.Call) bool {
	if !c.Is(s.tools...) {
		return false
	}
	return !c.Is("dotnet") || len(c.Args) == 0 || !strings.HasSuffix(strings.ToLower(c.Args[0].Text), ".dll")
}
