package loadline

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"sync"

	"github.com/loadline-dev/loadline/pkg/build"
	"github.com/loadline-dev/loadline/pkg/compare"
	"github.com/loadline-dev/loadline/pkg/report"
	"github.com/loadline-dev/loadline/pkg/source"
	"github.com/loadline-dev/loadline/pkg/transfer"
)

// builds is one build as each side has it; nil where a side does not.
type builds struct{ head, base *build.Build }

// pairs puts the builds of both sides together by name. A build that only head's configuration describes is looked for
// in base's tree as well: adopting or editing a configuration adds no build. Nor does it take one away: a build that
// base has and whose Dockerfile is still there is measured until the change is merged.
func (c *check) pairs() []builds {
	var out []builds
	var base []build.Build
	if c.base != nil {
		base = build.Select(c.base.builds, c.options.Builds)
	}
	byName := map[string]*build.Build{}
	for i := range base {
		byName[base[i].Name] = &base[i]
	}
	unnamed := map[string][]string{} // names that only head has, by Dockerfile
	declared := map[string]bool{}    // Dockerfiles of which head has a build
	for _, b := range build.Select(c.head.builds, c.options.Builds) {
		p := builds{head: &b, base: byName[b.Name]}
		delete(byName, b.Name)
		declared[b.Dockerfile] = true
		if p.base == nil && c.base != nil {
			unnamed[b.Dockerfile] = append(unnamed[b.Dockerfile], b.Name)
			if _, ok := c.base.tree.Lookup(b.Dockerfile); ok {
				p.base = &b
			}
		}
		out = append(out, p)
	}
	var kept []string
	for i := range base {
		b := &base[i]
		if byName[b.Name] == nil {
			continue
		}
		if names := unnamed[b.Dockerfile]; len(names) > 0 {
			unnamed[b.Dockerfile] = names[1:]
			c.renamed[names[0]] = b.Name
			continue
		}
		p := builds{base: b}
		if _, ok := c.head.tree.Lookup(b.Dockerfile); ok && !declared[b.Dockerfile] {
			p.head = b
			kept = append(kept, b.Name)
		}
		out = append(out, p)
	}
	if len(kept) > 0 {
		c.notices = append(c.notices, fmt.Sprintf("this change leaves out %s that the base has, whose Dockerfile is still there: %s; it counts until the change is merged",
			report.Count(int64(len(kept)), "build"), some(kept)))
	}
	return out
}

// pair analyses one build on both sides. A failure becomes an entry in Skipped and never hides other builds.
func (c *check) pair(ctx context.Context, p builds) compare.Pair {
	if p.head == nil {
		return c.removed(ctx, p)
	}
	out := compare.Pair{Build: *p.head}
	head, headErr := c.analyseBuild(ctx, c.head, *p.head)
	var base *measured
	var baseErr error
	if p.base != nil {
		b := *p.base
		if head != nil && b.Context == "" {
			b.Context = head.context // like with like
		}
		base, baseErr = c.analyseBuild(ctx, c.base, b)
	}
	if headErr != nil {
		s := skipped(*p.head, headErr)
		s.Regression = p.base != nil && baseErr == nil
		out.Skipped = append(out.Skipped, s)
		return out
	}
	out.Head = head.side()
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

// removed analyses a build that head does not have any more.
func (c *check) removed(ctx context.Context, p builds) compare.Pair {
	out := compare.Pair{Build: *p.base}
	base, err := c.analyseBuild(ctx, c.base, *p.base)
	if err == nil {
		out.Base = base.side()
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
