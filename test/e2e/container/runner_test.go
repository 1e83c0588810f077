package container

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/loadline-dev/loadline/test/github"
	"github.com/loadline-dev/loadline/test/github/event"
)

// runnerUser is the user of GitHub's runners, to whom the workspace belongs.
const runnerUser = 1001

// job is what a runner has for one job. Its directories are what the runner mounts.
type job struct {
	t         *testing.T
	server    *github.Server
	workspace string
	temp      string // the runner's _temp, with the directories that it makes there
	// variables are further ones, of the workflow.
	variables []string
}

func newJob(t *testing.T, server *github.Server, workspace string) *job {
	t.Helper()
	j := &job{t: t, server: server, workspace: workspace, temp: t.TempDir()}
	for _, name := range []string{"_github_home", "_github_workflow", "_runner_file_commands"} {
		must(t, os.Mkdir(filepath.Join(j.temp, name), 0o755))
	}
	own(t, j.temp)
	return j
}

// result is what one step left.
type result struct {
	code    int
	log     string
	outputs map[string]string
	summary string
	took    time.Duration
}

// step runs the action for an event, with the command line of actions/runner: ContainerActionHandler.RunAsync makes the
// mounts and the environment, DockerCommandManager.DockerRun the command. The network is the host's, for this Docker has
// no other; a runner's is a bridge.
func (j *job) step(e event.Event, inputs map[string]string) result {
	j.t.Helper()
	commands := filepath.Join(j.temp, "_runner_file_commands")
	files := map[string]string{} // a new set for each step
	for _, name := range []string{"GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STATE"} {
		f, err := os.CreateTemp(commands, strings.ToLower(name)+"_")
		must(j.t, err)
		must(j.t, errors.Join(f.Chown(runnerUser, runnerUser), f.Close()))
		files[name] = f.Name()
	}
	must(j.t, os.WriteFile(filepath.Join(j.temp, "_github_workflow", "event.json"), e.Payload, 0o644))
	args := []string{"run", "--rm", "--label", "loadline", "--workdir", "/github/workspace"}
	for _, variable := range j.environment(e, inputs) {
		args = append(args, "-e", variable)
	}
	for name, file := range files {
		args = append(args, "-e", name+"=/github/file_commands/"+filepath.Base(file))
	}
	args = append(args,
		"-v", env.socket+":/var/run/docker.sock",
		"-v", j.temp+":/github/runner_temp",
		"-v", filepath.Join(j.temp, "_github_home")+":/github/home",
		"-v", filepath.Join(j.temp, "_github_workflow")+":/github/workflow",
		"-v", commands+":/github/file_commands",
		"-v", j.workspace+":/github/workspace",
		"--network", "host", imageName)
	cmd := dockerCommand(j.t.Context(), nil, append(args, manifest(j.t).Runs.Args...)...)
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	start := time.Now()
	err := cmd.Run()
	r := result{took: time.Since(start), log: log.String()}
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		r.code = exit.ExitCode()
	} else if err != nil {
		j.t.Fatal(err)
	}
	r.outputs = outputs(j.t, files["GITHUB_OUTPUT"])
	r.summary = read(j.t, files["GITHUB_STEP_SUMMARY"])
	for _, name := range []string{"GITHUB_ENV", "GITHUB_PATH"} {
		if text := read(j.t, files[name]); text != "" {
			j.t.Errorf("it changes %s of later steps: %q", name, text)
		}
	}
	j.check(r)
	return r
}

