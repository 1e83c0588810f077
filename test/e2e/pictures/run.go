package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// The pull request of the pictures.
const (
	pair        = "parcels"
	owner, name = "octo-org", pair
	pull        = 7
	branch      = "depot-map"
	jobName     = "upload"
)

// result is what a run of the action leaves for people to see, as Markdown.
type result struct {
	comment, summary string
	annotations      []annotation
}

// annotation is one as the runner reads it from the log.
type annotation struct {
	Level, File, Title, Message string
	Line                        int
}

// runAction makes the pull request from testdata/repos/parcels, and runs the action on it as a workflow does, against the
// GitHub of the tests. Commits are the same on every machine.
func runAction(ctx context.Context, root, dir string) (result, error) {
	loadline, server := filepath.Join(dir, "loadline"), filepath.Join(dir, "fakegithub")
	for out, pkg := range map[string]string{loadline: "./cmd/loadline", server: "./test/github/fakegithub"} {
		if _, err := command(ctx, root, nil, "go", "build", "-o", out, pkg); err != nil {
			return result{}, err
		}
	}
	work := filepath.Join(dir, "work")
	c, err := commit(ctx, filepath.Join(root, "testdata", "repos", pair), work)
	if err != nil {
		return result{}, err
	}
	api, stop, err := serve(ctx, server, work, c)
	if err != nil {
		return result{}, err
	}
	defer stop()
	event, err := writeJSON(dir, "event.json", payload(c))
	if err != nil {
		return result{}, err
	}
	summary := filepath.Join(dir, "summary")
	log, err := command(ctx, work, environment(api, event, dir, c), loadline, "action")
	if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.ExitCode() != 1 {
		return result{}, fmt.Errorf("the action should fail with 1 for its budget: %w\n%s", err, log)
	}
	r := result{annotations: annotations(log)}
	if r.comment, err = comment(ctx, api); err != nil {
		return result{}, err
	}
	text, err := os.ReadFile(summary)
	r.summary = string(text)
	return r, err
}

// commits are base, head and their test merge.
type commits struct{ base, head, merge string }

// commit makes a repository of a pair of directories.
func commit(ctx context.Context, pair, work string) (c commits, err error) {
	git := func(args ...string) string {
		if err != nil {
			return ""
		}
		var out string
		out, err = command(ctx, work, gitEnvironment(), "git", args...)
		return strings.TrimSpace(out)
	}
	replace := func(side string) {
		git("rm", "-rfq", "--ignore-unmatch", ".")
		if err == nil {
			err = os.CopyFS(work, os.DirFS(filepath.Join(pair, side)))
		}
		git("add", "--all", "--force")
		git("commit", "-qm", side)
	}
	if err := os.Mkdir(work, 0o755); err != nil {
		return c, err
	}
	git("init", "-q", "-b", "main")
	replace("base")
	c.base = git("rev-parse", "HEAD")
	git("checkout", "-q", "-b", branch)
	replace("head")
	c.head = git("rev-parse", "HEAD")
	git("checkout", "-q", "--detach", "main")
	git("merge", "-q", "--no-ff", "-m", "merge", branch)
	c.merge = git("rev-parse", "HEAD")
	return c, err
}

func gitEnvironment() []string {
	return append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_AUTHOR_DATE=2026-01-02T03:04:05Z",
		"GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com", "GIT_COMMITTER_DATE=2026-01-02T03:04:05Z")
}

// serve starts the GitHub of the tests and answers the address of its API.
func serve(ctx context.Context, program, work string, c commits) (api string, stop func(), err error) {
	setup, err := writeJSON(filepath.Dir(program), "setup.json", map[string]any{"Pulls": []any{map[string]any{
		"Number": pull, "Head": c.head, "HeadRef": branch, "Base": c.base, "Merge": c.merge,
	}}})
	if err != nil {
		return "", nil, err
	}
	options, err := writeJSON(filepath.Dir(program), "options.json", map[string]any{"Owner": owner, "Name": name, "Token": token})
	if err != nil {
		return "", nil, err
	}
	cmd := exec.CommandContext(ctx, program, "-git", filepath.Join(work, ".git"), "-options", options, "-setup", setup)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, fmt.Errorf("starting the GitHub of the tests: %w", err)
	}
	stop = func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		stop()
		return "", nil, fmt.Errorf("the GitHub of the tests did not start: %w", err)
	}
	return strings.TrimSpace(line), stop, nil
}

