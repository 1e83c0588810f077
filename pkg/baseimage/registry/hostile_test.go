package registry_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	digest "github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// store is a registry that serves what it is given, true or not.
type store struct {
	blobs map[string][]byte // by digest
	types map[string]string // media types of manifests, by digest
	tag   string            // the digest that the tag stands for
	// answer may answer a request in the store's place.
	answer func(w http.ResponseWriter, req *http.Request) bool
}

func newStore() *store { return &store{blobs: map[string][]byte{}, types: map[string]string{}} }

// add keeps a text under its digest.
func (s *store) add(mediaType string, text []byte) ocispecs.Descriptor {
	d := digest.FromBytes(text)
	s.blobs[d.String()], s.types[d.String()] = text, mediaType
	return ocispecs.Descriptor{MediaType: mediaType, Digest: d, Size: int64(len(text))}
}

// addJSON keeps a value as JSON, and lets the tag stand for it.
func (s *store) addJSON(t *testing.T, mediaType string, value any) ocispecs.Descriptor {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	d := s.add(mediaType, text)
	s.tag = d.Digest.String()
	return d
}

// addImage keeps an image of which a part may be a lie.
func (s *store) addImage(t *testing.T, change func(m *ocispecs.Manifest)) ocispecs.Descriptor {
	t.Helper()
	config := s.add(ocispecs.MediaTypeImageConfig, []byte(`{"os":"linux","architecture":"amd64","config":{"Env":["A=1"]}}`))
	m := ocispecs.Manifest{
		MediaType: ocispecs.MediaTypeImageManifest, Config: config,
		Layers: []ocispecs.Descriptor{{MediaType: ocispecs.MediaTypeImageLayerGzip, Digest: digest.FromString("x"), Size: 1000}},
	}
	m.SchemaVersion = 2
	if change != nil {
		change(&m)
	}
	return s.addJSON(t, ocispecs.MediaTypeImageManifest, m)
}

func list(manifests ...ocispecs.Descriptor) ocispecs.Index {
	i := ocispecs.Index{MediaType: ocispecs.MediaTypeImageIndex, Manifests: manifests}
	i.SchemaVersion = 2
	for n := range i.Manifests {
		if i.Manifests[n].Platform == nil {
			i.Manifests[n].Platform = &ocispecs.Platform{OS: "linux", Architecture: "amd64"}
		}
	}
	return i
}

func (s *store) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if s.answer != nil && s.answer(w, req) {
		return
	}
	if req.URL.Path == "/v2/" {
		return
	}
	parts := strings.Split(req.URL.Path, "/")
	at := parts[len(parts)-1]
	if at == "1" {
		at = s.tag
	}
	text, ok := s.blobs[at]
	if !ok {
		http.NotFound(w, req)
		return
	}
	w.Header().Set("Content-Type", s.types[at])
	w.Header().Set("Docker-Content-Digest", at)
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	if req.Method != http.MethodHead {
		_, _ = w.Write(text)
	}
}

// on answers requests whose path contains a text.
func on(part string, f http.HandlerFunc) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, req *http.Request) bool {
		if !strings.Contains(req.URL.Path, part) {
			return false
		}
		f(w, req)
		return true
	}
}

func redirect(to string) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		http.Redirect(w, req, to, http.StatusTemporaryRedirect)
	}
}

// flood sends a gigabyte.
func flood(length string) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Content-Type", ocispecs.MediaTypeImageManifest)
		if length != "" {
			w.Header().Set("Content-Length", length)
		}
		block := make([]byte, 1<<20)
		for range 1 << 10 {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	}
}

func challenge(realm string) func(http.ResponseWriter, *http.Request) bool {
	return on("/v2/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("WWW-Authenticate", `Bearer realm="`+realm+`",service="x"`)
		w.WriteHeader(http.StatusUnauthorized)
	})
}

