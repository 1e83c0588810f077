package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/containerd/platforms"
	"github.com/distribution/reference"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/types"
	digest "github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/loadline-dev/loadline/pkg/source"
)

const (
	// maxDepth is how many indexes may lie between a tag and its manifest. One is usual.
	maxDepth = 2
	// maxLayers is the largest number of layers; Docker takes 127.
	maxLayers = 1000
	// maxLayer is the largest size that a layer may claim, in bytes: some machine-learning images come near 100 GB.
	maxLayer = 1 << 40
	// maxReason is the longest that a reason may be, in bytes: part of it is the registry's text.
	maxReason = 240
)

// found is a manifest that was looked up.
type found struct {
	Image

	ref    string
	repo   name.Repository
	config ocispecs.Descriptor
}

// document is what indexes and manifests have in common.
type document struct {
	SchemaVersion int                   `json:"schemaVersion"`
	MediaType     string                `json:"mediaType"`
	Manifests     []ocispecs.Descriptor `json:"manifests"`
	Config        *ocispecs.Descriptor  `json:"config"`
	Layers        []ocispecs.Descriptor `json:"layers"`
}

// client asks for one image, so that its requests can be counted.
func (r *Resolver) client() (*remote.Puller, error) {
	return remote.NewPuller(
		remote.WithTransport(&guard{base: r.base, hosts: r.options.Hosts, plain: r.options.Plain}),
		remote.WithAuth(authn.Anonymous),
		remote.WithUserAgent("loadline"),
		remote.WithRetryBackoff(remote.Backoff{Duration: 500 * time.Millisecond, Factor: 2, Jitter: 0.1, Steps: 2}),
		remote.WithRetryStatusCodes(
			http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout,
		),
	)
}

// fetchManifest follows a reference to the manifest for a platform.
func (r *Resolver) fetchManifest(ctx context.Context, named reference.Named, want ocispecs.Platform) (found, error) {
	client, err := r.client()
	if err != nil {
		return found{}, err
	}
	repo, err := name.NewRepository(reference.TrimNamed(named).String())
	if err != nil {
		return found{}, err
	}
	at, err := r.digest(ctx, client, repo, named)
	if err != nil {
		return found{}, err
	}
	for range maxDepth + 1 {
		doc, err := r.fetchDocument(ctx, client, repo.Digest(at))
		if err != nil {
			return found{}, err
		}
		if doc.Manifests == nil {
			return doc.image(repo, at)
		}
		if at, err = choose(doc.Manifests, want); err != nil {
			return found{}, err
		}
	}
	return found{}, errors.New("the registry answers with lists of lists of images")
}

// digest answers what a reference stands for now. HEAD does not count towards Docker Hub's limit of pulls
// (docs.docker.com, "Usage and limits"); a registry that does not know it is asked by GET.
func (r *Resolver) digest(ctx context.Context, client *remote.Puller, repo name.Repository, named reference.Named) (string, error) {
	if pinned, ok := named.(reference.Digested); ok {
		return pinned.Digest().String(), nil
	}
	tagged, ok := named.(reference.Tagged)
	if !ok {
		return "", errors.New("the reference has neither tag nor digest")
	}
	tag := repo.Tag(tagged.Tag())
	head, err := client.Head(ctx, tag)
	if err == nil {
		return head.Digest.String(), nil
	}
	if refused := (*refusal)(nil); errors.As(err, &refused) || ctx.Err() != nil {
		return "", err
	}
	if answer := (*transport.Error)(nil); errors.As(err, &answer) && answer.StatusCode != http.StatusMethodNotAllowed {
		return "", err
	}
	got, err := client.Get(ctx, tag)
	if err != nil {
		return "", err
	}
	return got.Digest.String(), nil
}

// fetchDocument gets an index or manifest by its digest.
func (r *Resolver) fetchDocument(ctx context.Context, client *remote.Puller, at name.Digest) (*document, error) {
	text, ok := r.cache.get(at.DigestStr())
	if !ok {
		got, err := client.Get(ctx, at)
		if err != nil {
			return nil, err
		}
		if !isDocument(got.MediaType) {
			return nil, fmt.Errorf("the registry answers with %q, which is no image", string(got.MediaType))
		}
		text = got.Manifest
	}
	doc := &document{}
	if err := json.Unmarshal(text, doc); err != nil {
		return nil, fmt.Errorf("the registry's manifest cannot be read: %w", err)
	}
	if (doc.Manifests == nil) == (doc.Config == nil) || doc.Manifests != nil && doc.Layers != nil || doc.SchemaVersion != 2 ||
		doc.MediaType != "" && !isDocument(types.MediaType(doc.MediaType)) {
		return nil, errors.New("the registry's manifest is neither of an image nor a list of images")
	}
	r.cache.put(at.DigestStr(), text)
	return doc, nil
}

