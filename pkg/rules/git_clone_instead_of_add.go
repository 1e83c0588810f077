package rules

import (
	"context"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/loadline-dev/loadline/pkg/dockerfile"
	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/shell"
	"github.com/loadline-dev/loadline/pkg/source"
)

// gitCloneInsteadOfAdd reports clones of a fixed release in a RUN, which ADD does by itself, beside other steps.
var gitCloneInsteadOfAdd = rule.Rule{
	Name:     "git-clone-instead-of-add",
	Title:    "a release is cloned in a RUN that waits for it",
	Area:     finding.RemoteFiles,
	Severity: finding.Notice,
	Needs:    rule.NeedsScripts,
	Run:      runGitCloneInsteadOfAdd,
}

// fixedRef matches a tag of a release or a commit: what is cloned is the same each time.
var fixedRef = regexp.MustCompile(`^(refs/tags/)?[A-Za-z_-]*v?\d+[._]\d+[A-Za-z0-9._+-]*$|^[0-9a-f]{40}$`)

func runGitCloneInsteadOfAdd(_ context.Context, p *rule.Pass) error {
	for i := range p.Instructions("RUN") {
		if i.Stage == p.Final {
			continue // what a RUN clones and removes again would stay in a layer of ADD
		}
		calls := p.Calls(i)
		for n, c := range calls {
			if !c.Is("git") || c.Subcommand("-C", "-c") != "clone" || c.Repeated || c.Conditional {
				continue
			}
			address, ref, ok := fixedClone(c)
			if !ok || usesRepository(calls[n+1:]) || laterUse(p, i) {
				continue
			}
			p.Report(finding.Finding{
				Span:    c.Command.Span,
				Message: "clones " + source.Printable(path.Base(strings.TrimSuffix(address, ".git"))) + " at " + source.Printable(ref) + " before the rest of this step can begin",
				Advice:  "Use ADD " + source.Printable(address) + "#" + source.Printable(ref) + " DIR: BuildKit fetches it while other steps run, needs no git in the image, and keeps it apart in the cache",
			})
		}
	}
	return nil
}

// fixedClone is what a clone fetches, where that is public and the same each time.
func fixedClone(c *shell.Call) (address, ref string, ok bool) {
	branch, named := c.Option("lqvns", "-b", "--branch")
	if !named || !branch.Known || !fixedRef.MatchString(branch.Text) {
		return "", "", false
	}
	for _, w := range c.Args {
		if !w.Known {
			continue
		}
		u, err := url.Parse(w.Text)
		if err == nil && u.Scheme == "https" && u.User == nil && u.Host != "" {
			address = w.Text
		}
	}
	if address == "" {
		return "", "", false
	}
	if !strings.HasSuffix(address, ".git") {
		address += ".git"
	}
	return address, branch.Text, true
}

// usesRepository reports whether later commands of the step need the repository itself, or take what was cloned away
// again.
func usesRepository(calls []*shell.Call) bool {
	return slices.ContainsFunc(calls, func(c *shell.Call) bool {
		return c.Is("git") || c.Is("rm") && c.HasArg("-rf", "-fr", "-r") || c.Is("autoreconf", "bootstrap", "autogen.sh", "patch")
	})
}

// laterUse reports whether a later step of the stage runs git.
func laterUse(p *rule.Pass, i *dockerfile.Instruction) bool {
	for _, later := range i.Stage.Instructions {
		if later.StartLine <= i.StartLine || later.Name != "RUN" {
			continue
		}
		if slices.ContainsFunc(p.Calls(later), func(c *shell.Call) bool { return c.Is("git") }) {
			return true
		}
	}
	return false
}
