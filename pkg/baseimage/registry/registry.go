// Package registry answers how large an image is and how it is configured, by asking its registry. It downloads
// manifests and configurations, never layers.
//
// The references come from Dockerfiles, which may be anybody's, and the answers from whoever runs a registry. So only
// registries on a list are asked, over HTTPS, at public addresses; redirects and token services have to be known too;
// nobody's credentials are used; and sizes, numbers of requests and times have limits. An image that cannot be looked
// up is an error with a reason, and nothing else fails.
package registry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/containerd/platforms"
	"github.com/distribution/reference"

	"github.com/loadline-dev/loadline/pkg/baseimage"
)

// The limits of what is asked and taken. A usual image needs five requests and some 20 kB.
const (
	// MaxBody is the most that one answer may hold, in bytes. Registries refuse manifests above 4 MiB
	// (OCI distribution specification, "Pushing Manifests").
	MaxBody = 4 << 20
	// MaxRequests is the most requests that one image may take, redirects and tokens included.
	MaxRequests = 24
	// ImageTimeout is how long one image may take, where Options says nothing else.
	ImageTimeout = 15 * time.Second
	// TotalTimeout is how long all images of one Resolver may take together, from the first one on, where Options says
	// nothing else.
	TotalTimeout = 60 * time.Second
	// MaxImages is how many images one Resolver looks up.
	MaxImages = 500
	// parallel is how many images are looked up at once.
	parallel = 4
)

// Hosts are the registries that are asked without being named.
func Hosts() []string {
	return []string{
		"docker.io", "gcr.io", "ghcr.io", "mcr.microsoft.com", "public.ecr.aws", "quay.io", "registry.k8s.io",
	}
}

// Options say whom a Resolver may ask, and how.
type Options struct {
	// Hosts are further registries, as references name them: "registry.example.com", "registry.example.com:8443".
	Hosts []string
	// CacheDir is where manifests and configurations are kept, by their digests; empty for nowhere. One that cannot be
	// written is not used.
	CacheDir string
	// Proxy answers which proxy a request goes through; nil for none. The proxy itself may be at a private address.
	Proxy func(*http.Request) (*url.URL, error)
	// ImageTimeout and TotalTimeout replace the usual limits of time; 0 means those.
	ImageTimeout, TotalTimeout time.Duration
	// Transport replaces the connection to the network, with its refusal of private addresses; nil for the usual one.
	// It is for tests.
	Transport http.RoundTripper
	// Plain are hosts that are asked over HTTP. They count only with a Transport.
	Plain []string
}

// Image is what a registry says of an image.
type Image struct {
	// Digest is that of the manifest for the platform.
	Digest string
	// Bytes is what is pulled: the compressed layers.
	Bytes int64
}

// Failure is an image that could not be looked up.
type Failure struct {
	// Ref is the reference, normalised and in the form that people write.
	Ref string
	// Reason says why, on one line.
	Reason string
}

// Resolver looks images up, each once. It is safe for use by several goroutines.
type Resolver struct {
	options Options
	base    http.RoundTripper
	cache   *cache
	slots   chan struct{}

	mu       sync.Mutex
	until    time.Time
	images   map[key]*entry[found]
	configs  map[key]*entry[[]byte]
	failures map[string]string
}

// key names an image on a platform.
type key struct{ ref, platform string }

// entry is an answer that is there, or on its way.
type entry[T any] struct {
	done  chan struct{}
	value T
	err   error
}

// New prepares a Resolver; nothing is asked yet. The error is about a host that is none.
func New(o Options) (*Resolver, error) {
	for _, host := range slices.Concat(o.Hosts, o.Plain) {
		if err := baseimage.CheckHost(host); err != nil {
			return nil, err
		}
	}
	o.ImageTimeout, o.TotalTimeout = cmp.Or(o.ImageTimeout, ImageTimeout), cmp.Or(o.TotalTimeout, TotalTimeout)
	r := &Resolver{
		options: o, base: o.Transport, cache: openCache(o.CacheDir), slots: make(chan struct{}, parallel),
		images: map[key]*entry[found]{}, configs: map[key]*entry[[]byte]{}, failures: map[string]string{},
	}
	if r.base == nil {
		r.base = newTransport(o.Proxy)
		r.options.Plain = nil
	}
	return r, nil
}

// EnvironmentProxy is the proxy that the variables HTTPS_PROXY and NO_PROXY name.
func EnvironmentProxy(req *http.Request) (*url.URL, error) { return http.ProxyFromEnvironment(req) }

// Resolve answers for one image on one platform ("linux/amd64").
func (r *Resolver) Resolve(ctx context.Context, ref, platform string) (Image, error) {
	f, err := r.find(ctx, ref, platform)
	return f.Image, err
}

