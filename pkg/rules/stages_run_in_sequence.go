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

// stagesRunInSequence reports steps that wait for another stage although they use nothing of it.
var stagesRunInSequence = rule.Rule{
	Name:     "stages-run-in-sequence",
	Title:    "a step waits for a stage that it does not need",
	Area:     finding.MultiStage,
	Severity: finding.Notice,
	Needs:    rule.NeedsScripts,
	Run:      runStagesRunInSequence,
}

func runStagesRunInSequence(_ context.Context, p *rule.Pass) error {
	for _, stage := range p.Stages {
		var first *dockerfile.Instruction
		for _, i := range stage.Instructions {
			switch i.Name {
			case "COPY":
				from, ok := i.Flag("from")
				if ok && first == nil && p.Dockerfile.Stage(from.Value.Value, stage.Index) != nil {
					first = i
				}
				if first != nil && preparesInstall(p, i) {
					return nil // it may configure the package manager
				}
			case "ADD":
				if first != nil {
					return nil
				}
			case "USER", "SHELL", "ARG", "ONBUILD":
				first = nil // what follows may be as it is for this reason
			case "RUN":
				if first == nil {
					continue
				}
				if c := installStep(p, i); c != nil {
					reportWaiting(p, first, i, c)
				}
				first = nil // one is enough for a stage, and another step may use what was copied
			}
		}
	}
	return nil
}

// preparesInstall reports whether a COPY may bring what a package manager reads: its configuration, keys, programs.
func preparesInstall(p *rule.Pass, i *dockerfile.Instruction) bool {
	dest, ok := i.Dest()
	to := p.Dockerfile.Expand(dest.Value, p.Variables(i))
	if !ok || !to.Known {
		return true
	}
	at := to.Text
	if !path.IsAbs(at) {
		at = path.Join(p.Workdir(i), at)
	}
	at = path.Clean(at)
	return at == "/" || slices.ContainsFunc([]string{"/etc", "/usr/share/keyrings", "/usr/lib", "/lib", "/var", "/usr/bin", "/bin", "/sbin", "/usr/sbin", "/tmp", "/root"}, func(dir string) bool {
		return within(at, dir)
	}) || strings.HasSuffix(at, ".sh") || strings.HasSuffix(at, ".deb") || strings.HasSuffix(at, ".rpm")
}

// installStep is the first command of a step that installs packages of the distribution by their names and does nothing else;
// nil for any other step.
func installStep(p *rule.Pass, i *dockerfile.Instruction) *shell.Call {
	if len(i.Mounts) > 0 {
		return nil
	}
	var first *shell.Call
	for _, c := range p.Calls(i) {
		switch {
		case c.Is("apt-get", "apt", "apk", "dnf", "yum", "microdnf"):
			if slices.ContainsFunc(c.Args, func(w shell.Word) bool {
				return !w.Known || strings.Contains(w.Text, "/") && !strings.HasPrefix(w.Text, "-")
			}) {
				return nil
			}
			if first == nil {
				first = c
			}
		case c.Is("rm"):
			if slices.ContainsFunc(c.Operands(), func(w shell.Word) bool {
				return !strings.HasPrefix(w.Text, "/var/") && !strings.HasPrefix(w.Text, "/tmp")
			}) {
				return nil
			}
		case !c.Is("set", "true"):
			return nil
		}
	}
	return first
}

func reportWaiting(p *rule.Pass, copied, run *dockerfile.Instruction, c *shell.Call) {
	from, _ := copied.Flag("from")
	f := finding.Finding{
		Span:    c.Command.Span,
		Message: "waits for the stage " + source.Printable(from.Value.Value) + " and runs again whenever what is copied from it changes, though it uses nothing of it",
	}
	list := run.Stage.Instructions
	between := list[slices.Index(list, copied):slices.Index(list, run)]
	if slices.ContainsFunc(between, func(i *dockerfile.Instruction) bool { return i.Name != "COPY" && i.Name != "LABEL" }) {
		f.Advice = fmt.Sprintf("Move it above the COPY --from of line %d", copied.StartLine)
		p.Report(f)
		return
	}
	file := p.Dockerfile.Source
	span := withComments(file, run.Span)
	f.Fixes = []finding.Fix{{Title: "Install before anything is copied from " + source.Printable(from.Value.Value), Edits: []finding.Edit{
		edit(p, source.Span{Start: copied.Span.Start, End: copied.Span.Start}, file.Slice(span)+lineEnding(file)),
		edit(p, removal(file, span), ""),
	}}}
	p.Report(f)
}

// withComments is the span of an instruction with the comments right above it.
func withComments(file *source.File, span source.Span) source.Span {
	line := file.Position(span.Start).Line
	for line > 1 && strings.HasPrefix(strings.TrimSpace(file.Slice(file.Line(line-1))), "#") {
		line--
	}
	return source.Span{Start: file.Line(line).Start, End: span.End}
}
