package term

import (
	"fmt"
	"slices"
	"strings"

	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/report"
	"github.com/loadline-dev/loadline/pkg/source"
)

// shownFindings is how many findings are shown with their place; the rest is counted.
const shownFindings = 20

// findings writes what the rules say: what the change brings with its place, what the base has as well as numbers, then in
// short what it mends and what somebody suppressed. Without a base all is shown with its place.
func (p *printer) findings(r *report.Report) {
	list := r.OpenFindings()
	kept := slices.IndexFunc(list, func(f report.Finding) bool { return f.State == string(finding.Kept) })
	if kept < 0 || r.Base == nil {
		kept = len(list)
	}
	list, old := list[:kept], list[kept:]
	for i := range list[:min(len(list), shownFindings)] {
		p.line()
		p.finding(&list[i], r.Base != nil)
	}
	if rest := len(list) - shownFindings; rest > 0 {
		p.line()
		p.line(p.faint(fmt.Sprintf("… and %s", report.Count(int64(rest), "more finding"))))
	}
	p.kept(old)
	p.short("fixed: ", p.green, r.FixedFindings())
	p.short("suppressed: ", p.faint, r.Suppressed)
	undecided := r.UndecidedRules()
	for i, u := range undecided {
		if i == 0 {
			p.line()
		}
		if i == shownNotes {
			p.line(p.faint(fmt.Sprintf("… and %s", report.Count(int64(len(undecided)-i), "more reason"))))
			break
		}
		p.line(p.faint("undecided: " + source.Printable(u.Text())))
	}
}

// kept counts what the base has as well by rule, the worst first.
func (p *printer) kept(list []report.Finding) {
	if len(list) == 0 {
		return
	}
	p.line()
	p.line("the base has as well: ", p.bold(report.Count(int64(len(list)), "finding")), ", shown by loadline check --base none")
	counts := map[string]int64{}
	var first []report.Finding
	for _, f := range list {
		if counts[f.Rule]++; counts[f.Rule] == 1 {
			first = append(first, f)
		}
	}
	for i, f := range first {
		if i == shownNotes {
			p.line(p.faint(fmt.Sprintf("  … and %s", report.Count(int64(len(first)-i), "more rule"))))
			break
		}
		p.line(p.faint("  " + source.Printable(f.Rule) + "  " + report.Count(counts[f.Rule], source.Printable(f.Severity))))
	}
}

// finding writes one with the place underlined.
func (p *printer) finding(f *report.Finding, hasBase bool) {
	first := true
	for line := range strings.SplitSeq(f.Block(), "\n") {
		switch {
		case first:
			if hasBase && f.State == string(finding.New) {
				line += p.bold(" new")
			}
			p.line(p.severity(f.Severity, line))
		case strings.Contains(line, "= fix: "):
			p.line(p.green(line))
		default:
			p.line(line)
		}
		first = false
	}
}

// severity colours the word of a line that says how much a finding matters.
func (p *printer) severity(name, line string) string {
	paint := p.faint
	switch name {
	case finding.Error.String():
		paint = p.red
	case finding.Warning.String():
		paint = p.warn
	}
	return strings.Replace(line, ": "+name+": ", ": "+paint(name)+": ", 1)
}

func (p *printer) short(what string, paint func(a ...any) string, list []report.Finding) { //nolint:forbidigo // the form of color.SprintFunc
	for i := range list {
		if i == 0 {
			p.line()
		}
		if i == shownNotes {
			p.line(paint(fmt.Sprintf("… and %s", report.Count(int64(len(list)-i), "more finding"))))
			return
		}
		text := what + list[i].Line()
		if list[i].Reason != "" {
			text += " -- " + source.Printable(list[i].Reason)
		}
		p.line(paint(text))
	}
}
