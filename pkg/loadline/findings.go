package loadline

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/loadline-dev/loadline/pkg/build"
	"github.com/loadline-dev/loadline/pkg/engine"
	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/report"
	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/rules"
	"github.com/loadline-dev/loadline/pkg/source"
)

// severities are those of the base's configuration where it has one, so that a change cannot turn a rule off for itself,
// else head's.
func severities(head, base *side) (configured map[string]string, notices []string) {
	if base == nil || base.config == nil || base.config.Path == "" {
		return head.config.Rules, nil
	}
	if !maps.Equal(base.config.Rules, head.config.Rules) {
		notices = append(notices, "this change edits the rules of .loadline.yaml; those of the base count until it is merged")
	}
	return base.config.Rules, notices
}

// newEngine is an engine for all rules with configured severities. A name that no rule has is a *UsageError.
func newEngine(configured map[string]string) (*engine.Engine, error) {
	severities := map[string]finding.Severity{}
	for name, text := range configured {
		if text == "off" {
			severities[name] = 0
			continue
		}
		severity, err := finding.ParseSeverity(text)
		if err != nil {
			return nil, &UsageError{Err: fmt.Errorf("the rule %s: %w", name, err)}
		}
		severities[name] = severity
	}
	e, err := engine.New(rules.All(), severities)
	if unknown := (*engine.UnknownRuleError)(nil); errors.As(err, &unknown) {
		return nil, &UsageError{Err: fmt.Errorf("reading %s: rules: %w", configName, err)}
	}
	return e, err
}

// maxRemoteFiles is how many files of a build's context rules may read where each costs a request to GitHub.
const maxRemoteFiles = 10

// repositories are both sides as rules see them: with the same files beside them, which head's tree lacks.
func (c *check) repositories() (head, base *engine.Repository) {
	listings := &rule.Listings{}
	of := func(s *side) *engine.Repository {
		r := &engine.Repository{Tree: s.tree, Meter: &c.meter, Listings: listings, Images: c.facts}
		r.RemoteSteps = sync.OnceValue(func() []build.RemoteStep { return build.RemoteSteps(s.tree) })
		if s.meta.Source == sourceGitHub {
			r.MaxFiles = maxRemoteFiles
		}
		switch {
		case s.meta.Source == sourceDirectory:
			r.Disk, r.Tracked, r.Plain = s.tree, s.tree, true // it is the disk, and nothing lies beside it
		case c.disk != nil:
			if root, err := c.disk.open(); err == nil {
				r.Disk, r.Tracked = root, c.head.tree
			}
		}
		return r
	}
	head = of(c.head)
	if c.base != nil {
		base = of(c.base)
	}
	return head, base
}

// runRules runs the rules over what was measured.
func (c *check) runRules(ctx context.Context, list []analysed) (*engine.Result, error) {
	said, err := c.rules.Run(ctx, c.judgedBuilds(ctx, list), c.base != nil)
	if errors.Is(err, context.DeadlineExceeded) {
		return &engine.Result{Notices: []string{fmt.Sprintf("the rules are left out: the analysis takes longer than %v", RunDeadline)}}, nil
	}
	return said, err
}

// judgedBuilds are what was measured, as the rules see it.
func (c *check) judgedBuilds(ctx context.Context, list []analysed) []engine.Build {
	head, base := c.repositories()
	head.Contexts = contexts(c.head.builds, list, func(a *analysed) *measured { return a.head })
	if base != nil {
		base.Contexts = contexts(c.base.builds, list, func(a *analysed) *measured { return a.base })
	}
	var builds []engine.Build
	for i := range list {
		b := engine.Build{Name: list[i].Build.Name, NoBase: list[i].NoBase}
		if m := list[i].head; m != nil {
			b.Exact = !m.inexact
			b.Head = m.judged(ctx, head)
		}
		if m := list[i].base; m != nil && base != nil {
			b.Base = m.judged(ctx, base)
			b.NoBase = b.NoBase || b.Base == nil
		}
		if b.Head != nil || b.Base != nil && list[i].head == nil {
			builds = append(builds, b)
		}
	}
	return builds
}

// contexts are the directories that builds of a side have as their contexts: as they are declared, and as they were found.
func contexts(declared []build.Build, list []analysed, of func(*analysed) *measured) []string {
	seen := map[string]bool{}
	add := func(b *build.Build) {
		if b.Context != "" {
			seen[b.Context] = true
		}
		for _, dir := range b.Contexts {
			seen[dir] = true
		}
	}
	for i := range declared {
		add(&declared[i])
	}
	for i := range list {
		if m := of(&list[i]); m != nil {
			add(&m.build)
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

// judged is a build as rules see it; nil where they cannot, as with a disk that changes meanwhile.
func (m *measured) judged(ctx context.Context, r *engine.Repository) *engine.Side {
	s, err := r.Subject(ctx, m.build, engine.Known{File: m.file, Plan: m.plan, Transfers: m.transfers, Args: m.args})
	if err != nil {
		return nil
	}
	return &engine.Side{Subject: s, Repository: r}
}

// addFindings puts what the rules say into a report.
func addFindings(r *report.Report, said *engine.Result) {
	r.Findings = append(r.Findings, report.FromFindings(said.Findings)...)
	for _, s := range said.Suppressed {
		f := report.FromFindings([]finding.Finding{s.Finding})[0]
		f.Reason = s.Reason
		if f.Reason == "" {
			f.Reason = "no reason given"
		}
		r.Suppressed = append(r.Suppressed, f)
	}
	r.Notices = append(r.Notices, said.Notices...)
	r.Skipped = append(r.Skipped, skippedRules(said.Skipped)...)
}

// skippedRules are the rules that could not decide. One reason at one place is said once for each rule, however many
// builds it holds for; Build is empty where those are several.
func skippedRules(list []engine.Skipped) []report.Skipped {
	var out []report.Skipped
	index := map[report.Skipped]int{}
	for _, s := range list {
		one := report.Skipped{Rule: s.Rule, Reason: s.Err.Error()}
		var located *source.Error
		if errors.As(s.Err, &located) {
			one.Path, one.Line, one.Snippet = located.File.Path, located.Position().Line, located.Snippet()
		}
		i, ok := index[one]
		if !ok {
			index[one] = len(out)
			one.Build = s.Build
			out = append(out, one)
			continue
		}
		if out[i].Build != s.Build {
			out[i].Build = ""
		}
	}
	return out
}
