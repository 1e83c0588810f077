// Package markdown writes a report as GitHub's Markdown: for a pull request's comment and a job's summary.
package markdown

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/loadline-dev/loadline/pkg/report"
)

// MaxBytes is the most that is written. GitHub refuses a comment of more than 65,536 characters; fewer bytes are safe
// whether it counts bytes or characters.
const MaxBytes = 65_000

// How much of each list is tried first; lists shrink further until everything fits.
const (
	maxRows   = 100
	maxBuilds = 10
	maxPaths  = 10
)

// Write writes a report in at most MaxBytes, by dropping whole rows and saying so.
func Write(w io.Writer, r *report.Report) error {
	r.Normalize()
	rows := maxRows
	text := render(r, rows)
	for len(text) > MaxBytes && rows > 1 {
		rows /= 2
		text = render(r, rows)
	}
	if _, err := io.WriteString(w, text); err != nil {
		return fmt.Errorf("writing Markdown: %w", err)
	}
	return nil
}

// page is a text on its way.
type page struct {
	strings.Builder
	rows int
}

func (p *page) line(parts ...string) {
	for _, part := range parts {
		p.WriteString(part)
	}
	p.WriteByte('\n')
}

func render(r *report.Report, rows int) string {
	p := &page{rows: rows}
	p.line("### ", icon(r), " Loadline: ", r.Verdict())
	p.line()
	p.context(r)
	p.gate(r)
	p.builds(r)
	p.paths(r)
	p.untracked(r)
	p.notices(r)
	p.skipped(r)
	p.assumptions(r)
	return p.String()
}

func icon(r *report.Report) string {
	if !r.Gate.Passed || len(r.Unanswered()) > 0 {
		return "❌"
	}
	return "⚓"
}

// context says what was compared, and how long the upload takes.
func (p *page) context(r *report.Report) {
	var facts []string
	if r.Base != nil {
		facts = append(facts, "Compared with "+code(r.Against())+".")
	}
	if r.Uplink > 0 && r.Upload.Head != nil {
		facts = append(facts, fmt.Sprintf("At %s the upload takes %s.", report.Rate(r.Uplink), report.Duration(r.Upload.Head.Bytes, r.Uplink)))
	}
	if len(facts) > 0 {
		p.line(strings.Join(facts, " "))
		p.line()
	}
}

func (p *page) gate(r *report.Report) {
	reasons := append(slices.Clone(r.Gate.Reasons), r.Unanswered()...)
	for _, reason := range reasons[:min(len(reasons), p.rows)] {
		p.line("- **Failed:** ", sentence(reason))
	}
	if rest := len(reasons) - p.rows; rest > 0 {
		p.line(fmt.Sprintf("- … and %s", report.Count(int64(rest), "more reason")))
	}
	if len(reasons) > 0 {
		p.line()
	}
	p.override(r.Gate.Override)
}

// override says what a label lets through.
func (p *page) override(o *report.Override) {
	if o == nil {
		return
	}
	for _, f := range o.Failures[:min(len(o.Failures), p.rows)] {
		p.line("- **Allowed by the label** ", code(o.Label), ": ", sentence(f.Message))
	}
	if rest := len(o.Failures) - p.rows; rest > 0 {
		p.line(fmt.Sprintf("- … and %s", report.Count(int64(rest), "more build")))
	}
	p.line()
}

// builds is the table of the builds that changed, or of all where there is no base.
func (p *page) builds(r *report.Report) {
	list := r.Moved()
	if r.Base == nil {
		list = r.Largest()
	}
	if len(list) == 0 {
		return
	}
	if r.Base == nil {
		p.line("| Build | Context | Upload | Files |")
		p.line("|:--|:--|--:|--:|")
	} else {
		p.line("| Build | Context | Base | Head | Change |")
		p.line("|:--|:--|--:|--:|--:|")
	}
	for _, b := range list[:min(len(list), p.rows)] {
		p.line(row(b, r.Base != nil))
	}
	p.line()
	if rest := len(list) - p.rows; rest > 0 {
		p.line(fmt.Sprintf("… and %s, in the job's log and the JSON report.", report.Count(int64(rest), "more build")))
		p.line()
	}
}