func isDocument(t types.MediaType) bool {
	return slices.Contains([]types.MediaType{
		types.OCIImageIndex, types.DockerManifestList, types.OCIManifestSchema1, types.DockerManifestSchema2,
	}, t)
}

// choose picks the manifest for a platform out of an index, as containerd does.
func choose(manifests []ocispecs.Descriptor, want ocispecs.Platform) (string, error) {
	match := platforms.Only(want)
	var best *ocispecs.Descriptor
	for n := range manifests {
		m := &manifests[n]
		if m.Platform == nil || !match.Match(*m.Platform) || !isDocument(types.MediaType(m.MediaType)) {
			continue
		}
		if best == nil || match.Less(*m.Platform, *best.Platform) {
			best = m
		}
	}
	if best == nil {
		return "", fmt.Errorf("there is no image for %s", platforms.FormatAll(want))
	}
	if err := best.Digest.Validate(); err != nil {
		return "", fmt.Errorf("the registry's list of images has a digest that is none: %w", err)
	}
	return best.Digest.String(), nil
}

// image is what a manifest says of its image.
func (d *document) image(repo name.Repository, at string) (found, error) {
	f := found{Image: Image{Digest: at}, repo: repo, config: *d.Config}
	if len(d.Layers) > maxLayers {
		return f, fmt.Errorf("the registry's manifest has %d layers", len(d.Layers))
	}
	for _, l := range d.Layers {
		if l.Size < 0 || l.Size > maxLayer || f.Bytes > math.MaxInt64-l.Size {
			return f, errors.New("the registry's manifest has sizes that cannot be")
		}
		f.Bytes += l.Size
	}
	if d.Config.Size < 0 {
		return f, errors.New("the registry's manifest has sizes that cannot be")
	}
	if err := d.Config.Digest.Validate(); err != nil {
		return f, fmt.Errorf("the registry's manifest has a digest that is none: %w", err)
	}
	return f, nil
}

// isConfig reports whether a media type is that of an image's configuration; other artefacts have others.
func isConfig(mediaType string) bool {
	return mediaType == ocispecs.MediaTypeImageConfig || mediaType == string(types.DockerConfigJSON)
}

// fetchConfig gets the configuration of an image, and holds it against its digest.
func (r *Resolver) fetchConfig(ctx context.Context, f found) ([]byte, error) {
	if !isConfig(f.config.MediaType) {
		return nil, fmt.Errorf("its configuration is %q, so that it is no image", f.config.MediaType)
	}
	if f.config.Size > MaxBody {
		return nil, fmt.Errorf("its configuration has %d bytes; the limit is %d", f.config.Size, MaxBody)
	}
	at := f.config.Digest.String()
	if text, ok := r.cache.get(at); ok {
		return text, nil
	}
	client, err := r.client()
	if err != nil {
		return nil, err
	}
	layer, err := client.Layer(ctx, f.repo.Digest(at))
	if err != nil {
		return nil, err
	}
	body, err := layer.Compressed()
	if err != nil {
		return nil, err
	}
	defer body.Close()
	text, err := io.ReadAll(io.LimitReader(body, MaxBody+1))
	if err != nil {
		return nil, fmt.Errorf("reading its configuration: %w", err)
	}
	if int64(len(text)) != f.config.Size || digest.Digest(at).Algorithm().FromBytes(text) != digest.Digest(at) {
		return nil, errors.New("the registry's configuration is not the one that its manifest names")
	}
	r.cache.put(at, text)
	return text, nil
}

// reason is why a look-up failed, on one line of bounded length.
func reason(err error) string {
	var refused *refusal
	var answer *transport.Error
	text := ""
	switch {
	case errors.As(err, &refused):
		text = refused.Error()
	case errors.Is(err, errTimeout):
		text = errTimeout.Error()
	case errors.As(err, &answer) && answer.StatusCode != 0:
		text = fmt.Sprintf("the registry answers %d %s", answer.StatusCode, http.StatusText(answer.StatusCode))
	default:
		text = err.Error()
	}
	text = source.Printable(strings.TrimSpace(text))
	if len(text) > maxReason {
		text = strings.ToValidUTF8(text[:maxReason], "") + "…"
	}
	return text
}
