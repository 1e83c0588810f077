package term

import (
	"bytes"
	"strings"
	"testing"

	"github.com/loadline-dev/loadline/pkg/report"
	"github.com/loadline-dev/loadline/pkg/source"
)

func sized(n int64) *report.Size { return &report.Size{Bytes: n, Payload: n, Files: 1} }

// hostile is a report in which every string of a repository is s.
func hostile(s string) *report.Report {
	size := int64(7)
	pulls := []report.Instruction{{Path: s, Line: 1, Text: s}}
	return &report.Report{
		Head: report.Side{Directory: s}, Base: &report.Side{Ref: s, Reason: s},
		Upload: report.Upload{Head: sized(9), Base: sized(2), Delta: sized(7)}, Untracked: sized(3),
		Builds: []report.Build{{
			Name: s, Status: report.Changed, Dockerfile: s, Context: s, Stage: s, Assumptions: []string{s},
			Upload: report.Upload{Head: sized(9), Base: sized(2), Delta: sized(7)}, Untracked: sized(3),
			Changed: []report.Change{{Path: s, Transfer: "context", Head: &size, Pulls: pulls}},
		}},
		Gate:    report.Gate{Reasons: []string{s}, Override: &report.Override{Label: s, Failures: []report.Failure{{Message: s}}}},
		Skipped: []report.Skipped{{Build: s, Reason: s, Snippet: s, Regression: true}},
		Notices: []string{s},
	}
}

func TestColorsAreWrittenOnlyWhenAskedFor(t *testing.T) {
	for _, color := range []bool{false, true} {
		var out bytes.Buffer
		if err := Write(&out, hostile("x"), Options{Color: color}); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(out.String(), "\x1b["); got != color {
			t.Errorf("colours asked for: %t, written: %t", color, got)
		}
	}
}

// FuzzWrite holds that no text of a repository reaches the terminal or the runner as anything but text.
func FuzzWrite(f *testing.F) {
	for _, s := range []string{"a", "\n::error::x", "##[add-mask]x", "\x1b]0;x\x07", "\u202e", "a\xff", "\r", "\u2028::warning::x", " ::debug::"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var out bytes.Buffer
		if err := Write(&out, hostile(s), Options{}); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(out.String()) {
			line = strings.TrimSuffix(line, "\n")
			if source.Printable(line) != line || source.LogLine(line) != line {
				t.Errorf("a line is %q", line)
			}
		}
	})
}