func row(b report.Build, hasBase bool) string {
	if !hasBase {
		return fmt.Sprintf("| %s | %s | %s | %s |", code(b.Name), code(b.Context), amount(b.Upload.Head), count(b.Upload.Head))
	}
	change := string(b.Status)
	if b.Status == report.Changed {
		change = report.GrowthOf(b.Upload.Delta.Bytes, b.Upload.Base.Bytes)
	}
	return fmt.Sprintf("| %s | %s | %s | %s | **%s** |", code(b.Name), code(b.Context), amount(b.Upload.Base), amount(b.Upload.Head), change)
}

func amount(s *report.Size) string {
	if s == nil {
		return "–"
	}
	return report.Bytes(s.Bytes)
}

func count(s *report.Size) string {
	if s == nil {
		return "–"
	}
	return report.Group(s.Files)
}

// paths are where each build grew or shrank most, with the instruction that pulls that in.
func (p *page) paths(r *report.Report) {
	moved := r.Moved()
	for _, b := range moved[:min(len(moved), p.rows, maxBuilds)] {
		bundles := b.Rollup(min(maxPaths, p.rows))
		if b.Status != report.Changed || len(bundles) == 0 {
			continue
		}
		p.line("<details><summary>", report.Count(int64(b.MovedPaths()), "path"), " changed in ", code(b.Name), "</summary>")
		p.line()
		p.line("| Path | Files | Change | Pulled in by |")
		p.line("|:--|--:|--:|:--|")
		files := 0
		for _, g := range bundles {
			files += g.Files
			p.line(fmt.Sprintf("| %s | %s | %s | %s |", code(g.Path), report.Group(int64(g.Files)), report.Growth(g.Growth), pulls(g)))
		}
		p.line()
		if rest := b.MovedPaths() - files; rest > 0 {
			p.line(fmt.Sprintf("… and %s.", report.Count(int64(rest), "more path")))
			p.line()
		}
		p.line("</details>")
		p.line()
	}
}

func pulls(g report.Bundle) string {
	if len(g.Pulls) == 0 {
		return ""
	}
	first := g.Pulls[0]
	return code(fmt.Sprintf("%s:%d", first.Path, first.Line)) + " " + code(first.Text)
}

func (p *page) untracked(r *report.Report) {
	if r.Untracked == nil || r.Untracked.Bytes == 0 {
		return
	}
	p.line(fmt.Sprintf("In this checkout %s more would be sent: %s that git does not track.",
		report.Bytes(r.Untracked.Bytes), report.Count(r.Untracked.Files, "file")))
	p.line()
}

func (p *page) notices(r *report.Report) {
	for _, notice := range r.Notices[:min(len(r.Notices), p.rows)] {
		p.line("- ", sentence(notice))
	}
	if len(r.Notices) > 0 {
		p.line()
	}
}

func (p *page) skipped(r *report.Report) {
	if len(r.Skipped) == 0 {
		return
	}
	p.line("<details><summary>", report.Count(int64(len(r.Skipped)), "build"), " skipped</summary>")
	p.line()
	for _, s := range r.Skipped[:min(len(r.Skipped), p.rows)] {
		p.line("- ", sentence(s.Text()))
	}
	if rest := len(r.Skipped) - p.rows; rest > 0 {
		p.line(fmt.Sprintf("- … and %s", report.Count(int64(rest), "more build")))
	}
	p.line()
	p.line("</details>")
	p.line()
}

func (p *page) assumptions(r *report.Report) {
	all := r.AllAssumptions()
	if len(all) == 0 {
		return
	}
	p.line("<details><summary>", report.Count(int64(len(all)), "assumption"), "</summary>")
	p.line()
	for _, a := range all[:min(len(all), p.rows)] {
		more := ""
		if len(a.Builds) > 1 {
			more = fmt.Sprintf(" and %d more", len(a.Builds)-1)
		}
		p.line("- ", sentence(a.Text), " (", code(a.Builds[0]), more, ")")
	}
	if rest := len(all) - p.rows; rest > 0 {
		p.line(fmt.Sprintf("- … and %s", report.Count(int64(rest), "more assumption")))
	}
	p.line()
	p.line("</details>")
}
