package rules

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/loadline-dev/loadline/pkg/dockerfile"
	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/shell"
	"github.com/loadline-dev/loadline/pkg/source"
)

// singleThreadedTool reports tools that compile with one processor because nobody told them to use more.
var singleThreadedTool = rule.Rule{
	Name:     "single-threaded-tool",
	Title:    "a tool uses one of several processors",
	Area:     finding.Parallelism,
	Severity: finding.Warning,
	Needs:    rule.NeedsScripts | rule.NeedsFiles,
	Run:      runSingleThreadedTool,
}

func runSingleThreadedTool(_ context.Context, p *rule.Pass) error {
	for i, c := range p.AllCalls() {
		t := toolOf(c)
		if t == nil || c.Background || t.told(c) || t.works != nil && !t.works(p, i, c) {
			continue
		}
		f := finding.Finding{
			Span:    c.Command.Span,
			Message: fmt.Sprintf("%s runs one job at a time", t.name), Severity: t.severity,
		}
		if fix, ok := t.fix(p, i, c); ok {
			f.Fixes = []finding.Fix{fix}
		} else {
			f.Advice = fmt.Sprintf("Let %s run as many jobs as there are processors", t.name)
		}
		p.Report(f)
	}
	return nil
}

// fix tells the tool to use all processors; ok is false where no shell would count them.
func (t *tool) fix(p *rule.Pass, i *dockerfile.Instruction, c *shell.Call) (finding.Fix, bool) {
	if i.JSON && len(c.Through) == 0 || t.jobs == "" && t.prefix == "" {
		return finding.Fix{}, false
	}
	quoted := `"` + processors + `"`
	nested := i.JSON || slices.ContainsFunc(c.Through, func(by string) bool { return shell.IsShell(by) || by == "eval" || by == "su" })
	if nested {
		quoted = processors // the script stands in quotes of its own
	}
	at, text := c.Command.Span.End, fmt.Sprintf(strings.ReplaceAll(t.jobs, "%s", "%[1]s"), quoted)
	switch {
	case t.jobs == "":
		if nested || len(c.Through) > 0 {
			return finding.Fix{}, false
		}
		at, text = c.Command.Span.Start, fmt.Sprintf(t.prefix, processors)
	case t.at < 0 && len(c.Args) > 0:
		at = c.Args[len(c.Args)-1].Span.End
	}
	return finding.Fix{
		Title: fmt.Sprintf("Let %s run a job for each processor", t.name),
		Edits: []finding.Edit{{
			Path: p.Dockerfile.Source.Path, File: p.Dockerfile.Source,
			Edit: source.Edit{Span: source.Span{Start: at, End: at}, NewText: text},
		}},
	}, true
}
