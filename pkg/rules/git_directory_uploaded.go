package rules

import (
	"context"
	"fmt"

	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/rule"
)

// gitDirectoryUploaded reports builds that upload a repository's history and do not read it.
var gitDirectoryUploaded = rule.Rule{
	Name:     "git-directory-uploaded",
	Title:    "the history of the repository is uploaded",
	Area:     finding.Dockerignore,
	Severity: finding.Warning,
	Needs:    rule.NeedsUpload | rule.NeedsDisk | rule.NeedsFiles | rule.NeedsScripts,
	Run:      runGitDirectoryUploaded,
}

// historyDirectories are where version control systems keep their history.
var historyDirectories = []string{".git", ".hg", ".svn", ".bzr", "_darcs", "CVS"}

func runGitDirectoryUploaded(_ context.Context, p *rule.Pass) error {
	for _, u := range p.Uploads() {
		for _, name := range historyDirectories {
			if err := historyUploaded(p, u, name); err != nil {
				return err
			}
		}
	}
	return nil
}

func historyUploaded(p *rule.Pass, u *rule.Upload, name string) error {
	size := u.Under(name)
	if !worthwhile(size) || u.Wanted(name) || u.Readmitted(name) != nil {
		return nil
	}
	pulls := u.Pulls(name)
	if len(pulls) == 0 {
		return nil
	}
	if name == ".git" {
		reader, err := readsHistory(p, u)
		if err != nil || reader != "" {
			return err
		}
	}
	p.Report(finding.Finding{
		Span:    pulls[0].Keyword.Span,
		About:   name,
		Message: fmt.Sprintf("uploads %s of %s, which nothing in the build reads", size, name),
		Fixes:   u.Exclude(rule.IgnoreLine{Pattern: name, Why: "history, which the build does not read"}),
	})
	return nil
}
