package rules

import (
	"context"
	"fmt"

	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/source"
)

// fixedJobCount reports numbers of jobs that leave processors idle, or start many more jobs than there are processors.
var fixedJobCount = rule.Rule{
	Name:     "fixed-job-count",
	Title:    "the number of jobs does not follow the processors",
	Area:     finding.Parallelism,
	Severity: finding.Notice,
	Needs:    rule.NeedsScripts | rule.NeedsFiles,
	Run:      runFixedJobCount,
}

// A builder of Docker Offload has 4 processors and 8 GiB of memory. Fewer jobs leave some idle; 4 and more jobs than that,
// up to four times as many, are nothing to talk about.
const (
	offloadProcessors = 4
	manyJobs          = 4 * offloadProcessors
)

func runFixedJobCount(_ context.Context, p *rule.Pass) error {
	reportJobs(p, func(u *toolUse) bool {
		j := u.jobs
		return j.said == jobsCounted && u.tool.compiles() && (j.count > 1 && j.count < offloadProcessors || j.count > manyJobs)
	}, func(u *toolUse, places string) finding.Finding {
		count := u.jobs.count
		f := finding.Finding{
			Message: fmt.Sprintf("compiles with %d jobs%s, which leaves %d of 4 processors idle", count, places, offloadProcessors-count),
		}
		if count > manyJobs {
			f.Message = fmt.Sprintf("compiles with %d jobs%s, %d for each of 4 processors, which share 8 GiB of memory", count, places, count/offloadProcessors)
		}
		if fix, ok := countFix(u); ok && places == "" {
			f.Fixes = []finding.Fix{fix}
		} else {
			f.Advice = whatInstead(u)
		}
		return f
	})
	return nil
}

// countFix puts the number of processors in the place of a number.
func countFix(u *toolUse) (finding.Fix, bool) {
	v := u.jobs.value
	if v.Text == "" || u.by.JSON && !throughShell(u.call) || u.call.File.Slice(v.Span) != v.Text {
		return finding.Fix{}, false
	}
	text := `"$(nproc)"`
	if throughShell(u.call) {
		text = "$(nproc)"
	}
	return finding.Fix{
		Title: "Run " + source.Printable(u.call.Name) + " with a job for each processor",
		Edits: []finding.Edit{{Path: u.call.File.Path, File: u.call.File, Edit: source.Edit{Span: v.Span, NewText: text}}},
	}, true
}
