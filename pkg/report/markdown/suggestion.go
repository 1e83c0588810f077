package markdown

import (
	"fmt"
	"strings"

	"github.com/loadline-dev/loadline/pkg/report"
	"github.com/loadline-dev/loadline/pkg/source"
)

// Suggestion is a review comment that offers the first fix of a finding as lines which a person can commit in place of
// those that the comment stands at (docs.github.com, "Incorporating feedback in your pull request"). ok is false where the
// lines hold characters that nobody sees: what is committed has to be what is shown.
func Suggestion(f report.Finding, lines []string) (text string, ok bool) {
	fence := "```"
	for _, line := range lines {
		if shown := strings.ReplaceAll(line, "\t", " "); source.Printable(shown) != shown {
			return "", false
		}
		for strings.Contains(line, fence) {
			fence += "`"
		}
	}
	title := ""
	if len(f.Fixes) > 0 {
		title = sentence(f.Fixes[0].Title)
	}
	saves := ""
	if f.Saves != nil && f.Saves.Bytes > 0 {
		saves = fmt.Sprintf(", saves %s%s", about(f.Saves), report.Bytes(f.Saves.Bytes))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "**%s** (Loadline, <code>%s</code>): %s%s\n\n", title, escape(f.Rule), sentence(f.Message), saves)
	fmt.Fprintf(&b, "%ssuggestion\n%s\n%s\n", fence, strings.Join(lines, "\n"), fence)
	return b.String(), true
}
