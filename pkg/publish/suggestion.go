package publish

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/bluekeyes/go-gitdiff/gitdiff"
	"github.com/google/go-github/v60/github"

	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/report"
	"github.com/loadline-dev/loadline/pkg/report/markdown"
)

// Limits of what is suggested.
const (
	// maxSuggestions is how many suggestions a pull request gets in all.
	maxSuggestions = 10
	// maxSuggestedLines is the most lines that one replaces, and the most that it puts there.
	maxSuggestedLines = 30
	// maxFilePages is how many pages of changed files are looked through, 100 on each.
	maxFilePages = 5
)

// Suggestion is a fix as lines that a person commits with a click.
type Suggestion struct {
	// Path is relative to the root of the repository.
	Path string
	// First is the line at which Old begins. All of Old is replaced.
	First int
	Old   []string
	// Body is the comment.
	Body string
	// Fingerprint is the finding's.
	Fingerprint string
}

// last is the last line that is replaced.
func (s *Suggestion) last() int { return s.First + len(s.Old) - 1 }

func (s *Suggestion) overlaps(o Suggestion) bool {
	return s.Path == o.Path && s.First <= o.last() && o.First <= s.last()
}

// Suggestions are the fixes of a report's new findings that change one place of one file that is there. Where two are about
// the same lines, the first stays: GitHub cannot commit both.
func Suggestions(r *report.Report) []Suggestion {
	var out []Suggestion
	for _, f := range r.OpenFindings() {
		if f.State != string(finding.New) || len(f.Fixes) == 0 || f.Fixes[0].Diff == "" {
			continue
		}
		s, lines, ok := replacement(f.Fixes[0].Diff)
		s.Path, s.Fingerprint = path.Join(r.Path, s.Path), f.Fingerprint
		if !ok || slices.ContainsFunc(out, s.overlaps) {
			continue
		}
		if s.Body, ok = markdown.Suggestion(f, lines); !ok {
			continue
		}
		out = append(out, s)
	}
	return out
}

// replacement is a diff of one hunk as lines and what stands in their place. Lines that are only put in stand in the place
// of the line before them together with it, or of the one behind.
func replacement(diff string) (s Suggestion, lines []string, ok bool) {
	files, _, err := gitdiff.Parse(strings.NewReader(diff))
	if err != nil || len(files) != 1 || files[0].IsNew || files[0].IsDelete || len(files[0].TextFragments) != 1 {
		return s, nil, false
	}
	fragment := files[0].TextFragments[0]
	all := fragment.Lines
	first := slices.IndexFunc(all, isChange)
	if first < 0 {
		return s, nil, false
	}
	last := len(all) - 1
	for ; !isChange(all[last]); last-- {
	}
	if !slices.ContainsFunc(all[first:last+1], func(l gitdiff.Line) bool { return l.Old() }) {
		switch {
		case first > 0:
			first--
		case last+1 < len(all):
			last++
		default:
			return s, nil, false
		}
	}
	s = Suggestion{Path: files[0].NewName, First: int(fragment.OldPosition) + first} // only context stands before
	for _, l := range all[first : last+1] {
		text, whole := strings.CutSuffix(l.Line, "\n")
		if !whole || strings.ContainsAny(text, "\r") {
			return s, nil, false // GitHub would change how the file ends, or its lines
		}
		if l.Old() {
			s.Old = append(s.Old, text)
		}
		if l.New() {
			lines = append(lines, text)
		}
	}
	return s, lines, len(s.Old) <= maxSuggestedLines && len(lines) <= maxSuggestedLines
}

func isChange(l gitdiff.Line) bool { return l.Op != gitdiff.OpContext }

// Review offers fixes at lines of a pull request's diff.
type Review struct {
	Repository
	Pull int
	// Head is the pull request's commit that was judged.
	Head string
	// Suggestions are what may be offered. Only those are whose lines are in the diff, and as they were judged.
	Suggestions []Suggestion
}

// Send makes one review with the suggestions that the pull request does not have yet. It gives way where the pull request
// has moved on from Head.
func (v *Review) Send(ctx context.Context) (string, error) {
	note, err := v.send(ctx)
	return note, forbidden(err, writePulls)
}

