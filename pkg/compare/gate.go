package compare

import (
	"fmt"
	"slices"
	"strings"

	"github.com/loadline-dev/loadline/pkg/build"
	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/report"
	"github.com/loadline-dev/loadline/pkg/source"
)

// Limits are what fails the gate.
type Limits struct {
	// Default are the budgets of each build that has none of its own, kind by kind.
	Default build.Budgets
	// Builds are the budgets of single builds, by name.
	Builds map[string]build.Budgets
	// FailOn is the severity from which a new finding fails; the zero value means never.
	FailOn finding.Severity
}

// of are the limits of one build.
func (l Limits) of(name string) build.Budgets {
	b := l.Builds[name]
	if b.Upload == nil {
		b.Upload = l.Default.Upload
	}
	if b.Growth == nil {
		b.Growth = l.Default.Growth
	}
	return b
}

// Judge answers whether a report passes. An upload budget holds for every build at head; a growth budget for builds
// that both sides have, since an added build has nothing to grow from. A build from a Git context uploads nothing where
// it counts, and is not judged.
func Judge(r *report.Report, l Limits) report.Gate {
	var failures []report.Failure
	fail := func(rule, build, message string) {
		if message != "" {
			failures = append(failures, report.Failure{Rule: rule, Build: build, Message: message})
		}
	}
	for _, b := range r.Builds {
		if b.Upload.Head == nil || b.GitContext != nil {
			continue
		}
		limits := l.of(b.Name)
		fail(report.UploadBudget, b.Name, overUpload(b, limits.Upload))
		fail(report.GrowthBudget, b.Name, overGrowth(b, limits.Growth))
	}
	for _, f := range r.Findings {
		severity, err := finding.ParseSeverity(f.Severity)
		if err == nil && l.FailOn > 0 && f.State == string(finding.New) && severity >= l.FailOn {
			fail(f.Rule, f.Build, fmt.Sprintf("new %s in build %s: %s", f.Severity, source.Printable(f.Build), f.Rule))
		}
	}
	return gate(failures)
}

// gate is the gate that fails for the failures.
func gate(failures []report.Failure) report.Gate {
	g := report.Gate{Passed: len(failures) == 0, Failures: failures}
	for _, f := range failures {
		g.Reasons = append(g.Reasons, f.Message)
	}
	return g
}

// AllowGrowth takes exceeded growth budgets out of a report's gate, because a label on the pull request allows the
// change to grow, and records that in the gate. It reports whether there was anything to allow.
//
// Only growth can be allowed. An upload budget is a limit of the repository, which the next change would exceed as well:
// it is raised in the configuration. A finding is suppressed where it is.
//
// Whatever override the report holds already is undone first, so that a saved report, which anybody may have written,
// cannot bring its own: an empty label allows nothing.
func AllowGrowth(r *report.Report, label string) bool {
	failures := slices.Clone(r.Gate.Failures)
	if r.Gate.Override != nil {
		failures = append(failures, r.Gate.Override.Failures...)
	}
	var allowed []report.Failure
	if label != "" {
		left := failures[:0:0]
		for _, f := range failures {
			if f.Rule == report.GrowthBudget {
				allowed = append(allowed, f)
			} else {
				left = append(left, f)
			}
		}
		failures = left
	}
	r.Gate = gate(failures)
	if len(allowed) > 0 {
		r.Gate.Override = &report.Override{Label: label, Failures: allowed}
	}
	r.Normalize()
	return len(allowed) > 0
}

func overUpload(b report.Build, limit *int64) string {
	if limit == nil || b.Upload.Head.Bytes <= *limit {
		return ""
	}
	return fmt.Sprintf("build %s uploads %s, %s over its budget of %s", source.Printable(b.Name),
		report.Bytes(b.Upload.Head.Bytes), report.Bytes(b.Upload.Head.Bytes-*limit), report.Bytes(*limit))
}

func overGrowth(b report.Build, limit *build.Growth) string {
	if limit == nil || b.Upload.Base == nil || b.Upload.Delta == nil {
		return ""
	}
	delta, base := b.Upload.Delta.Bytes, b.Upload.Base.Bytes
	if delta <= limit.Bytes {
		return ""
	}
	allowed := report.Bytes(limit.Bytes)
	if limit.Percent != nil {
		if base > 0 && float64(delta) <= *limit.Percent/100*float64(base) {
			return ""
		}
		allowed += fmt.Sprintf(" and %g %%", *limit.Percent)
	}
	return fmt.Sprintf("build %s grows by %s, more than the %s allowed", source.Printable(b.Name),
		strings.TrimPrefix(report.GrowthOf(delta, base), "+"), allowed)
}
