package rules

import (
	"context"
	"path"
	"strings"

	"github.com/loadline-dev/loadline/pkg/dockerignore"
	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/source"
)

// ignoreLineWithoutEffect reports lines of an ignore file that can be proved to do nothing, and that their author wrote
// for an effect.
var ignoreLineWithoutEffect = rule.Rule{
	Name:     "ignore-line-without-effect",
	Title:    "a line of the ignore file does nothing",
	Area:     finding.Dockerignore,
	Severity: finding.Notice,
	Needs:    rule.NeedsUpload | rule.NeedsFiles,
	Run:      runIgnoreLineWithoutEffect,
}

func runIgnoreLineWithoutEffect(_ context.Context, p *rule.Pass) error {
	for _, u := range p.Uploads() {
		if u.Ignore == nil {
			continue
		}
		for i := range u.Ignore.Lines {
			l := &u.Ignore.Lines[i]
			written := u.Ignore.Source.Slice(l.Span)
			switch {
			case strings.HasPrefix(written, "// "):
				reportSlashes(p, u, l)
			case strings.Contains(written, " #") || strings.Contains(written, "\t#"):
				reportTrailingComment(p, u, l, written)
			case l.Include:
				reportUnreachable(p, u, i)
			}
		}
	}
	return nil
}

// reportSlashes reports a comment as other languages write it. BuildKit takes it for a pattern.
func reportSlashes(p *rule.Pass, u *rule.Upload, l *dockerignore.Line) {
	if u.Name == "context" && p.Exists(strings.TrimLeft(u.Ignore.Source.Slice(l.Span), "/")) {
		return
	}
	p.Report(finding.Finding{
		File: u.Ignore.Source, Span: l.Span,
		Message: "is a pattern that matches nothing: comments begin with #",
		Fixes:   []finding.Fix{rewrite(u, "Write it as a comment", source.Span{Start: l.Span.Start, End: l.Span.Start + 2}, "#")},
	})
}

// reportTrailingComment reports a pattern with what was meant to be a comment behind it.
func reportTrailingComment(p *rule.Pass, u *rule.Upload, l *dockerignore.Line, written string) {
	at := strings.IndexAny(written, " \t")
	comment := strings.Index(written, "#")
	pattern := strings.TrimSpace(written[:comment])
	if at < 0 || comment < at || pattern == "" || u.Name != "context" || p.Exists(path.Clean(strings.Trim(strings.TrimPrefix(written, "!"), "/"))) {
		return
	}
	ending := "\n"
	if line := u.Ignore.Source.Line(l.Number); strings.HasPrefix(string(u.Ignore.Source.Text[line.End:]), "\r\n") {
		ending = "\r\n"
	}
	p.Report(finding.Finding{
		File: u.Ignore.Source, Span: source.Span{Start: l.Span.Start + comment, End: l.Span.End},
		Message: "belongs to the pattern, which matches nothing for that: a comment needs a line of its own",
		Fixes: []finding.Fix{rewrite(u, "Put the comment on a line of its own, so that "+source.Printable(pattern)+" has its effect",
			l.Span, written[comment:]+ending+pattern)},
	})
}

// reportUnreachable reports a line that takes paths in again and comes too early: before any line that excludes
// something, or before one that excludes all of the same again.
func reportUnreachable(p *rule.Pass, u *rule.Upload, i int) {
	l := &u.Ignore.Lines[i]
	kept := strings.TrimPrefix(l.Pattern, "!")
	excluded := false
	for _, before := range u.Ignore.Lines[:i] {
		excluded = excluded || !before.Include
	}
	message := "takes in again what no line before it excludes"
	if excluded {
		after := covering(u.Ignore.Lines[i+1:], kept)
		if after == nil {
			return
		}
		if _, emptied := emptiedBy(u, l); emptied {
			return // ignored-file-arrives-empty says more about it
		}
		message = "has no effect: " + source.Printable(after.Pattern) + " in a later line excludes the same again"
	} else if covering(u.Ignore.Lines[i+1:], kept) == nil {
		return // nothing excludes it at all, so that nothing is lost
	} else {
		message += ", and a later line excludes it"
	}
	p.Report(finding.Finding{
		File: u.Ignore.Source, Span: l.Span, Message: message,
		Advice: "Move the line behind those that exclude the path, or remove it: the last line that matches decides",
	})
}

// covering is a line that excludes everything that a pattern matches; nil where none surely does.
func covering(lines []dockerignore.Line, kept string) *dockerignore.Line {
	for i := range lines {
		l := &lines[i]
		if l.Include {
			continue
		}
		literal := !strings.ContainsAny(l.Pattern, `*?[\`)
		if l.Pattern == "*" || l.Pattern == "**" || l.Pattern == kept || literal && strings.HasPrefix(kept, l.Pattern+"/") {
			return l
		}
	}
	return nil
}

// emptiedBy reports whether a file that the line keeps arrives empty.
func emptiedBy(u *rule.Upload, l *dockerignore.Line) (string, bool) {
	for _, f := range u.Files() {
		if !f.Emptied {
			continue
		}
		if d, err := u.Ignore.Decide(f.Path); err == nil && d.Line == l {
			return f.Path, true
		}
	}
	return "", false
}

// rewrite is a fix of the ignore file.
func rewrite(u *rule.Upload, title string, at source.Span, text string) finding.Fix {
	return finding.Fix{Title: title, Edits: []finding.Edit{{
		Path: u.IgnorePath, File: u.Ignore.Source, Edit: source.Edit{Span: at, NewText: text},
	}}}
}
