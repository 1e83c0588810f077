package registry_test

import (
	"bytes"
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	server "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/loadline-dev/loadline/pkg/baseimage"
	"github.com/loadline-dev/loadline/pkg/baseimage/registry"
)

// recorder counts the requests that a server gets, by method and path.
type recorder struct {
	http.Handler

	mu       sync.Mutex
	requests []string
}

func (r *recorder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	r.requests = append(r.requests, req.Method+" "+req.URL.Path)
	r.mu.Unlock()
	r.Handler.ServeHTTP(w, req)
}

// take answers the requests since the last time.
func (r *recorder) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := r.requests
	r.requests = nil
	return out
}

// serve starts a server on this machine and returns its host.
func serve(t *testing.T, h http.Handler) (host string, r *recorder) {
	t.Helper()
	r = &recorder{Handler: h}
	s := httptest.NewServer(r)
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://"), r
}

// resolver is one that may ask hosts of this machine, and has so much time for each image.
func resolver(t *testing.T, dir string, limit time.Duration, plain ...string) *registry.Resolver {
	t.Helper()
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DisableCompression = true
	t.Cleanup(transport.CloseIdleConnections)
	r, err := registry.New(registry.Options{
		CacheDir: dir, Transport: transport, Plain: plain, ImageTimeout: limit, TotalTimeout: time.Minute,
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// image is an image with an environment and a trigger.
func image(t *testing.T, platform string) v1.Image {
	t.Helper()
	img, err := random.Image(3000, 3)
	if err != nil {
		t.Fatal(err)
	}
	p, err := v1.ParsePlatform(platform)
	if err != nil {
		t.Fatal(err)
	}
	file, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	file = file.DeepCopy()
	file.OS, file.Architecture, file.Variant = p.OS, p.Architecture, p.Variant
	file.Config.Env, file.Config.OnBuild = []string{"APP_HOME=svc"}, []string{"COPY docs /docs"}
	if img, err = mutate.ConfigFile(img, file); err != nil {
		t.Fatal(err)
	}
	return img
}

// index puts images for several platforms together.
func index(t *testing.T, byPlatform map[string]v1.Image) v1.ImageIndex {
	t.Helper()
	var list v1.ImageIndex = empty.Index
	for platform, img := range byPlatform {
		p, err := v1.ParsePlatform(platform)
		if err != nil {
			t.Fatal(err)
		}
		list = mutate.AppendManifests(list, mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{Platform: p}})
	}
	return list
}

func tag(t *testing.T, ref string) name.Tag {
	t.Helper()
	at, err := name.NewTag(ref)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// size is what is pulled for an image.
func size(t *testing.T, img v1.Image) (sum int64, digest string) {
	t.Helper()
	m, err := img.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range m.Layers {
		sum += l.Size
	}
	d, err := img.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return sum, d.String()
}

func goodRegistry() http.Handler { return server.New(server.Logger(log.New(io.Discard, "", 0))) }

func TestAnImageHasItsSizeAndConfiguration(t *testing.T) {
	host, _ := serve(t, goodRegistry())
	amd, arm := image(t, "linux/amd64"), image(t, "linux/arm64/v8")
	if err := remote.Write(tag(t, host+"/base:1"), amd); err != nil {
		t.Fatal(err)
	}
	list := index(t, map[string]v1.Image{"linux/amd64": amd, "linux/arm64/v8": arm, "unknown/unknown": image(t, "linux/amd64")})
	if err := remote.WriteIndex(tag(t, host+"/base:2"), list); err != nil {
		t.Fatal(err)
	}
	r := resolver(t, t.TempDir(), time.Minute, host)
	for _, c := range []struct {
		ref, platform string
		want          v1.Image
	}{
		{host + "/base:1", "linux/amd64", amd},
		{host + "/base:2", "linux/amd64", amd},
		{host + "/base:2", "linux/arm64", arm},
	} {
		sum, digest := size(t, c.want)
		got, err := r.Resolve(t.Context(), c.ref, c.platform)
		if diff := cmp.Diff(registry.Image{Digest: digest, Bytes: sum}, got); err != nil || diff != "" {
			t.Errorf("%s for %s: %v -want +got\n%s", c.ref, c.platform, err, diff)
		}
		at, config, err := r.Config(t.Context(), c.ref, c.platform)
		want, rawErr := c.want.RawConfigFile()
		if err != nil || rawErr != nil || at != digest || !bytes.Equal(config, want) {
			t.Errorf("the configuration of %s for %s: %s %s, %v %v", c.ref, c.platform, at, config, err, rawErr)
		}
		pinned, err := r.Resolve(t.Context(), host+"/base@"+digest, c.platform)
		if err != nil || pinned != got {
			t.Errorf("%s by its digest: %+v, %v", c.ref, pinned, err)
		}
	}
	if _, err := r.Resolve(t.Context(), host+"/base:2", "linux/s390x"); err == nil || !strings.Contains(err.Error(), "there is no image for linux/s390x") {
		t.Errorf("for a platform that is not there: %v", err)
	}
	if n, ok := r.Size(t.Context(), host+"/base:2"); !ok || n == 0 {
		t.Errorf("Size: %d, %v", n, ok)
	}
}

func TestEachImageIsAskedForOnce(t *testing.T) {
	host, requests := serve(t, goodRegistry())
	if err := remote.Write(tag(t, host+"/base:1"), image(t, "linux/amd64")); err != nil {
		t.Fatal(err)
	}
	r := resolver(t, "", time.Minute, host)
	requests.take()
	var group sync.WaitGroup
	for n := range 40 {
		group.Go(func() {
			ref := host + "/base:" + []string{"1", "absent"}[n%2]
			_, _, err := r.Config(t.Context(), ref, "linux/amd64")
			if (err == nil) != (n%2 == 0) {
				t.Errorf("%s: %v", ref, err)
			}
		})
	}
	group.Wait()
	count := map[string]int{}
	for _, req := range requests.take() {
		count[req]++
	}
	for req, n := range count {
		if n > 1 && req != "GET /v2/" {
			t.Errorf("%d times %s", n, req)
		}
	}
	if len(count) != 5 { // the registry, two tags, a manifest, a configuration
		t.Errorf("the requests are %v", count)
	}
	want := []registry.Failure{{Ref: host + "/base:absent", Reason: "the registry answers 404 Not Found"}}
	if diff := cmp.Diff(want, r.Failures()); diff != "" {
		t.Errorf("failures: -want +got\n%s", diff)
	}
}

func TestWhatIsInTheCacheIsNotDownloadedAgain(t *testing.T) {
	host, requests := serve(t, goodRegistry())
	img := image(t, "linux/amd64")
	if err := remote.Write(tag(t, host+"/base:1"), img); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	ask := func() []string {
		requests.take()
		_, config, err := resolver(t, dir, time.Minute, host).Config(t.Context(), host+"/base:1", "linux/amd64")
		if want, _ := img.RawConfigFile(); err != nil || !bytes.Equal(config, want) {
			t.Fatalf("%s, %v", config, err)
		}
		return requests.take()
	}
	first := ask()
	if len(first) < 4 {
		t.Errorf("the first time: %v", first)
	}
	if diff := cmp.Diff([]string{"GET /v2/", "HEAD /v2/base/manifests/1"}, ask()); diff != "" {
		t.Errorf("the second time: -want +got\n%s", diff)
	}
	files, err := filepath.Glob(filepath.Join(dir, "registry", "sha256-*"))
	if err != nil || len(files) != 2 {
		t.Fatalf("in the cache: %v, %v", files, err)
	}
	for _, damage := range []func(name string) error{
		func(name string) error { return os.WriteFile(name, []byte(`{"config":{}}`), 0o600) },
		func(name string) error { return os.Truncate(name, 10) },
		func(name string) error { return os.Truncate(name, 1<<30) },
		func(name string) error {
			if err := os.Remove(name); err != nil {
				return err
			}
			return os.Symlink("/dev/zero", name)
		},
		func(name string) error {
			if err := os.Remove(name); err != nil {
				return err
			}
			return os.Mkdir(name, 0o700)
		},
	} {
		for _, name := range files {
			if err := damage(name); err != nil {
				t.Fatal(err)
			}
		}
		if again := ask(); len(again) < 4 {
			t.Errorf("with a damaged cache: %v", again)
		}
		for _, name := range files { // a directory in the way stays there
			if info, err := os.Lstat(name); err == nil && info.IsDir() {
				if err := os.Remove(name); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

func TestACacheThatCannotBeWrittenIsDoneWithout(t *testing.T) {
	host, _ := serve(t, goodRegistry())
	if err := remote.Write(tag(t, host+"/base:1"), image(t, "linux/amd64")); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{file, "/proc/nowhere", ""} {
		if _, _, err := resolver(t, dir, time.Minute, host).Config(t.Context(), host+"/base:1", "linux/amd64"); err != nil {
			t.Errorf("with the cache %q: %v", dir, err)
		}
	}
}

func TestALargeCacheLosesItsOldestHalf(t *testing.T) {
	dir := t.TempDir()
	sub := filepath.Join(dir, "registry")
	if err := os.Mkdir(sub, 0o700); err != nil {
		t.Fatal(err)
	}
	for n := range 10 {
		name := filepath.Join(sub, "sha256-"+string(rune('a'+n)))
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(name, 10<<20); err != nil {
			t.Fatal(err)
		}
		age := time.Now().Add(-time.Duration(n) * time.Hour)
		if err := os.Chtimes(name, age, age); err != nil {
			t.Fatal(err)
		}
	}
	resolver(t, dir, time.Minute)
	left, err := filepath.Glob(filepath.Join(sub, "*"))
	if err != nil || len(left) != 3 || !strings.HasSuffix(left[2], "sha256-c") {
		t.Errorf("left are %v, %v", left, err)
	}
}

func TestOnlyListedRegistriesAreAsked(t *testing.T) {
	host, requests := serve(t, goodRegistry())
	other, _ := serve(t, goodRegistry())
	r := resolver(t, "", time.Minute, other)
	for _, ref := range []string{host + "/base:1", "registry.example.com/base", "169.254.169.254/base", "localhost/base", "evil.docker.io/base"} {
		_, err := r.Resolve(t.Context(), ref, "linux/amd64")
		if err == nil || !strings.Contains(err.Error(), "is not on the list") {
			t.Errorf("%s: %v", ref, err)
		}
	}
	if got := requests.take(); got != nil {
		t.Errorf("there were requests: %v", got)
	}
}

func TestNamesThatLeadToPrivateAddressesAreRefused(t *testing.T) {
	host, requests := serve(t, goodRegistry())
	_, port, _ := strings.Cut(host, ":")
	for _, host := range []string{"localhost:" + port, "127.0.0.1:" + port, "[::1]:" + port} {
		r, err := registry.New(registry.Options{Hosts: []string{host}, Plain: []string{host}})
		if err != nil {
			t.Fatal(err)
		}
		_, err = r.Resolve(t.Context(), host+"/base:1", "linux/amd64")
		if err == nil || !strings.Contains(err.Error(), "it is not a public address") && !strings.Contains(err.Error(), "without encryption") {
			t.Errorf("%s: %v", host, err)
		}
	}
	if got := requests.take(); got != nil {
		t.Errorf("there were requests: %v", got)
	}
}

func TestHostsAreHosts(t *testing.T) {
	for _, host := range []string{"", "https://example.com", "example.com/path", "EXAMPLE.com", "user@example.com", "*.example.com", "a b", "example.com:x", "ex?q"} {
		if _, err := registry.New(registry.Options{Hosts: []string{host}}); err == nil {
			t.Errorf("%q is taken", host)
		}
	}
	for _, host := range []string{"example.com", "example.com:8443", "10.0.0.1:5000", "[::1]:5000"} {
		if err := baseimage.CheckHost(host); err != nil {
			t.Errorf("%q: %v", host, err)
		}
	}
}

func TestACancelledRunStopsAsking(t *testing.T) {
	host, _ := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) { <-req.Context().Done() }))
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	start := time.Now()
	_, err := resolver(t, "", time.Minute, host).Resolve(ctx, host+"/base:1", "linux/amd64")
	if err == nil || time.Since(start) > time.Second {
		t.Errorf("after %v: %v", time.Since(start), err)
	}
}

func TestAllImagesTogetherHaveATime(t *testing.T) {
	host, _ := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) { <-req.Context().Done() }))
	r, err := registry.New(registry.Options{
		Transport: http.DefaultTransport, Plain: []string{host}, ImageTimeout: 200 * time.Millisecond, TotalTimeout: 300 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	var group sync.WaitGroup
	for n := range 40 {
		group.Go(func() {
			_, err := r.Resolve(t.Context(), host+"/base:"+string(rune('a'+n%26))+string(rune('a'+n/26)), "linux/amd64")
			if err == nil || err.Error() != "the registry takes too long to answer" {
				t.Errorf("%v", err)
			}
		})
	}
	group.Wait()
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("it took %v", took)
	}
}
