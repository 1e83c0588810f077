package rules

import (
	"context"
	"fmt"
	"strings"

	"github.com/loadline-dev/loadline/pkg/dockerfile"
	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/source"
)

// parallelismDisabled reports tools that are told to do one thing at a time.
var parallelismDisabled = rule.Rule{
	Name:     "parallelism-disabled",
	Title:    "a tool is told to do one thing at a time",
	Area:     finding.Parallelism,
	Severity: finding.Notice,
	Needs:    rule.NeedsScripts | rule.NeedsFiles,
	Run:      runParallelismDisabled,
}

func runParallelismDisabled(_ context.Context, p *rule.Pass) error {
	reportJobs(p, func(u *toolUse) bool { return u.jobs.said == jobsCounted && u.jobs.count == 1 && !onlyInstalls(u.call) },
		func(u *toolUse, places string) finding.Finding {
			f := finding.Finding{Message: u.tool.does + " one at a time" + places + ", since " + whoSays(p, u), Advice: whatInstead(u)}
			if u.tool.compiles() {
				f.Message = u.tool.does + " on one processor" + places + ", since " + whoSays(p, u) + ": up to 4 times as long as on 4"
			}
			return f
		})
	return nil
}

// reportJobs reports the starts of tools that a rule is about. Those that one variable decides are gathered, as are those
// of one step.
func reportJobs(p *rule.Pass, about func(*toolUse) bool, say func(u *toolUse, places string) finding.Finding) {
	type group struct {
		by   *dockerfile.Instruction
		pair *dockerfile.Pair
		file *source.File
		tool *jobsTool
		text string
	}
	counts := map[group]int{}
	first := map[group]toolUse{}
	var order []group
	for _, u := range toolUses(p) {
		if !about(&u) || u.gains(p) == no || explained(p, u) {
			continue
		}
		g := group{by: u.by, file: u.call.File, tool: u.tool, text: u.jobs.value.Raw}
		if u.jobs.pair != nil {
			g = group{pair: u.jobs.pair, tool: u.tool}
		}
		if counts[g]++; counts[g] == 1 {
			first[g] = u
			order = append(order, g)
		}
	}
	for _, g := range order {
		u := first[g]
		places := ""
		if n := counts[g]; n > 1 {
			places = fmt.Sprintf(" in %d places", n)
		}
		f := say(&u, places)
		f.File, f.Span, f.About = u.call.File, u.call.Command.Span, u.jobs.variable
		p.Report(f)
	}
}

// whoSays says what sets the number of jobs: "MAKEFLAGS in line 3 says -j1".
func whoSays(p *rule.Pass, u *toolUse) string {
	switch {
	case u.jobs.pair != nil:
		return fmt.Sprintf("%s of line %d is %s", source.Printable(u.jobs.variable), p.Dockerfile.Source.Position(u.jobs.pair.Span.Start).Line,
			source.Printable(strings.Trim(u.jobs.pair.Value.Value, `"'`)))
	case u.jobs.variable != "":
		return source.Printable(u.jobs.variable) + " says so"
	}
	return "an option says so"
}

// whatInstead says what to do about a fixed number.
func whatInstead(u *toolUse) string {
	why := "; where memory or a race is the reason, say so in a comment above it"
	switch {
	case u.jobs.pair != nil && u.jobs.value.Raw != "":
		return "Leave " + source.Printable(u.jobs.variable) + " without a value and ask for -j\"${" + source.Printable(u.jobs.variable) + ":-$(nproc)}\"" + why
	case u.tool.serial:
		return "Ask for a job for each processor, " + perProcessor + why
	}
	return "Leave it out: " + source.Printable(u.call.Name) + " does several at once by itself" + why
}
