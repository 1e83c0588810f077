package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/client/llb"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"
	"golang.org/x/sync/errgroup"
)

// received is what the daemon receives for a build of which it runs no step, by step: its frontend reads the Dockerfile and
// the ignore file and says which directories it wants, and it is then made to fetch just these. So neither base images nor
// the network are needed, and no step that fails ends a transfer half way.
func received(t *testing.T, b build) (map[string][]int64, error) {
	t.Helper()
	options := b.options(t)
	attrs := options.FrontendAttrs
	attrs["cmdline"] = "none" // the frontend that a Dockerfile names with "# syntax" is not fetched
	statuses := make(chan *client.SolveStatus)
	var got map[string][]int64
	var group errgroup.Group
	group.Go(func() error {
		_, err := env.client.Build(t.Context(), options, "", func(ctx context.Context, c gateway.Client) (*gateway.Result, error) {
			return gateway.NewResult(), fetchLocals(ctx, c, attrs)
		}, statuses)
		return err
	})
	group.Go(func() error {
		got = gather(statuses)
		return nil
	})
	return got, group.Wait()
}

// fetchLocals asks the daemon's frontend what a build consists of, and solves what comes from the client.
func fetchLocals(ctx context.Context, c gateway.Client, attrs map[string]string) error {
	result, err := c.Solve(ctx, gateway.SolveRequest{Frontend: "dockerfile.v0", FrontendOpt: attrs})
	if err != nil {
		return err
	}
	ref, err := result.SingleRef()
	if err != nil || ref == nil {
		return err // nothing is built
	}
	state, err := ref.ToState()
	if err != nil {
		return err
	}
	def, err := state.Marshal(ctx)
	if err != nil {
		return err
	}
	for _, op := range def.Def {
		var parsed pb.Op
		if err := parsed.UnmarshalVT(op); err != nil {
			return err
		}
		if !strings.HasPrefix(parsed.GetSource().GetIdentifier(), "local://") {
			continue
		}
		if _, err := c.Solve(ctx, gateway.SolveRequest{Definition: alone(def, op), Evaluate: true}); err != nil {
			return err
		}
	}
	return nil
}

// alone is a definition whose result is one of its operations.
func alone(def *llb.Definition, op []byte) *pb.Definition {
	all := def.ToPB()
	digestOf := string(digest.FromBytes(op))
	last, err := (&pb.Op{Inputs: []*pb.Input{{Digest: digestOf}}}).MarshalVT()
	if err != nil {
		panic(err) // a message of two strings
	}
	return &pb.Definition{Def: [][]byte{op, last}, Metadata: map[string]*pb.OpMetadata{digestOf: all.Metadata[digestOf]}}
}

// publicRegistries are those that Dockerfiles name most.
func publicRegistries() []string {
	return []string{
		"docker.io", "ghcr.io", "quay.io", "gcr.io", "registry.k8s.io", "mcr.microsoft.com", "public.ecr.aws",
		"registry.access.redhat.com", "registry.ci.openshift.org", "docker.redpanda.com",
	}
}

// startImages starts a registry that has one and the same image for linux/amd64 under every name and tag.
func startImages() (*httptest.Server, error) {
	img, err := random.Image(100, 1)
	if err != nil {
		return nil, err
	}
	file, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	file = file.DeepCopy()
	file.OS, file.Architecture, file.Config = "linux", "amd64", v1.Config{Env: []string{"PATH=/bin"}}
	if img, err = mutate.ConfigFile(img, file); err != nil {
		return nil, err
	}
	manifest, err1 := img.RawManifest()
	config, err2 := img.RawConfigFile()
	kind, err3 := img.MediaType()
	of, err4 := img.Digest()
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return nil, err
	}
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		switch {
		case strings.Contains(req.URL.Path, "/manifests/"):
			w.Header().Set("Content-Type", string(kind))
			w.Header().Set("Docker-Content-Digest", of.String())
			w.Header().Set("Content-Length", fmt.Sprint(len(manifest)))
			_, _ = w.Write(manifest)
		case strings.HasSuffix(req.URL.Path, "/blobs/"+digest.FromBytes(config).String()):
			http.ServeContent(w, req, "", file.Created.Time, bytes.NewReader(config))
		case req.URL.Path == "/v2/":
		default:
			http.NotFound(w, req)
		}
	})), nil
}
