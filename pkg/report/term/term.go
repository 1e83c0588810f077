// Package term writes a report as text for a person at a terminal: the verdict first, then what changed and which
// instruction pulls it in, the gate last.
package term

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/fatih/color"
	"github.com/mattn/go-runewidth"

	"github.com/loadline-dev/loadline/pkg/report"
	"github.com/loadline-dev/loadline/pkg/source"
)

// Options say how to write. The zero value is for a file or a pipe.
type Options struct {
	// Color writes ANSI colours.
	Color bool
}

// How much is shown; the JSON has everything.
const (
	shownBuilds = 20 // builds in the table
	shownPaths  = 5  // paths below each build
	shownNotes  = 10 // assumptions, and skipped builds
)

// printer writes lines and remembers the first error.
type printer struct {
	w                             *bufio.Writer
	bold, faint, red, green, warn func(a ...any) string //nolint:forbidigo // the form of color.SprintFunc
}

func newPrinter(w io.Writer, o Options) *printer {
	style := func(attributes ...color.Attribute) func(a ...any) string { //nolint:forbidigo // as above
		c := color.New(attributes...)
		if o.Color {
			c.EnableColor()
		} else {
			c.DisableColor()
		}
		return c.SprintFunc()
	}
	return &printer{
		w: bufio.NewWriter(w), bold: style(color.Bold), faint: style(color.Faint),
		red: style(color.FgRed), green: style(color.FgGreen), warn: style(color.FgYellow),
	}
}

// line writes one line; the arguments are safe to print already.
func (p *printer) line(parts ...string) {
	_, _ = p.w.WriteString(source.LogLine(strings.TrimRight(strings.Join(parts, ""), " ")) + "\n") // Flush returns the error
}

// Write writes a report.
func Write(w io.Writer, r *report.Report, o Options) error {
	r.Normalize()
	p := newPrinter(w, o)
	p.line(p.bold(r.Verdict()), against(r))
	if r.Uplink > 0 && r.Upload.Head != nil {
		p.line(fmt.Sprintf("the upload takes %s at %s", report.Duration(r.Upload.Head.Bytes, r.Uplink), report.Rate(r.Uplink)))
	}
	p.builds(r)
	p.untracked(r)
	p.findings(r)
	p.skipped(r)
	p.assumptions(r)
	for _, notice := range r.Notices {
		p.line(p.warn("note: "), source.Printable(notice))
	}
	p.gate(r)
	if err := p.w.Flush(); err != nil {
		return fmt.Errorf("writing text: %w", err)
	}
	return nil
}

func against(r *report.Report) string {
	if r.Base == nil {
		return ""
	}
	return " against " + source.Printable(r.Against())
}

// builds writes the table of the builds that changed, or of all where there is no base.
func (p *printer) builds(r *report.Report) {
	list := r.Moved()
	if r.Base == nil {
		list = r.Largest()
	}
	if len(list) == 0 {
		return
	}
	p.line()
	shown := list[:min(len(list), shownBuilds)]
	rows := make([][]string, 0, len(shown))
	for _, b := range shown {
		rows = append(rows, row(b, r.Base != nil))
	}
	widths := columns(rows)
	for i, b := range shown {
		p.line(p.row(rows[i], widths, b))
		p.paths(b)
	}
	if rest := len(list) - len(shown); rest > 0 {
		p.line(p.faint(fmt.Sprintf("  … and %s", report.Count(int64(rest), "more build"))))
	}
}

// row is a build's line: name, sizes, what happened.
func row(b report.Build, hasBase bool) []string {
	name := source.Printable(b.Name)
	if !hasBase || b.Upload.Delta == nil {
		return []string{name, report.Bytes(b.Upload.Head.Bytes), report.Count(b.Upload.Head.Files, "file"), ""}
	}
	before, after := "-", "-"
	if b.Upload.Base != nil {
		before = report.Bytes(b.Upload.Base.Bytes)
	}
	if b.Upload.Head != nil {
		after = report.Bytes(b.Upload.Head.Bytes)
	}
	change := string(b.Status)
	if b.Status == report.Changed {
		change = report.GrowthOf(b.Upload.Delta.Bytes, b.Upload.Base.Bytes)
	}
	return []string{name, before, after, change}
}

func columns(rows [][]string) []int {
	var widths []int
	for _, r := range rows {
		for i, cell := range r {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], runewidth.StringWidth(cell))
		}
	}
	return widths
}

