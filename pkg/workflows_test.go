package pkg_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// workflow is what these tests read of a workflow.
type workflow struct {
	Permissions permissions
	Jobs        map[string]struct {
		Uses        string
		Permissions permissions
		Timeout     int `yaml:"timeout-minutes"`
		Steps       []struct {
			Name, Uses, Run string
			With            map[string]yaml.Node
		}
	}
}

// permissions are scopes with what is allowed; nil where nothing is said. A word such as write-all is not understood.
type permissions map[string]string

func workflows(t *testing.T) map[string]workflow {
	t.Helper()
	files, err := filepath.Glob("../.github/workflows/*.yml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no workflows: %v", err)
	}
	all := map[string]workflow{}
	for _, file := range files {
		var w workflow
		if err := yaml.Unmarshal([]byte(read(t, strings.TrimPrefix(filepath.ToSlash(file), "../"))), &w); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all[filepath.Base(file)] = w
	}
	return all
}

func TestWorkflowsPinWhatTheyUse(t *testing.T) {
	pin := regexp.MustCompile(`^([\w.-]+/[\w.-]+(?:/[\w./-]+)?)@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)$`)
	versions := map[string]string{}
	for name := range workflows(t) {
		for _, m := range regexp.MustCompile(`(?m)^\s*(?:- )?uses: (.+)$`).FindAllStringSubmatch(read(t, ".github/workflows/"+name), -1) {
			if strings.HasPrefix(m[1], "./") {
				continue
			}
			parts := pin.FindStringSubmatch(m[1])
			if parts == nil {
				t.Errorf("%s uses %s, which is not a commit with its version", name, m[1])
				continue
			}
			if other, ok := versions[parts[1]]; ok && other != parts[2]+parts[3] {
				t.Errorf("%s: %s is used in two versions", name, parts[1])
			}
			versions[parts[1]] = parts[2] + parts[3]
		}
	}
	if len(versions) < 5 {
		t.Errorf("only %d actions found: is the pattern of this test right?", len(versions))
	}
}

// TestWorkflowsPutNoExpressionIntoScripts holds that what others choose, such as a branch, reaches a script in its
// environment only, where the shell does not read it.
func TestWorkflowsPutNoExpressionIntoScripts(t *testing.T) {
	for name, w := range workflows(t) {
		for id, job := range w.Jobs {
			for _, step := range job.Steps {
				if strings.Contains(step.Run, "${{") {
					t.Errorf("%s, job %s: an expression in the script %q", name, id, step.Run)
				}
			}
		}
	}
}

func TestWorkflowsLeaveNoTokenInTheWorkTree(t *testing.T) {
	for name, w := range workflows(t) {
		for id, job := range w.Jobs {
			for _, step := range job.Steps {
				if kept := step.With["persist-credentials"]; strings.HasPrefix(step.Uses, "actions/checkout@") && kept.Value != "false" {
					t.Errorf("%s, job %s: the checkout keeps its credentials", name, id)
				}
			}
			if job.Timeout == 0 && job.Uses == "" {
				t.Errorf("%s, job %s has no timeout", name, id)
			}
		}
	}
}

// TestOnlyNamedJobsMayWrite lists every permission to write; all else reads.
func TestOnlyNamedJobsMayWrite(t *testing.T) {
	want := []string{
		"loadline.yml upload pull-requests",
		"release.yml binaries attestations", "release.yml binaries id-token",
		"release.yml image packages",
		"release.yml publish contents",
		"release.yml sign artifact-metadata", "release.yml sign attestations", "release.yml sign id-token", "release.yml sign packages",
	}
	var got []string
	for name, w := range workflows(t) {
		if w.Permissions == nil {
			t.Errorf("%s says nothing of permissions", name)
		}
		for scope, access := range w.Permissions {
			if access != "read" {
				t.Errorf("%s: every job may %s %s", name, access, scope)
			}
		}
		for id, job := range w.Jobs {
			for scope, access := range job.Permissions {
				if access != "read" {
					got = append(got, strings.Join([]string{name, id, scope}, " "))
				}
			}
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("these may write:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// ghStub stands for GitHub's command: it writes down what it is asked for, and answers the hash that the API would.
const ghStub = `#!/usr/bin/env bash
printf '%s\n' "$@" >>"$CALLS"
for word; do case $word in
  */git/trees) echo aaaa ;;
  */git/commits) echo bbbb ;;
esac; done
`

func TestAReleaseNamesTheImageByDigest(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("releases are made on Linux, by bash")
	}
	dir := t.TempDir()
	digest := "sha256:" + strings.Repeat("0123456789abcdef", 4)
	calls, output := filepath.Join(dir, "calls"), filepath.Join(dir, "output")
	write(t, filepath.Join(dir, "bin", "gh"), ghStub)
	write(t, filepath.Join(dir, "action.yml"), read(t, "action.yml"))
	environment := append(os.Environ(), "PATH="+filepath.Join(dir, "bin")+":"+os.Getenv("PATH"), "CALLS="+calls, "GITHUB_OUTPUT="+output,
		"GH_REPO=octo/app", "VERSION=v1.2.3", "IMAGE=ghcr.io/octo/app", "DIGEST="+digest,
		"GIT_CONFIG_GLOBAL=/dev/null", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@b", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@b")
	script, err := filepath.Abs("../.github/release/commit")
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"git", "init", "-q"}, {"git", "add", "action.yml"}, {"git", "commit", "-qm", "x"}, {"bash", script}} {
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Dir, cmd.Env = dir, environment
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	asked, err := os.ReadFile(calls)
	if err != nil {
		t.Fatal(err)
	}
	_, action, _ := strings.Cut(string(asked), "tree[][content]=")
	action, _, _ = strings.Cut(action, "\napi\n")
	want := strings.Replace(read(t, "action.yml"), "\n  image: Dockerfile\n", "\n  image: docker://ghcr.io/octo/app:v1.2.3@"+digest+"\n", 1)
	if action != want {
		t.Errorf("action.yml becomes:\n%s\nwant:\n%s", action, want)
	}
	for _, words := range []string{"tree=aaaa\n", "ref=refs/tags/v1.2.3\n--raw-field\nsha=bbbb\n"} {
		if !strings.Contains(string(asked), words) {
			t.Errorf("%q is missing in:\n%s", words, asked)
		}
	}
	if got, err := os.ReadFile(output); err != nil || string(got) != "commit=bbbb\n" {
		t.Errorf("output: %q, %v", got, err)
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}