const token = "ghs_pictures"

// payload is the part of the event that a pull_request has for us.
func payload(c commits) map[string]any {
	repository := map[string]any{"full_name": owner + "/" + name, "name": name, "owner": map[string]any{"login": owner}, "default_branch": "main"}
	return map[string]any{
		"action": "synchronize", "number": pull, "repository": repository,
		"pull_request": map[string]any{
			"number": pull,
			"head":   map[string]any{"sha": c.head, "ref": branch, "repo": repository},
			"base":   map[string]any{"sha": c.base, "ref": "main", "repo": repository},
		},
	}
}

func environment(api, event, dir string, c commits) []string {
	return []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "CI=true", "GITHUB_ACTIONS=true", "INPUT_TOKEN=" + token,
		"GITHUB_API_URL=" + api, "GITHUB_GRAPHQL_URL=" + api + "/graphql", "GITHUB_SERVER_URL=https://github.com",
		"GITHUB_EVENT_NAME=pull_request", "GITHUB_EVENT_PATH=" + event, "GITHUB_SHA=" + c.merge, "GITHUB_REF=refs/pull/7/merge",
		"GITHUB_HEAD_REF=" + branch, "GITHUB_BASE_REF=main", "GITHUB_REPOSITORY=" + owner + "/" + name,
		"GITHUB_RUN_ID=4242", "GITHUB_RUN_ATTEMPT=1", "GITHUB_JOB=" + jobName,
		"GITHUB_WORKFLOW_REF=" + owner + "/" + name + "/.github/workflows/loadline.yml@refs/pull/7/merge",
		"GITHUB_OUTPUT=" + filepath.Join(dir, "output"), "GITHUB_STEP_SUMMARY=" + filepath.Join(dir, "summary"),
	}
}

// comment is the text of the one comment, if the conversation was by the contract.
func comment(ctx context.Context, api string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, api+"/_report", nil)
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	var said struct {
		Violations []string `json:"violations"`
		Comments   []struct{ Body string }
	}
	if err := json.NewDecoder(response.Body).Decode(&said); err != nil {
		return "", err
	}
	if len(said.Violations) > 0 || len(said.Comments) != 1 {
		return "", fmt.Errorf("want one comment and no violation, got %d and %q", len(said.Comments), said.Violations)
	}
	return said.Comments[0].Body, nil
}

// annotations are those of the log, as the runner reads workflow commands (actions/runner, ActionCommand.cs).
func annotations(log string) []annotation {
	var out []annotation
	value := strings.NewReplacer("%0D", "\r", "%0A", "\n", "%25", "%")
	property := strings.NewReplacer("%0D", "\r", "%0A", "\n", "%3A", ":", "%2C", ",", "%25", "%")
	for line := range strings.Lines(log) {
		head, message, ok := strings.Cut(strings.TrimPrefix(strings.TrimRight(line, "\r\n"), "::"), "::")
		level, properties, _ := strings.Cut(head, " ")
		if !ok || !strings.HasPrefix(line, "::") || level != "error" && level != "warning" && level != "notice" {
			continue
		}
		a := annotation{Level: level, Message: value.Replace(message)}
		for pair := range strings.SplitSeq(properties, ",") {
			key, text, _ := strings.Cut(pair, "=")
			switch text = property.Replace(text); key {
			case "file":
				a.File = text
			case "title":
				a.Title = text
			case "line":
				a.Line, _ = strconv.Atoi(text)
			}
		}
		out = append(out, a)
	}
	return out
}

func writeJSON(dir, name string, value any) (string, error) {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, name)
	return file, os.WriteFile(file, text, 0o644)
}

// command runs a program and answers what it writes to standard output; env nil is our own.
func command(ctx context.Context, dir string, env []string, program string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir, cmd.Env = dir, env
	cmd.WaitDelay = time.Second
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, io.MultiWriter(&errs)
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, errs.String())
	}
	return out.String(), nil
}
