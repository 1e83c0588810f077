package rules

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/loadline-dev/loadline/pkg/build"
	"github.com/loadline-dev/loadline/pkg/dockerignore"
	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/source"
)

// ignoreFileNotUsed reports an ignore file beside a Dockerfile that the build does not read, and one that another takes
// the place of although it leaves out what is uploaded now.
var ignoreFileNotUsed = rule.Rule{
	Name:     "ignore-file-not-used",
	Title:    "an ignore file is not read by the build it lies beside",
	Area:     finding.Dockerignore,
	Severity: finding.Notice,
	Needs:    rule.NeedsUpload | rule.NeedsFiles,
	Run:      runIgnoreFileNotUsed,
}

func runIgnoreFileNotUsed(_ context.Context, p *rule.Pass) error {
	for _, u := range p.Uploads() {
		if u.Name != "context" {
			continue
		}
		if err := reportBeside(p, u); err != nil {
			return err
		}
		if err := reportWithoutBuild(p, u); err != nil {
			return err
		}
		return reportShadowed(p, u)
	}
	return nil
}

// reportBeside reports the .dockerignore in the Dockerfile's own directory where the context is another one. BuildKit
// reads that of the context's root, or DOCKERFILE.dockerignore (frontend/dockerui/config.go).
func reportBeside(p *rule.Pass, u *rule.Upload) error {
	dir := path.Dir(p.Build.Dockerfile)
	name := path.Join(dir, ".dockerignore")
	if dir == p.Build.Context || name == u.IgnorePath || otherDockerfile(p, dir) {
		return nil
	}
	text, err := p.Repository().ReadFile(name, source.MaxText)
	if err != nil {
		return nil //nolint:nilerr // there is none, or none that can be read
	}
	file, err := dockerignore.Parse(name, text)
	if err != nil || len(file.Lines) == 0 {
		return nil //nolint:nilerr // what nobody reads may hold anything
	}
	size, err := wouldExclude(u, file, dir)
	if err != nil {
		return err
	}
	message := fmt.Sprintf("is not read: the context of %s is %s, and BuildKit looks for .dockerignore there", source.Printable(p.Build.Dockerfile), source.Printable(p.Build.Context))
	if worthwhile(size) {
		message += fmt.Sprintf("; it would leave out %s that are uploaded", size)
	}
	p.Report(finding.Finding{
		File: file.Source, Span: file.Lines[0].Span, Message: message,
		Advice: "Name it " + source.Printable(path.Base(p.Build.Dockerfile)) + ".dockerignore, with patterns from the root of the context, or remove it",
	})
	return nil
}

// reportWithoutBuild reports ignore files in directories of the context that no build has as its own, with no Dockerfile in
// them that could be built there.
func reportWithoutBuild(p *rule.Pass, u *rule.Upload) error {
	for _, f := range u.Named(".dockerignore") {
		name := path.Join(u.Dir, f.Path)
		dir := path.Dir(name)
		if dir == path.Dir(p.Build.Dockerfile) || name == u.IgnorePath || p.IsContext(dir) || dependencyDirectory.MatchString(name) || fixtures.MatchString(dir) || dockerfileBelow(u, path.Dir(f.Path)) {
			continue
		}
		text, err := p.Repository().ReadFile(name, source.MaxText)
		if err != nil {
			continue
		}
		file, err := dockerignore.Parse(name, text)
		if err != nil || len(file.Lines) == 0 {
			continue
		}
		size, err := wouldExclude(u, file, dir)
		if err != nil {
			return err
		}
		message := "is not read: no build that is found has " + source.Printable(dir) + " as its context, and BuildKit looks for .dockerignore at the root of that"
		if worthwhile(size) {
			message += fmt.Sprintf("; it would leave out %s that are uploaded", size)
		}
		p.Report(finding.Finding{
			File: file.Source, Span: file.Lines[0].Span, Message: message,
			Advice: "Move its patterns to " + source.Printable(path.Join(u.Dir, ".dockerignore")) + ", written from there, or remove it",
		})
	}
	return nil
}

