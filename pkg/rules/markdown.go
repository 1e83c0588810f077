package rules

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
	"golang.org/x/tools/txtar"

	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/rule"
)

// area is an area as the documentation shows it.
type area struct {
	area  finding.Area
	title string
	// about says what the area is, and source is the page that it follows.
	about, source string
}

// areas are those of Docker's page "Optimize Docker Offload usage", in its order, and caching.
var areas = []area{
	{finding.Dockerignore, "The build context", "What is uploaded and need not be.", "https://docs.docker.com/offload/optimize/#dockerignore-files"},
	{finding.BaseImage, "Base images", "What the image is built on and could do without.", "https://docs.docker.com/offload/optimize/#slim-base-images"},
	{finding.MultiStage, "Multi-stage builds", "What stays in the image and belongs into a stage of its own.", "https://docs.docker.com/offload/optimize/#multi-stage-builds"},
	{finding.RemoteFiles, "Remote files", "What is uploaded and could be fetched in the build.", "https://docs.docker.com/offload/optimize/#fetch-remote-files-in-build"},
	{finding.Parallelism, "Multi-threaded tools", "What runs on one processor and could run on all.", "https://docs.docker.com/offload/optimize/#multi-threaded-tools"},
	{finding.Cache, "Caching", "What is done again in each build.", "https://docs.docker.com/build/cache/optimize/"},
}

// Index is the list of all rules as Markdown, by area, with links to their pages beside it.
func Index() string {
	var b strings.Builder
	b.WriteString("# Rules\n\n")
	fmt.Fprintf(&b, "Loadline has %d rules. `loadline explain RULE` shows the same pages.\n", len(All()))
	for _, a := range areas {
		fmt.Fprintf(&b, "\n## %s\n\n%s See [Docker's page](%s).\n\n| rule | says | severity | fix |\n|---|---|---|---|\n", a.title, a.about, a.source)
		for _, r := range All() {
			if r.Area != a.area {
				continue
			}
			fix := "advice"
			if page, err := Doc(r.Name); err == nil && len(page.Fixed) > 0 {
				fix = "edit"
			}
			fmt.Fprintf(&b, "| [%s](%s.md) | %s | %s | %s |\n", r.Name, r.Name, r.Title, r.Severity, fix)
		}
	}
	return b.String()
}

// Markdown is the page of a rule as a Markdown file.
func Markdown(r *rule.Rule) (string, error) {
	page, err := Doc(r.Name)
	if err != nil {
		return "", err
	}
	a := areas[slices.IndexFunc(areas, func(a area) bool { return a.area == r.Area })]
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n> %s\n\n%s\n", r.Name, r.Title, page.Text)
	fmt.Fprintf(&b, "Area: [%s](%s). Severity: %s", strings.ToLower(a.title), a.source, r.Severity)
	if needs := r.Needs.String(); needs != "" {
		fmt.Fprintf(&b, ". Looks at the Dockerfile and: %s", needs)
	}
	b.WriteString(".\n\n## Example\n")
	for _, f := range page.Files {
		fmt.Fprintf(&b, "\n%s\n\n%s", caption(f.Name), fenced("", f.Data))
	}
	fmt.Fprintf(&b, "\n## What Loadline says\n\n%s", fenced("", []byte(page.Output)))
	if len(page.Fixed) > 0 {
		b.WriteString("\n## The fix\n")
		for _, f := range page.Fixed {
			fmt.Fprintf(&b, "\n%s", fenced("diff", difference(page, f)))
		}
	}
	fmt.Fprintf(&b, "\n## Turning it off\n\nAt one place, in the line above:\n\n%s", fenced("dockerfile", []byte("# loadline ignore="+r.Name+" -- reason\n")))
	fmt.Fprintf(&b, "\nEverywhere, in `.loadline.yaml`:\n\n%s", fenced("yaml", []byte("rules:\n  "+r.Name+": off\n")))
	return b.String(), nil
}

// caption says what a section of an example is.
func caption(name string) string {
	switch name {
	case "tree":
		return "Files of the repository:"
	case "untracked":
		return "Files that git does not track:"
	}
	return "`" + name + "`:"
}

// fenced is a code block whose fence the text does not hold.
func fenced(language string, text []byte) string {
	fence := "```"
	for bytes.Contains(text, []byte(fence)) {
		fence += "`"
	}
	text = append(bytes.TrimRight(slices.Clone(text), "\n"), '\n')
	return fence + language + "\n" + string(text) + fence + "\n"
}

// difference is what a fix changes in a file of the example.
func difference(page *Page, fixed txtar.File) []byte {
	var before []byte
	if i := slices.IndexFunc(page.Files, func(f txtar.File) bool { return f.Name == fixed.Name }); i >= 0 {
		before = page.Files[i].Data
	}
	text := diff.Diff(fixed.Name, before, fixed.Name, fixed.Data)
	_, text, _ = bytes.Cut(text, []byte("\n")) // the command line
	return text
}
