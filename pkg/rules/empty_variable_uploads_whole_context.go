package rules

import (
	"context"
	"fmt"
	"path"
	"regexp"
	"slices"

	"github.com/loadline-dev/loadline/pkg/dockerfile"
	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/rule"
)

// emptyVariableUploadsWholeContext reports a source that an empty variable turns into the whole context.
var emptyVariableUploadsWholeContext = rule.Rule{
	Name:     "empty-variable-uploads-whole-context",
	Title:    "an empty variable uploads the whole build context",
	Area:     finding.Dockerignore,
	Severity: finding.Warning,
	Needs:    rule.NeedsUpload,
	Run:      runEmptyVariableUploadsWholeContext,
}

// reference matches a plain use of a variable: $NAME or ${NAME}. One with a default is not empty by accident.
var reference = regexp.MustCompile(`\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))`)

func runEmptyVariableUploadsWholeContext(_ context.Context, p *rule.Pass) error {
	u := wholeContext(p)
	if u == nil || !worthwhile(u.Size()) {
		return nil
	}
	for i := range p.Instructions("COPY", "ADD") {
		if _, from := i.Flag("from"); from || !readsWhole(p, i) {
			continue
		}
		for _, w := range i.Sources() {
			name, ok := emptied(w.Value)
			if !ok || p.Variables(i).Get(name).Defined {
				continue
			}
			if advice := whyEmpty(p, i, name); advice != "" {
				p.Report(finding.Finding{
					Span:    w.Span,
					Message: fmt.Sprintf("$%s is empty here, so that the whole context is copied and uploaded: %s", name, u.Size()),
					Advice:  advice,
				})
			}
		}
	}
	return nil
}

// readsWhole reports whether an instruction reads all of the build context.
func readsWhole(p *rule.Pass, i *dockerfile.Instruction) bool {
	for _, s := range p.Plan.Sources {
		if s.Local == "context" && s.Path == "." && s.Line == i.StartLine {
			return true
		}
	}
	return false
}

// emptied is the variable without which nothing but the context's root is left of a source.
func emptied(word string) (name string, ok bool) {
	all := reference.FindAllStringSubmatch(word, -1)
	if len(all) != 1 {
		return "", false
	}
	rest := reference.ReplaceAllString(word, "")
	return all[0][1] + all[0][2], path.Join("/", rest) == "/"
}

// whyEmpty says what to do about a variable that is surely empty, and nothing where it may not be: the caller may give an
// argument, and a base image may define a variable.
func whyEmpty(p *rule.Pass, i *dockerfile.Instruction, name string) string {
	if slices.ContainsFunc(i.Stage.Instructions, func(o *dockerfile.Instruction) bool {
		return o.Name == "ARG" && o.StartLine < i.StartLine && declares(o, name)
	}) {
		return ""
	}
	if slices.ContainsFunc(p.Dockerfile.Args, func(o *dockerfile.Instruction) bool { return declares(o, name) }) {
		return "Declare ARG " + name + " again in this stage: one before the first FROM is known to FROM alone"
	}
	later := slices.ContainsFunc(i.Stage.Instructions, func(o *dockerfile.Instruction) bool {
		return (o.Name == "ARG" || o.Name == "ENV") && o.StartLine > i.StartLine && declares(o, name)
	})
	if later {
		return "Move the line that sets " + name + " before this one"
	}
	if root(i.Stage).Base.Value == "scratch" {
		return "Nothing sets " + name + ": name the directory that is meant"
	}
	return ""
}

// root is the stage that a stage is built on in the end.
func root(s *dockerfile.Stage) *dockerfile.Stage {
	for s.Parent != nil {
		s = s.Parent
	}
	return s
}

func declares(i *dockerfile.Instruction, name string) bool {
	return slices.ContainsFunc(i.Pairs, func(p dockerfile.Pair) bool { return p.Key.Value == name })
}
