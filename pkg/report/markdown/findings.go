package markdown

import (
	"fmt"
	"slices"
	"strings"

	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/report"
	"github.com/loadline-dev/loadline/pkg/source"
)

// findings are those that the change brings, the worst first, each with its fix.
func (p *page) findings(r *report.Report) {
	list := inState(r.Findings, finding.New)
	slices.SortStableFunc(list, func(a, b report.Finding) int { return worth(b) - worth(a) })
	for _, f := range list[:min(len(list), p.rows)] {
		p.line("- **New ", word.FindString(f.Severity), ":** ", p.finding(f))
	}
	p.more("- ", len(list)-p.rows, "finding")
	if len(list) > 0 {
		p.line()
	}
}

// How much of the fixes is shown as diffs; "loadline fix" shows all.
const (
	maxDiffs     = 10
	maxDiffLines = 40
)

// diffs are the edits of the fixes of new findings, in a closed section.
func (p *page) diffs(r *report.Report) {
	list := slices.DeleteFunc(inState(r.Findings, finding.New), func(f report.Finding) bool {
		return len(f.Fixes) == 0 || f.Fixes[0].Diff == ""
	})
	if len(list) == 0 {
		return
	}
	slices.SortStableFunc(list, func(a, b report.Finding) int { return worth(b) - worth(a) })
	p.fold(report.Count(int64(len(list)), "suggested edit"), " (<code>loadline fix</code>)")
	n := min(len(list), p.rows, maxDiffs)
	for i, f := range list[:n] {
		if i > 0 {
			p.line()
		}
		p.line(sentence(f.Fixes[0].Title), "&#58;")
		p.line()
		p.diff(f.Fixes[0].Diff)
	}
	if len(list) > n {
		p.line()
		p.more("", len(list)-n, "suggested edit")
	}
	p.unfold()
}

// diff shows a diff in an element in which nothing has a meaning but what HTML escapes. A fence of backticks would end at
// the backticks of a file.
func (p *page) diff(text string) {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	n := min(len(lines), p.rows, maxDiffLines)
	p.WriteString(`<pre lang="diff">`)
	for _, line := range lines[:n] {
		line = strings.ReplaceAll(strings.TrimSuffix(line, "\r"), "\t", "    ")
		p.line(escape(source.Printable(line)))
	}
	if rest := len(lines) - n; rest > 0 {
		p.line("… and ", report.Count(int64(rest), "more line"))
	}
	p.line("</pre>")
}

// otherFindings are those that were there before, those that the change mends, and those that somebody suppressed.
func (p *page) otherFindings(r *report.Report) {
	p.foldFindings(inState(r.Findings, finding.Fixed), "finding", "fixed by this change")
	p.foldFindings(inState(r.Findings, finding.Kept), "finding", "that the base has as well")
	p.foldFindings(r.Suppressed, "finding", "suppressed")
}

func (p *page) foldFindings(list []report.Finding, one, which string) {
	if len(list) == 0 {
		return
	}
	p.fold(report.Count(int64(len(list)), one), " ", which)
	for _, f := range list[:min(len(list), p.rows)] {
		p.line("- ", p.finding(f))
	}
	p.more("- ", len(list)-p.rows, one)
	p.unfold()
}

// finding is a finding with its place, its fix or the reason why it is suppressed.
func (p *page) finding(f report.Finding) string {
	at := p.place(f.Path, f.Start.Line)
	if at == "" {
		at = code(f.Build)
	}
	text := at + " " + sentence(f.Message)
	switch {
	case f.Reason != "":
		text += " (suppressed: " + sentence(f.Reason) + ")"
	case len(f.Fixes) > 0 && f.State != string(finding.Fixed):
		text += "; **fix:** " + sentence(f.Fixes[0].Title)
		edits := f.Fixes[0].Edits
		if len(edits) > 0 && edits[0].Path != f.Path && !strings.Contains(f.Fixes[0].Title, edits[0].Path) {
			text += " in " + code(edits[0].Path)
		}
		if f.Saves != nil && f.Saves.Bytes > 0 {
			text += fmt.Sprintf(", saves %s%s", about(f.Saves), report.Bytes(f.Saves.Bytes))
		}
	}
	return text
}

func about(s *report.Saving) string {
	if s.Exact {
		return ""
	}
	return "about "
}

func inState(list []report.Finding, state finding.State) []report.Finding {
	return slices.DeleteFunc(slices.Clone(list), func(f report.Finding) bool { return f.State != string(state) })
}

// worth orders severities; an unknown one is the least.
func worth(f report.Finding) int {
	severity, err := finding.ParseSeverity(f.Severity)
	if err != nil {
		return 0
	}
	return int(severity)
}
