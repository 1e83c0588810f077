// Command newrule makes the files of a new rule: its Go file, its page, a first case that it must stay silent in, and its
// line in the list. Run it from the root of the repository:
//
//	go run ./pkg/rules/internal/newrule large-file-bundled remote-files
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/loadline-dev/loadline/pkg/finding"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "newrule:", err)
		os.Exit(1)
	}
}

var areas = map[string]string{
	string(finding.Dockerignore): "Dockerignore", string(finding.BaseImage): "BaseImage", string(finding.MultiStage): "MultiStage",
	string(finding.RemoteFiles): "RemoteFiles", string(finding.Parallelism): "Parallelism", string(finding.Cache): "Cache",
}

// marker is what CI refuses to take, so that no unfinished text is merged.
const marker = "DO NOT " + "SUBMIT"

const code = `package rules

import (
	"context"

	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/rule"
)

// %[1]s reports TODO.
var %[1]s = rule.Rule{
	Name:     %[2]q,
	Title:    "TODO: the fact in at most 60 characters",
	Area:     finding.%[3]s,
	Severity: finding.Notice,
	Needs:    rule.NeedsUpload,
	Run:      run%[4]s,
}

func run%[4]s(_ context.Context, p *rule.Pass) error {
	for i := range p.Instructions("COPY", "ADD") {
		p.Report(finding.Finding{Span: i.Keyword.Span, Message: "TODO"})
	}
	return nil
}
`

const page = `TODO: why it matters, when Loadline says nothing, and what to do instead.
-- Dockerfile --
FROM alpine
COPY . .
`

const silent = `TODO: why it says nothing here.
-- Dockerfile --
FROM alpine
`

func run(args []string) error {
	if len(args) != 2 || areas[args[1]] == "" || !regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`).MatchString(args[0]) {
		return errors.New("usage: newrule NAME-OF-THE-FACT AREA, with an area such as remote-files")
	}
	name, dir := args[0], filepath.Join("pkg", "rules")
	var upper strings.Builder
	for word := range strings.SplitSeq(name, "-") {
		upper.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	ident := strings.ToLower(upper.String()[:1]) + upper.String()[1:]
	for file, text := range map[string]string{
		filepath.Join(dir, strings.ReplaceAll(name, "-", "_")+".go"): fmt.Sprintf(code, ident, name, areas[args[1]], upper.String()),
		filepath.Join(dir, "doc", name+".txtar"):                     page,
		filepath.Join(dir, "testdata", name, "silent.txtar"):         silent,
	} {
		if err := create(file, strings.ReplaceAll(text, "TODO", marker)); err != nil {
			return err
		}
	}
	return list(filepath.Join(dir, "rules.go"), "\t\t&"+ident+",")
}

func create(file, text string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

// list adds a line to the list of rules, in its order.
func list(file, line string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	lines := strings.Split(string(data), "\n")
	isEntry := func(l string) bool { return strings.HasPrefix(l, "\t\t&") }
	first := slices.IndexFunc(lines, isEntry)
	if first < 0 {
		return fmt.Errorf("%s has no list", file)
	}
	last := first
	for last < len(lines) && isEntry(lines[last]) {
		last++
	}
	entries := append(slices.Clone(lines[first:last]), line)
	slices.Sort(entries)
	lines = slices.Replace(lines, first, last, entries...)
	return os.WriteFile(file, []byte(strings.Join(lines, "\n")), 0o644)
}