// environment is that of the container: the event's, the runner's and the inputs, with the defaults of action.yml.
func (j *job) environment(e event.Event, inputs map[string]string) []string {
	out := e.Environment(j.server.URL(), j.server.GraphQLURL(), "/github/workflow/event.json")
	out = append(out, "HOME=/github/home", "GITHUB_WORKSPACE=/github/workspace", "GITHUB_ACTION=loadline", "GITHUB_ACTION_REF=v1",
		"GITHUB_ACTION_REPOSITORY=loadline-dev/loadline", "GITHUB_RETENTION_DAYS=90", "RUNNER_TEMP=/github/runner_temp",
		"RUNNER_TOOL_CACHE=/opt/hostedtoolcache", "RUNNER_WORKSPACE=/home/runner/work/app", "RUNNER_NAME=GitHub Actions 1",
		"RUNNER_ENVIRONMENT=github-hosted", "ACTIONS_RUNTIME_URL=http://127.0.0.1:1/", "ACTIONS_CACHE_URL=http://127.0.0.1:1/",
		"ACTIONS_RUNTIME_TOKEN="+runtimeToken)
	for name, input := range manifest(j.t).Inputs {
		value, isGiven := inputs[name]
		if !isGiven {
			value = strings.ReplaceAll(input.Default, "${{ github.token }}", j.server.Token())
		}
		out = append(out, "INPUT_"+strings.ToUpper(strings.ReplaceAll(name, " ", "_"))+"="+value)
	}
	for _, name := range slices.Sorted(maps.Keys(inputs)) {
		if _, isKnown := manifest(j.t).Inputs[name]; !isKnown {
			j.t.Errorf("the action has no input %s", name)
		}
	}
	return append(out, j.variables...)
}

// runtimeToken is a secret that every container action is given, whether it wants it or not.
const runtimeToken = "eyJhbGciOiJub25lIn0.runtime.token"

// check holds what is true of every run.
func (j *job) check(r result) {
	j.t.Helper()
	for _, violation := range j.server.Violations() {
		j.t.Errorf("breach of GitHub's contract: %s", violation)
	}
	for _, host := range j.server.TokenSeenBy() {
		if host != "api" {
			j.t.Errorf("the token was sent to %s", host)
		}
	}
	all := r.log + r.summary + fmt.Sprint(r.outputs)
	for _, secret := range []string{j.server.Token(), runtimeToken} {
		if strings.Contains(all, secret) {
			j.t.Errorf("a secret is printed:\n%s", all)
		}
	}
}

// description is the part of action.yml that a runner reads.
type description struct {
	Inputs  map[string]struct{ Default string }
	Outputs map[string]struct{ Description string }
	Runs    struct {
		Using, Image string
		Args         []string
	}
}

func manifest(t *testing.T) description {
	t.Helper()
	var d description
	must(t, yaml.Unmarshal([]byte(read(t, filepath.Join(root, "action.yml"))), &d))
	return d
}

// outputs reads a file of outputs: NAME=VALUE, or NAME<<DELIMITER and lines until the delimiter.
func outputs(t *testing.T, file string) map[string]string {
	t.Helper()
	out := map[string]string{}
	lines := bufio.NewScanner(strings.NewReader(read(t, file)))
	for lines.Scan() {
		if name, delimiter, isLong := strings.Cut(lines.Text(), "<<"); isLong {
			var value []string
			for lines.Scan() && lines.Text() != delimiter {
				value = append(value, lines.Text())
			}
			out[name] = strings.Join(value, "\n")
		} else if name, value, isShort := strings.Cut(lines.Text(), "="); isShort {
			out[name] = value
		} else {
			t.Errorf("a line of outputs that a runner refuses: %q", lines.Text())
		}
	}
	for name := range out {
		if _, isKnown := manifest(t).Outputs[name]; !isKnown {
			t.Errorf("action.yml has no output %s", name)
		}
	}
	return out
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	must(t, err)
	return string(text)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// own gives a directory to the runner's user.
func own(t *testing.T, dir string) {
	t.Helper()
	must(t, filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(path, runnerUser, runnerUser))
	}))
}

// foreign are the paths under a directory that belong to another user than the runner's.
func foreign(t *testing.T, dir string) []string {
	t.Helper()
	return filter(t, dir, func(fs.FileInfo) bool { return true })
}

// foreignDirectories are those whose content the runner's user cannot remove.
func foreignDirectories(t *testing.T, dir string) []string {
	t.Helper()
	return filter(t, dir, fs.FileInfo.IsDir)
}

func filter(t *testing.T, dir string, keep func(fs.FileInfo) bool) []string {
	t.Helper()
	var found []string
	must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if stat, ok := info.Sys().(*syscall.Stat_t); keep(info) && (!ok || stat.Uid != runnerUser) {
			found = append(found, strings.TrimPrefix(path, dir+"/"))
		}
		return nil
	}))
	return found
}
