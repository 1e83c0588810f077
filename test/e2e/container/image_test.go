package container

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// imageName is the image under test.
const imageName = "loadline:e2e"

// image is the action's image, built by the classic builder from the Dockerfile. It is made once, when a test asks for it.
var image = sync.OnceValue(func() error { //nolint:gochecknoglobals // shared by all tests
	ctx := context.Background()
	for _, step := range []struct {
		what string
		do   func(context.Context) error
	}{
		{debianImage, makeDebian},
		{goImage, makeGo},
		{imageName, func(ctx context.Context) error {
			return build(ctx, imageName, "DOCKER_BUILDKIT=0", "none")
		}},
	} {
		if *daemon != "" && step.what != imageName {
			if _, err := docker(ctx, nil, "inspect", step.what); err == nil {
				continue
			}
		}
		start := time.Now()
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("making %s: %w", step.what, err)
		}
		fmt.Printf("made %s in %.1f s\n", step.what, time.Since(start).Seconds())
	}
	return nil
})

// stampedVersion is what the image is told that its version is.
const stampedVersion = "v0.0.0-e2e"

// build builds the repository's Dockerfile. All that it would download is in the base images.
func build(ctx context.Context, tag, builder, network string) error {
	_, err := dockerWith(ctx, nil, []string{builder}, "build", "--tag", tag, "--network", network, "--build-arg", "VERSION="+stampedVersion, root)
	return err
}

// requireImage skips a test where there is no daemon; an image that cannot be built is a failure.
func requireImage(t *testing.T) {
	t.Helper()
	requireDaemon(t)
	if err := image(); err != nil {
		t.Fatal(err)
	}
}

// compressedLimit is what the image may weigh in a registry.
const compressedLimit = 40_000_000

// TestTheImageIsSmall prints what a runner has to pull.
func TestTheImageIsSmall(t *testing.T) {
	requireImage(t)
	layers, err := compressed(t.Context(), imageName)
	if err != nil {
		t.Fatal(err)
	}
	var sum int64
	for _, n := range layers {
		sum += n
	}
	fmt.Printf("compressed size of the image: %.1f MB in %d layers %v\n", float64(sum)/1e6, len(layers), layers)
	if sum > compressedLimit {
		t.Errorf("the image has %d bytes, more than %d", sum, compressedLimit)
	}
}

// compressed answers the sizes of an image's layers as a registry keeps them.
func compressed(ctx context.Context, name string) ([]int64, error) {
	var manifest []struct{ Layers []string }
	err := pipe(dockerCommand(ctx, nil, "save", name), func(r *tar.Reader, h *tar.Header) error {
		if h.Name != "manifest.json" {
			return nil
		}
		return json.NewDecoder(r).Decode(&manifest)
	})
	if err != nil {
		return nil, err
	}
	if len(manifest) != 1 || len(manifest[0].Layers) == 0 {
		return nil, fmt.Errorf("saving %s: no layers in its manifest %v", name, manifest)
	}
	sizes := make([]int64, len(manifest[0].Layers))
	err = pipe(dockerCommand(ctx, nil, "save", name), func(r *tar.Reader, h *tar.Header) error {
		layer := slices.Index(manifest[0].Layers, h.Name)
		if layer < 0 {
			return nil
		}
		var n counter
		z := gzip.NewWriter(&n)
		if _, err := io.Copy(z, r); err != nil {
			return err
		}
		err := z.Close()
		sizes[layer] = int64(n)
		return err
	})
	if err == nil && slices.Contains(sizes, 0) {
		err = fmt.Errorf("saving %s: not all of its layers %v are there", name, manifest[0].Layers)
	}
	return sizes, err
}

type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// pipe reads the archive that a command writes.
func pipe(cmd *exec.Cmd, each func(*tar.Reader, *tar.Header) error) error {
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	buffered := bufio.NewReader(out)
	r := tar.NewReader(buffered)
	for err == nil {
		var h *tar.Header
		if h, err = r.Next(); err == nil {
			err = each(r, h)
		}
	}
	if err == io.EOF { //nolint:errorlint // as Next answers it
		_, err = io.Copy(io.Discard, buffered)
	}
	if waited := cmd.Wait(); err == nil {
		err = waited
	}
	return err
}

