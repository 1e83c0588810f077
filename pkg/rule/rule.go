// Package rule is the interface between a rule and the engine: what a rule is (Rule), and what it may ask (Pass).
//
// A rule is a value: a name, what it needs, and a function that looks at one build on one side of the comparison and
// reports findings. It never sees the configuration, ignore comments, the pull request's diff, the output format or the
// network, and knows nothing of other rules. New, kept and fixed are told apart by the engine, for every rule alike.
package rule

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/loadline-dev/loadline/pkg/finding"
)

// Rule is one rule. It must not be changed once it is in use.
type Rule struct {
	// Name is a fact in kebab-case, such as git-directory-uploaded. It is stable for ever: it is what configurations and
	// ignore comments say.
	Name string
	// Title says the fact in at most 60 characters, without a capital and a full stop; it reads after "warning:".
	Title string
	Area  finding.Area
	// Severity is the default; a repository may choose another.
	Severity finding.Severity
	// Needs is what the rule asks of its Pass beyond the Dockerfile. Asking for something else panics.
	Needs Needs
	// Run looks at one build and reports what it finds. An error says that the rule could not decide; it becomes an
	// entry in the report's Skipped, and what was reported before it still counts. Findings are not errors.
	Run func(ctx context.Context, p *Pass) error
}

// Needs is what a rule asks for, so that only what enabled rules need is computed, and a rule that cannot have what it
// needs is skipped with a reason.
type Needs uint8

// The needs. The Dockerfile and what BuildKit makes of it are there for every rule.
const (
	// NeedsUpload is what is uploaded, path by path, and the ignore files: Pass.Uploads.
	NeedsUpload Needs = 1 << iota
	// NeedsDisk says that the rule is about what git does not track. Where there is no disk to look at, it is skipped.
	NeedsDisk
	// NeedsFiles is the contents of files of the build context: Pass.ReadFile and what reads with it. Without a checkout each
	// file costs a request, so that there it may be skipped.
	NeedsFiles
	// NeedsScripts is RUN, CMD and ENTRYPOINT as shell: Pass.Calls.
	NeedsScripts
	// NeedsImages is facts about base images: Pass.BaseImage, Pass.Images and Pass.ImageSizes. Sizes that are not in the
	// tables of the program need the network.
	NeedsImages
)

// Has reports whether all of other is needed.
func (n Needs) Has(other Needs) bool { return n&other == other }

// String lists the needs for people, such as "upload, disk"; empty for none.
func (n Needs) String() string {
	var out []string
	for i, name := range []string{"upload", "disk", "files", "scripts", "images"} {
		if n&(1<<i) != 0 {
			out = append(out, name)
		}
	}
	return strings.Join(out, ", ")
}

var name = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

// maxTitle is how long a title may be, so that it fits on one line of a list.
const maxTitle = 60

// Validate says what is wrong with a list of rules: a mistake of whoever wrote them.
func Validate(rules []*Rule) error {
	seen := map[string]bool{}
	for _, r := range rules {
		switch {
		case r == nil || r.Run == nil:
			return fmt.Errorf("a rule without a function")
		case !name.MatchString(r.Name):
			return fmt.Errorf("rule %q: the name is words in lower case, joined by hyphens", r.Name)
		case seen[r.Name]:
			return fmt.Errorf("rule %s: the name is there twice", r.Name)
		case r.Title == "" || len(r.Title) > maxTitle || strings.HasSuffix(r.Title, "."):
			return fmt.Errorf("rule %s: the title is 1 to %d characters without a full stop", r.Name, maxTitle)
		case r.Area == "" || r.Severity < finding.Notice || r.Severity > finding.Error:
			return fmt.Errorf("rule %s: it needs an area and a severity", r.Name)
		case r.Needs.Has(NeedsDisk) && !r.Needs.Has(NeedsUpload):
			return fmt.Errorf("rule %s: what lies on disk is seen in the upload, which it does not need", r.Name)
		}
		seen[r.Name] = true
	}
	return nil
}
