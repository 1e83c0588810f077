package build

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/loadline-dev/loadline/pkg/source"
	"github.com/loadline-dev/loadline/pkg/tree"
)

// RemoteStep is a step of a workflow that sends a directory of a fresh checkout to a builder that lives on elsewhere.
type RemoteStep struct {
	// Dockerfile and Context are paths from the repository root.
	Dockerfile, Context string
	// Builder is what builds, for people, such as "Docker Build Cloud".
	Builder string
	// File is the workflow, and Span its input context.
	File *source.File
	Span source.Span
}

// RemoteSteps answers which steps of the repository's workflows upload a checkout to a remote builder, where the commit
// alone would do: GitHub's own runners, which are new for every run, nothing made or changed after the checkout, and
// docker/build-push-action, or Depot's of the same inputs, with a path as its context.
//
// Not knowing is no answer: jobs with steps that nobody knows, or whose inputs are expressions, have none.
func RemoteSteps(s *tree.Snapshot) []RemoteStep {
	var out []RemoteStep
	for name, doc := range workflowFiles(s, "/build-push-action") {
		jobs := value(doc.root, "jobs")
		if jobs == nil || jobs.Kind != yaml.MappingNode {
			continue
		}
		file := source.NewFile(name, doc.text)
		for i := 1; i < len(jobs.Content); i += 2 {
			out = append(out, remoteSteps(file, jobs.Content[i])...)
		}
	}
	return out
}

// Builders that keep what they know from one run to the next.
const (
	buildCloud = "Docker Build Cloud"
	depot      = "Depot"
	namespace  = "Namespace"
	remote     = "a remote BuildKit"
)

// harmless are actions that leave the files of a checkout as they are. Those that set tools up or log in write elsewhere.
var harmless = []string{
	"docker/login-action", "docker/metadata-action", "docker/setup-qemu-action", "docker/setup-docker-action",
	"depot/setup-action", "namespacelabs/nscloud-setup", "aws-actions/configure-aws-credentials",
	"aws-actions/amazon-ecr-login", "azure/login", "azure/docker-login", "step-security/harden-runner",
	"sigstore/cosign-installer", "crazy-max/ghaction-github-runtime",
}

// checkoutOptions are inputs of actions/checkout that leave it the commit of the run, as a Git context has it.
var checkoutOptions = []string{"fetch-depth", "fetch-tags", "persist-credentials", "clean", "token", "show-progress", "set-safe-directory"}

// remoteJob is what the steps of a job did so far.
type remoteJob struct {
	checkout bool
	builder  string
	setups   int
	// lost says that the rest of the job is not known.
	lost bool
}

func remoteSteps(file *source.File, job *yaml.Node) []RemoteStep {
	steps := value(job, "steps")
	if steps == nil || !hosted(scalar(value(job, "runs-on"))) {
		return nil
	}
	var out []RemoteStep
	j := &remoteJob{}
	for _, step := range steps.Content {
		action, _, _ := strings.Cut(scalar(value(step, "uses")), "@")
		with := value(step, "with")
		switch action {
		case "docker/build-push-action", "depot/build-push-action":
			if r, ok := j.build(action, with); ok {
				r.File, r.Span = file, nodeSpan(file, value(with, "context"))
				out = append(out, r)
			}
		default:
			j.step(action, step, with)
		}
		if j.lost {
			return out
		}
	}
	return out
}

// step takes a step that builds nothing into account.
func (j *remoteJob) step(action string, step, with *yaml.Node) {
	switch {
	case action == "actions/checkout":
		j.checkout, j.lost = true, !onlyKeys(with, checkoutOptions)
	case action == "docker/setup-buildx-action":
		j.setups++
		j.builder = buildxBuilder(scalar(value(with, "driver")), scalar(value(with, "endpoint")))
	case action == "namespacelabs/nscloud-setup-buildx-action":
		j.setups++
		j.builder = namespace
	case slices.Contains(harmless, action):
	case action != "":
		j.lost = true
	default:
		j.lost = !onlyTells(scalar(value(step, "run")))
	}
}

