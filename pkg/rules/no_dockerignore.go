package rules

import (
	"context"
	"fmt"
	"strings"

	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/source"
)

// noDockerignore reports contexts that are uploaded as they are, with an ignore file of everything that is proven not to
// be needed.
var noDockerignore = rule.Rule{
	Name:     "no-dockerignore",
	Title:    "no ignore file leaves anything out of the upload",
	Area:     finding.Dockerignore,
	Severity: finding.Warning,
	Needs:    rule.NeedsUpload | rule.NeedsDisk | rule.NeedsFiles | rule.NeedsScripts,
	Run:      runNoDockerignore,
}

// provenRules are the rules whose fixes are lines of an ignore file for what a build does not need. What they say is a part of
// this finding, and not said again (see engine).
var provenRules = []*rule.Rule{&gitDirectoryUploaded, &dependenciesUploaded, &toolCacheUploaded, &localFileUploaded, &secretFileUploaded}

func runNoDockerignore(ctx context.Context, p *rule.Pass) error {
	for _, u := range p.Uploads() {
		if u.Ignore != nil || !u.Whole || !worthwhile(u.Size()) {
			continue
		}
		pulls := u.Pulls(".")
		if len(pulls) == 0 {
			continue
		}
		text, err := provenLines(ctx, p, u)
		if err != nil {
			return err
		}
		if strings.Count(text, "\n") == 0 {
			continue
		}
		p.Report(finding.Finding{
			Span:    pulls[0].Keyword.Span,
			About:   u.Name,
			Message: fmt.Sprintf("uploads all of the directory, %s, since no ignore file leaves anything out", u.Size()),
			Fixes:   create(p, u, text),
		})
	}
	return nil
}

// provenLines are the lines that other rules propose for a new ignore file of an upload.
func provenLines(ctx context.Context, p *rule.Pass, u *rule.Upload) (string, error) {
	var b strings.Builder
	for _, r := range provenRules {
		found, err := p.Ask(ctx, r)
		if err != nil {
			return "", err
		}
		for _, f := range found {
			if len(f.Fixes) == 0 || len(f.Fixes[0].Edits) != 1 {
				continue
			}
			if e := f.Fixes[0].Edits[0]; e.File == nil && e.Path == u.NewIgnorePath() {
				b.WriteString(e.NewText)
			}
		}
	}
	return b.String(), nil
}

// create are fixes that create an ignore file: for the directory, or for this Dockerfile alone.
func create(p *rule.Pass, u *rule.Upload, text string) []finding.Fix {
	paths := []string{u.NewIgnorePath()}
	if u.Name == "context" {
		paths = append(paths, p.Build.Dockerfile+".dockerignore")
	}
	var out []finding.Fix
	for _, path := range paths {
		out = append(out, finding.Fix{
			Title: "Create " + source.Printable(path) + " with what the build does not need",
			Edits: []finding.Edit{{Path: path, Edit: source.Edit{NewText: text}}},
		})
	}
	return out
}
