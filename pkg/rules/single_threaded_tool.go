package rules

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/shell"
	"github.com/loadline-dev/loadline/pkg/source"
)

// singleThreadedTool reports tools that use one processor because nobody told them to use more.
var singleThreadedTool = rule.Rule{
	Name:     "single-threaded-tool",
	Title:    "a tool uses one processor unless it is told otherwise",
	Area:     finding.Parallelism,
	Severity: finding.Warning,
	Needs:    rule.NeedsScripts | rule.NeedsFiles,
	Run:      runSingleThreadedTool,
}

func runSingleThreadedTool(_ context.Context, p *rule.Pass) error {
	var groups []*toolGroup
	for _, u := range usesIn(p, func(s step) { reportProjects(p, s) }) {
		if !u.tool.serial || u.jobs.said != jobsNotSaid || u.gains(p) != yes || explained(p, u) {
			continue
		}
		if onlyInstalls(u.call) && u.builtBefore() {
			continue
		}
		groups = addToGroup(groups, &u)
	}
	for _, g := range groups {
		p.Report(g.finding(p))
	}
	return nil
}

// toolGroup are starts of one tool in one step, or in one script, of which all can be edited or none.
type toolGroup struct {
	uses  []*toolUse
	edits []finding.Edit
}

func addToGroup(groups []*toolGroup, u *toolUse) []*toolGroup {
	edit := jobsEdit(u)
	for _, g := range groups {
		first := g.uses[0]
		if first.by != u.by || first.tool != u.tool || first.call.File != u.call.File || (len(g.edits) == 0) != (edit == nil) {
			continue
		}
		g.uses = append(g.uses, u)
		if edit != nil {
			g.edits = append(g.edits, *edit)
		}
		return groups
	}
	g := &toolGroup{uses: []*toolUse{u}}
	if edit != nil {
		g.edits = []finding.Edit{*edit}
	}
	return append(groups, g)
}

func (g *toolGroup) finding(p *rule.Pass) finding.Finding {
	u := g.uses[0]
	places := ""
	if len(g.uses) > 1 {
		places = fmt.Sprintf(" in %d places of this step", len(g.uses))
	}
	f := finding.Finding{
		File: u.call.File, Span: u.call.Command.Span,
		Severity: u.tool.severity,
		Message:  u.tool.does + " on one processor" + places + ": up to 4 times as long as on 4, whenever the step is not cached",
	}
	if len(g.edits) == 0 {
		f.Advice = jobsAdvice(p, u)
		return f
	}
	f.Fixes = []finding.Fix{{Title: "Run " + source.Printable(u.call.Name) + " with a job for each processor", Edits: g.edits}}
	return f
}

// jobsAdvice says what to do where there is no edit that is sure to be right.
func jobsAdvice(_ *rule.Pass, u *toolUse) string {
	switch {
	case u.call.Is("pecl"):
		return `Set MAKEFLAGS="-j$(nproc)" for pecl`
	case u.by.JSON && !throughShell(u.call):
		return "Use the shell form, which knows the number of processors: RUN " + u.call.Name + " " + perProcessor
	case onlyInstalls(u.call) && u.call.Is("make", "gmake"):
		return "Run " + u.call.Name + " " + perProcessor + " before " + u.call.Name + " install"
	case u.call.Is("cmake"):
		return "Add -- " + perProcessor
	}
	return "Add " + u.tool.add
}

// jobsEdit is the edit that gives a tool a job for each processor; nil where there is none that is sure to be right.
func jobsEdit(u *toolUse) *finding.Edit {
	c := u.call
	if u.by.JSON && !throughShell(c) || onlyInstalls(c) && c.Is("make", "gmake") || !written(c, c.Command) {
		return nil
	}
	at, text := c.Command.Span.End, " "+u.tool.add
	switch {
	case c.Is("pecl"):
		if len(c.Through) > 0 {
			return nil
		}
		at, text = c.Command.Span.Start, "MAKEFLAGS=-j$(nproc) "
	case c.Is("cmake"):
		// Behind "--" it is for make, whatever the version of cmake: --parallel came with 3.12.
		at, text = c.Span.End, " -- "+perProcessor
		if last := len(c.Args) - 1; last < 0 || !written(c, c.Args[last]) {
			return nil
		}
		for _, w := range c.Args {
			if w.Text == "--" {
				at, text = w.Span.End, " "+perProcessor
			}
		}
	}
	if throughShell(c) {
		text = strings.ReplaceAll(text, `"`, "") // inside of the quotes of another script
	}
	return &finding.Edit{
		Path: c.File.Path, File: c.File,
		Edit: source.Edit{Span: source.Span{Start: at, End: at}, NewText: text},
	}
}

// throughShell reports whether a command stands in a script that another command is given.
func throughShell(c *shell.Call) bool {
	return slices.ContainsFunc(c.Through, func(name string) bool {
		return shell.IsShell(name) || name == "eval" || name == "su" || name == "runuser"
	})
}

// written reports whether a word stands in the file as it is, not in a variable.
func written(c *shell.Call, w shell.Word) bool {
	text := c.File.Slice(w.Span)
	return text == w.Text || text == w.Raw || strings.Trim(text, `"'`) == w.Text
}