// row aligns the cells: the name to the left, sizes to the right.
func (p *printer) row(cells []string, widths []int, b report.Build) string {
	change := cells[3]
	if b.Upload.Delta != nil {
		switch d := b.Upload.Delta.Bytes; {
		case d > 0:
			change = p.red(change)
		case d < 0:
			change = p.green(change)
		}
	}
	arrow := "  "
	if b.Upload.Delta != nil {
		arrow = "  → "
	}
	return "  " + p.bold(runewidth.FillRight(cells[0], widths[0])) + "  " + runewidth.FillLeft(cells[1], widths[1]) +
		arrow + runewidth.FillLeft(cells[2], widths[2]) + "  " + change
}

// paths writes where a build grew or shrank most, and which instruction pulls that in.
func (p *printer) paths(b report.Build) {
	if b.Status != report.Changed && b.Status != report.Added {
		return
	}
	bundles := b.Rollup(shownPaths)
	sizes := 0
	for _, g := range bundles {
		sizes = max(sizes, len(report.Growth(g.Growth)))
	}
	files := 0
	for _, g := range bundles {
		files += g.Files
		p.line("      ", runewidth.FillLeft(report.Growth(g.Growth), sizes), "  ", source.Printable(g.Path), inFiles(g), p.pulls(g))
	}
	if rest := b.MovedPaths() - files; rest > 0 && len(bundles) > 0 {
		p.line(p.faint(fmt.Sprintf("      … and %s", report.Count(int64(rest), "more path"))))
	}
}

// inFiles says how many paths of a directory changed.
func inFiles(g report.Bundle) string {
	if !strings.HasSuffix(g.Path, "/") {
		return ""
	}
	return " in " + report.Count(int64(g.Files), "file")
}

func (p *printer) pulls(g report.Bundle) string {
	if len(g.Pulls) == 0 {
		return ""
	}
	first := g.Pulls[0]
	return p.faint(fmt.Sprintf("  %s:%d %s", source.Printable(first.Path), first.Line, source.Printable(first.Text)))
}

func (p *printer) untracked(r *report.Report) {
	if r.Untracked == nil || r.Untracked.Files == 0 && r.Untracked.Bytes == 0 {
		return
	}
	p.line()
	p.line("on this disk ", p.bold(report.Bytes(r.Untracked.Bytes)), " more would be sent: ",
		report.Count(r.Untracked.Files, "file"), " that git does not track")
	for _, b := range r.Builds {
		if b.Untracked != nil && b.Untracked.Bytes > 0 && len(r.Builds) > 1 && len(r.Builds) <= shownBuilds {
			p.line(p.faint("  " + source.Printable(b.Name) + "  " + report.Bytes(b.Untracked.Bytes)))
		}
	}
}

func (p *printer) skipped(r *report.Report) {
	builds := r.SkippedBuilds()
	for i, s := range builds {
		if i == 0 {
			p.line()
		}
		if i == shownNotes && len(builds) > shownNotes+1 {
			p.line(p.faint(fmt.Sprintf("… and %s skipped", report.Count(int64(len(builds)-i), "more build"))))
			return
		}
		p.line(p.warn("skipped "), source.Printable(s.Text()))
		for text := range strings.Lines(s.Snippet) {
			p.line("  ", source.Printable(strings.TrimRight(text, "\n")))
		}
	}
}

func (p *printer) assumptions(r *report.Report) {
	all := r.AllAssumptions()
	for i, a := range all {
		if i == 0 {
			p.line()
		}
		if i == shownNotes {
			p.line(p.faint(fmt.Sprintf("… and %s", report.Count(int64(len(all)-i), "more assumption"))))
			return
		}
		which := ""
		if len(r.Builds) > 1 && len(a.Builds) > 0 {
			which = " [" + source.Printable(a.Builds[0])
			if len(a.Builds) > 1 {
				which += fmt.Sprintf(" and %d more", len(a.Builds)-1)
			}
			which += "]"
		}
		p.line(p.faint("assumed: " + source.Printable(a.Text) + which))
	}
}

func (p *printer) gate(r *report.Report) {
	unanswered := r.Unanswered()
	switch {
	case !r.Gate.Passed || len(unanswered) > 0:
		p.line()
	case len(r.Builds) > 0:
		p.line()
		p.line(p.green("PASS"))
	}
	if o := r.Gate.Override; o != nil {
		for _, f := range o.Failures {
			p.line(p.warn("ALLOWED "), source.Printable(f.Message), " (label ", source.Printable(o.Label), ")")
		}
	}
	for _, reason := range r.Gate.Reasons {
		p.line(p.red("FAIL "), source.Printable(reason))
	}
	for i, reason := range unanswered {
		if i == shownNotes {
			p.line(p.red(fmt.Sprintf("… and %s", report.Count(int64(len(unanswered)-i), "more build"))))
			break
		}
		p.line(p.red("ERROR "), source.Printable(reason))
	}
}
