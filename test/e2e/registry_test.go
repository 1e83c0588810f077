package e2e

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// registryName is how Dockerfiles name the registry of the tests. The daemon knows it as a mirror, the command reaches
// it through a proxy, by TLS, as it would any other.
const registryName = "example.com"

// startRegistry starts Debian's registry. Without it, host is empty and missing says why.
func startRegistry(dir string) (host string, stop func(), missing error) {
	stop = func() {}
	program, err := exec.LookPath("docker-registry")
	if err != nil {
		return "", stop, fmt.Errorf("docker-registry is not installed")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", stop, err
	}
	host = l.Addr().String()
	if err := l.Close(); err != nil {
		return "", stop, err
	}
	config := filepath.Join(dir, "registry.yml")
	text := fmt.Sprintf("version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: %q}}\nhttp: {addr: %q}\n", filepath.Join(dir, "images"), host)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return "", stop, err
	}
	cmd := exec.Command(program, "serve", config)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return "", stop, fmt.Errorf("starting docker-registry: %w", err)
	}
	stop = func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	}
	for range 100 {
		if res, err := http.Get("http://" + host + "/v2/"); err == nil {
			return host, stop, res.Body.Close()
		}
		time.Sleep(100 * time.Millisecond)
	}
	return "", stop, fmt.Errorf("docker-registry does not answer")
}

// daemonConfig lets the daemon find the images of the tests, and one that stands in for all those of public registries.
func daemonConfig(registry, images string) string {
	var b strings.Builder
	mirror := func(name, host string) {
		fmt.Fprintf(&b, "[registry.%q]\n  mirrors = [%q]\n", name, host)
	}
	for _, name := range publicRegistries() {
		mirror(name, images)
	}
	fmt.Fprintf(&b, "[registry.%q]\n  http = true\n", images)
	if registry != "" {
		mirror(registryName, registry)
		fmt.Fprintf(&b, "[registry.%q]\n  http = true\n", registry)
	}
	return b.String()
}

// requireRegistry skips a test where there is no registry.
func requireRegistry(t *testing.T) {
	t.Helper()
	requireDaemon(t)
	if env.registry == "" {
		t.Skip(env.noRegistry)
	}
}

// reach makes the registry reachable for the command, and answers the environment in which it is. The certificate is
// that of net/http/httptest, which is for example.com.
func reach(t *testing.T) []string {
	t.Helper()
	backend := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: env.registry})
	secure := httptest.NewTLSServer(backend)
	t.Cleanup(secure.Close)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Method != http.MethodConnect || req.Host != registryName+":443" {
			t.Errorf("the command asks the proxy for %s %s", req.Method, req.Host)
			w.WriteHeader(http.StatusForbidden)
			return
		}
		tunnel(w, secure.Listener.Addr().String())
	}))
	t.Cleanup(proxy.Close)
	certificate := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})
	if err := os.WriteFile(certificate, block, 0o600); err != nil {
		t.Fatal(err)
	}
	return []string{"HTTPS_PROXY=" + proxy.URL, "NO_PROXY=", "SSL_CERT_FILE=" + certificate, "XDG_CACHE_HOME=" + t.TempDir()}
}

// tunnel connects a client to an address.
func tunnel(w http.ResponseWriter, address string) {
	to, err := net.Dial("tcp", address)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer to.Close()
	from, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer from.Close()
	if _, err := io.WriteString(from, "HTTP/1.1 200 OK\r\n\r\n"); err != nil {
		return
	}
	go func() { _, _ = io.Copy(to, from) }()
	_, _ = io.Copy(from, to)
}