// TestBuildKitAndTheClassicBuilderMakeTheSameImage builds with the one that GitHub's runners use, and compares files and
// settings with those of the other.
func TestBuildKitAndTheClassicBuilderMakeTheSameImage(t *testing.T) {
	requireImage(t)
	if err := build(t.Context(), "loadline:buildkit", "DOCKER_BUILDKIT=1", "host"); err != nil { // this BuildKit needs a bridge for none
		t.Fatal(err)
	}
	if diff := cmp.Diff(contents(t, imageName), contents(t, "loadline:buildkit")); diff != "" {
		t.Errorf("classic builder (-) and BuildKit (+) differ:\n%s", diff)
	}
	if diff := cmp.Diff(settings(t, imageName), settings(t, "loadline:buildkit")); diff != "" {
		t.Errorf("settings of classic builder (-) and BuildKit (+) differ:\n%s", diff)
	}
}

// contents are the files of an image with modes and hashes.
func contents(t *testing.T, name string) map[string]string {
	t.Helper()
	id, err := docker(t.Context(), nil, "create", name)
	if err != nil {
		t.Fatal(err)
	}
	id = strings.TrimSpace(id)
	defer docker(context.WithoutCancel(t.Context()), nil, "rm", id)
	all := map[string]string{}
	err = pipe(dockerCommand(t.Context(), nil, "export", id), func(r *tar.Reader, h *tar.Header) error {
		hash := sha256.New()
		if _, err := io.Copy(hash, r); err != nil {
			return err
		}
		all[h.Name] = fmt.Sprintf("%c %o %d:%d %s %d %x", h.Typeflag, h.Mode, h.Uid, h.Gid, h.Linkname, h.Size, hash.Sum(nil)[:8])
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

type config struct {
	User, WorkingDir string
	Env              []string
	Entrypoint, Cmd  []string
	Labels           map[string]string
}

func settings(t *testing.T, name string) config {
	t.Helper()
	text, err := docker(t.Context(), nil, "inspect", "--format", "{{json .Config}}", name)
	if err != nil {
		t.Fatal(err)
	}
	var c config
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		t.Fatal(err)
	}
	c.WorkingDir = path.Join("/", c.WorkingDir) // only BuildKit writes the default down
	return c
}

// TestTheImageRunsAsRoot: GitHub asks for it, and the workspace of a runner can be read by no other.
func TestTheImageRunsAsRoot(t *testing.T) {
	requireImage(t)
	if user := settings(t, imageName).User; user != "" {
		t.Errorf("the image runs as %s", user)
	}
}

// TestTheImageHoldsNothingElse: no shell that a hostile repository could reach, and no set-uid program.
func TestTheImageHoldsNothingElse(t *testing.T) {
	requireImage(t)
	allowed := regexp.MustCompile(`^(usr/bin/(git|loadline)|usr/lib/git-core/(git|git-remote-https?)|usr/lib(64)?/.*\.so(\.[0-9.]+)?|` +
		`etc/(ssl/certs/ca-certificates\.crt|nsswitch\.conf|hostname|hosts|resolv\.conf|mtab)|` +
		`usr/share/doc/[^/]+/copyright|var/lib/dpkg/status\.d/[^/]+|lib|lib64|bin|\.dockerenv|dev/console)$`)
	for name, what := range contents(t, imageName) {
		if what[0] != tar.TypeDir && !allowed.MatchString(name) {
			t.Errorf("the image holds %s: %s", name, what)
		}
		var kind rune
		var mode int64
		if _, err := fmt.Sscanf(what, "%c %o", &kind, &mode); err != nil || mode&0o6000 != 0 {
			t.Errorf("%s is set-uid or set-gid: %s", name, what)
		}
	}
}

// TestTheImageKnowsItsVersion: it is built without the repository's history.
func TestTheImageKnowsItsVersion(t *testing.T) {
	requireImage(t)
	text, err := docker(t.Context(), nil, "run", "--rm", "--network=none", imageName, "--version")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(text, stampedVersion) {
		t.Errorf("it says %q", text)
	}
}
