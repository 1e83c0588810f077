package rules

import (
	"context"
	"fmt"

	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/rule"
)

// dependenciesUploaded reports directories of installed packages that the build installs again.
var dependenciesUploaded = rule.Rule{
	Name:     "dependencies-uploaded",
	Title:    "installed packages are uploaded and installed again",
	Area:     finding.Dockerignore,
	Severity: finding.Warning,
	Needs:    rule.NeedsUpload | rule.NeedsDisk | rule.NeedsFiles | rule.NeedsScripts,
	Run:      runDependenciesUploaded,
}

func runDependenciesUploaded(_ context.Context, p *rule.Pass) error {
	for _, u := range p.Uploads() {
		for _, f := range restored(p, u) {
			pulls := u.Pulls(f.paths[0])
			if !worthwhile(f.size) || len(pulls) == 0 {
				continue
			}
			p.Report(finding.Finding{
				Span:    pulls[0].Keyword.Span,
				About:   f.dir,
				Message: fmt.Sprintf("uploads %s of %s, which %s installs again", f.size, f.dir, f.by),
				Fixes:   u.Exclude(f.lines()...),
			})
		}
	}
	return nil
}

// lines are those that keep the directories out: one for all of the name, where all of them come back.
func (f *restorable) lines() []rule.IgnoreLine {
	why := f.by + " installs it in the build"
	if f.all && (len(f.paths) > 1 || f.paths[0] != f.dir) {
		return []rule.IgnoreLine{{Pattern: "**/" + f.dir, Why: why}}
	}
	var out []rule.IgnoreLine
	for i, path := range f.paths {
		line := rule.IgnoreLine{Pattern: rule.Pattern(path)}
		if i == 0 {
			line.Why = why
		}
		out = append(out, line)
	}
	return out
}
