package loadline

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/loadline-dev/loadline/pkg/build"
	"github.com/loadline-dev/loadline/pkg/dockerfile"
	"github.com/loadline-dev/loadline/pkg/report"
	"github.com/loadline-dev/loadline/pkg/source"
	"github.com/loadline-dev/loadline/pkg/transfer"
	"github.com/loadline-dev/loadline/pkg/tree"
)

// assumptions is what an answer rests on.
type assumptions struct {
	// inexact says that one of them may change a number.
	inexact bool
	texts   []string
}

// note adds a fact that a reader should know and that changes no number.
func (a *assumptions) note(text string) {
	if !slices.Contains(a.texts, text) {
		a.texts = append(a.texts, text)
	}
}

// estimate adds a fact that may change a number.
func (a *assumptions) estimate(text string) {
	a.inexact = true
	a.note(text)
}

// shownPaths is how many paths an assumption names.
const shownPaths = 3

// some lists the first few of many paths.
func some(paths []string) string {
	shown := make([]string, 0, shownPaths)
	for _, p := range paths[:min(len(paths), shownPaths)] {
		shown = append(shown, source.Printable(p))
	}
	text := strings.Join(shown, ", ")
	if more := len(paths) - shownPaths; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// aboutImages states what is assumed of base images whose configuration was not looked up, and which could not be.
func (u *upload) aboutImages(plan *transfer.Plan) {
	var unknown, failed []string
	add := func(list *[]string, ref string) {
		if !slices.Contains(*list, ref) {
			*list = append(*list, ref)
		}
	}
	for _, image := range plan.Images {
		if reason := u.failures[image.ImageKey]; reason != "" {
			add(&failed, fmt.Sprintf("%s (%s)", image.Ref, reason))
		}
		if !image.Known && !image.Resolved && !strings.Contains(image.Ref, build.Unspecified) {
			add(&unknown, image.Ref)
		}
	}
	if len(failed) > 0 {
		u.note(fmt.Sprintf("base images whose configuration is not known: %s", some(failed)))
	}
	if len(unknown) > 0 {
		u.estimate(fmt.Sprintf("no ONBUILD triggers in %s", some(unknown)))
	}
}

// aboutVariables states which sources depend on a variable that only a base image can define.
func (a *assumptions) aboutVariables(plan *transfer.Plan, file *dockerfile.File) {
	if !slices.ContainsFunc(plan.Images, func(i transfer.Image) bool { return !i.Resolved }) {
		return // nobody is left who could define one: an undefined variable is empty, as with scratch
	}
	for _, v := range plan.Undefined {
		if sourceUses(file, v) {
			a.estimate(fmt.Sprintf("$%s is empty, as in line %d: a base image may set it", source.Printable(v.Name), v.Line))
		}
	}
}

// oldFrontend matches the tags of frontends from before 1.2.
var oldFrontend = regexp.MustCompile(`^(?:1\.[01](?:[^0-9]|$)|experimental)`)

// aboutSyntax states that an old frontend is measured with a new one.
func (a *assumptions) aboutSyntax(plan *transfer.Plan) {
	_, tag, _ := strings.Cut(plan.Syntax, ":")
	if oldFrontend.MatchString(tag) {
		a.estimate(fmt.Sprintf("the frontend %s asks for the same files as the current one", source.Printable(plan.Syntax)))
	}
}

// aboutEntries states what of the files sent may differ in a checkout.
func (a *assumptions) aboutEntries(transfers []*transfer.Transfer) {
	byNote := map[tree.Note][]string{}
	var real int64
	var emptied []string
	for _, t := range transfers {
		for _, e := range t.Entries {
			if e.Note != 0 {
				byNote[e.Note] = append(byNote[e.Note], e.Path)
			}
			real += e.RealSize
			if e.Emptied {
				emptied = append(emptied, e.Path)
			}
		}
	}
	if paths := byNote[tree.Absent]; len(paths) > 0 {
		a.estimate(fmt.Sprintf("%s absent from this clone and counted as empty: %s", files(len(paths)), some(paths)))
	}
	if paths := byNote[tree.LFSPointer]; len(paths) > 0 {
		a.estimate(fmt.Sprintf("%s counted as git LFS pointers, %s where LFS is checked out: %s",
			files(len(paths)), report.Bytes(real), some(paths)))
	}
	if paths := byNote[tree.Converted]; len(paths) > 0 {
		a.estimate(fmt.Sprintf("%s counted as stored in git, which .gitattributes converts in a checkout: %s",
			files(len(paths)), some(paths)))
	}
	if paths := byNote[tree.Submodule]; len(paths) > 0 {
		a.estimate(fmt.Sprintf("submodules counted as empty directories: %s", some(paths)))
	}
	if len(emptied) > 0 {
		a.note(fmt.Sprintf("%s sent empty, since the ignore file both keeps and excludes them: %s", files(len(emptied)), some(emptied)))
	}
}

func files(n int) string {
	if n == 1 {
		return "1 file"
	}
	return fmt.Sprintf("%d files", n)
}
