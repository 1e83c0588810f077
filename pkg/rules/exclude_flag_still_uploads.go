package rules

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/moby/patternmatcher"

	"github.com/loadline-dev/loadline/pkg/dockerfile"
	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/source"
)

// excludeFlagStillUploads reports files that --exclude leaves out of a copy and not out of the upload.
var excludeFlagStillUploads = rule.Rule{
	Name:     "exclude-flag-still-uploads",
	Title:    "--exclude leaves files out of the copy, not of the upload",
	Area:     finding.Dockerignore,
	Severity: finding.Warning,
	Needs:    rule.NeedsUpload,
	Run:      runExcludeFlagStillUploads,
}

func runExcludeFlagStillUploads(_ context.Context, p *rule.Pass) error {
	for _, u := range p.Uploads() {
		if u.Name != "context" {
			continue // COPY --from: the image's author decides elsewhere what is sent
		}
		for i := range p.Instructions("COPY", "ADD") {
			if _, from := i.Flag("from"); from {
				continue
			}
			for _, f := range i.Flags {
				if f.Name == "exclude" && f.HasValue {
					excludedAndUploaded(p, u, i, f)
				}
			}
		}
	}
	return nil
}

// excludedAndUploaded reports one flag. What another instruction pulls in as well is uploaded in any case.
func excludedAndUploaded(p *rule.Pass, u *rule.Upload, i *dockerfile.Instruction, f dockerfile.Flag) {
	v := p.Dockerfile.Expand(f.Value.Value, p.Variables(i))
	if !v.Known || v.Text == "" || strings.HasPrefix(v.Text, "!") {
		return
	}
	m, err := patternmatcher.New([]string{v.Text})
	if err != nil {
		return
	}
	var size rule.Size
	var lines []rule.IgnoreLine
	for _, s := range p.Plan.Sources {
		if s.Local != u.Name || s.Line != i.StartLine || strings.ContainsAny(s.Path, `*?[\`) {
			continue
		}
		found, shared := leftOut(u, s.Path, m)
		if shared {
			return
		}
		size.Bytes += found.Bytes
		size.Payload += found.Payload
		size.Files += found.Files
		lines = append(lines, rule.IgnoreLine{
			Pattern: path.Join(rule.Pattern(s.Path), v.Text),
			Why:     fmt.Sprintf("what %s leaves out of the copy", i.Keyword.Value),
		})
	}
	if !worthwhile(size) {
		return
	}
	p.Report(finding.Finding{
		Span:    f.Span,
		Message: fmt.Sprintf("uploads %s that --exclude=%s leaves out of the copy afterwards", size, source.Printable(v.Text)),
		Fixes:   u.Exclude(slices.CompactFunc(lines, func(a, b rule.IgnoreLine) bool { return a == b })...),
	})
}

// leftOut is what a pattern matches below a source (relative to it, as BuildKit's copy has it), and whether something else
// pulls in part of that.
func leftOut(u *rule.Upload, dir string, m *patternmatcher.PatternMatcher) (size rule.Size, shared bool) {
	prefix := dir + "/"
	if dir == "." {
		prefix = ""
	}
	for _, f := range u.Below(dir) {
		name := strings.TrimPrefix(f.Path, prefix)
		if f.Path == dir || f.Mode.IsDir() {
			continue
		}
		if match, err := m.MatchesOrParentMatches(name); err != nil || !match {
			continue
		}
		if len(u.Pulls(f.Path)) > 1 {
			return rule.Size{}, true
		}
		size.Bytes += f.Bytes
		size.Payload += f.Payload
		if f.Mode.IsRegular() {
			size.Files++
		}
	}
	return size, false
}
