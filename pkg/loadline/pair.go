package loadline

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"sync"

	"github.com/loadline-dev/loadline/pkg/build"
	"github.com/loadline-dev/loadline/pkg/compare"
	"github.com/loadline-dev/loadline/pkg/report"
	"github.com/loadline-dev/loadline/pkg/source"
	"github.com/loadline-dev/loadline/pkg/transfer"
)

// builds is one build as each side has it; nil where a side does not.
type builds struct {
	head, base *build.Build
	// own is the build as base itself has it, where base is head's description of it.
	own *build.Build
}

// matches reports whether the build is one of those asked for, by the name of either side.
func (p builds) matches(globs []string) bool {
	for _, b := range []*build.Build{p.head, p.base, p.own} {
		if b != nil && len(build.Select([]build.Build{*b}, globs)) > 0 {
			return true
		}
	}
	return false
}

// pairs puts the builds of both sides together: by name and Dockerfile, then what is left by Dockerfile, in order.
// A build that base did not declare is looked for in base's tree as head describes it: adopting a configuration changes
// no number. Nor does a configuration take a build away: one that base has and whose Dockerfile is still there is
// measured until the change is merged.
func (c *check) pairs() []builds {
	partners := c.partners()
	taken := map[*build.Build]bool{}
	declared, ofBase := map[string]bool{}, map[string]bool{} // Dockerfiles of which head, and base, have a build
	for _, b := range partners {
		taken[b] = true
	}
	if c.base != nil {
		for i := range c.base.builds {
			ofBase[c.base.builds[i].Dockerfile] = true
		}
	}
	var all []builds
	for i := range c.head.builds {
		h := &c.head.builds[i]
		declared[h.Dockerfile] = true
		p := builds{head: h, base: partners[h]}
		switch {
		case p.base != nil:
			c.budgets[h.Name] = p.base.Budgets
			if len(p.base.Candidates) > 0 && len(h.Candidates) == 0 {
				p.base, p.own = h, p.base
			}
		case c.base != nil && !ofBase[h.Dockerfile]:
			if _, ok := c.base.tree.Lookup(h.Dockerfile); ok {
				p.base = h
			}
		}
		all = append(all, p)
	}
	var kept []string
	if c.base != nil {
		for i := range c.base.builds {
			b := &c.base.builds[i]
			if taken[b] {
				continue
			}
			p := builds{base: b}
			if _, ok := c.head.tree.Lookup(b.Dockerfile); ok && !declared[b.Dockerfile] {
				p.head = b
				c.budgets[b.Name] = b.Budgets
				kept = append(kept, b.Name)
			}
			all = append(all, p)
		}
	}
	if len(kept) > 0 {
		c.notices = append(c.notices, fmt.Sprintf("this change leaves out %s that the base has, whose Dockerfile is still there: %s; it counts until the change is merged",
			report.Count(int64(len(kept)), "build"), some(kept)))
	}
	if len(c.options.Builds) > 0 {
		all = slices.DeleteFunc(all, func(p builds) bool { return !p.matches(c.options.Builds) })
	}
	return all
}

// partners finds for builds of head those of base that they are.
func (c *check) partners() map[*build.Build]*build.Build {
	out := map[*build.Build]*build.Build{}
	if c.base == nil {
		return out
	}
	left := map[string][]*build.Build{} // builds of base without a partner, by Dockerfile
	named := map[string]*build.Build{}
	for i := range c.head.builds {
		named[c.head.builds[i].Name] = &c.head.builds[i]
	}
	for i := range c.base.builds {
		b := &c.base.builds[i]
		if h := named[b.Name]; h != nil && h.Dockerfile == b.Dockerfile {
			out[h] = b
			continue
		}
		left[b.Dockerfile] = append(left[b.Dockerfile], b)
	}
	for i := range c.head.builds {
		h := &c.head.builds[i]
		if list := left[h.Dockerfile]; out[h] == nil && len(list) > 0 {
			out[h], left[h.Dockerfile] = list[0], list[1:]
		}
	}
	return out
}

// analysed is one build on both sides, with what rules look at; a nil side does not exist or could not be analysed.
type analysed struct {
	compare.Pair
	head, base *measured
}

