package report

import (
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/source"
)

// ruleNames are the names of rules: kebab-case.
var ruleNames = regexp.MustCompile(`^[a-z][a-z0-9-]{0,99}$`)

// commitIDs are full object ids.
var commitIDs = regexp.MustCompile(`^(?:[0-9a-f]{40}|[0-9a-f]{64})?$`)

// check refuses what no report of ours holds: values that have a meaning of their own somewhere, such as a severity that
// would be the name of a workflow command, and numbers that cannot be.
func (r *Report) check() error {
	for _, s := range []*Side{&r.Head, r.Base} {
		if s != nil && !commitIDs.MatchString(s.Commit) {
			return fmt.Errorf("%q is no commit", s.Commit)
		}
	}
	for i := range r.Builds {
		if err := r.Builds[i].check(); err != nil {
			return fmt.Errorf("build %s: %w", source.Printable(r.Builds[i].Name), err)
		}
	}
	for _, f := range slices.Concat(r.Findings, r.Suppressed) {
		if err := f.check(); err != nil {
			return err
		}
	}
	failures := r.Gate.Failures
	if r.Gate.Override != nil {
		failures = slices.Concat(failures, r.Gate.Override.Failures)
	}
	for _, f := range failures {
		if !ruleNames.MatchString(f.Rule) {
			return fmt.Errorf("%q is no rule", f.Rule)
		}
	}
	for _, s := range r.Skipped {
		if s.Rule != "" && !ruleNames.MatchString(s.Rule) {
			return fmt.Errorf("%q is no rule", s.Rule)
		}
	}
	if r.Uplink < 0 || r.Floor.Bytes < 0 || r.Floor.Percent < 0 {
		return errors.New("the uplink or the floor is negative")
	}
	return r.Upload.check()
}

func (b *Build) check() error {
	if !slices.Contains([]Status{Added, Removed, Changed, Unchanged, Absolute}, b.Status) {
		return fmt.Errorf("%q is no status", b.Status)
	}
	if b.Status == Changed && (b.Upload.Head == nil || b.Upload.Base == nil || b.Upload.Delta == nil) {
		return errors.New("it is changed and lacks a size")
	}
	for _, c := range b.Changed {
		if c.Base != nil && *c.Base < 0 || c.Head != nil && *c.Head < 0 {
			return errors.New("a size is negative")
		}
	}
	return b.Upload.check()
}

// check refuses negative sizes. Of a difference, each part may be.
func (u *Upload) check() error {
	for _, s := range []*Size{u.Head, u.Base} {
		if s != nil && (s.Bytes < 0 || s.Payload < 0 || s.Files < 0) {
			return errors.New("a size is negative")
		}
	}
	return nil
}

func (f *Finding) check() error {
	if !ruleNames.MatchString(f.Rule) {
		return fmt.Errorf("%q is no rule", f.Rule)
	}
	if severity, err := finding.ParseSeverity(f.Severity); err != nil || severity == 0 {
		return fmt.Errorf("%q is no severity of a finding", f.Severity)
	}
	if !slices.Contains([]finding.State{finding.New, finding.Kept, finding.Fixed}, finding.State(f.State)) {
		return fmt.Errorf("%q is no state of a finding", f.State)
	}
	return nil
}
