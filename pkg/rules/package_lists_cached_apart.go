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
	"github.com/loadline-dev/loadline/pkg/shell"
	"github.com/loadline-dev/loadline/pkg/source"
)

// packageListsCachedApart reports lists of packages that a step fetches for a later one.
var packageListsCachedApart = rule.Rule{
	Name:     "package-lists-cached-apart",
	Title:    "lists of packages are cached apart from what they install",
	Area:     finding.Cache,
	Severity: finding.Notice,
	Needs:    rule.NeedsScripts,
	Run:      runPackageListsCachedApart,
}

// listPrograms are package managers that install from lists fetched before.
var listPrograms = []struct {
	names   []string
	install []string
	// fresh are options with which an install fetches the lists itself.
	fresh []string
	dir   string
}{
	{names: []string{"apt-get", "apt"}, install: []string{"install"}, fresh: []string{"--update", "-U"}, dir: "/var/lib/apt"},
	{names: []string{"apk"}, install: []string{"add"}, fresh: []string{"--no-cache", "--update", "--update-cache", "-U", "-u"}, dir: "/var/cache/apk"},
}

// refresh matches arguments and variables by which someone decides when the lists are fetched again.
var refresh = regexp.MustCompile(`(?i)cache|bust|refresh|date|stamp|epoch`)

func runPackageListsCachedApart(_ context.Context, p *rule.Pass) error {
	if forDevelopment(p) {
		return nil
	}
	for _, stage := range p.Stages {
		for n, i := range stage.Instructions {
			if decidesRefresh(i) {
				break
			}
			if i.Name == "RUN" {
				reportLists(p, i, stage.Instructions[n+1:])
			}
		}
	}
	return nil
}

func decidesRefresh(i *dockerfile.Instruction) bool {
	return (i.Name == "ARG" || i.Name == "ENV") && slices.ContainsFunc(i.Pairs, func(pair dockerfile.Pair) bool { return refresh.MatchString(pair.Key.Value) })
}

// reportLists reports a step that fetches lists alone, where a later one installs with them.
func reportLists(p *rule.Pass, update *dockerfile.Instruction, later []*dockerfile.Instruction) {
	calls := p.Calls(update)
	for _, m := range listPrograms {
		at := slices.IndexFunc(calls, func(c *shell.Call) bool { return c.Is(m.names...) && c.HasArg("update") })
		if at < 0 || !listsAlone(calls, m.names) || mounts(update, m.dir) {
			continue
		}
		var installs []*shell.Call
		var in *dockerfile.Instruction
		for _, i := range later {
			if i.Name != "RUN" {
				continue
			}
			own := p.Calls(i)
			first := slices.IndexFunc(own, func(c *shell.Call) bool { return c.Is(m.names...) && c.HasArg(m.install...) })
			if slices.ContainsFunc(own, func(c *shell.Call) bool { return c.Is(m.names...) && c.HasArg("update") }) || mounts(i, m.dir) {
				break
			}
			if first >= 0 && !own[first].HasArg(m.fresh...) {
				installs, in = append(installs, own[first]), i
			}
		}
		if len(installs) == 0 {
			continue
		}
		f := finding.Finding{
			Span:    calls[at].Span,
			Message: fmt.Sprintf("is cached apart from %s %s in line %d: when that changes, it installs from lists as old as this step", installs[0].Name, m.install[0], installs[0].File.Position(installs[0].Command.Span.Start).Line),
			Advice:  fmt.Sprintf("Run %s update in each step that installs", calls[at].Name),
		}
		if len(installs) == 1 && len(calls) == 1 {
			if fix, ok := joinUpdate(p, update, in, calls[at], installs[0]); ok {
				f.Advice, f.Fixes = "", []finding.Fix{fix}
			}
		}
		p.Report(f)
	}
}

// listsAlone reports whether a step does nothing but fetch lists, and install newer versions of what is there.
func listsAlone(calls []*shell.Call, names []string) bool {
	return !slices.ContainsFunc(calls, func(c *shell.Call) bool {
		fetches := c.Is(names...) && c.HasArg("update", "upgrade", "dist-upgrade", "full-upgrade")
		return c.Conditional || !fetches && !c.Is("set", "export", "echo", "true", ":")
	})
}

// mounts reports whether a step mounts something at or in a directory.
func mounts(i *dockerfile.Instruction, dir string) bool {
	return slices.ContainsFunc(i.Mounts, func(m dockerfile.Mount) bool {
		target, _ := m.Field("target", "dst", "destination")
		return strings.HasPrefix(target.Value, dir)
	})
}

// joinUpdate moves an update to the beginning of the step that installs, where both are plain commands.
func joinUpdate(p *rule.Pass, update, in *dockerfile.Instruction, fetch, install *shell.Call) (finding.Fix, bool) {
	file := p.Dockerfile.Source
	plain := func(i *dockerfile.Instruction, c *shell.Call) bool {
		return c.File == file && i.Script != nil && len(i.Heredocs) == 0 && len(c.Through) == 0 &&
			strings.Trim(file.Slice(source.Span{Start: i.Keyword.Span.End, End: c.Command.Span.Start}), " \t\r\n\\`") == ""
	}
	if !plain(update, fetch) || !plain(in, install) || strings.TrimSpace(file.Slice(source.Span{Start: fetch.Span.End, End: update.Span.End})) != "" {
		return finding.Fix{}, false
	}
	at := install.Command.Span.Start
	return finding.Fix{
		Title: "Fetch the lists in the step that installs",
		Edits: []finding.Edit{
			edit(p, removal(file, update.Span), ""),
			edit(p, source.Span{Start: at, End: at}, file.Slice(fetch.Span)+" && "),
		},
	}, true
}
