package engine

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/loadline-dev/loadline/pkg/finding"
)

// byPlace orders findings by path, place and rule.
func byPlace(a, b *found) int {
	return cmp.Or(cmp.Compare(a.File.Path, b.File.Path), cmp.Compare(a.Span.Start, b.Span.Start),
		cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.About, b.About), cmp.Compare(a.Build, b.Build))
}

// gather puts the result together.
func (e *Engine) gather(runs []*outcome, p *prover) *Result {
	out := &Result{Refused: p.fails}
	var open, taken []*found
	for _, o := range runs {
		fold(o)
		out.Skipped = append(out.Skipped, o.skipped...)
		for _, f := range append(o.head.findings, o.base.findings...) {
			if f.by != nil {
				taken = append(taken, f)
				continue
			}
			open = append(open, f)
		}
	}
	for _, f := range group(open) {
		out.Findings = append(out.Findings, f.Finding)
	}
	for _, f := range group(taken) {
		out.Suppressed = append(out.Suppressed, Suppressed{Finding: f.Finding, Reason: f.by.reason})
	}
	slices.SortStableFunc(out.Suppressed, func(a, b Suppressed) int { return rank(a.State) - rank(b.State) })
	slices.SortFunc(out.Refused, func(a, b Refused) int {
		return cmp.Or(cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Build, b.Build), cmp.Compare(a.Fix, b.Fix))
	})
	out.Notices = e.notices(runs)
	return out
}

// fold leaves out what is a part of another finding of the same build: one whose fix creates an ignore file of which the
// other's fix has all lines and more.
func fold(o *outcome) {
	var kept []*found
	for _, f := range o.head.findings {
		whole := f.by == nil && slices.ContainsFunc(o.head.findings, func(g *found) bool { return g.by == nil && partOf(f, g) })
		if !whole {
			kept = append(kept, f)
		}
	}
	o.head.findings = kept
}

func partOf(f, g *found) bool {
	if f == g || len(f.Fixes) == 0 || len(g.Fixes) == 0 || len(f.Fixes[0].Edits) != 1 || len(g.Fixes[0].Edits) != 1 {
		return false
	}
	a, b := f.Fixes[0].Edits[0], g.Fixes[0].Edits[0]
	if a.File != nil || b.File != nil || a.Path != b.Path || !strings.Contains(b.NewText, a.NewText) {
		return false
	}
	return a.NewText != b.NewText || f.Rule > g.Rule // one of two equal ones
}

func rank(s finding.State) int {
	if s == finding.New {
		return 0
	}
	return 1
}

// group makes one finding of those that several builds share: of one rule and one state of being fixed or not, at one
// place, or with one and the same fix. It stands at the first place, is kept if it is kept in any build, and saves what it
// saves in the build where that is most.
func group(list []*found) []*found {
	slices.SortStableFunc(list, byPlace)
	var out []*found
	index := map[string]*found{}
	for _, f := range list {
		keys := groupKeys(f)
		var to *found
		for _, k := range keys {
			to = cmp.Or(to, index[k])
		}
		if to == nil {
			to = f
			to.Builds = []string{f.Build}
			if len(f.saves) > 0 {
				to.Saves = f.saves[0]
			}
			out = append(out, to)
		} else {
			merge(to, f)
		}
		for _, k := range keys {
			index[k] = to
		}
	}
	for _, f := range out {
		slices.Sort(f.Builds)
		f.Builds = slices.Compact(f.Builds)
	}
	return out
}

func groupKeys(f *found) []string {
	fixed := f.State == finding.Fixed
	keys := []string{fmt.Sprintf("%s %v place %s %d %d %s", f.Rule, fixed, f.File.Path, f.Span.Start, f.Span.End, f.About)}
	if len(f.Fixes) > 0 {
		keys = append(keys, fmt.Sprintf("%s %v fix %s", f.Rule, fixed, editKey(f.Fixes[0])))
	}
	return keys
}

// merge adds a finding of another build.
func merge(to, f *found) {
	to.Builds = append(to.Builds, f.Build)
	if f.State == finding.Kept {
		to.State = finding.Kept
	}
	if len(f.saves) > 0 && f.saves[0] != nil && (to.Saves == nil || f.saves[0].Bytes > to.Saves.Bytes) {
		to.Saves, to.Build, to.Message = f.saves[0], f.Build, f.Message
	}
	to.Severity = max(to.Severity, f.Severity)
	to.Fixes = slices.DeleteFunc(to.Fixes, func(fix finding.Fix) bool {
		return !slices.ContainsFunc(f.Fixes, func(other finding.Fix) bool { return editKey(fix) == editKey(other) })
	})
	if len(to.Fixes) == 0 {
		to.Saves = nil
	}
}
