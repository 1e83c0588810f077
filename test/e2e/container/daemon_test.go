// Package container runs the action's real image on a real Docker: as GitHub's runner runs it, and by act.
package container

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// root is the repository.
const root = "../../.."

// environment is what all tests share: a Docker of our own.
type environment struct {
	docker string // the command
	socket string
	dir    string // for files; it is gone afterwards
	// missing says why there is none.
	missing string
}

var env environment //nolint:gochecknoglobals // daemon is for work on these tests: the images of a daemon that runs already are used as they are.
var daemon = flag.String("daemon", "", "socket of a dockerd to use instead of a new one")

// TestMain has no other way to hand it on

func TestMain(m *testing.M) { os.Exit(run(m)) }

// run starts the daemon, runs the tests and leaves nothing behind. Without root or Docker the tests skip and say so,
// unless LOADLINE_REQUIRE=e2e makes that a failure.
func run(m *testing.M) (code int) {
	flag.Parse()
	dir, err := os.MkdirTemp("", "loadline-container-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() {
		if err := remove(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}()
	stop, err := start(dir)
	defer stop()
	if err != nil {
		env.missing = err.Error()
		if os.Getenv("LOADLINE_REQUIRE") == "e2e" {
			fmt.Fprintln(os.Stderr, "LOADLINE_REQUIRE=e2e:", err)
			return 1
		}
		fmt.Fprintln(os.Stderr, "no container tests:", err)
	}
	return m.Run()
}

// start starts a daemon that needs no network of its own and shares nothing with another one on this machine.
func start(dir string) (stop func(), err error) {
	stop = func() {}
	if os.Getuid() != 0 {
		return stop, errors.New("dockerd needs root")
	}
	program, err := exec.LookPath("dockerd")
	if err != nil {
		return stop, errors.New("dockerd is not installed (docker.io)")
	}
	// Debian's command has BuildKit's client built in, the one of others may lack it.
	if env.docker, err = firstOf("/usr/bin/docker", "docker"); err != nil {
		return stop, errors.New("docker is not installed (docker.io)")
	}
	for _, tool := range []string{"dpkg-query", "apt-cache"} { // the base images are made of this machine's packages
		if _, err := exec.LookPath(tool); err != nil {
			return stop, errors.New("no Debian: " + tool + " is not installed")
		}
	}
	if os.Getenv("LOADLINE_REQUIRE") != "e2e" && testing.Short() {
		return stop, errors.New("-short")
	}
	env.dir, env.socket = dir, filepath.Join(dir, "docker.sock")
	if *daemon != "" {
		env.socket = *daemon
		return stop, answers(time.Minute)
	}
	log, err := os.Create(filepath.Join(dir, "dockerd.log"))
	if err != nil {
		return stop, err
	}
	cmd := exec.Command(program, "--iptables=false", "--bridge=none", "--host=unix://"+env.socket, "--config-file="+filepath.Join(dir, "none.json"),
		"--data-root="+filepath.Join(dir, "data"), "--exec-root="+filepath.Join(dir, "exec"), "--pidfile="+filepath.Join(dir, "pid"))
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := os.WriteFile(filepath.Join(dir, "none.json"), []byte("{}\n"), 0o644); err != nil {
		return stop, err
	}
	if err := cmd.Start(); err != nil {
		return stop, fmt.Errorf("starting dockerd: %w", err)
	}
	stop = func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	}
	if err := answers(time.Minute); err != nil {
		text, _ := os.ReadFile(log.Name())
		return stop, fmt.Errorf("dockerd does not answer: %w\n%s", err, text)
	}
	return stop, nil
}

func firstOf(names ...string) (string, error) {
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", exec.ErrNotFound
}

// answers waits for the daemon.
func answers(limit time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	for {
		_, err := docker(ctx, nil, "version")
		if err == nil || ctx.Err() != nil {
			return err
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// remove takes away what the daemon leaves mounted under a directory, and the directory.
func remove(dir string) error {
	mounts, _ := os.ReadFile("/proc/self/mounts")
	for _, line := range slices.Backward(strings.Split(string(mounts), "\n")) {
		if fields := strings.Fields(line); len(fields) > 1 && strings.HasPrefix(fields[1], dir+"/") {
			_ = syscall.Unmount(fields[1], syscall.MNT_DETACH)
		}
	}
	return os.RemoveAll(dir)
}

// docker runs the command against our daemon. What it says on standard error is in the error only.
func docker(ctx context.Context, in io.Reader, args ...string) (string, error) {
	return dockerWith(ctx, in, nil, args...)
}

func dockerWith(ctx context.Context, in io.Reader, variables []string, args ...string) (string, error) {
	cmd := dockerCommand(ctx, variables, args...)
	cmd.Stdin = in
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("docker %s: %w\n%s%s", args[0], err, &out, &errs)
	}
	return out.String(), nil
}

func dockerCommand(ctx context.Context, variables []string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, env.docker, args...)
	cmd.Env = append([]string{
		"DOCKER_HOST=unix://" + env.socket, "DOCKER_CONFIG=" + filepath.Join(env.dir, "config"), "DOCKER_BUILDKIT=0",
		"PATH=" + os.Getenv("PATH"), "HOME=" + env.dir,
	}, variables...)
	return cmd
}

// requireDaemon skips a test where there is no daemon.
func requireDaemon(t *testing.T) {
	t.Helper()
	if env.missing != "" {
		t.Skip(env.missing)
	}
}
