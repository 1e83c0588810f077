package rules

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/loadline-dev/loadline/pkg/dockerfile"
	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/shell"
	"github.com/loadline-dev/loadline/pkg/source"
)

// unusedStageOutputCopied reports images that take over the whole directory in which a stage has compiled, sources and all.
var unusedStageOutputCopied = rule.Rule{
	Name:     "unused-stage-output-copied",
	Title:    "the sources of a build stage are copied into the image",
	Area:     finding.MultiStage,
	Severity: finding.Notice,
	Needs:    rule.NeedsUpload | rule.NeedsScripts | rule.NeedsFiles,
	Run:      runUnusedStageOutputCopied,
}

// builders are commands that make something out of sources which then runs without them, and where that lies.
var builders = []struct {
	makes func(c *shell.Call) bool
	hint  string
}{
	{scriptBuilds, "what was built, package.json and the production node_modules"},
	{func(c *shell.Call) bool {
		return c.Is("npm", "yarn", "pnpm", "bun") && c.HasArg("-r") && c.HasArg("build")
	}, "what was built, the manifests and the production node_modules"},
	{func(c *shell.Call) bool {
		return c.Is("gradle", "gradlew") && c.HasArg("build", "assemble", "bootJar", "installDist", "shadowJar", "jar")
	}, "build/install or the jar in build/libs"},
	{func(c *shell.Call) bool { return c.Is("mvn", "mvnw") && c.HasArg("package", "install", "verify") }, "the jar in target"},
	{func(c *shell.Call) bool { return c.Is("cargo") && c.HasArg("build") }, "the binary in target/release"},
	{func(c *shell.Call) bool { return c.Is("go") && c.HasArg("build") }, "the binary"},
	{func(c *shell.Call) bool { return c.Is("dotnet") && c.HasArg("publish") }, "the directory that dotnet publish -o fills"},
}

func runUnusedStageOutputCopied(_ context.Context, p *rule.Pass) error {
	if forDevelopment(p) || tooling.MatchString(p.Final.Name) || !startsProgram(p) {
		return nil
	}
	for _, i := range p.Final.Instructions {
		if !hasFrom(i) || i.Name != "COPY" || len(i.Sources()) != 1 {
			continue
		}
		if _, leaves := i.Flag("exclude"); leaves {
			continue
		}
		from, _ := i.Flag("from")
		stage := p.Dockerfile.Stage(from.Value.Value, i.Stage.Index)
		src := p.Dockerfile.Expand(i.Sources()[0].Value, p.Variables(i))
		if stage == nil || !src.Known || strings.ContainsAny(src.Text, "*?[") {
			continue
		}
		reportSources(p, i, stage, path.Join("/", src.Text))
	}
	return nil
}

// reportSources reports a copy of a directory of a stage, if the stage has put sources into it and compiled there.
func reportSources(p *rule.Pass, copied *dockerfile.Instruction, stage *dockerfile.Stage, dir string) {
	size, hint := rule.Size{}, ""
	for _, i := range stage.Instructions {
		switch i.Name {
		case "COPY", "ADD":
			size = size.Plus(broughtInto(p, i, dir))
		case "RUN":
			for _, c := range p.Calls(i) {
				if cleansUp(c, dir) {
					return
				}
				for _, b := range builders {
					if size.Files > 0 && b.makes(c) && (c.Dir == "" || within(c.Dir, dir)) {
						hint = b.hint
					}
				}
			}
		}
	}
	if hint == "" || size.Payload < sourceBytes && size.Files < sourceFiles {
		return
	}
	p.Report(finding.Finding{
		Span: copied.Sources()[0].Span,
		Message: fmt.Sprintf("copies all of %s, in which the stage has compiled: %s of sources, and what the tools left there, stay in the image",
			source.Printable(dir), finding.Bytes(size.Payload)+" in "+finding.Count(size.Files, "file")),
		Advice: "Copy what runs alone: " + hint,
	})
}

// The sources from which a finding is worth a line.
const (
	sourceBytes = 50_000
	sourceFiles = 20
)

// broughtInto is what an instruction copies of the build context into a directory of the image.
func broughtInto(p *rule.Pass, i *dockerfile.Instruction, dir string) rule.Size {
	var size rule.Size
	dest, ok := i.Dest()
	if _, from := i.Flag("from"); from || !ok {
		return size
	}
	to := p.Dockerfile.Expand(dest.Value, p.Variables(i))
	at := to.Text
	if !path.IsAbs(at) {
		at = path.Join(p.Workdir(i), at)
	}
	if !to.Known || !within(path.Clean(at), dir) {
		return size
	}
	for _, u := range p.Uploads() {
		if u.Name != "context" {
			continue
		}
		for _, w := range i.Sources() {
			v := p.Dockerfile.Expand(w.Value, p.Variables(i))
			if !v.Known || strings.ContainsAny(v.Text, "*?[") || strings.Contains(v.Text, "://") {
				continue
			}
			src := strings.TrimPrefix(path.Clean("/"+v.Text), "/")
			if src == "" {
				size = size.Plus(u.Size())
				continue
			}
			size = size.Plus(u.Under(src))
		}
	}
	return size
}

// cleansUp reports whether a command removes sources again.
func cleansUp(c *shell.Call, dir string) bool {
	return c.Is("rm", "find", "git") && slices.ContainsFunc(c.Args, func(w shell.Word) bool {
		name := strings.TrimSuffix(w.Text, "/")
		return path.Base(name) == "src" || name == dir || strings.HasPrefix(name, dir+"/src") || name == "*" || strings.HasSuffix(name, "/*") || w.Text == "-delete" || w.Text == "clean"
	})
}
