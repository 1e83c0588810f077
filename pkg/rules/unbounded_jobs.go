package rules

import (
	"context"

	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/source"
)

// unboundedJobs reports a -j without a number, with which make starts all it can at once.
var unboundedJobs = rule.Rule{
	Name:     "unbounded-jobs",
	Title:    "make starts as many jobs at once as there are files",
	Area:     finding.Parallelism,
	Severity: finding.Warning,
	Needs:    rule.NeedsScripts | rule.NeedsFiles,
	Run:      runUnboundedJobs,
}

func runUnboundedJobs(_ context.Context, p *rule.Pass) error {
	reportJobs(p, func(u *toolUse) bool {
		return u.jobs.said == jobsUnlimited && (!u.call.Is("cmake") || u.gains(p) == yes)
	},
		func(u *toolUse, places string) finding.Finding {
			f := finding.Finding{Message: "starts as many compilers at once as there are files to compile" + places + ", whatever the memory"}
			fix, ok := limitFix(u)
			switch {
			case u.jobs.literal:
				f.Message = "starts as many compilers at once as there are files to compile" + places + ", since no shell runs the command in " +
					source.Printable(u.jobs.variable) + ": make is left with -j"
				f.Advice = "Say " + perProcessor + " where make is started: ENV and ARG run no commands"
			case u.jobs.variable != "":
				f.Advice = "Say " + perProcessor + " where make is started, in the place of -j in " + source.Printable(u.jobs.variable)
			case ok && places == "":
				f.Fixes = []finding.Fix{fix}
			default:
				f.Advice = "Say -j\"$(nproc)\" in the place of -j"
			}
			return f
		})
	return nil
}

// limitFix puts the number of processors behind the option.
func limitFix(u *toolUse) (finding.Fix, bool) {
	w := u.jobs.value
	if u.by.JSON && !throughShell(u.call) || !written(u.call, w) || u.call.File.Slice(w.Span) != w.Text {
		return finding.Fix{}, false
	}
	text := `"$(nproc)"`
	if throughShell(u.call) {
		text = "$(nproc)"
	}
	if len(w.Text) > 1 && w.Text[1] == '-' {
		text = "=" + text
		if u.call.Is("cmake") {
			text = " " + text[1:]
		}
	}
	at := w.Span.End
	return finding.Fix{
		Title: "Run " + source.Printable(u.call.Name) + " with a job for each processor",
		Edits: []finding.Edit{{Path: u.call.File.Path, File: u.call.File, Edit: source.Edit{Span: source.Span{Start: at, End: at}, NewText: text}}},
	}, true
}
