package term

import (
	"fmt"
	"strings"

	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/report"
	"github.com/loadline-dev/loadline/pkg/source"
)

// shownFindings is how many findings are shown with their place; the rest is counted.
const shownFindings = 20

// findings writes what the rules say: what the change brings, what the base has as well, then in short what it mends and
// what somebody suppressed.
func (p *printer) findings(r *report.Report) {
	list := r.OpenFindings()
	for i := range list[:min(len(list), shownFindings)] {
		p.line()
		p.finding(&list[i], r.Base != nil)
	}
	if rest := len(list) - shownFindings; rest > 0 {
		p.line()
		p.line(p.faint(fmt.Sprintf("… and %s", report.Count(int64(rest), "more finding"))))
	}
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
