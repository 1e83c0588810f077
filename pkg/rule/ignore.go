package rule

import (
	"bytes"
	"path"
	"strings"

	"github.com/moby/patternmatcher"

	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/source"
)

// IgnoreLine is a line for an ignore file.
type IgnoreLine struct {
	// Pattern is the pattern; use Pattern for a path that exists, whose name may hold anything.
	Pattern string
	// Why is the comment above it, without "#"; empty for none.
	Why string
}

// Exclude are fixes that keep paths out of the upload by adding lines to its ignore file, in the file's own style. Where
// there is none it is created: for all builds of the directory, or, as the second choice, for this Dockerfile alone.
//
// The lines go to the end, where they hold whatever stands above them, but stay before a line that takes in again
// something they match, so that it keeps its effect.
func (u *Upload) Exclude(lines ...IgnoreLine) []finding.Fix {
	if len(lines) == 0 {
		return nil
	}
	if u.Ignore != nil {
		return []finding.Fix{u.appended(lines)}
	}
	fixes := []finding.Fix{created(u.NewIgnorePath(), lines)}
	if u.Name == contextName {
		fixes = append(fixes, created(u.subject.Build.Dockerfile+".dockerignore", lines))
	}
	return fixes
}

// NewIgnorePath is where an ignore file for the directory is created.
func (u *Upload) NewIgnorePath() string { return path.Join(u.Dir, ".dockerignore") }

func created(name string, lines []IgnoreLine) finding.Fix {
	return finding.Fix{
		Title: "Create " + source.Printable(name) + " with " + patterns(lines),
		Edits: []finding.Edit{{Path: name, Edit: source.Edit{NewText: ignoreText(lines, "\n")}}},
	}
}

func (u *Upload) appended(lines []IgnoreLine) finding.Fix {
	file := u.Ignore.Source
	ending := "\n"
	if i := bytes.IndexByte(file.Text, '\n'); i > 0 && file.Text[i-1] == '\r' {
		ending = "\r\n"
	}
	text := ignoreText(lines, ending)
	at := len(file.Text)
	if line := u.overridden(lines); line != nil {
		at = *line
	} else if at > 0 && file.Text[at-1] != '\n' {
		text = ending + strings.TrimSuffix(text, ending) // no line ending at its end, as before
	}
	return finding.Fix{
		Title: "Add " + patterns(lines) + " to " + source.Printable(u.IgnorePath),
		Edits: []finding.Edit{{
			Path: u.IgnorePath, File: file, Edit: source.Edit{Span: source.Span{Start: at, End: at}, NewText: text},
		}},
	}
}

// overridden is where the first line starts that takes in again a path that one of the new lines would exclude; nil where
// there is none.
func (u *Upload) overridden(lines []IgnoreLine) *int {
	added := make([]string, len(lines))
	for i, l := range lines {
		added[i] = l.Pattern
	}
	m, err := patternmatcher.New(added)
	if err != nil {
		return nil // the fix will fail its proof
	}
	for i := range u.Ignore.Lines {
		l := &u.Ignore.Lines[i]
		kept := strings.TrimPrefix(l.Pattern, "!")
		if !l.Include || strings.ContainsAny(kept, `*?[\`) {
			continue
		}
		if match, err := m.MatchesOrParentMatches(kept); err == nil && match {
			start := u.Ignore.Source.Line(l.Number).Start
			return &start
		}
	}
	return nil
}

func ignoreText(lines []IgnoreLine, ending string) string {
	var b strings.Builder
	for _, l := range lines {
		if l.Why != "" {
			b.WriteString("# " + source.Printable(l.Why) + ending)
		}
		b.WriteString(l.Pattern + ending)
	}
	return b.String()
}

// shownPatterns is how many patterns a title names.
const shownPatterns = 3

func patterns(lines []IgnoreLine) string {
	var names []string
	for _, l := range lines[:min(len(lines), shownPatterns)] {
		names = append(names, source.Printable(l.Pattern))
	}
	text := strings.Join(names, ", ")
	if more := len(lines) - shownPatterns; more > 0 {
		text += " and " + finding.Count(int64(more), "more line")
	}
	return text
}

// Pattern is a pattern that matches a path of the context and, but for odd names, nothing else. Characters that mean
// something in a pattern, and those that a line cannot hold, become "?".
func Pattern(p string) string {
	var b strings.Builder
	for i, r := range p {
		odd := strings.ContainsRune(`*?[]\`, r) || r < ' ' || r == 0x7f || r == '\ufeff' || r == '\ufffd'
		if i == 0 || i == len(p)-1 {
			odd = odd || strings.ContainsRune("!# \t\u00a0", r)
		}
		if odd {
			r = '?'
		}
		b.WriteRune(r)
	}
	return b.String()
}