func (v *Review) send(ctx context.Context) (string, error) {
	if !isObjectID(v.Head) {
		return "", nil // the comment says so
	}
	fit, err := v.inDiff(ctx)
	if err != nil || len(fit) == 0 {
		return "", err
	}
	known, err := v.known(ctx)
	if err != nil {
		return "", err
	}
	fit = slices.DeleteFunc(fit, func(s Suggestion) bool { return known[s.Fingerprint] })
	fit = fit[:max(0, min(len(fit), maxSuggestions-len(known)))]
	if len(fit) == 0 {
		return "", nil
	}
	p, err := v.Repository.Pull(ctx, v.Pull)
	if err != nil {
		return "", err
	}
	if p.Head != v.Head {
		return "", nil // the comment says so
	}
	review := &github.PullRequestReviewRequest{CommitID: github.String(v.Head), Event: github.String("COMMENT")}
	for _, s := range fit {
		review.Comments = append(review.Comments, draft(s))
	}
	// It is sent once: where the answer is lost, the next run sees what is there.
	made, _, err := v.Client.rest.PullRequests.CreateReview(ctx, v.Owner, v.Name, v.Pull, review)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s %s", report.Count(int64(len(fit)), "edit"), made.GetHTMLURL()), nil
}

// suggested is the first line of a suggestion, which GitHub does not show.
var suggested = regexp.MustCompile(`\A<!-- loadline:v1 suggestion=([0-9a-f]{1,64}) -->`)

func draft(s Suggestion) *github.DraftReviewComment {
	out := &github.DraftReviewComment{
		Path: github.String(s.Path), Side: github.String("RIGHT"), Line: github.Int(s.last()),
		Body: github.String(fmt.Sprintf("<!-- loadline:v1 suggestion=%s -->\n%s", s.Fingerprint, s.Body)),
	}
	if len(s.Old) > 1 {
		out.StartLine, out.StartSide = github.Int(s.First), github.String("RIGHT")
	}
	return out
}

// known are the fingerprints that the pull request has suggestions for, also those that somebody resolved: what was said
// once is not said again.
func (v *Review) known(ctx context.Context) (map[string]bool, error) {
	known := map[string]bool{}
	o := &github.PullRequestListCommentsOptions{ListOptions: github.ListOptions{PerPage: 100}}
	for range maxPages {
		page, res, err := v.Client.rest.PullRequests.ListComments(ctx, v.Owner, v.Name, v.Pull, o)
		if err != nil {
			return nil, err
		}
		for _, c := range page {
			if m := suggested.FindStringSubmatch(c.GetBody()); m != nil {
				known[m[1]] = true
			}
		}
		if o.Page = res.NextPage; o.Page == 0 {
			break
		}
	}
	return known, nil
}

// inDiff are the suggestions whose lines GitHub shows in the pull request's diff, in one hunk and word for word. The commit
// that was judged may be the merge with the base, in which a file is not as it is at the pull request's head.
func (v *Review) inDiff(ctx context.Context) ([]Suggestion, error) {
	wanted := map[string]bool{}
	for _, s := range v.Suggestions {
		wanted[s.Path] = true
	}
	patches := map[string]string{}
	o := &github.ListOptions{PerPage: 100}
	for range maxFilePages {
		page, res, err := v.Client.rest.PullRequests.ListFiles(ctx, v.Owner, v.Name, v.Pull, o)
		if err != nil {
			return nil, err
		}
		for _, f := range page {
			if wanted[f.GetFilename()] {
				patches[f.GetFilename()] = f.GetPatch()
			}
		}
		if o.Page = res.NextPage; o.Page == 0 {
			break
		}
	}
	return slices.DeleteFunc(slices.Clone(v.Suggestions), func(s Suggestion) bool { return !s.isIn(patches[s.Path]) }), nil
}

// isIn reports whether the hunks of a file, as GitHub gives them, hold the lines on their new side.
func (s *Suggestion) isIn(patch string) bool {
	var text bytes.Buffer
	text.WriteString("diff --git a/x b/x\n--- a/x\n+++ b/x\n" + patch + "\n")
	files, _, err := gitdiff.Parse(&text)
	if patch == "" || err != nil || len(files) != 1 {
		return false
	}
	return slices.ContainsFunc(files[0].TextFragments, func(fragment *gitdiff.TextFragment) bool {
		var lines []string
		for _, l := range fragment.Lines {
			if l.New() {
				lines = append(lines, strings.TrimSuffix(l.Line, "\n"))
			}
		}
		at := s.First - int(fragment.NewPosition)
		return at >= 0 && at+len(s.Old) <= len(lines) && slices.Equal(lines[at:at+len(s.Old)], s.Old)
	})
}