// build is a step that builds. Its builder is that of the only step that sets one up.
func (j *remoteJob) build(action string, with *yaml.Node) (RemoteStep, bool) {
	builder := j.builder
	if action == "depot/build-push-action" {
		builder = depot
	} else if named := scalar(value(with, "builder")); j.setups > 1 || named != "" && !strings.Contains(named, "${{") {
		return RemoteStep{}, false
	}
	context, file := scalar(value(with, "context")), scalar(value(with, "file"))
	if builder == "" || !j.checkout || !localPath(context) || strings.Contains(file, "${{") || path.IsAbs(file) {
		return RemoteStep{}, false
	}
	r := RemoteStep{Context: path.Clean(context), Dockerfile: path.Clean(file), Builder: builder}
	if file == "" {
		r.Dockerfile = path.Join(context, "Dockerfile")
	}
	return r, true
}

// buildxBuilder is the builder of docker/setup-buildx-action, empty for one that ends with the run or is on this machine.
func buildxBuilder(driver, endpoint string) string {
	switch driver {
	case "cloud":
		return buildCloud
	case "remote":
		for _, near := range []string{"localhost", "127.0.0.1", "unix:", "docker-container:", "podman-container:"} {
			if strings.Contains(endpoint, near) {
				return ""
			}
		}
		return remote
	}
	return ""
}

// hosted reports whether a label is that of a runner of GitHub's, a new machine for each run.
func hosted(label string) bool {
	for _, system := range []string{"ubuntu-", "windows-", "macos-"} {
		if strings.HasPrefix(label, system) {
			return true
		}
	}
	return false
}

// localPath reports whether an input context is a path of the checkout.
func localPath(context string) bool {
	return context != "" && context != "-" && !path.IsAbs(context) && !strings.Contains(context, "{{") &&
		!strings.Contains(context, ":") && !strings.HasPrefix(context, "github.com/")
}

var (
	// tells matches commands that write nothing but variables.
	tells = regexp.MustCompile(`^(?:(?:echo|printf|export|set|true)(?:\s|$)|[A-Za-z_][A-Za-z0-9_]*=)`)
	// intoRunner matches a redirection into the files by which steps talk to the runner.
	intoRunner = regexp.MustCompile(`[12&]?>>?\s*"?(\$\{?GITHUB_(OUTPUT|ENV|PATH|STEP_SUMMARY)\b\}?|/dev/null|&[12])"?`)
	// asks matches what a substitution may run.
	asks = regexp.MustCompile(`\$\(\s*(date|git|echo|cat|jq|cut|basename|dirname|tr|sed)\b|\$\(\(`)
)

// onlyTells reports whether a script leaves all files as they are: each line sets variables or talks to the runner, and
// does no more than one thing.
func onlyTells(script string) bool {
	for line := range strings.Lines(script) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		rest := asks.ReplaceAllString(intoRunner.ReplaceAllString(line, ""), "")
		if !tells.MatchString(line) || strings.ContainsAny(rest, "<>`;|&") || strings.Contains(rest, "$(") {
			return false
		}
		// An assignment may stand before a command.
		if m := assigned.FindStringSubmatch(line); m != nil && m[1] != "" && m[1][0] != '#' {
			return false
		}
	}
	return true
}

// assigned matches an assignment with a plain or quoted value; its group is what follows.
var assigned = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*=(?:"[^"]*"|'[^']*'|\$\([^()]*\)|[^\s"'$()]|\$\{?\w+\}?)*\s*(.*)$`)

// onlyKeys reports whether a mapping has no keys but these; a missing one has none.
func onlyKeys(n *yaml.Node, keys []string) bool {
	if n == nil {
		return true
	}
	if n.Kind != yaml.MappingNode {
		return false
	}
	for i := 0; i < len(n.Content); i += 2 {
		if !slices.Contains(keys, n.Content[i].Value) {
			return false
		}
	}
	return true
}

// nodeSpan is where a value of one line stands, its quotes included; the line where it cannot be told apart.
func nodeSpan(file *source.File, n *yaml.Node) source.Span {
	line := file.Line(n.Line)
	start, ok := file.Offset(source.Position{Line: n.Line, Column: n.Column})
	if !ok {
		return line
	}
	rest := file.Slice(source.Span{Start: start, End: line.End})
	switch {
	case rest == "":
	case strings.HasPrefix(rest, n.Value):
		return source.Span{Start: start, End: start + len(n.Value)}
	case n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		if end := strings.IndexByte(rest[1:], rest[0]); end >= 0 {
			return source.Span{Start: start, End: start + end + len(`""`)}
		}
	}
	return line
}
