package rules

import (
	"context"
	"fmt"

	"github.com/loadline-dev/loadline/pkg/dockerignore"
	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/source"
)

// ignoredFileArrivesEmpty reports files that a build gets without their contents, because of the order of lines in the
// ignore file.
var ignoredFileArrivesEmpty = rule.Rule{
	Name:     "ignored-file-arrives-empty",
	Title:    "a file that the ignore file keeps arrives empty",
	Area:     finding.Dockerignore,
	Severity: finding.Warning,
	Needs:    rule.NeedsUpload,
	Run:      runIgnoredFileArrivesEmpty,
}

// runIgnoredFileArrivesEmpty trusts the transfer, which says what BuildKit's client does: it lists files with one matcher
// and opens them with another (fsutil filter.go, Walk and Open), and where the two differ the build gets an empty file.
func runIgnoredFileArrivesEmpty(_ context.Context, p *rule.Pass) error {
	for _, u := range p.Uploads() {
		if u.Ignore == nil {
			continue
		}
		if err := reportEmptied(p, u); err != nil {
			return err
		}
	}
	return nil
}

// reportEmptied reports each line that decides about such files once.
func reportEmptied(p *rule.Pass, u *rule.Upload) error {
	count := map[*dockerignore.Line]int64{}
	first := map[*dockerignore.Line]string{}
	var order []*dockerignore.Line
	for _, f := range u.Files() {
		if !f.Emptied || f.Size == 0 {
			continue
		}
		d, err := u.Ignore.Decide(f.Path)
		if err != nil {
			return err
		}
		if d.Line == nil {
			continue
		}
		if count[d.Line]++; count[d.Line] == 1 {
			first[d.Line] = f.Path
			order = append(order, d.Line)
		}
	}
	for _, l := range order {
		what := source.Printable(first[l]) + " arrives"
		if count[l] > 1 {
			what = fmt.Sprintf("%s and %s arrive", source.Printable(first[l]), finding.Count(count[l]-1, "more file"))
		}
		p.Report(finding.Finding{
			File: u.Ignore.Source, Span: l.Span,
			Message: what + " empty in the build: later lines exclude again what this one keeps",
			Advice:  "Make the line that keeps the file the last that matches it, or leave the file out altogether",
		})
	}
	return nil
}