// dockerfileBelow reports whether something in a directory of the context may be a Dockerfile, or a template of one.
func dockerfileBelow(u *rule.Upload, dir string) bool {
	for _, f := range u.Below(dir) {
		lower := strings.ToLower(path.Base(f.Path))
		if strings.Contains(lower, "dockerfile") || strings.Contains(lower, "containerfile") || strings.Contains(lower, "compose") {
			return true
		}
	}
	return false
}

// otherDockerfile reports whether the directory has a Dockerfile besides the build's own: its context may be there.
func otherDockerfile(p *rule.Pass, dir string) bool {
	for e := range p.Repository().All() {
		if path.Dir(e.Path) == dir && e.Path != p.Build.Dockerfile && build.IsDockerfile(path.Base(e.Path)) {
			return true
		}
	}
	return false
}

// wouldExclude is what an ignore file, read in dir, would leave out of the upload.
func wouldExclude(u *rule.Upload, file *dockerignore.File, dir string) (rule.Size, error) {
	var size rule.Size
	inside := strings.TrimPrefix(strings.TrimPrefix(dir, u.Dir), "/")
	if u.Dir == "." {
		inside = dir
	}
	for _, f := range u.Below(inside) {
		if !f.Mode.IsRegular() {
			continue
		}
		d, err := file.Decide(strings.TrimPrefix(f.Path, inside+"/"))
		if err != nil {
			return size, err
		}
		if d.Excluded {
			size.Bytes += f.Bytes
			size.Payload += f.Payload
			size.Files++
		}
	}
	return size, nil
}

// reportShadowed reports a .dockerignore that the Dockerfile's own ignore file takes the place of, where it leaves out
// much of what is uploaded now: the two are not merged.
func reportShadowed(p *rule.Pass, u *rule.Upload) error {
	general := path.Join(p.Build.Context, ".dockerignore")
	if u.Ignore == nil || u.IgnorePath == general || p.Build.IgnoreFile != "" {
		return nil
	}
	text, err := p.Repository().ReadFile(general, source.MaxText)
	if err != nil {
		return nil //nolint:nilerr // there is none
	}
	file, err := dockerignore.Parse(general, text)
	if err != nil {
		return nil //nolint:nilerr // it is not read
	}
	var size rule.Size
	by := map[*dockerignore.Line]bool{}
	for _, f := range u.Files() {
		d, err := file.Decide(f.Path)
		if err != nil {
			return err
		}
		if !d.Excluded || d.Line == nil || !f.Mode.IsRegular() || u.Wanted(d.Matched) || u.Readmitted(d.Matched) != nil {
			continue
		}
		size.Bytes += f.Bytes
		size.Payload += f.Payload
		size.Files++
		by[d.Line] = true
	}
	if !worthwhile(size) || catchAll(by) {
		return nil
	}
	var lines []rule.IgnoreLine
	for i := range file.Lines {
		if l := &file.Lines[i]; by[l] {
			lines = append(lines, rule.IgnoreLine{Pattern: l.Pattern})
		}
	}
	lines[0].Why = "as in .dockerignore, which this file takes the place of"
	p.Report(finding.Finding{
		File: u.Ignore.Source, Span: u.Ignore.Lines[0].Span,
		Message: fmt.Sprintf("takes the place of %s, and uploads %s that it leaves out", source.Printable(general), size),
		Fixes:   u.Exclude(lines...),
	})
	return nil
}

// catchAll reports whether a line excludes everything: a list of what is allowed, for other builds.
func catchAll(by map[*dockerignore.Line]bool) bool {
	for l := range by {
		if slices.Contains([]string{"*", "**", "**/*"}, l.Pattern) {
			return true
		}
	}
	return false
}
