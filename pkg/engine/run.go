package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/rule"
)

// errNoDisk is why a rule about what git does not track is skipped.
var errNoDisk = errors.New(finding.NoCheckout)

// errOverdue is why the rest of a build's rules is skipped.
var errOverdue = errors.New("the rules take too long over this build")

// outcome is what the rules say about one build.
type outcome struct {
	*Build
	head, base reported
	// skipped are head's.
	skipped []Skipped
	ignores []*ignore
}

// reported is what the rules say about one side.
type reported struct {
	findings []*found
	// undecided are the rules that could not decide about all of it.
	undecided map[string]bool
}

// found is a finding on its way.
type found struct {
	finding.Finding
	// where is the file's part in the build, which may have another path on the other side.
	where string
	// nth counts the findings of this side that are equal but for their line.
	nth int
	// by is the comment that takes it out; nil for none.
	by *ignore
	// saves belongs to the fixes, in their order.
	saves []*finding.Saving
}

// build runs the rules over both sides of a build.
func (e *Engine) build(ctx context.Context, b *Build, hasBase bool) *outcome {
	ctx, cancel := context.WithTimeout(ctx, e.deadline)
	defer cancel()
	o := &outcome{Build: b}
	if b.Head != nil {
		o.head, o.skipped = e.side(ctx, b.Head, b.Name)
		o.ignores = e.ignores(b.Head, o.head.findings)
		suppress(o.head.findings, o.ignores)
	}
	if b.Base != nil {
		o.base, _ = e.side(ctx, b.Base, b.Name)
		suppress(o.base.findings, e.ignores(b.Base, o.base.findings))
	}
	o.compare(hasBase)
	return o
}

// compare gives each finding its state. What a rule could not decide at base, or nothing is known of there, is not new:
// it may have been there.
func (o *outcome) compare(hasBase bool) {
	before := map[string]*found{}
	for _, f := range o.base.findings {
		before[f.identity()] = f
	}
	for _, f := range o.head.findings {
		old, ok := before[f.identity()]
		delete(before, f.identity())
		f.State = finding.New
		switch {
		case !hasBase:
		case f.by != nil:
			if ok && old.by != nil {
				f.State = finding.Kept
			}
		case ok || o.NoBase || o.base.undecided[f.Rule]:
			f.State = finding.Kept
		}
	}
	var left []*found
	for _, f := range o.base.findings {
		if _, ok := before[f.identity()]; !ok || f.by != nil || o.Head != nil && o.head.undecided[f.Rule] {
			continue
		}
		f.State, f.Fixes = finding.Fixed, nil
		left = append(left, f)
	}
	o.base.findings = left
}

// identity is what a finding has in common on both sides of one build.
func (f *found) identity() string {
	return fmt.Sprintf("%s\x00%s\x00%s\x00%s\x00%d", f.Rule, f.where, f.Text(), f.About, f.nth)
}

// part is a file's part in a build: its Dockerfile, an ignore file, or any other by its path.
func part(s *Side, name string) string {
	if name == s.Build.Dockerfile {
		return "Dockerfile"
	}
	for _, u := range s.AllUploads() {
		if u.IgnorePath == name {
			return "ignore file of " + u.Name
		}
	}
	return name
}

// side runs the rules over one side.
func (e *Engine) side(ctx context.Context, s *Side, name string) (reported, []Skipped) {
	r := reported{undecided: map[string]bool{}}
	var skips []Skipped
	for _, one := range e.rules {
		found, undecided := e.rule(ctx, s, one)
		for _, f := range found {
			f.Build, f.where = name, part(s, f.File.Path)
			r.findings = append(r.findings, f)
		}
		for _, err := range undecided {
			r.undecided[one.Name] = true
			skips = append(skips, Skipped{Build: name, Rule: one.Name, Err: err})
		}
		if slices.Contains(undecided, errOverdue) {
			break // the subject is still in use by what was left behind
		}
	}
	number(r.findings)
	return r, skips
}

// rule runs one rule. What it reports before it fails still counts.
func (e *Engine) rule(ctx context.Context, s *Side, r *rule.Rule) (out []*found, undecided []error) {
	if r.Needs.Has(rule.NeedsDisk) && s.Disk == nil {
		return nil, []error{errNoDisk}
	}
	type result struct {
		out       []*found
		undecided []error
	}
	done := make(chan result, 1)
	go func() {
		var res result
		defer func() {
			if p := recover(); p != nil {
				res.undecided = append(res.undecided, &PanicError{Rule: r.Name, Value: fmt.Sprint(p)})
			}
			done <- res
		}()
		sink := rule.Sink{
			Report: func(f finding.Finding) {
				severity := e.severities[r.Name]
				if f.Severity != 0 {
					severity = min(severity, f.Severity)
				}
				f.Rule, f.Area, f.Severity = r.Name, r.Area, severity
				if err := f.Validate(); err != nil {
					panic(err.Error())
				}
				res.out = append(res.out, &found{Finding: f})
			},
			Undecided: func(err error) { res.undecided = append(res.undecided, err) },
		}
		if err := rule.NewPass(r, s.Subject, sink).Do(ctx); err != nil {
			res.undecided = append(res.undecided, err)
		}
	}()
	select {
	case res := <-done:
		return res.out, res.undecided
	case <-ctx.Done():
		return nil, []error{errOverdue}
	}
}

// PanicError says that a rule panics: a mistake of the rule.
type PanicError struct{ Rule, Value string }

func (e *PanicError) Error() string {
	return fmt.Sprintf("the rule panics, which is a fault of loadline: %s", e.Value)
}

// number counts findings that are equal but for their place, in the order of the file.
func number(list []*found) {
	slices.SortStableFunc(list, byPlace)
	seen := map[string]int{}
	for _, f := range list {
		key := f.identity()
		f.nth = seen[key]
		seen[key]++
	}
}
