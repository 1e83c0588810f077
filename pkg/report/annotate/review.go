package annotate

import (
	"io"
	"strings"

	"github.com/loadline-dev/loadline/pkg/report"
	"github.com/loadline-dev/loadline/pkg/source"
)

// rdjson is reviewdog's DiagnosticResult (reviewdog, proto/rdf/reviewdog.proto).
type rdjson struct {
	Source      rdSource       `json:"source"`
	Diagnostics []rdDiagnostic `json:"diagnostics"`
}

type rdSource struct {
	Name string `json:"name"`
	URL  string `json:"url,omitempty"`
}

type rdDiagnostic struct {
	Message  string     `json:"message"`
	Location rdLocation `json:"location"`
	Severity string     `json:"severity"`
	Code     rdCode     `json:"code"`
}

type rdLocation struct {
	Path  string  `json:"path"`
	Range rdRange `json:"range"`
}

type rdRange struct {
	Start rdPosition  `json:"start"`
	End   *rdPosition `json:"end,omitempty"`
}

type rdPosition struct {
	Line   int `json:"line"`
	Column int `json:"column,omitempty"`
}

type rdCode struct {
	Value string `json:"value"`
}

// RDJSON writes the format of reviewdog. Its columns count bytes of UTF-8, and ours characters, so that only lines are
// given.
func RDJSON(w io.Writer, r *report.Report) error {
	doc := rdjson{Source: rdSource{Name: "loadline", URL: "https://github.com/loadline-dev/loadline"}, Diagnostics: []rdDiagnostic{}}
	severities := map[string]string{"error": "ERROR", "warning": "WARNING", "notice": "INFO"}
	for _, a := range r.Annotations() {
		d := rdDiagnostic{
			Message: text(a), Severity: severities[a.Severity], Code: rdCode{Value: a.Rule},
			Location: rdLocation{Path: source.Printable(a.Path), Range: rdRange{Start: rdPosition{Line: line(a)}}},
		}
		if a.End.Line > a.Start.Line {
			d.Location.Range.End = &rdPosition{Line: a.End.Line}
		}
		doc.Diagnostics = append(doc.Diagnostics, d)
	}
	return report.WriteJSON(w, doc)
}

// codeQuality is one entry of GitLab's code quality report (docs.gitlab.com, "Code Quality", report format).
type codeQuality struct {
	Description string `json:"description"`
	CheckName   string `json:"check_name"`
	Fingerprint string `json:"fingerprint"`
	Severity    string `json:"severity"`
	Location    struct {
		Path  string `json:"path"`
		Lines struct {
			Begin int `json:"begin"`
		} `json:"lines"`
	} `json:"location"`
}

// GitLab writes GitLab's code quality report. It wants paths without "./" and one fingerprint per entry.
func GitLab(w io.Writer, r *report.Report) error {
	out := []codeQuality{}
	severities := map[string]string{"error": "major", "warning": "minor", "notice": "info"}
	for _, a := range r.Annotations() {
		e := codeQuality{Description: text(a), CheckName: a.Rule, Fingerprint: a.Fingerprint, Severity: severities[a.Severity]}
		e.Location.Path = strings.TrimPrefix(source.Printable(a.Path), "./")
		e.Location.Lines.Begin = line(a)
		out = append(out, e)
	}
	return report.WriteJSON(w, out)
}
