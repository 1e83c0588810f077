// Package engine runs rules over builds on both sides of a comparison: it computes what they need, tells new, kept and
// fixed apart, heeds severities and ignore comments, proves each fix before it is offered, and gathers what several
// builds share.
//
// It does not know the rules: they are given to it.
package engine

import (
	"context"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"time"

	"github.com/agext/levenshtein"
	"golang.org/x/sync/errgroup"

	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/rule"
)

// BuildDeadline is how long the rules may take over one build, fixes included. Ordinary builds take milliseconds.
const BuildDeadline = time.Minute

// Engine runs a list of rules. It is safe for use by several goroutines.
type Engine struct {
	// rules are those that are on, in the order given.
	rules []*rule.Rule
	// names are those of all rules, for ignore comments and errors.
	names      []string
	severities map[string]finding.Severity
	deadline   time.Duration
}

// New is an engine for a list of rules. severities gives rules another severity than their own, none turns one off; a name
// that no rule has is an *UnknownRuleError.
func New(rules []*rule.Rule, severities map[string]finding.Severity) (*Engine, error) {
	if err := rule.Validate(rules); err != nil {
		return nil, err
	}
	e := &Engine{severities: map[string]finding.Severity{}, deadline: BuildDeadline}
	for _, r := range rules {
		e.names = append(e.names, r.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(severities)) {
		if !slices.Contains(e.names, name) {
			return nil, UnknownRule(name, e.names)
		}
	}
	for _, r := range rules {
		severity, configured := severities[r.Name]
		if !configured {
			severity = r.Severity
		}
		if severity == 0 {
			continue
		}
		e.severities[r.Name] = severity
		e.rules = append(e.rules, r)
	}
	return e, nil
}

// Needs is what the rules that are on need together.
func (e *Engine) Needs() rule.Needs {
	var all rule.Needs
	for _, r := range e.rules {
		all |= r.Needs
	}
	return all
}

// UnknownRuleError says that no rule has a name.
type UnknownRuleError struct {
	// Nearest is the name of a rule that it may mean; empty where none is near.
	Name, Nearest string
}

func (e *UnknownRuleError) Error() string {
	if e.Nearest == "" {
		return fmt.Sprintf("there is no rule %q: loadline rules lists them", e.Name)
	}
	return fmt.Sprintf("there is no rule %q, did you mean %s?", e.Name, e.Nearest)
}

// UnknownRule is the error for a name that none of the rules has.
func UnknownRule(name string, names []string) *UnknownRuleError {
	e := &UnknownRuleError{Name: name}
	score := 0.6
	for _, n := range names {
		if s := levenshtein.Match(name, n, nil); s > score {
			e.Nearest, score = n, s
		}
	}
	return e
}

// Build is one build on both sides.
type Build struct {
	// Name is head's name for it, or base's where head does not have it.
	Name string
	// Head and Base are nil where the side does not have it.
	Head, Base *Side
	// NoBase says that base has the build and nothing is known of it there: what is found at head is not new.
	NoBase bool
	// Exact says that what it uploads is known to the byte.
	Exact bool
}

// Side is a build on one side.
type Side struct {
	*rule.Subject
	Repository *Repository
}

// Result is what the rules say.
type Result struct {
	// Findings are those that count, Suppressed those that an ignore comment takes out: first those that head's comments
	// take out and base's did not.
	Findings   []finding.Finding
	Suppressed []Suppressed
	Skipped    []Skipped
	// Notices are facts about ignore comments that a reader should know.
	Notices []string
	// Refused are the fixes that failed their proof and are not offered. Unless another build is the reason, each is a
	// mistake of its rule.
	Refused []Refused
}

// Suppressed is a finding that an ignore comment takes out.
type Suppressed struct {
	finding.Finding
	Reason string
}

// Skipped is a rule that could not decide about a build, or about a part of it.
type Skipped struct {
	Build, Rule string
	// Err says why, a *source.Error also where.
	Err error
}

// Refused is a fix that failed its proof.
type Refused struct {
	Rule, Build, Fix string
	Err              error
	// Other says that another build needs what the fix takes away.
	Other bool
}

// Run runs the rules. hasBase says whether there is a base at all: without one every finding is new.
func (e *Engine) Run(ctx context.Context, builds []Build, hasBase bool) (*Result, error) {
	runs := make([]*outcome, len(builds))
	if err := each(ctx, len(builds), func(i int) {
		runs[i] = e.build(ctx, &builds[i], hasBase)
	}); err != nil {
		return nil, err
	}
	p := newProver(e, runs)
	if err := each(ctx, len(runs), func(i int) { p.proveAll(ctx, runs[i]) }); err != nil {
		return nil, err
	}
	return e.gather(runs, p), nil
}

// each calls f for every index, a few at a time.
func each(ctx context.Context, n int, f func(i int)) error {
	var group errgroup.Group
	group.SetLimit(max(2, min(runtime.GOMAXPROCS(0), 4)))
	for i := range n {
		group.Go(func() error {
			if err := context.Cause(ctx); err != nil {
				return err
			}
			f(i)
			return nil
		})
	}
	return group.Wait()
}
