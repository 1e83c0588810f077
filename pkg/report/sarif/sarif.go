// Package sarif writes what a report has to say at places in files as SARIF 2.1.0, the format of code scanning.
package sarif

import (
	"fmt"
	"io"
	"net/url"

	v210 "github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"github.com/loadline-dev/loadline/pkg/report"
	"github.com/loadline-dev/loadline/pkg/source"
)

// fingerprintKey names our fingerprint: it does not depend on lines, so that an alert survives a shift.
const fingerprintKey = "loadline/v1"

// maxResults is the most that GitHub takes of one run (docs.github.com, "SARIF support for code scanning").
const maxResults = 5000

// Write writes a report as SARIF. Code scanning shows results only at files, so what has no path is left out.
func Write(w io.Writer, r *report.Report) error {
	run := v210.NewRunWithInformationURI("loadline", "https://github.com/loadline-dev/loadline")
	run.WithColumnKind("unicodeCodePoints")
	annotations := r.Annotations()
	for _, a := range annotations[:min(len(annotations), maxResults)] {
		run.AddRule(a.Rule).WithShortDescription(v210.NewMultiformatMessageString().WithText(title(a.Rule)))
		result := run.CreateResultForRule(a.Rule)
		result.WithLevel(level(a.Severity)).WithMessage(v210.NewTextMessage(message(a)))
		result.WithPartialFingerprints(map[string]string{fingerprintKey: a.Fingerprint})
		if r.Base != nil {
			result.WithBaselineState(baseline(a))
		}
		place := v210.NewPhysicalLocation().WithArtifactLocation(v210.NewSimpleArtifactLocation(uri(a.Path)))
		place.WithRegion(region(a))
		result.AddLocation(v210.NewLocationWithPhysicalLocation(place))
	}
	doc := v210.NewReport()
	doc.AddRun(run)
	if err := report.WriteJSON(w, doc); err != nil {
		return fmt.Errorf("writing SARIF: %w", err)
	}
	return nil
}

func message(a report.Annotation) string {
	text := source.Printable(a.Message)
	if a.Help != "" {
		text += "\n" + source.Printable(a.Help)
	}
	return text
}

// title describes what a result without a rule of its own is about.
func title(rule string) string {
	switch rule {
	case report.UploadBudget:
		return "A build uploads more than its budget"
	case report.GrowthBudget:
		return "A build grows by more than its budget"
	case report.Unreadable:
		return "A build cannot be analysed"
	}
	return rule
}

func level(severity string) string {
	if severity == "notice" {
		return "note"
	}
	return severity
}

func baseline(a report.Annotation) string {
	if a.New {
		return "new"
	}
	return "unchanged"
}

// uri is a relative path as a URI reference: bytes that have a meaning in one are escaped, and no scheme can begin it.
func uri(p string) string {
	u := url.URL{Path: p}
	return u.String()
}

func region(a report.Annotation) *v210.Region {
	end := a.Start.Line
	if a.End.Line > 0 {
		end = a.End.Line
	}
	region := v210.NewSimpleRegion(max(a.Start.Line, 1), max(end, 1))
	if a.Start.Column > 0 {
		region.WithStartColumn(a.Start.Column)
		if a.End.Column > 0 {
			region.WithEndColumn(a.End.Column)
		}
	}
	return region
}