// Config answers the configuration of an image, as JSON.
func (r *Resolver) Config(ctx context.Context, ref, platform string) (digest string, config []byte, err error) {
	f, err := r.find(ctx, ref, platform)
	if err != nil {
		return "", nil, err
	}
	k := key{f.ref, platform}
	config, err = once(&r.mu, r.configs, k, func() ([]byte, error) {
		var config []byte
		err := r.within(ctx, func(ctx context.Context) (err error) {
			config, err = r.fetchConfig(ctx, f)
			return err
		})
		return config, err
	})
	return f.Digest, config, r.note(f.ref, err)
}

// Size answers how much is pulled for an image on linux/amd64, in bytes. It makes a Resolver a source for
// baseimage.Facts.
func (r *Resolver) Size(ctx context.Context, ref string) (bytes int64, ok bool) {
	f, err := r.find(ctx, ref, "linux/amd64")
	return f.Bytes, err == nil
}

// Failures lists the images that could not be looked up, in order.
func (r *Resolver) Failures() []Failure {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]Failure, 0, len(r.failures))
	for ref, reason := range r.failures {
		out = append(out, Failure{Ref: ref, Reason: reason})
	}
	slices.SortFunc(out, func(a, b Failure) int { return cmp.Compare(a.Ref, b.Ref) })
	return out
}

// find looks up the manifest of an image.
func (r *Resolver) find(ctx context.Context, ref, platform string) (found, error) {
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return found{}, r.note(ref, fmt.Errorf("it is not a reference: %w", err))
	}
	named = reference.TagNameOnly(named)
	k := key{reference.FamiliarString(named), platform}
	f, err := once(&r.mu, r.images, k, func() (found, error) {
		want, err := platforms.Parse(platform)
		if err != nil {
			return found{}, fmt.Errorf("%q is not a platform", platform)
		}
		if err := r.allowed(named); err != nil {
			return found{}, err
		}
		var f found
		err = r.within(ctx, func(ctx context.Context) (err error) {
			f, err = r.fetchManifest(ctx, named, want)
			return err
		})
		f.ref = k.ref
		return f, err
	})
	return f, r.note(k.ref, err)
}

// allowed says whether an image's registry may be asked.
func (r *Resolver) allowed(named reference.Named) error {
	host := reference.Domain(named)
	if slices.Contains(Hosts(), host) || slices.Contains(r.options.Hosts, host) || slices.Contains(r.options.Plain, host) {
		r.mu.Lock()
		defer r.mu.Unlock()
		if len(r.images) > MaxImages {
			return fmt.Errorf("there are more than %d images to look up", MaxImages)
		}
		return nil
	}
	return fmt.Errorf("the registry %s is not on the list of those that may be asked", host)
}

// within runs a look-up when there is room for it, in its time.
func (r *Resolver) within(ctx context.Context, f func(context.Context) error) error {
	r.mu.Lock()
	if r.until.IsZero() {
		r.until = time.Now().Add(r.options.TotalTimeout)
	}
	until := r.until
	r.mu.Unlock()
	total, stop := context.WithDeadline(ctx, until)
	defer stop()
	select {
	case r.slots <- struct{}{}:
		defer func() { <-r.slots }()
	case <-total.Done():
		return timeout(ctx, total.Err())
	}
	limited, cancel := context.WithTimeout(total, r.options.ImageTimeout)
	defer cancel()
	if err := f(limited); err != nil {
		if limited.Err() != nil {
			return timeout(ctx, err)
		}
		return err
	}
	return nil
}

// timeout is the error of a look-up whose time is up; where the caller gave up it is the caller's.
func timeout(ctx context.Context, err error) error {
	if caller := context.Cause(ctx); caller != nil {
		return caller
	}
	return errors.Join(errTimeout, err)
}

var errTimeout = errors.New("the registry takes too long to answer")

// note keeps the reason of a failure for Failures, and gives the error its final form.
func (r *Resolver) note(ref string, err error) error {
	if err == nil {
		return nil
	}
	reason := reason(err)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures[ref] = reason
	return errors.New(reason)
}

// once runs f once for each key; who comes later gets the same answer, when it is there.
func once[T any](mu *sync.Mutex, entries map[key]*entry[T], k key, f func() (T, error)) (T, error) {
	mu.Lock()
	e, ok := entries[k]
	if !ok {
		e = &entry[T]{done: make(chan struct{})}
		entries[k] = e
	}
	mu.Unlock()
	if !ok {
		e.value, e.err = f()
		close(e.done)
	}
	<-e.done
	return e.value, e.err
}
