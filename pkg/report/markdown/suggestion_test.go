package markdown

import (
	"strings"
	"testing"

	"github.com/loadline-dev/loadline/pkg/report"
)

func TestNothingInALineEndsASuggestion(t *testing.T) {
	f := report.Finding{Rule: "r", Message: "sends @team <b>", Fixes: []report.Fix{{Title: "Leave out .git"}}, Saves: &report.Saving{Bytes: 1_000_000, Exact: true}}
	text, ok := Suggestion(f, []string{"RUN <<EOF", "\techo ````x", "```", "EOF"})
	want := "**Leave out <code>.git</code>** (Loadline, <code>r</code>): sends <code>&#64;team &lt;b&gt;</code>, saves 1 MB\n\n" +
		"`````suggestion\nRUN <<EOF\n\techo ````x\n```\nEOF\n`````\n"
	if !ok || text != want {
		t.Errorf("%v, got\n%s", ok, text)
	}
	for _, line := range []string{"a\u202eb", "a\x1b[0m", "\xff", "\u200b"} {
		if text, ok := Suggestion(f, []string{line}); ok {
			t.Errorf("%q is suggested:\n%s", line, strings.TrimSpace(text))
		}
	}
}
