package engine

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/loadline-dev/loadline/pkg/dockerfile"
	"github.com/loadline-dev/loadline/pkg/dockerignore"
	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/source"
)

// comment is an ignore comment: "# loadline ignore=RULE,RULE -- reason", or "# loadline global ignore=…" for a whole file.
var comment = regexp.MustCompile(`^\s*#\s*loadline\s+(global\s+)?ignore\s*=\s*([A-Za-z0-9_,\s-]*?)(?:\s+--\s*(.*?))?\s*$`)

// ignore is one rule's name in an ignore comment.
type ignore struct {
	file   *source.File
	line   int
	rule   string
	reason string
	// span is what it covers; all of the file where whole is true.
	span  source.Span
	whole bool
	used  bool
}

// ignores are those of the files that a build reads, and of others that findings are in, such as workflows.
func (e *Engine) ignores(s *Side, list []*found) []*ignore {
	seen := map[string]bool{s.File.Source.Path: true}
	out := ignoresOf(s.File.Source, func(line int) (source.Span, bool) { return instructionBelow(s.File, line) })
	for _, u := range s.AllUploads() {
		if u.Ignore != nil {
			seen[u.Ignore.Source.Path] = true
			out = append(out, ignoresOf(u.Ignore.Source, func(line int) (source.Span, bool) { return patternBelow(u.Ignore, line) })...)
		}
	}
	for _, f := range list {
		if !seen[f.File.Path] {
			seen[f.File.Path] = true
			out = append(out, ignoresOf(f.File, func(line int) (source.Span, bool) { return lineBelow(f.File, line) })...)
		}
	}
	return out
}

func ignoresOf(file *source.File, covered func(line int) (source.Span, bool)) []*ignore {
	var out []*ignore
	for n := 1; n <= file.Lines(); n++ {
		m := comment.FindStringSubmatch(file.Slice(file.Line(n)))
		if m == nil {
			continue
		}
		span, ok := covered(n)
		for name := range strings.SplitSeq(m[2], ",") {
			i := &ignore{file: file, line: n, rule: strings.TrimSpace(name), reason: m[3], span: span, whole: m[1] != ""}
			if i.rule == "" || !ok && !i.whole {
				i.span = source.Span{Start: -1, End: -1}
			}
			out = append(out, i)
		}
	}
	return out
}

// instructionBelow is the instruction that a comment stands in or above, with nothing but comments and empty lines
// between. A comment in a heredoc is a part of the document and counts as well.
func instructionBelow(f *dockerfile.File, line int) (source.Span, bool) {
	for _, i := range f.Instructions {
		if i.EndLine >= line {
			return i.Span, true
		}
	}
	return source.Span{}, false
}

// patternBelow is the line of an ignore file that a comment stands above.
func patternBelow(f *dockerignore.File, line int) (source.Span, bool) {
	for _, l := range f.Lines {
		if l.Number > line {
			return f.Source.Line(l.Number), true
		}
	}
	return source.Span{}, false
}

// lineBelow is the first line below a comment that is neither empty nor a comment.
func lineBelow(f *source.File, line int) (source.Span, bool) {
	for n := line + 1; n <= f.Lines(); n++ {
		if text := strings.TrimSpace(f.Slice(f.Line(n))); text != "" && text[0] != '#' {
			return f.Line(n), true
		}
	}
	return source.Span{}, false
}

// suppress takes out what comments cover.
func suppress(list []*found, ignores []*ignore) {
	for _, f := range list {
		for _, i := range ignores {
			if i.covers(f) {
				i.used = true
				if f.by == nil {
					f.by = i
				}
			}
		}
	}
}

func (i *ignore) covers(f *found) bool {
	if i.rule != f.Rule {
		return false
	}
	if !i.whole {
		return i.file.Path == f.File.Path && i.span.Start <= f.Span.Start && f.Span.Start <= i.span.End
	}
	if i.file.Path == f.File.Path {
		return true
	}
	return len(f.Fixes) > 0 && slices.ContainsFunc(f.Fixes[0].Edits, func(e finding.Edit) bool { return e.Path == i.file.Path })
}

// notices are about comments of head that name no rule, and those that take nothing out in any build.
func (e *Engine) notices(runs []*outcome) []string {
	type place struct {
		path string
		line int
		rule string
	}
	used := map[place]bool{}
	undecided := map[string]bool{}
	var order []place
	for _, o := range runs {
		for name := range o.head.undecided {
			undecided[name] = true
		}
		for _, i := range o.ignores {
			p := place{i.file.Path, i.line, i.rule}
			if _, ok := used[p]; !ok {
				order = append(order, p)
			}
			used[p] = used[p] || i.used
		}
	}
	var out []string
	for _, p := range order {
		where := fmt.Sprintf("%s:%d", p.path, p.line)
		switch {
		case used[p] || undecided[p.rule]:
		case !slices.Contains(e.names, p.rule):
			out = append(out, where+": "+UnknownRule(p.rule, e.names).Error())
		case e.severities[p.rule] == 0:
		default:
			out = append(out, fmt.Sprintf("%s: the comment that ignores %s takes nothing out", where, p.rule))
		}
	}
	slices.Sort(out)
	return out
}
