// Package markdown writes a report as GitHub's Markdown: for a pull request's comment, a job's summary and a check run.
package markdown

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/loadline-dev/loadline/pkg/report"
)

// MaxBytes is the most that is written unless Options say otherwise. GitHub refuses a comment of more than 65,536
// characters; fewer bytes are safe whether it counts bytes or characters.
const MaxBytes = 65_000

// How much of each list is tried first; lists shrink further until everything fits.
const (
	maxRows   = 100
	maxBuilds = 10
	maxPaths  = 10
	// maxTop is how many of the paths that grew most stand in the open.
	maxTop = 5
)

// Options say where the text is read.
type Options struct {
	// MaxBytes is the most that is written; 0 means MaxBytes.
	MaxBytes int
	// Files is the address below which head's files are shown, such as https://github.com/OWNER/REPO/blob/COMMIT; empty
	// links nothing.
	Files string
}

// Write writes a report in at most so many bytes, by dropping whole rows and saying so.
func Write(w io.Writer, r *report.Report, o Options) error {
	r.Normalize()
	if o.MaxBytes == 0 {
		o.MaxBytes = MaxBytes
	}
	rows := maxRows
	text := render(r, o, rows)
	for len(text) > o.MaxBytes && rows > 1 {
		rows /= 2
		text = render(r, o, rows)
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
	// files is the address of head's files with a slash at the end, and root the analysed directory's path in them.
	files, root string
}

func (p *page) line(parts ...string) {
	for _, part := range parts {
		p.WriteString(part)
	}
	p.WriteByte('\n')
}

// more says that a list is cut, as a last item or as a line of its own.
func (p *page) more(prefix string, rest int, what string) {
	if rest > 0 {
		p.line(prefix, "… and ", report.Count(int64(rest), "more "+what), ", in the job's log and the JSON report.")
	}
}

// fold opens a closed section; unfold ends it.
func (p *page) fold(summary ...string) {
	p.line("<details><summary>", strings.Join(summary, ""), "</summary>")
	p.line()
}

func (p *page) unfold() {
	p.line()
	p.line("</details>")
	p.line()
}

func render(r *report.Report, o Options, rows int) string {
	p := &page{rows: rows, files: o.Files, root: r.Path}
	p.line("### ", icon(r), " Loadline: ", r.Verdict())
	p.line()
	p.context(r)
	p.gate(r)
	p.builds(r)
	shown := p.top(r)
	p.findings(r)
	p.untracked(r)
	p.notices(r)
	p.paths(r, shown)
	p.diffs(r)
	p.otherFindings(r)
	p.skipped(r)
	p.assumptions(r)
	return strings.TrimRight(p.String(), "\n") + "\n"
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
		facts = append(facts, "Compared with "+side(r.Base)+".")
	}
	if r.Uplink > 0 && r.Upload.Head != nil {
		facts = append(facts, fmt.Sprintf("At %s the upload takes %s.", report.Rate(r.Uplink), duration(r)))
	}
	if len(facts) > 0 {
		p.line(strings.Join(facts, " "))
		p.line()
	}
}

// side names what was compared with, and in brackets what else is known of it.
func side(s *report.Side) string {
	name, detail := s.Names()
	if detail == "" {
		return code(name)
	}
	return code(name) + " (" + sentence(detail) + ")"
}

// duration is how long the upload takes, and how much longer or shorter that is than at the base.
func duration(r *report.Report) string {
	text := report.Duration(r.Upload.Head.Bytes, r.Uplink)
	if r.Upload.Delta == nil {
		return text
	}
	delta := r.Upload.Delta.Bytes
	if delta*8 >= r.Uplink/10 { // a tenth of a second
		return text + ", " + report.Duration(delta, r.Uplink) + " longer"
	}
	if -delta*8 >= r.Uplink/10 {
		return text + ", " + report.Duration(-delta, r.Uplink) + " shorter"
	}
	return text
}

func (p *page) gate(r *report.Report) {
	reasons := append(slices.Clone(r.Gate.Reasons), r.Unanswered()...)
	for _, reason := range reasons[:min(len(reasons), p.rows)] {
		p.line("- **Failed:** ", sentence(reason))
	}
	p.more("- ", len(reasons)-p.rows, "reason")
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
	p.more("- ", len(o.Failures)-p.rows, "build")
	p.line()
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
	p.more("- ", len(r.Notices)-p.rows, "note")
	if len(r.Notices) > 0 {
		p.line()
	}
}

func (p *page) skipped(r *report.Report) {
	builds, rules := r.SkippedBuilds(), r.UndecidedRules()
	if len(builds) > 0 {
		p.fold(report.Count(int64(len(builds)), "build"), " skipped")
		for _, s := range builds[:min(len(builds), p.rows)] {
			p.line("- ", sentence(s.Text()))
		}
		p.more("- ", len(builds)-p.rows, "build")
		p.unfold()
	}
	if len(rules) > 0 {
		p.fold(report.Count(int64(len(rules)), "reason"), " why rules could not decide")
		for _, u := range rules[:min(len(rules), p.rows)] {
			p.line("- ", sentence(u.Text()))
		}
		p.more("- ", len(rules)-p.rows, "reason")
		p.unfold()
	}
}

func (p *page) assumptions(r *report.Report) {
	all := r.AllAssumptions()
	if len(all) == 0 {
		return
	}
	p.fold(report.Count(int64(len(all)), "assumption"))
	for _, a := range all[:min(len(all), p.rows)] {
		which := ""
		switch n := len(a.Builds); n {
		case 0:
		case 1:
			which = " (" + code(a.Builds[0]) + ")"
		default:
			which = fmt.Sprintf(" (%s and %d more)", code(a.Builds[0]), n-1)
		}
		p.line("- ", sentence(a.Text), which)
	}
	p.more("- ", len(all)-p.rows, "assumption")
	p.unfold()
}

// WriteFailure writes why there is no report.
func WriteFailure(w io.Writer, reason string) error {
	_, err := fmt.Fprintf(w, "### ❌ Loadline: no report\n\n%s\n", sentence(reason))
	return err
}
