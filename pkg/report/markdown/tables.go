package markdown

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/loadline-dev/loadline/pkg/report"
)

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
	if len(list) > p.rows {
		p.more("", len(list)-p.rows, "build")
		p.line()
	}
}

func row(b report.Build, hasBase bool) string {
	if !hasBase {
		return fmt.Sprintf("| %s | %s | %s | %s |", code(b.Name), code(b.Context), amount(b.Upload.Head), count(b.Upload.Head))
	}
	change := string(b.Status)
	if b.Status == report.Changed {
		change = whole(report.GrowthOf(b.Upload.Delta.Bytes, b.Upload.Base.Bytes))
	}
	return fmt.Sprintf("| %s | %s | %s | %s | **%s** |", code(b.Name), code(b.Context), amount(b.Upload.Base), amount(b.Upload.Head), change)
}

func amount(s *report.Size) string {
	if s == nil {
		return "–"
	}
	return whole(report.Bytes(s.Bytes))
}

// whole keeps a number and its unit on one line: a narrow table would break between them. It may break before a bracket.
func whole(amount string) string {
	return strings.ReplaceAll(strings.ReplaceAll(amount, " ", "&nbsp;"), "&nbsp;(", " (")
}

func count(s *report.Size) string {
	if s == nil {
		return "–"
	}
	return report.Group(s.Files)
}

// top is the table of the few paths that grew most in any build. It answers how many files of each build it shows, by the
// build's name.
func (p *page) top(r *report.Report) map[string]int {
	rows, shown := growth(r, min(maxTop, p.rows))
	if len(rows) == 0 {
		return nil
	}
	p.line("| Grew most | Change | Pulled in by |")
	p.line("|:--|--:|:--|")
	for _, g := range rows {
		p.bundle(g)
	}
	p.line()
	return shown
}

// growth are the n paths that grew most. A path that several builds pull in by the same instruction counts once.
func growth(r *report.Report, n int) (rows []report.Bundle, shown map[string]int) {
	type row struct {
		report.Bundle
		builds []string
	}
	var all []row
	moved := r.Moved()
	for _, b := range moved[:min(len(moved), maxBuilds)] {
		for _, g := range b.Rollup(n) {
			if g.Growth <= 0 {
				continue
			}
			g.Path = inRepository(b, g)
			i := slices.IndexFunc(all, func(other row) bool { return other.Path == g.Path && samePull(other.Bundle, g) })
			if i < 0 {
				i, all = len(all), append(all, row{Bundle: g})
			}
			all[i].builds = append(all[i].builds, b.Name)
		}
	}
	slices.SortStableFunc(all, func(a, b row) int { return cmp.Compare(b.Growth, a.Growth) })
	all = slices.DeleteFunc(all, func(r row) bool { return r.Growth < all[0].Growth/insignificant })
	shown = map[string]int{}
	for _, row := range all[:min(n, len(all))] {
		rows = append(rows, row.Bundle)
		for _, name := range row.builds {
			shown[name] += row.Files
		}
	}
	return rows, shown
}

// insignificant is the part of the largest growth below which a path is no matter.
const insignificant = 100

// inRepository is a path of an upload as people know it: relative to the analysed directory and not to the context.
func inRepository(b report.Build, g report.Bundle) string {
	dir := b.Contexts[g.Transfer]
	switch g.Transfer {
	case "context":
		dir = b.Context
	case "dockerfile":
		dir = path.Dir(b.Dockerfile)
	}
	if dir == "" || dir == "." || strings.Contains(dir, ":") {
		return g.Path // also where the context is no directory of the repository
	}
	return strings.TrimSuffix(dir, "/") + "/" + g.Path
}

func samePull(a, b report.Bundle) bool {
	if len(a.Pulls) == 0 || len(b.Pulls) == 0 {
		return false
	}
	return a.Pulls[0] == b.Pulls[0]
}

// paths are where each build grew or shrank, unless all of that stands in the open already.
func (p *page) paths(r *report.Report, shown map[string]int) {
	moved := r.Moved()
	for _, b := range moved[:min(len(moved), p.rows, maxBuilds)] {
		bundles := b.Rollup(min(maxPaths, p.rows))
		if b.Status == report.Removed || len(bundles) == 0 || shown[b.Name] == b.MovedPaths() {
			continue
		}
		p.fold(report.Count(int64(b.MovedPaths()), "path"), " changed in ", code(b.Name))
		p.line("| Path | Change | Pulled in by |")
		p.line("|:--|--:|:--|")
		files := 0
		for _, g := range bundles {
			files += g.Files
			p.bundle(g)
		}
		if rest := b.MovedPaths() - files; rest > 0 {
			p.line()
			p.more("", rest, "path")
		}
		p.unfold()
	}
}

// bundle is the row of a path or directory.
func (p *page) bundle(g report.Bundle) {
	name := code(g.Path)
	if g.Files != 1 {
		name += " (" + whole(report.Count(int64(g.Files), "file")) + ")"
	}
	p.line(fmt.Sprintf("| %s | %s | %s |", name, whole(report.Growth(g.Growth)), p.pulls(g)))
}

func (p *page) pulls(g report.Bundle) string {
	if len(g.Pulls) == 0 {
		return ""
	}
	first := g.Pulls[0]
	return p.place(first.Path, first.Line) + "<br>" + code(first.Text)
}
