package rules

import (
	"context"
	"fmt"

	"github.com/loadline-dev/loadline/pkg/dockerfile"
	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/source"
	"github.com/loadline-dev/loadline/pkg/tree"
)

// lfsFileBundled reports files of git LFS in the build context: their pointers in some checkouts, all of them in others.
var lfsFileBundled = rule.Rule{
	Name:     "lfs-file-bundled",
	Title:    "git LFS decides how much is uploaded",
	Area:     finding.RemoteFiles,
	Severity: finding.Notice,
	Needs:    rule.NeedsUpload,
	Run:      runLFSFileBundled,
}

func runLFSFileBundled(_ context.Context, p *rule.Pass) error {
	for _, u := range p.Uploads() {
		var order []*dockerfile.Instruction
		count, real, first := map[*dockerfile.Instruction]int64{}, map[*dockerfile.Instruction]int64{}, map[*dockerfile.Instruction]string{}
		for _, f := range u.Files() {
			if f.Note != tree.LFSPointer || fixtures.MatchString(f.Path) {
				continue
			}
			pulls := u.Pulls(f.Path)
			if len(pulls) == 0 {
				continue
			}
			at := pulls[0]
			if count[at] == 0 {
				order = append(order, at)
				first[at] = f.Path
			}
			count[at]++
			real[at] += f.RealSize
		}
		for _, at := range order {
			if real[at] < worthBytes {
				continue
			}
			what := source.Printable(first[at])
			if count[at] > 1 {
				what += " and " + finding.Count(count[at]-1, "more file")
			}
			p.Report(finding.Finding{
				Span: at.Keyword.Span,
				Message: fmt.Sprintf("copies the git LFS pointers of %s; where LFS is checked out the upload is %s larger",
					what, finding.Bytes(real[at])),
				Advice: "Fetch the files in the build instead, or leave them out where the image does not need them",
			})
		}
	}
	return nil
}