// push pushes an image for linux/amd64 and linux/arm64.
func push(t *testing.T, ref string, config v1.Config) {
	t.Helper()
	tag, err := name.NewTag(env.registry + "/" + ref)
	if err != nil {
		t.Fatal(err)
	}
	var index v1.ImageIndex = empty.Index
	for _, architecture := range []string{"amd64", "arm64"} {
		img, err := random.Image(2000, 2)
		if err != nil {
			t.Fatal(err)
		}
		file, err := img.ConfigFile()
		if err != nil {
			t.Fatal(err)
		}
		file = file.DeepCopy()
		file.OS, file.Architecture, file.Config = "linux", architecture, config
		if img, err = mutate.ConfigFile(img, file); err != nil {
			t.Fatal(err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add: img, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: architecture}},
		})
	}
	if err := remote.WriteIndex(tag, index); err != nil {
		t.Fatal(err)
	}
}

// TestBaseImagesOfARegistryAreSettled compares what the command predicts, once it has looked the base images up, with
// what the daemon receives when it builds on the same images.
func TestBaseImagesOfARegistryAreSettled(t *testing.T) {
	requireRegistry(t)
	push(t, "plain:1", v1.Config{Env: []string{"PATH=/bin"}})
	push(t, "base:1", v1.Config{
		Env: []string{"APP_HOME=svc"}, OnBuild: []string{"COPY docs /docs", "ADD package.json /"}, WorkingDir: "/app",
	})
	push(t, "chain:1", v1.Config{OnBuild: []string{"COPY --from=example.com/plain:1 / /plain", "COPY docs /docs"}})
	files := map[string]string{
		"docs/a.md": "#300", "docs/b.md": "#40000", "package.json": "{}", "svc/main.js": "#15000", "other/large.bin": "#100000",
	}
	environment := reach(t)
	for name, c := range map[string]struct {
		dockerfile string
		platforms  []string
	}{
		"environment and triggers":         {"FROM example.com/base:1\nCOPY $APP_HOME /app\n", nil},
		"neither":                          {"FROM example.com/plain:1\nCOPY svc$NOTHING /app\n", nil},
		"triggers that name another image": {"FROM example.com/chain:1\nCOPY package.json /\n", nil},
		"triggers in a stage":              {"FROM example.com/base:1 AS build\nFROM scratch\nCOPY --from=build /docs /docs\nCOPY svc /\n", nil},
		"another platform":                 {"FROM example.com/base:1\nCOPY $APP_HOME /app\n", []string{"linux/arm64"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := situation{build: build{root: t.TempDir(), Platforms: c.platforms, environment: environment}}
			s.files = tree{"Dockerfile": c.dockerfile}
			for path, text := range files {
				s.files[path] = text
			}
			s.files.write(t, s.root)
			received := text(transferred(t, s.build))
			predicted := text(s.predict(t, "--resolve-images", "--registry", registryName))
			if received != predicted {
				t.Errorf("the daemon received\n%sand predicted was\n%s", received, predicted)
			}
			if exact, assumptions := s.exact(t, "--resolve-images", "--registry", registryName); !exact || len(assumptions) > 0 {
				t.Errorf("exact %t, assumptions %q", exact, assumptions)
			}
			if exact, assumptions := s.exact(t); exact || len(assumptions) == 0 {
				t.Errorf("without a look-up: exact %t, assumptions %q", exact, assumptions)
			}
		})
	}
}

// exact asks the command whether its answer is exact.
func (b build) exact(t *testing.T, flags ...string) (exact bool, assumptions []string) {
	t.Helper()
	args := slices.Concat([]string{"ls", "--format", "json", "--summary"}, flags)
	for _, platform := range b.Platforms {
		args = append(args, "--platform", platform)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, env.loadline, append(args, ".")...)
	cmd.Dir, cmd.Env = b.root, append(os.Environ(), b.environment...)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v", strings.Join(cmd.Args, " "), err)
	}
	var answer struct {
		Exact       bool     `json:"exact"`
		Assumptions []string `json:"assumptions"`
	}
	if err := json.Unmarshal(out, &answer); err != nil {
		t.Fatal(err)
	}
	return answer.Exact, answer.Assumptions
}
