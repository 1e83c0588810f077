package report

import (
	"crypto/sha256"
	"encoding/hex"
	"path"
	"slices"
)

// Annotation is something to be said at a place in a file: a finding, a budget that is exceeded, or a build that cannot
// be analysed. The formats that editors, code review and code scanning read are made of them.
type Annotation struct {
	// Rule is the finding's rule, or UploadBudget, GrowthBudget or Unreadable.
	Rule string
	// Severity is "error", "warning" or "notice".
	Severity string
	// Path is relative to the repository's root. Start and End are zero where the whole file is meant; End
	// is zero where nothing says how far it reaches.
	Path       string
	Start, End Position
	Message    string
	// New says that the change causes it, InDiff that it stands at a line that the change adds or edits, and Kept that it is
	// a finding that base has as well.
	New, InDiff, Kept bool
	// Fingerprint stays the same when lines move.
	Fingerprint string
	// Help is the title of the fix; may be empty.
	Help string
}

// Annotations are what the report has to say at places in files: what stands at lines of the change first, then what the
// change causes, then by severity, then by place. Suppressed and fixed findings are not among them.
func (r *Report) Annotations() []Annotation {
	var out []Annotation
	for _, f := range r.Gate.Failures {
		if f.Rule == UploadBudget || f.Rule == GrowthBudget {
			out = append(out, r.budgetAnnotation(f))
		}
	}
	for _, s := range r.Skipped {
		if s.Rule != "" || s.Template || s.Path == "" {
			continue
		}
		a := Annotation{
			Rule: Unreadable, Severity: "warning", Path: s.Path, Message: s.Reason, New: s.Regression,
			Start: Position{Line: s.Line}, Fingerprint: fingerprint(Unreadable, s.Build),
		}
		if s.Regression {
			a.Severity = "error"
		}
		out = append(out, a)
	}
	for _, f := range r.Findings {
		if f.State == "fixed" {
			continue
		}
		a := Annotation{
			Rule: f.Rule, Severity: f.Severity, Path: f.Path, Start: f.Start, End: f.End, Message: f.Message,
			New: f.State == "new", Kept: f.State == "kept", Fingerprint: f.Fingerprint,
		}
		if len(f.Fixes) > 0 {
			a.Help = f.Fixes[0].Title
		}
		out = append(out, a)
	}
	for i := range out {
		out[i].InDiff = r.inDiff(out[i])
		if out[i].Path != "" {
			out[i].Path = path.Join(r.Path, out[i].Path)
		}
	}
	slices.SortStableFunc(out, func(a, b Annotation) int { return rank(a) - rank(b) })
	return out
}

// ChangeAnnotations are those that a pull request shows: the findings that base has as well are counted in the summary, and
// stand at no line of a change that did not bring them.
func (r *Report) ChangeAnnotations() []Annotation {
	return slices.DeleteFunc(r.Annotations(), func(a Annotation) bool { return a.Kept })
}

// budgetAnnotation stands at the instruction that pulls in what grew most, else at the build's Dockerfile.
func (r *Report) budgetAnnotation(f Failure) Annotation {
	a := Annotation{Rule: f.Rule, Severity: "error", Message: f.Message, New: f.Rule == GrowthBudget, Fingerprint: fingerprint(f.Rule, f.Build)}
	for _, b := range r.Builds {
		if b.Name != f.Build {
			continue
		}
		a.Path = b.Dockerfile
		a.New = a.New || b.Upload.Delta.bytes() > 0
		for _, c := range b.Changed {
			if c.Growth() > 0 && len(c.Pulls) > 0 {
				a.Path, a.Start.Line = c.Pulls[0].Path, c.Pulls[0].Line
				return a
			}
		}
	}
	return a
}

// rank is the place of an annotation among others: where only some can be shown, GitHub shows those next to the change
// that stand in it.
func rank(a Annotation) int {
	n := slices.Index([]string{"error", "warning", "notice"}, a.Severity)
	if !a.New {
		n += 10
	}
	if !a.InDiff {
		n += 100
	}
	return n
}

// inDiff reports whether the change touches the lines that an annotation stands at. Its path is still relative to the
// analysed directory.
func (r *Report) inDiff(a Annotation) bool {
	first := max(a.Start.Line, 1)
	last := max(a.End.Line, first)
	return slices.ContainsFunc(r.Lines, func(l Lines) bool { return l.Path == a.Path && l.First <= last && first <= l.Last })
}

func fingerprint(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write([]byte(p + "\x00"))
	}
	return hex.EncodeToString(h.Sum(nil))[:32]
}