func TestHostileRegistriesAreFailuresWithAReason(t *testing.T) {
	trap, sprung := serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	const wide, manifests, blobs = ocispecs.MediaTypeImageManifest, "/manifests/", "/blobs/"
	status := func(code int) func(http.ResponseWriter, *http.Request) bool {
		return on(manifests, func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, `{"errors":[{"code":"DENIED","message":"::error::\u001b[31m"}]}`, code)
		})
	}
	for name, c := range map[string]struct {
		prepare func(t *testing.T, s *store)
		want    string
	}{
		"hangs before the first byte": {func(t *testing.T, s *store) {
			s.answer = on("/v2/", func(_ http.ResponseWriter, req *http.Request) { <-req.Context().Done() })
		}, "the registry takes too long to answer"},
		"hangs in the middle of a manifest": {func(t *testing.T, s *store) {
			s.addImage(t, nil)
			s.answer = on(manifests+"sha256", func(w http.ResponseWriter, req *http.Request) {
				_, _ = io.WriteString(w, `{"schema`)
				w.(http.Flusher).Flush()
				<-req.Context().Done()
			})
		}, "the registry takes too long to answer"},
		"sends a byte a moment": {func(t *testing.T, s *store) {
			s.addImage(t, nil)
			s.answer = on(blobs, func(w http.ResponseWriter, req *http.Request) {
				for req.Context().Err() == nil {
					_, _ = io.WriteString(w, "x")
					w.(http.Flusher).Flush()
					time.Sleep(10 * time.Millisecond)
				}
			})
		}, "the registry takes too long to answer"},
		"redirects a manifest to a private address": {func(t *testing.T, s *store) {
			s.addImage(t, nil)
			s.answer = on(manifests, redirect("https://10.0.0.1/v2/"))
		}, "10.0.0.1"},
		"redirects a manifest to the metadata of a cloud": {func(t *testing.T, s *store) {
			s.addImage(t, nil)
			s.answer = on(manifests, redirect("http://169.254.169.254/latest/meta-data/"))
		}, "169.254.169.254"},
		"redirects a configuration to another host of this machine": {func(t *testing.T, s *store) {
			s.addImage(t, nil)
			s.answer = on(blobs, redirect("http://"+trap+"/config"))
		}, "without encryption"},
		"redirects a configuration to a host that is not known": {func(t *testing.T, s *store) {
			s.addImage(t, nil)
			s.answer = on(blobs, redirect("https://example.com/config"))
		}, "leads to example.com, which is not on the list"},
		"redirects a configuration to a file": {func(t *testing.T, s *store) {
			s.addImage(t, nil)
			s.answer = on(blobs, redirect("file:///etc/passwd"))
		}, "without encryption"},
		"redirects for ever": {func(t *testing.T, s *store) {
			s.addImage(t, nil)
			s.answer = on(blobs, func(w http.ResponseWriter, req *http.Request) {
				http.Redirect(w, req, req.URL.Path+"x", http.StatusFound)
			})
		}, "more than 24 requests"},
		"has a token service at a private address": {func(t *testing.T, s *store) {
			s.answer = challenge("https://192.168.0.1/token")
		}, "192.168.0.1"},
		"has a token service on this machine": {func(t *testing.T, s *store) {
			s.answer = challenge("http://" + trap + "/token")
		}, "127.0.0.1"},
		"has a token service that is not known": {func(t *testing.T, s *store) {
			s.answer = challenge("https://example.com/token")
		}, "leads to example.com, which is not on the list"},
		"has a token service with a password": {func(t *testing.T, s *store) {
			s.answer = challenge("https://user:secret@ghcr.io/token")
		}, "with a password in its address"},
		"sends a gigabyte and says so": {func(t *testing.T, s *store) {
			s.addImage(t, nil)
			s.answer = on(manifests+"sha256", flood("1073741824"))
		}, "answers with 1073741824 bytes; the limit is 4194304"},
		"sends a gigabyte and does not say so": {func(t *testing.T, s *store) {
			s.addImage(t, nil)
			s.answer = on(manifests+"sha256", flood(""))
		}, "answers with more than 4194304 bytes"},
		"sends a gigabyte for a configuration": {func(t *testing.T, s *store) {
			s.addImage(t, nil)
			s.answer = on(blobs, flood(""))
		}, "answers with more than 4194304 bytes"},
		"sends a gigabyte where it is first asked": {func(t *testing.T, s *store) {
			s.answer = on("/v2/", func(w http.ResponseWriter, req *http.Request) {
				w.WriteHeader(http.StatusForbidden)
				flood("")(w, req)
			})
		}, ""},
		"sends endless headers": {func(t *testing.T, s *store) {
			s.answer = on("/v2/", func(w http.ResponseWriter, _ *http.Request) {
				for n := range 2000 {
					w.Header().Set(fmt.Sprintf("X-%d", n), strings.Repeat("x", 1000))
				}
			})
		}, ""},
		"says that the configuration has a terabyte": {func(t *testing.T, s *store) {
			s.addImage(t, func(m *ocispecs.Manifest) { m.Config.Size = 1 << 40 })
		}, "configuration has 1099511627776 bytes"},
		"lies about the size of the configuration": {func(t *testing.T, s *store) {
			s.addImage(t, func(m *ocispecs.Manifest) { m.Config.Size++ })
		}, "not the one that its manifest names"},
		"sends another configuration": {func(t *testing.T, s *store) {
			s.addImage(t, nil)
			s.answer = on(blobs, func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, `{"os":"linux","architecture":"amd64","config":{"Env":["A=2"]}}`)
			})
		}, "configuration"},
		"sends another manifest": {func(t *testing.T, s *store) {
			s.addImage(t, nil)
			s.answer = on(manifests+"sha256", func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", wide)
				_, _ = io.WriteString(w, `{"schemaVersion":2}`)
			})
		}, "does not match requested digest"},
		"says that a tag has a digest that is none": {func(t *testing.T, s *store) {
			s.addImage(t, nil)
			s.tag = "sha256:../../etc/passwd"
			s.answer = on(manifests+"1", func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", wide)
				w.Header().Set("Docker-Content-Digest", "sha256:../../etc/passwd")
				w.Header().Set("Content-Length", "2")
			})
		}, ""},
		"has layers of less than nothing": {func(t *testing.T, s *store) {
			s.addImage(t, func(m *ocispecs.Manifest) { m.Layers[0].Size = -5 })
		}, "sizes that cannot be"},
		"has layers larger than any disk": {func(t *testing.T, s *store) {
			s.addImage(t, func(m *ocispecs.Manifest) { m.Layers[0].Size = 1 << 60 })
		}, "sizes that cannot be"},
		"has twenty thousand layers": {func(t *testing.T, s *store) {
			s.addImage(t, func(m *ocispecs.Manifest) { m.Layers = make([]ocispecs.Descriptor, 20_000) })
		}, "has 20000 layers"},
		"has a list of a list of a list": {func(t *testing.T, s *store) {
			d := s.addImage(t, nil)
			for range 50 {
				d = s.addJSON(t, ocispecs.MediaTypeImageIndex, list(d))
			}
		}, "lists of lists"},
		"has a list of thousands of images, none of them for the platform": {func(t *testing.T, s *store) {
			many := make([]ocispecs.Descriptor, 12_000)
			for n := range many {
				many[n] = ocispecs.Descriptor{Digest: digest.FromString("x"), MediaType: wide, Platform: &ocispecs.Platform{OS: "plan9", Architecture: "amd64"}}
			}
			s.addJSON(t, ocispecs.MediaTypeImageIndex, list(many...))
		}, "there is no image for linux/amd64"},
		"has a list with a digest that is none": {func(t *testing.T, s *store) {
			s.addJSON(t, ocispecs.MediaTypeImageIndex, list(ocispecs.Descriptor{MediaType: wide, Digest: "sha256:../x"}))
		}, "digest that is none"},
		"has a list of what is not there": {func(t *testing.T, s *store) {
			s.addJSON(t, ocispecs.MediaTypeImageIndex, list(ocispecs.Descriptor{MediaType: wide, Digest: digest.FromString("gone")}))
		}, "the registry answers 404 Not Found"},
		"has an empty list": {func(t *testing.T, s *store) {
			i := list()
			i.Manifests = []ocispecs.Descriptor{}
			s.addJSON(t, ocispecs.MediaTypeImageIndex, i)
		}, "there is no image for linux/amd64"},
		"has a page in place of a manifest": {func(t *testing.T, s *store) {
			s.tag = s.add("text/html", []byte("<html>")).Digest.String()
		}, `answers with "text/html"`},
		"has a manifest that is no JSON": {func(t *testing.T, s *store) {
			s.tag = s.add(wide, []byte("{]")).Digest.String()
		}, "manifest cannot be read"},
		"has a manifest of the first version": {func(t *testing.T, s *store) {
			s.tag = s.add("application/vnd.docker.distribution.manifest.v1+prettyjws", []byte(`{"schemaVersion":1}`)).Digest.String()
		}, "which is no image"},
		"has a manifest that is both": {func(t *testing.T, s *store) {
			s.tag = s.add(wide, []byte(`{"schemaVersion":2,"manifests":[],"config":{},"layers":[]}`)).Digest.String()
		}, "neither of an image nor a list"},
		"has a manifest that is neither": {func(t *testing.T, s *store) {
			s.tag = s.add(wide, []byte(`{"schemaVersion":2}`)).Digest.String()
		}, "neither of an image nor a list"},
		"has a manifest that says it is something else": {func(t *testing.T, s *store) {
			s.addImage(t, func(m *ocispecs.Manifest) { m.MediaType = "application/x" })
		}, "neither of an image nor a list"},
		"has a manifest nested without end": {func(t *testing.T, s *store) {
			s.tag = s.add(wide, []byte(strings.Repeat(`{"a":`, 500_000))).Digest.String()
		}, "manifest cannot be read"},
		"has a chart in place of an image": {func(t *testing.T, s *store) {
			s.addImage(t, func(m *ocispecs.Manifest) { m.Config.MediaType = "application/vnd.cncf.helm.config.v1+json" })
		}, "so that it is no image"},
		"asks for a password":              {func(t *testing.T, s *store) { s.answer = status(http.StatusUnauthorized) }, "the registry answers 401 Unauthorized"},
		"forbids it":                       {func(t *testing.T, s *store) { s.answer = status(http.StatusForbidden) }, "the registry answers 403 Forbidden"},
		"is asked too often":               {func(t *testing.T, s *store) { s.answer = status(http.StatusTooManyRequests) }, "the registry answers 429 Too Many Requests"},
		"is broken":                        {func(t *testing.T, s *store) { s.answer = status(http.StatusInternalServerError) }, "the registry answers 500 Internal Server Error"},
		"answers with a status of its own": {func(t *testing.T, s *store) { s.answer = status(799) }, "the registry answers 799"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStore()
			c.prepare(t, s)
			host, _ := serve(t, s)
			limit := 30 * time.Second
			if strings.Contains(c.want, "too long") {
				limit = 500 * time.Millisecond
			}
			r := resolver(t, t.TempDir(), limit, host)
			start := time.Now()
			_, config, err := r.Config(t.Context(), host+"/base:1", "linux/amd64")
			if took := time.Since(start); took > limit+5*time.Second {
				t.Errorf("it took %v", took)
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%q %v, want an error with %q", config, err, c.want)
			}
			if err != nil && (len(err.Error()) > 300 || strings.ContainsAny(err.Error(), "\n\r\x1b")) {
				t.Errorf("the reason is %q", err)
			}
			if got := r.Failures(); len(got) != 1 || got[0].Ref != host+"/base:1" {
				t.Errorf("failures are %v", got)
			}
		})
	}
	t.Cleanup(func() {
		if got := sprung.take(); got != nil {
			t.Errorf("the trap was asked: %v", got)
		}
	})
}

