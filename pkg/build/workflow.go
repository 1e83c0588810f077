package build

import (
	"bytes"
	"iter"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/loadline-dev/loadline/pkg/tree"
)

// WorkflowDir is where GitHub looks for workflows.
const WorkflowDir = ".github/workflows"

// maxWorkflow is the most that a workflow is read of, in bytes.
const maxWorkflow = 1 << 20

// GitContexts answers which Dockerfiles the repository's workflows build from a Git context only, and where:
// docker/build-push-action without an input context, or with "{{defaultContext}}", lets BuildKit fetch the repository
// itself, so that nothing is uploaded and .dockerignore does not apply (docker/build-push-action, README, "Git
// context").
//
// Not knowing is no answer: a Dockerfile that is also built from a path, a step whose inputs are expressions, and a
// script that runs docker itself keep everything they may be about out of the result. Workflows that cannot be read
// count as absent.
func GitContexts(s *tree.Snapshot) map[string]Origin {
	w := &workflows{git: map[string]Origin{}, local: map[string]bool{}}
	for name, doc := range workflowFiles(s, "") {
		w.read(name, doc.root)
	}
	if w.unknown {
		return nil
	}
	for file := range w.local {
		delete(w.git, file)
	}
	return w.git
}

// workflowFile is a workflow that can be read.
type workflowFile struct {
	text []byte
	root *yaml.Node
}

// workflowFiles are the workflows of a repository that mention a text, in the order of their names, those left out that
// cannot be read.
func workflowFiles(s *tree.Snapshot, mentioned string) iter.Seq2[string, workflowFile] {
	return func(yield func(string, workflowFile) bool) {
		for e := range s.All() {
			if path.Dir(e.Path) != WorkflowDir || !slices.Contains([]string{".yml", ".yaml"}, path.Ext(e.Path)) {
				continue
			}
			text, err := s.ReadFile(e.Path, maxWorkflow)
			if err != nil || !bytes.Contains(text, []byte(mentioned)) {
				continue
			}
			var doc yaml.Node
			if err := yaml.Unmarshal(text, &doc); err != nil || len(doc.Content) == 0 {
				continue
			}
			if !yield(e.Path, workflowFile{text, doc.Content[0]}) {
				return
			}
		}
	}
}

// workflows is what was found in the workflows read so far.
type workflows struct {
	git   map[string]Origin
	local map[string]bool
	// unknown says that some step may build any Dockerfile from a path.
	unknown bool
}

func (w *workflows) read(name string, doc *yaml.Node) {
	jobs := value(doc, "jobs")
	if jobs == nil || jobs.Kind != yaml.MappingNode {
		return
	}
	for i := 1; i < len(jobs.Content); i += 2 {
		steps := value(jobs.Content[i], "steps")
		if steps == nil {
			continue
		}
		for _, step := range steps.Content {
			w.step(name, step)
		}
	}
}

func (w *workflows) step(name string, step *yaml.Node) {
	if runsDocker(scalar(value(step, "run"))) {
		w.unknown = true
	}
	action, _, _ := strings.Cut(scalar(value(step, "uses")), "@")
	if action == "docker/bake-action" {
		w.unknown = true
	}
	if action != "docker/build-push-action" {
		return
	}
	with := value(step, "with")
	context, file := scalar(value(with, "context")), scalar(value(with, "file"))
	if file == "" {
		file = "Dockerfile"
	}
	sub, isGit := gitContext(context)
	switch {
	case isGit && !strings.Contains(file, "${{"):
		p := path.Join(sub, file)
		if _, ok := w.git[p]; !ok {
			w.git[p] = Origin{Path: name, Line: step.Line}
		}
	case isGit:
	case strings.Contains(file, "${{") || strings.Contains(context, "${{"):
		w.unknown = true
	case scalar(value(with, "file")) != "":
		w.local[path.Clean(file)] = true // a path from the root of the checkout
	default:
		w.local[path.Join(context, file)] = true
	}
}

// gitContext reports whether the input context asks for the Git context of the workflow's own commit, and for which
// directory of it.
func gitContext(context string) (sub string, ok bool) {
	if context == "" {
		return "", true
	}
	rest, ok := strings.CutPrefix(strings.ReplaceAll(context, " ", ""), "{{defaultContext}}")
	if !ok || rest != "" && !strings.HasPrefix(rest, ":") {
		return "", false
	}
	return strings.TrimPrefix(rest, ":"), !strings.Contains(rest, "${{")
}

// runsDocker reports whether a script may build an image itself.
func runsDocker(script string) bool {
	for _, word := range []string{"docker", "buildx", "podman", "buildah", "depot", "nerdctl"} {
		if strings.Contains(script, word) {
			return true
		}
	}
	return false
}

// value is the value of a key of a mapping, or nil. Aliases are not followed: workflows on GitHub have few, and not
// knowing is safe here.
func value(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

func scalar(n *yaml.Node) string {
	if n == nil {
		return ""
	}
	if n.Kind != yaml.ScalarNode {
		return "${{" // an alias or a list: as little known as an expression
	}
	return n.Value
}
