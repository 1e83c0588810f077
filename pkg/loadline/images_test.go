package loadline_test

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	server "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/loadline-dev/loadline/pkg/baseimage/registry"
	"github.com/loadline-dev/loadline/pkg/loadline"
	"github.com/loadline-dev/loadline/pkg/report"
)

// handler answers requests without a network, whatever host they are for.
type handler struct{ http.Handler }

func (h handler) RoundTrip(req *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	served := req.Clone(req.Context())
	if served.Body == nil {
		served.Body = http.NoBody
	}
	h.ServeHTTP(w, served)
	res := w.Result()
	res.Request = req
	return res, nil
}

// examples is a registry with base images; its host is registry.example.com.
func examples(t *testing.T) http.RoundTripper {
	t.Helper()
	h := handler{server.New(server.Logger(log.New(io.Discard, "", 0)))}
	for ref, config := range map[string]v1.Config{
		"base:1":    {Env: []string{"APP_HOME=svc"}, OnBuild: []string{"COPY docs /docs", "ADD package.json /"}},
		"plain:1":   {Env: []string{"PATH=/bin"}},
		"chain:1":   {OnBuild: []string{"COPY --from=registry.example.com/plain:1 /bin /bin", "COPY docs /docs"}},
		"broken:1":  {OnBuild: []string{"COPY ${X:?not set} /docs"}},
		"long:1":    {Env: []string{"A=" + strings.Repeat("x", 300_000)}},
		"doubles:1": {Env: []string{"A=" + strings.Repeat("x", 10_000)}, OnBuild: []string{"ENV A=" + strings.Repeat("$A", 60), "ENV A=" + strings.Repeat("$A", 60)}},
	} {
		img, err := random.Image(100, 1)
		if err != nil {
			t.Fatal(err)
		}
		file, err := img.ConfigFile()
		if err != nil {
			t.Fatal(err)
		}
		file = file.DeepCopy()
		file.OS, file.Architecture, file.Config = "linux", "amd64", config
		if img, err = mutate.ConfigFile(img, file); err != nil {
			t.Fatal(err)
		}
		tag, err := name.NewTag("registry.example.com/" + ref)
		if err != nil {
			t.Fatal(err)
		}
		if err := remote.Write(tag, img, remote.WithTransport(h)); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

// files writes a directory.
func files(t *testing.T, texts map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for path, text := range texts {
		file := filepath.Join(dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// tree is a context with a Dockerfile.
func tree(dockerfile string) map[string]string {
	return map[string]string{
		"Dockerfile": dockerfile, "docs/a.md": strings.Repeat("a", 100), "docs/b.md": "b", "package.json": "{}",
		"svc/main.js": strings.Repeat("s", 1000), "other/large.bin": strings.Repeat("l", 100_000),
	}
}

// list measures a context; o is nil for no look-up.
func list(t *testing.T, dockerfile string, o *registry.Options) *report.UploadReport {
	t.Helper()
	r, err := loadline.List(t.Context(), loadline.Single{Context: files(t, tree(dockerfile)), Registry: o})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// context is the transfer of the build context.
func context(t *testing.T, r *report.UploadReport) report.UploadTransfer {
	t.Helper()
	for _, transfer := range r.Transfers {
		if transfer.Label == "load build context" {
			return transfer
		}
	}
	t.Fatalf("no context in %+v", r)
	return report.UploadTransfer{}
}

func TestBaseImagesSettleWhatIsUploaded(t *testing.T) {
	o := &registry.Options{Transport: examples(t), Hosts: []string{"registry.example.com"}}
	for _, c := range []struct{ name, dockerfile, same string }{
		{"environment and triggers", "FROM registry.example.com/base:1\nCOPY $APP_HOME /app\n", "FROM scratch\nCOPY docs /docs\nADD package.json /\nCOPY svc /app\n"},
		{"neither", "FROM registry.example.com/plain:1\nCOPY svc$NOTHING /app\n", "FROM scratch\nCOPY svc /app\n"},
		{"triggers that name another image", "FROM registry.example.com/chain:1\n", "FROM scratch\nCOPY docs /docs\n"},
		{"a stage that is not built", "FROM registry.example.com/base:1 AS unused\nFROM scratch\nCOPY docs /\n", "FROM scratch\nCOPY docs /\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, want := list(t, c.dockerfile, o), list(t, c.same, nil)
			if !got.Exact || len(got.Assumptions) > 0 {
				t.Errorf("exact %t, assumptions %q", got.Exact, got.Assumptions)
			}
			if diff := cmp.Diff(context(t, want), context(t, got)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestImagesThatCannotBeLookedUpAreAssumptionsWithAReason(t *testing.T) {
	o := &registry.Options{Transport: examples(t), Hosts: []string{"registry.example.com"}}
	for _, c := range []struct{ name, dockerfile, reason string }{
		{"absent", "FROM registry.example.com/absent:1\nCOPY svc /app\n", "registry.example.com/absent:1 (the registry answers 404 Not Found)"},
		{"another registry", "FROM other.example.com/base:1\nCOPY svc /app\n", "other.example.com/base:1 (the registry other.example.com is not on the list of those that may be asked)"},
		{"a trigger that fails", "FROM registry.example.com/broken:1\nCOPY svc /app\n", "registry.example.com/broken:1 (the build fails with its configuration: "},
		{"a long environment", "FROM registry.example.com/long:1\nCOPY svc /app\n", "registry.example.com/long:1 (its environment and ONBUILD triggers hold 300kB)"},
		{"triggers that double", "FROM registry.example.com/doubles:1\nCOPY svc /app\n", "the ONBUILD triggers of the base image: this value may grow to"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, want := list(t, c.dockerfile, o), list(t, "FROM scratch\nCOPY svc /app\n", nil)
			if got.Exact || len(got.Assumptions) != 2 || !strings.Contains(got.Assumptions[0], c.reason) ||
				!strings.HasPrefix(got.Assumptions[1], "no ONBUILD triggers in ") {
				t.Errorf("exact %t, assumptions %q, want the reason %q", got.Exact, got.Assumptions, c.reason)
			}
			if diff := cmp.Diff(context(t, want), context(t, got)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
	// An official image has no triggers in any case: that it cannot be looked up changes no number.
	got := list(t, "FROM node:22\nCOPY svc /app\n", o)
	if want := []string{"base images whose configuration is not known: node:22 (the registry answers 404 Not Found)"}; !got.Exact || !cmp.Equal(want, got.Assumptions) {
		t.Errorf("an official image: exact %t, assumptions %q", got.Exact, got.Assumptions)
	}
	got = list(t, "FROM node:22\nCOPY $APP_HOME /app\n", o)
	if got.Exact {
		t.Errorf("an official image whose environment counts: assumptions %q", got.Assumptions)
	}
}

func TestOnlyTheBasesConfigurationAddsRegistries(t *testing.T) {
	const dockerfile, config = "FROM registry.example.com/base:1\nCOPY $APP_HOME /app\n", "registries: [registry.example.com]\n"
	with := func(dockerfile, config string) string {
		texts := tree(dockerfile)
		if config != "" {
			texts[".loadline.yaml"] = config
		}
		return files(t, texts)
	}
	o := &registry.Options{Transport: examples(t)}
	for _, c := range []struct {
		name, head, base, config string
		exact                    bool
	}{
		{"the base's", with(dockerfile, ""), with(dockerfile, config), "", true},
		{"the change's", with(dockerfile, config), with(dockerfile, ""), "", false},
		{"the change's, with a base that cannot be read", with(dockerfile, config), with(dockerfile, "nonsense: 1\n"), "", false},
		{"a file on disk, which the change may have written", with(dockerfile, config), with(dockerfile, ""), ".loadline.yaml", false},
		{"no base", with(dockerfile, config), "none", "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			options := loadline.CheckOptions{Path: c.head, Base: c.base, Registry: o}
			if c.config != "" {
				options.Config = filepath.Join(c.head, c.config)
			}
			r, err := loadline.Check(t.Context(), options)
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Builds) != 1 || r.Builds[0].Exact != c.exact {
				t.Errorf("%d builds, exact %t, assumptions %q", len(r.Builds), r.Builds[0].Exact, r.Builds[0].Assumptions)
			}
		})
	}
}

// counted counts the manifests that are asked for, by repository.
type counted struct {
	http.RoundTripper

	mu    sync.Mutex
	asked map[string]int
}

func (c *counted) RoundTrip(req *http.Request) (*http.Response, error) {
	if name, ok := strings.CutPrefix(req.URL.Path, "/v2/"); ok {
		name, _, isManifest := strings.Cut(name, "/manifests/")
		c.mu.Lock()
		if isManifest {
			c.asked[name]++
		}
		c.mu.Unlock()
	}
	return c.RoundTripper.RoundTrip(req)
}

// TestRulesHaveTheSizesOfRegistries holds that a size which no table has comes from the registry, and that no registry is
// asked about variants of which nothing is to be said.
func TestRulesHaveTheSizesOfRegistries(t *testing.T) {
	h := handler{server.New(server.Logger(log.New(io.Discard, "", 0)))}
	for ref, bytes := range map[string]int64{"node:24.1.0": 21_000_000, "node:24.1.0-slim": 900_000, "python:3.13.1": 21_000_000, "python:3.13.1-slim": 1000} {
		img, err := random.Image(bytes, 1)
		if err != nil {
			t.Fatal(err)
		}
		tag, err := name.NewTag("docker.io/library/" + ref)
		if err != nil {
			t.Fatal(err)
		}
		if err := remote.Write(tag, img, remote.WithTransport(h)); err != nil {
			t.Fatal(err)
		}
	}
	c := &counted{RoundTripper: h, asked: map[string]int{}}
	check := func(dockerfile string, o *registry.Options) string {
		t.Helper()
		r, err := loadline.Check(t.Context(), loadline.CheckOptions{Path: files(t, tree(dockerfile)), Base: "none", Registry: o})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range r.Skipped {
			t.Errorf("skipped: %+v", s)
		}
		out := ""
		for _, f := range r.Findings {
			if f.Rule == "slim-variant-exists" {
				out += f.Message
			}
		}
		return out
	}
	o := &registry.Options{Transport: c}
	const dockerfile = "FROM node:24.1.0\nCOPY svc /svc\nCMD [\"node\", \"/svc/main.js\"]\n"
	if got := check(dockerfile, nil); got != "" {
		t.Errorf("without a registry: %s", got)
	}
	want := "builds on node:24.1.0, 21 MB to pull; node:24.1.0-slim has 900 kB"
	if got := check(dockerfile, o); !strings.HasPrefix(got, "builds on node:24.1.0, 21") || !strings.Contains(got, "; node:24.1.0-slim has 90") {
		t.Errorf("with a registry: %s, want about %s", got, want)
	}
	clear(c.asked)
	if got := check("FROM python:3.13.1\nRUN pip install psycopg2\nCMD [\"python\", \"x.py\"]\n", o); got != "" || c.asked["library/python"] > 2 {
		t.Errorf("what is compiled: %s; %d manifests asked for, want that of the image itself", got, c.asked["library/python"])
	}
	if got := check("FROM node:24.1.1\nCMD [\"node\", \"x.js\"]\n", o); got != "" {
		t.Errorf("an image that the registry does not have: %s", got)
	}
}
