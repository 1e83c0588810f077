package loadline

import (
	"bytes"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/loadline-dev/loadline/pkg/report"
	"github.com/loadline-dev/loadline/pkg/transfer"
)

// changedLines answers which lines the change adds or edits in the files that the report's annotations stand in. They are
// read from the two sides and not from the pull request, so that it needs no permission and is the same everywhere.
func (c *check) changedLines(r *report.Report) []report.Lines {
	if c.base == nil {
		return nil
	}
	var names []string
	for _, a := range r.Annotations() {
		names = append(names, a.Path)
	}
	slices.Sort(names)
	var out []report.Lines
	for _, name := range slices.Compact(names) {
		head, err := c.head.tree.ReadFile(name, transfer.MaxFile)
		if err != nil {
			continue
		}
		base, err := c.base.tree.ReadFile(name, transfer.MaxFile)
		if err != nil {
			base = nil // all of it is new, or nothing can be said
		}
		out = append(out, addedLines(name, base, head)...)
	}
	return out
}

// addedLines are the ranges of lines of after that before lacks.
func addedLines(name string, before, after []byte) []report.Lines {
	var out []report.Lines
	line := 0
	inHunk := false
	// A unified diff has an "@@ -A,B +C,D @@" before each hunk, whose lines begin with a space, "-" or "+".
	for text := range bytes.Lines(diff.Diff("before", before, "after", after)) {
		switch {
		case bytes.HasPrefix(text, []byte("@@ ")):
			line, inHunk = hunkStart(string(text)), true
		case !inHunk, text[0] == '-', text[0] == '\\':
		case text[0] == '+':
			if last := len(out) - 1; last >= 0 && out[last].Last == line-1 {
				out[last].Last = line
			} else {
				out = append(out, report.Lines{Path: name, First: line, Last: line})
			}
			line++
		default:
			line++
		}
	}
	return out
}

// hunkStart is the line of the new text with which a hunk begins.
func hunkStart(header string) int {
	_, plus, _ := strings.Cut(header, "+")
	n := 0
	for _, digit := range plus {
		if digit < '0' || digit > '9' {
			break
		}
		n = n*10 + int(digit-'0')
	}
	return n
}
