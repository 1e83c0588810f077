package report

import (
	"cmp"
	"slices"
	"strings"

	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/source"
)

// FromFindings are findings as plain data, in the order of Normalize, each with its fingerprint and snippet.
func FromFindings(list []finding.Finding) []Finding {
	seen := map[string]int{}
	out := make([]Finding, 0, len(list))
	for i := range list {
		f := &list[i]
		key := f.Fingerprint(0)
		out = append(out, fromFinding(f, seen[key]))
		seen[key]++
	}
	slices.SortStableFunc(out, compareFindings)
	return out
}

func fromFinding(f *finding.Finding, nth int) Finding {
	out := Finding{
		Rule: f.Rule, Area: string(f.Area), Severity: f.Severity.String(), State: string(f.State),
		Build: f.Build, Builds: slices.Clone(f.Builds), Path: f.File.Path,
		Start: position(f.File, f.Span.Start), End: position(f.File, f.Span.End),
		Message: f.Message, Advice: f.Advice, Snippet: f.File.Snippet(f.Span), Fixes: []Fix{}, Fingerprint: f.Fingerprint(nth),
	}
	if len(out.Builds) == 0 {
		out.Builds = []string{f.Build}
	}
	if f.Saves != nil {
		out.Saves = &Saving{Bytes: f.Saves.Bytes, Exact: f.Saves.Exact}
	}
	for i, fix := range f.Fixes {
		edits := make([]Edit, 0, len(fix.Edits))
		for _, e := range fix.Edits {
			edits = append(edits, fromEdit(e))
		}
		shown := Fix{Title: fix.Title, Edits: edits}
		if i == 0 && f.State == finding.New {
			if diff := fix.Diff(); len(diff) <= MaxDiff {
				shown.Diff = diff
			}
		}
		out.Fixes = append(out.Fixes, shown)
	}
	return out
}

func fromEdit(e finding.Edit) Edit {
	out := Edit{Path: e.Path, Start: Position{Line: 1, Column: 1}, End: Position{Line: 1, Column: 1}, NewText: e.NewText}
	if e.File != nil {
		out.Start, out.End = position(e.File, e.Start), position(e.File, e.End)
	}
	return out
}

func position(file *source.File, offset int) Position {
	p := file.Position(offset)
	return Position{Line: p.Line, Column: p.Column}
}

// OpenFindings are the findings that are there at head: what the change brings first, then the worst, then what saves most.
func (r *Report) OpenFindings() []Finding {
	list := slices.DeleteFunc(slices.Clone(r.Findings), func(f Finding) bool { return f.State == string(finding.Fixed) })
	slices.SortStableFunc(list, func(a, b Finding) int {
		return cmp.Or(newFirst(a)-newFirst(b), cmp.Compare(b.severity(), a.severity()), cmp.Compare(b.saved(), a.saved()))
	})
	return list
}

// FixedFindings are those that base has and head does not.
func (r *Report) FixedFindings() []Finding {
	return slices.DeleteFunc(slices.Clone(r.Findings), func(f Finding) bool { return f.State != string(finding.Fixed) })
}

// severity is none for a name that is no severity's.
func (f *Finding) severity() finding.Severity {
	s, err := finding.ParseSeverity(f.Severity)
	if err != nil {
		return 0
	}
	return s
}

// saved is 0 where nothing is.
func (f *Finding) saved() int64 {
	if f.Saves == nil {
		return 0
	}
	return f.Saves.Bytes
}

// Line is the finding on one line that editors and grep understand, safe to print:
//
//	path:line:column: severity: message [rule]
func (f *Finding) Line() string {
	return source.Printable(f.Path) + ":" + f.Start.String() + ": " + source.Printable(f.Severity) + ": " +
		source.Printable(f.Message) + " [" + source.Printable(f.Rule) + "]"
}

// Notes are the lines below the snippet: what the fix is, what it saves, and which builds share the finding.
func (f *Finding) Notes() []string {
	var out []string
	for i, fix := range f.Fixes {
		text := "fix: "
		if i > 0 {
			text = "or: "
		}
		out = append(out, text+source.Printable(fix.Title))
	}
	if f.Advice != "" {
		out = append(out, "help: "+source.Printable(f.Advice))
	}
	if f.Saves != nil {
		text := "saves: " + Bytes(f.Saves.Bytes)
		if !f.Saves.Exact {
			text += " (estimated)"
		}
		out = append(out, text)
	}
	if n := len(f.Builds); n > 1 {
		out = append(out, "builds: "+source.Printable(f.Build)+" and "+Count(int64(n-1), "other"))
	}
	return out
}

// Block is the finding as text: its line, the snippet and the notes, without a final line ending and safe to print.
func (f *Finding) Block() string {
	var b strings.Builder
	b.WriteString(f.Line())
	margin := "  "
	if f.Snippet != "" {
		for line := range strings.SplitSeq(f.Snippet, "\n") {
			b.WriteString("\n" + source.Printable(line))
		}
		if bar, _, _ := strings.Cut(f.Snippet, "|"); strings.Trim(bar, " ") == "" {
			margin = bar // a saved report's snippet may hold anything
		}
	}
	for _, note := range f.Notes() {
		b.WriteString("\n" + margin + "= " + note)
	}
	return b.String()
}