// pair analyses one build on both sides. A failure becomes an entry in Skipped and never hides other builds.
func (c *check) pair(ctx context.Context, p builds) analysed {
	if p.head == nil {
		return c.removed(ctx, p)
	}
	out := analysed{Pair: compare.Pair{Build: *p.head}}
	base, baseErr := c.analyseBase(ctx, p)
	h := *p.head
	guessed := base != nil && h.Context == ""
	if guessed && base.namesSources() {
		h.Candidates = first(base.context, h.Candidates) // like with like, as long as its sources are there
	}
	head, headErr := c.analyseBuild(ctx, c.head, h)
	if guessed && headErr == nil && head.context != base.context && !base.namesSources() {
		// Nothing at base tells which directory its context is, and head does.
		b := *p.base
		b.Context = head.context
		if m, err := c.analyseBuild(ctx, c.base, b); err == nil {
			base = m
		}
	}
	if headErr != nil {
		s := skipped(*p.head, headErr)
		s.Regression = p.base != nil && baseErr == nil
		out.Skipped = append(out.Skipped, s)
		return out
	}
	out.Head, out.head, out.base = head.side(), head, base
	if baseErr != nil {
		out.NoBase = true
		out.Head.Assumptions = append(out.Head.Assumptions, fmt.Sprintf("there is no base: it cannot be analysed there: %v", baseErr))
	} else if base != nil {
		out.Base = base.side()
	}
	if c.disk != nil {
		extra, err := c.disk.extras(ctx, *p.head, head)
		if err != nil {
			out.Head.Assumptions = append(out.Head.Assumptions, fmt.Sprintf("what lies beside the tracked files cannot be read: %v", err))
		} else {
			out.Untracked = extra
		}
	}
	return out
}

// analyseBase answers what base uploads: as head describes the build where base did not declare it, and as base itself
// has it where that cannot be analysed there.
func (c *check) analyseBase(ctx context.Context, p builds) (*measured, error) {
	if p.base == nil {
		return nil, nil
	}
	m, err := c.analyseBuild(ctx, c.base, *p.base)
	if err != nil && p.own != nil {
		if own, ownErr := c.analyseBuild(ctx, c.base, *p.own); ownErr == nil {
			return own, nil
		}
	}
	return m, err
}

// first puts a candidate before the others.
func first(dir string, candidates []string) []string {
	return append([]string{dir}, slices.DeleteFunc(slices.Clone(candidates), func(c string) bool { return c == dir })...)
}

// removed analyses a build that head does not have any more.
func (c *check) removed(ctx context.Context, p builds) analysed {
	out := analysed{Pair: compare.Pair{Build: *p.base}}
	base, err := c.analyseBuild(ctx, c.base, *p.base)
	if err == nil {
		out.Base, out.base = base.side(), base
	}
	return out
}

// side is what was measured, in the form that is compared.
func (m *measured) side() *compare.Side {
	var mu sync.Mutex // a cover compiles its patterns when they are first used
	covers := map[string][]*transfer.Cover{}
	return &compare.Side{
		Context: m.context, Transfers: m.transfers, Exact: !m.inexact, Assumptions: m.texts,
		Pulls: func(name, path string) []report.Instruction {
			mu.Lock()
			defer mu.Unlock()
			list, ok := covers[name]
			if !ok {
				list, _ = m.covers(name) // nothing is better than a wrong instruction
				covers[name] = list
			}
			return m.pulls(list, path)
		},
	}
}

// skipped says why a build could not be analysed, and where.
func skipped(b build.Build, err error) report.Skipped {
	s := report.Skipped{Build: b.Name, Path: b.Dockerfile, Reason: err.Error()}
	var located *source.Error
	if errors.As(err, &located) {
		s.Template = len(b.Candidates) > 0 && isTemplate(located.File.Text)
		s.Path, s.Line = located.File.Path, located.Position().Line
		s.Snippet = located.Snippet()
	}
	if s.Template {
		s.Reason = "it is a template from which a Dockerfile is made: " + s.Reason
	}
	return s
}

// placeholder matches what Maven's resource filter and its like replace: a dotted name, which no Dockerfile variable
// can be, or doubled braces and at signs.
var placeholder = regexp.MustCompile(`\$\{[A-Za-z_][\w-]*\.[\w.-]+\}|\{\{[^}]*\}\}|\{%[^%]*%\}|<%[^%]*%>`)

// isTemplate reports whether a file that cannot be read as a Dockerfile holds placeholders of a template language.
func isTemplate(text []byte) bool { return placeholder.Match(text) }
