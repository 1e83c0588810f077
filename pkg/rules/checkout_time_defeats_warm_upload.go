package rules

import (
	"context"
	"fmt"
	"strings"

	"github.com/loadline-dev/loadline/pkg/build"
	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/source"
)

// checkoutTimeDefeatsWarmUpload reports workflows that send a fresh checkout to a builder that could fetch the commit.
var checkoutTimeDefeatsWarmUpload = rule.Rule{
	Name:     "checkout-time-defeats-warm-upload",
	Title:    "a workflow uploads all of a fresh checkout in every run",
	Area:     finding.Cache,
	Severity: finding.Notice,
	Needs:    rule.NeedsUpload | rule.NeedsFiles | rule.NeedsScripts,
	Run:      runCheckoutTimeDefeatsWarmUpload,
}

func runCheckoutTimeDefeatsWarmUpload(_ context.Context, p *rule.Pass) error {
	steps := p.RemoteSteps()
	if len(steps) == 0 {
		return nil
	}
	for _, u := range p.Uploads() {
		size := checkedOut(u)
		if u.Name != "context" || !worthwhile(size) || u.Wanted(".git") {
			continue
		}
		if by, err := readsHistory(p, u); by != "" || err != nil {
			return err // a Git context has no history
		}
		for _, s := range steps {
			if s.Context != "." && !strings.HasPrefix(s.Dockerfile, s.Context+"/") {
				continue // a Git context of the directory lacks the Dockerfile
			}
			p.Report(finding.Finding{
				File: s.File, Span: s.Span,
				Message: fmt.Sprintf("uploads all %s of the context of %s to %s in every run, changed or not: the checkout gives each file a new time, and BuildKit compares times",
					size, source.Printable(p.Build.Dockerfile), s.Builder),
				Advice: adviseGitContext(s),
			})
		}
	}
	return nil
}

// checkedOut is what a fresh checkout uploads: without what lies beside the tree here.
func checkedOut(u *rule.Upload) rule.Size {
	size := u.Size()
	for _, f := range u.Files() {
		if !f.Untracked {
			continue
		}
		size.Bytes -= f.Bytes
		if f.Mode.IsRegular() {
			size.Files--
		}
	}
	return size
}

// adviseGitContext says how the builder fetches the commit itself (docker/build-push-action, README, "Git context"). The
// path of the Dockerfile is then one in the context.
func adviseGitContext(s build.RemoteStep) string {
	how := "Leave context out"
	if s.Context != "." {
		how = fmt.Sprintf("Write context: \"{{defaultContext}}:%s\" and file: %s", source.Printable(s.Context), source.Printable(strings.TrimPrefix(s.Dockerfile, s.Context+"/")))
	}
	return how + ", so that the builder fetches the commit and nothing is uploaded; a Git context has no .git and no LFS contents, and .dockerignore does not apply to it"
}