func TestARegistryThatDoesNotKnowHeadIsAskedByGet(t *testing.T) {
	s := newStore()
	s.addImage(t, nil)
	s.answer = func(w http.ResponseWriter, req *http.Request) bool {
		if req.Method != http.MethodHead {
			return false
		}
		w.WriteHeader(http.StatusMethodNotAllowed)
		return true
	}
	host, _ := serve(t, s)
	got, err := resolver(t, "", time.Minute, host).Resolve(t.Context(), host+"/base:1", "linux/amd64")
	if want := int64(1000); err != nil || got.Bytes != want {
		t.Errorf("%+v, %v, want %d bytes", got, err, want)
	}
}

func TestATokenServiceOfTheRegistryIsUsed(t *testing.T) {
	s := newStore()
	s.addImage(t, nil)
	var host string
	s.answer = func(w http.ResponseWriter, req *http.Request) bool {
		switch {
		case req.URL.Path == "/token":
			_, _ = io.WriteString(w, `{"token":"t1"}`)
		case req.Header.Get("Authorization") != "Bearer t1":
			w.Header().Set("WWW-Authenticate", `Bearer realm="http://`+host+`/token",service="x"`)
			w.WriteHeader(http.StatusUnauthorized)
		default:
			return false
		}
		return true
	}
	host, _ = serve(t, s)
	if _, _, err := resolver(t, "", time.Minute, host).Config(t.Context(), host+"/base:1", "linux/amd64"); err != nil {
		t.Error(err)
	}
}
