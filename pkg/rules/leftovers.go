package rules

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/source"
)

// leftover is something of an upload that nothing in the build needs, and the line that leaves it out.
type leftover struct {
	path string
	size rule.Size
	line rule.IgnoreLine
}

// reportLeftovers reports all of an upload as one finding, at the instruction that pulls in the largest: the largest by its
// name, the rest by number. kind is the word for one of them. Each line is added once.
func reportLeftovers(p *rule.Pass, u *rule.Upload, found []leftover, kind string) {
	if len(found) == 0 {
		return
	}
	slices.SortStableFunc(found, func(a, b leftover) int {
		return cmp.Or(cmp.Compare(b.size.Bytes, a.size.Bytes), cmp.Compare(a.path, b.path))
	})
	pulls := u.Pulls(found[0].path)
	if len(pulls) == 0 {
		return
	}
	var lines []rule.IgnoreLine
	for _, l := range found {
		if !slices.ContainsFunc(lines, func(o rule.IgnoreLine) bool { return o.Pattern == l.line.Pattern }) {
			lines = append(lines, l.line)
		}
	}
	all := slices.Clone(lines)
	lines = slices.DeleteFunc(lines, func(l rule.IgnoreLine) bool {
		return slices.ContainsFunc(all, func(o rule.IgnoreLine) bool { return o.Pattern == "**/"+l.Pattern })
	})
	what := source.Printable(found[0].path)
	if more := len(found) - 1; more > 0 {
		what += " and " + finding.Count(int64(more), "more "+kind)
	}
	p.Report(finding.Finding{
		Span:    pulls[0].Keyword.Span,
		About:   kind + " in " + u.Name,
		Message: fmt.Sprintf("uploads %s of %s", total(found), what),
		Fixes:   u.Exclude(commentOnce(lines)...),
	})
}

// commentOnce keeps the comment of each reason above the first of its lines.
func commentOnce(lines []rule.IgnoreLine) []rule.IgnoreLine {
	slices.SortStableFunc(lines, func(a, b rule.IgnoreLine) int { return cmp.Compare(a.Why, b.Why) })
	for i := len(lines) - 1; i > 0; i-- {
		if lines[i].Why == lines[i-1].Why {
			lines[i].Why = ""
		}
	}
	return lines
}

func total(found []leftover) rule.Size {
	var size rule.Size
	for _, l := range found {
		size.Bytes += l.size.Bytes
		size.Payload += l.size.Payload
		size.Files += l.size.Files
	}
	return size
}

// needed reports whether a path is to stay in the upload: an instruction or a command names it, the ignore file takes it
// in again, or it is a fixture of a test.
func needed(p *rule.Pass, u *rule.Upload, name string) bool {
	return u.Wanted(name) || u.Readmitted(name) != nil || fixtures.MatchString(path.Dir(name)) || mentioned(p, name)
}

// recursive is a pattern for a name at any depth, or for the path itself where it is at the root.
func recursive(name string) string {
	if strings.Contains(name, "/") {
		return "**/" + rule.Pattern(path.Base(name))
	}
	return rule.Pattern(name)
}

// namedAtRoot reports whether the ignore file has a line for a name at the root alone, which
// ignore-pattern-not-recursive reports.
func namedAtRoot(u *rule.Upload, name string) bool {
	if u.Ignore == nil {
		return false
	}
	for i := range u.Ignore.Lines {
		if l := &u.Ignore.Lines[i]; !l.Include && l.Pattern == name && rootOnly(u, l) {
			return true
		}
	}
	return false
}
