package loadline

import (
	"fmt"
	"maps"

	"github.com/loadline-dev/loadline/pkg/build"
	"github.com/loadline-dev/loadline/pkg/compare"
	"github.com/loadline-dev/loadline/pkg/engine"
	"github.com/loadline-dev/loadline/pkg/report"
	"github.com/loadline-dev/loadline/pkg/source"
)

// report puts the result together.
func (c *check) report(pairs []compare.Pair, said *engine.Result) (*report.Report, error) {
	limits, err := c.limits()
	if err != nil {
		return nil, err
	}
	r := &report.Report{
		Head: c.head.meta, Upload: compare.Upload(pairs, c.base != nil), Untracked: compare.Untracked(pairs),
		Builds: compare.Builds(pairs, c.base != nil), Uplink: c.options.Uplink, Floor: c.floor(),
	}
	if c.base != nil {
		r.Base = &c.base.meta
	}
	if r.Uplink == 0 {
		r.Uplink = c.head.config.Uplink
	}
	for _, p := range pairs {
		r.Skipped = append(r.Skipped, p.Skipped...)
	}
	c.gitContexts(r)
	r.Notices = c.notices
	addFindings(r, said)
	if len(r.Builds) == 0 && len(r.SkippedBuilds()) == 0 {
		r.Notices = append(r.Notices, c.whyNone())
	}
	r.Normalize()
	r.Gate = compare.Judge(r, limits)
	r.Lines = c.changedLines(r)
	r.Path = c.prefix
	r.Normalize()
	return r, nil
}

// gitContexts marks the builds that workflows make from a Git context. A change cannot take its builds out of the
// gate that way: the base's workflows have to say the same.
func (c *check) gitContexts(r *report.Report) {
	found := build.GitContexts(c.head.tree)
	if len(found) == 0 {
		return
	}
	if c.base != nil {
		before := build.GitContexts(c.base.tree)
		maps.DeleteFunc(found, func(file string, _ build.Origin) bool {
			_, ok := before[file]
			return !ok
		})
	}
	for i := range r.Builds {
		b := &r.Builds[i]
		if at, ok := found[b.Dockerfile]; ok && b.Upload.Head != nil {
			b.GitContext = &report.Origin{Path: at.Path, Line: at.Line}
			b.Assumptions = append(b.Assumptions, fmt.Sprintf(
				"the upload is that of a build from a directory; %s:%d builds from a Git context, which uploads nothing, so no budget applies",
				source.Printable(at.Path), at.Line))
		}
	}
}

// whyNone says why there is nothing to report.
func (c *check) whyNone() string {
	if len(c.options.Builds) > 0 && len(c.head.builds) > 0 {
		return fmt.Sprintf("none of the names of %s matches %s", report.Count(int64(len(c.head.builds)), "build"), some(c.options.Builds))
	}
	return "there is no Dockerfile, and .loadline.yaml declares no build"
}

// AllowGrowth takes exceeded growth budgets, and nothing else, out of a report's gate because the pull request has the
// label, and records that in the report's Gate.Override. It reports whether there was anything to allow. An empty label
// undoes it, as is due for a saved report, which anybody may have written.
func AllowGrowth(r *report.Report, label string) bool { return compare.AllowGrowth(r, label) }

// The exit codes that a report asks for.
const (
	exitPassed      = 0
	exitGate        = 1
	exitNotAnalysed = 3
)

// ExitCode answers with which code the command ends: 1 where the gate fails; 3 where nothing could be analysed, or
// a build that base could read cannot be read at head; else 0.
func ExitCode(r *report.Report) int {
	if !r.Gate.Passed {
		return exitGate
	}
	if len(r.Unanswered()) > 0 {
		return exitNotAnalysed
	}
	return exitPassed
}
