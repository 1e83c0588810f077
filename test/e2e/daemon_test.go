// Package e2e compares what Loadline predicts with what a real buildkitd receives.
package e2e

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/moby/buildkit/client"
	"github.com/tonistiigi/fsutil"
	"golang.org/x/sync/errgroup"
)

// environment is what all tests share: a daemon, and the command under test. It is made once, by TestMain.
type environment struct {
	client   *client.Client
	loadline string
	// missing says why there is none.
	missing string
	// images is the host that has every image of the public registries; see startImages.
	images string
	// registry is the host of a registry; empty where there is none, and noRegistry says why.
	registry, noRegistry string
}

var env environment //nolint:gochecknoglobals // TestMain has no other way to hand it on

func TestMain(m *testing.M) { os.Exit(run(m)) }

// run starts the daemon, runs the tests and leaves nothing behind. Without root or runc the tests skip and say so,
// unless LOADLINE_REQUIRE=e2e makes that a failure.
func run(m *testing.M) int {
	flag.Parse()
	dir, err := os.MkdirTemp("", "loadline-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	registry, stopRegistry, err := startRegistry(dir)
	defer stopRegistry()
	if err != nil {
		env.noRegistry = err.Error()
		if os.Getenv("LOADLINE_REQUIRE") == "e2e" {
			fmt.Fprintln(os.Stderr, "LOADLINE_REQUIRE=e2e:", err)
			return 1
		}
	}
	env.registry = registry
	images, err := startImages()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer images.Close()
	env.images = images.Listener.Addr().String()
	stop, err := start(dir)
	defer stop()
	if err != nil {
		env.missing = err.Error()
		if os.Getenv("LOADLINE_REQUIRE") == "e2e" {
			fmt.Fprintln(os.Stderr, "LOADLINE_REQUIRE=e2e:", err)
			return 1
		}
		fmt.Fprintln(os.Stderr, "no conformance tests:", err)
	}
	return m.Run()
}

func start(dir string) (stop func(), err error) {
	stop = func() {}
	if os.Getuid() != 0 {
		return stop, errors.New("buildkitd needs root")
	}
	if _, err := exec.LookPath("runc"); err != nil {
		return stop, errors.New("runc is not installed")
	}
	if os.Getenv("LOADLINE_REQUIRE") != "e2e" && testing.Short() {
		return stop, errors.New("-short")
	}
	daemon := filepath.Join(dir, "buildkitd")
	env.loadline = filepath.Join(dir, "loadline")
	if err := goBuild(".", daemon, "github.com/moby/buildkit/cmd/buildkitd"); err != nil {
		return stop, err
	}
	if err := goBuild("../..", env.loadline, "./cmd/loadline"); err != nil {
		return stop, err
	}
	config := filepath.Join(dir, "buildkitd.toml")
	if err := os.WriteFile(config, []byte(daemonConfig(env.registry, env.images)), 0o600); err != nil {
		return stop, err
	}
	address := "unix://" + filepath.Join(dir, "sock")
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return stop, err
	}
	cmd := exec.Command(daemon, "--root", filepath.Join(dir, "root"), "--addr", address, "--config", config,
		"--containerd-worker=false", "--oci-worker=true", "--oci-worker-binary=runc", "--oci-worker-net=host",
		"--oci-worker-snapshotter=native", "--oci-worker-gc=false")
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return stop, fmt.Errorf("starting buildkitd: %w", err)
	}
	stop = func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	}
	env.client, err = connect(address)
	if err != nil {
		text, _ := os.ReadFile(log.Name())
		return stop, fmt.Errorf("buildkitd does not answer: %w\n%s", err, text)
	}
	return stop, nil
}

func goBuild(dir, out, pkg string) error {
	cmd := exec.Command("go", "build", "-o", out, pkg)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building %s: %w\n%s", pkg, err, text)
	}
	return nil
}

func connect(address string) (*client.Client, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c, err := client.New(ctx, address)
	for err == nil && ctx.Err() == nil {
		if _, err := c.Info(ctx); err == nil {
			return c, nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return nil, errors.Join(err, ctx.Err())
}

// requireDaemon skips a test where there is no daemon.
func requireDaemon(t *testing.T) {
	t.Helper()
	if env.missing != "" {
		t.Skip(env.missing)
	}
}

// internalPrefix marks steps that BuildKit adds itself.
const internalPrefix = "[internal] "

// options are what the client sends to build a case.
func (b build) options(t *testing.T) client.SolveOpt {
	t.Helper()
	mounts := map[string]fsutil.FS{}
	attrs := map[string]string{"filename": filepath.Base(b.file()), "platform": "linux/amd64"}
	mount := func(name, dir string) {
		fs, err := fsutil.NewFS(filepath.Join(b.root, dir))
		if err != nil {
			t.Fatal(err)
		}
		mounts[name] = fs
	}
	mount("context", b.context())
	mount("dockerfile", filepath.Dir(b.file()))
	for name, dir := range b.Contexts {
		local := name
		if name == "context" || name == "dockerfile" {
			local = "_" + name
		}
		mount(local, dir)
		attrs["context:"+name] = "local:" + local
	}
	if b.Target != "" {
		attrs["target"] = b.Target
	}
	if len(b.Platforms) > 0 {
		attrs["platform"] = strings.Join(b.Platforms, ",")
	}
	for name, value := range b.Args {
		attrs["build-arg:"+name] = value
	}
	return client.SolveOpt{FrontendAttrs: attrs, LocalMounts: mounts, SharedKey: rand.Text()}
}

// transferred lets the daemon build a case and gathers what it says it has received: the last value of each
// "transferring" status, by step. Whether the build succeeds does not matter: it ends after the transfers.
func transferred(t *testing.T, b build) map[string][]int64 {
	t.Helper()
	options := b.options(t)
	options.Frontend = "dockerfile.v0"
	statuses := make(chan *client.SolveStatus)
	got := map[string][]int64{}
	var group errgroup.Group
	var buildErr error
	group.Go(func() error {
		_, buildErr = env.client.Solve(t.Context(), nil, options, statuses)
		return nil
	})
	group.Go(func() error {
		got = gather(statuses)
		return nil
	})
	_ = group.Wait()
	if buildErr != nil && len(got) == 0 {
		t.Fatalf("building: %v", buildErr)
	}
	return got
}

// gather reads the statuses of a build.
func gather(statuses <-chan *client.SolveStatus) map[string][]int64 {
	names := map[string]string{}
	last := map[string]int64{}
	for status := range statuses {
		for _, v := range status.Vertexes {
			names[v.Digest.String()] = strings.TrimPrefix(v.Name, internalPrefix)
		}
		for _, s := range status.Statuses {
			if strings.HasPrefix(s.ID, "transferring ") {
				key := s.Vertex.String()
				last[key] = max(last[key], s.Current)
			}
		}
	}
	got := map[string][]int64{}
	for vertex, bytes := range last {
		got[names[vertex]] = append(got[names[vertex]], bytes)
	}
	return got
}
