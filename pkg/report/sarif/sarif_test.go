package sarif

import (
	"bytes"
	"net/url"
	"testing"

	v210 "github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"github.com/loadline-dev/loadline/pkg/report"
	"github.com/loadline-dev/loadline/pkg/report/golden"
)

// finding is a finding with everything that a format can show.
func finding(line int, text string) report.Finding {
	return report.Finding{
		Rule: "git-directory-uploaded", Severity: "notice", State: "kept", Path: text, Message: text, Fingerprint: "f",
		Start: report.Position{Line: line, Column: 3}, End: report.Position{Line: line, Column: 9},
		Fixes: []report.Fix{{Title: text}},
	}
}

func TestResultsFollowTheOfficialSchema(t *testing.T) {
	reports := golden.Reports(t)
	reports["findings"] = &report.Report{Findings: []report.Finding{finding(1, "a b/c:d"), finding(7, "\n##[x]\u202e")}}
	reports["base"] = &report.Report{Base: &report.Side{}, Findings: []report.Finding{finding(1, "a")}}
	for name, r := range reports {
		var out bytes.Buffer
		if err := Write(&out, r); err != nil {
			t.Fatal(err)
		}
		doc, err := v210.FromBytes(out.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if err := doc.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if bytes.Contains(out.Bytes(), []byte("##[")) {
			t.Errorf("%s holds a workflow command", name)
		}
	}
}

func TestFingerprintsStayWhenLinesMove(t *testing.T) {
	first := &report.Report{Skipped: []report.Skipped{{Build: "b", Path: "Dockerfile", Line: 2, Reason: "x"}}}
	moved := &report.Report{Skipped: []report.Skipped{{Build: "b", Path: "Dockerfile", Line: 9, Reason: "y"}}}
	if a, b := first.Annotations()[0], moved.Annotations()[0]; a.Fingerprint != b.Fingerprint || a.Fingerprint == "" {
		t.Errorf("%q became %q", a.Fingerprint, b.Fingerprint)
	}
}

func TestPathsAreURIReferences(t *testing.T) {
	for in, want := range map[string]string{"a b": "a%20b", "a:b": "./a:b", "a/ü": "a/%C3%BC", "a?b#c": "a%3Fb%23c"} {
		if got := uri(in); got != want {
			t.Errorf("uri(%q) = %s, want %s", in, got, want)
		}
	}
}

// FuzzWrite holds that any text of a repository leaves the document valid, its paths relative, and the log free of commands.
func FuzzWrite(f *testing.F) {
	for _, s := range golden.HostileNames() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var out bytes.Buffer
		if err := Write(&out, golden.Hostile(1, s)); err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(out.Bytes(), []byte("##[")) {
			t.Errorf("it holds a workflow command: %q", &out)
		}
		doc, err := v210.FromBytes(out.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		for _, result := range doc.Runs[0].Results {
			at, err := url.Parse(*result.Locations[0].PhysicalLocation.ArtifactLocation.URI)
			if err != nil || at.Scheme != "" || at.Host != "" {
				t.Errorf("a path is the address %q", at)
			}
		}
	})
}
