package annotate

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/loadline-dev/loadline/pkg/report"
	"github.com/loadline-dev/loadline/pkg/report/golden"
)

// many is a report of n findings of each severity.
func many(n int, s string) *report.Report {
	r := &report.Report{Skipped: []report.Skipped{{Build: s, Path: s + "x", Reason: s, Line: 3}}}
	for i := range n {
		for _, severity := range []string{"notice", "warning", "error"} {
			r.Findings = append(r.Findings, report.Finding{
				Rule: "rule", Severity: severity, State: "new", Path: s, Message: s, Fingerprint: fmt.Sprint(severity, i),
				Start: report.Position{Line: 1, Column: 2}, End: report.Position{Line: 1, Column: 5}, Fixes: []report.Fix{{Title: s}},
			})
		}
	}
	return r
}

func TestNoMoreCommandsThanTheRunnerShows(t *testing.T) {
	var out bytes.Buffer
	if err := GitHub(&out, many(25, "a")); err != nil {
		t.Fatal(err)
	}
	for _, severity := range []string{"notice", "warning", "error"} {
		if n := strings.Count(out.String(), "::"+severity+" "); n != maxPerSeverity {
			t.Errorf("%d commands of severity %s", n, severity)
		}
	}
	if !strings.Contains(out.String(), "… and 15 more errors, in the log") {
		t.Errorf("nothing says how many are left out:\n%s", &out)
	}
}

func TestErrorsThatTheChangeCausesComeFirst(t *testing.T) {
	r := &report.Report{Findings: []report.Finding{
		{Rule: "a", Severity: "error", State: "kept"}, {Rule: "b", Severity: "notice", State: "new"},
		{Rule: "c", Severity: "error", State: "new"}, {Rule: "d", Severity: "error", State: "fixed"},
	}}
	var got []string
	for _, a := range r.Annotations() {
		got = append(got, a.Rule)
	}
	if want := "c b a"; strings.Join(got, " ") != want {
		t.Errorf("order is %v, want %s", got, want)
	}
}

// commandLine is all that a line of ours may be to the runner.
var commandLine = regexp.MustCompile(`^::(?:notice|warning|error) file=[^,:]*,line=\d+(?:,endLine=\d+)?(?:,col=\d+(?:,endColumn=\d+)?)?,title=[^,:]*::.*$`)

// FuzzFormats holds that no text of a repository becomes a command, an element or a key in any of the formats.
func FuzzFormats(f *testing.F) {
	for _, s := range golden.HostileNames() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for name, write := range map[string]func(io.Writer, *report.Report) error{"github": GitHub, "rdjson": RDJSON, "checkstyle": Checkstyle, "gitlab": GitLab} {
			var out bytes.Buffer
			if err := write(&out, golden.Hostile(1, s)); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(out.String(), "##[") {
				t.Errorf("%s holds a workflow command: %q", name, &out)
			}
			for line := range strings.Lines(out.String()) {
				line = strings.TrimSuffix(line, "\n")
				if name == "github" && !commandLine.MatchString(line) || name != "github" && strings.HasPrefix(strings.TrimSpace(line), "::") {
					t.Errorf("%s: a line is %q", name, line)
				}
			}
			if name == "checkstyle" {
				var doc checkstyle
				if err := xml.Unmarshal(out.Bytes(), &doc); err != nil {
					t.Errorf("%q is no XML: %v", &out, err)
				}
			}
		}
	})
}
