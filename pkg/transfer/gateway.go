package transfer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"strings"
	"sync"

	"github.com/distribution/reference"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/builder"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	gwpb "github.com/moby/buildkit/frontend/gateway/pb"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// SyntaxError says that a Dockerfile asks for a frontend image that is not Docker's: what it reads cannot be known
// without running it.
type SyntaxError struct {
	// Image is the frontend image as the Dockerfile or BUILDKIT_SYNTAX names it.
	Image string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("the frontend image %q is not Docker's own, what it uploads cannot be predicted", e.Image)
}

// recorder stands where the daemon would: it answers the frontend from snapshots and records what the frontend asks
// for. It implements gateway/client.Client.
type recorder struct {
	trees   map[string]localTree
	configs map[ImageKey]ImageConfig

	mu sync.Mutex
	// options are what BuildOpts answers once it was asked.
	options   *gateway.BuildOpts
	opts      map[string]string
	seen      map[digest.Digest]bool
	locals    []Local
	sources   []Source
	images    map[ImageKey]bool // whether a configuration was given
	undefined []UndefinedVariable
	lines     map[int]bool
	syntax    string
	// fatal is the first failure that BuildKit would pass over and that makes the answer wrong, such as an ignore
	// file that is too large to be read.
	fatal error
}

var _ gateway.Client = (*recorder)(nil)

// BuildOpts gives the frontend its options; all capabilities are there, as with a current daemon.
func (r *recorder) BuildOpts() gateway.BuildOpts {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.options != nil {
		return *r.options
	}
	r.options = &gateway.BuildOpts{
		Opts:      r.opts,
		SessionID: "loadline",
		Workers:   []gateway.WorkerInfo{{Platforms: []ocispecs.Platform{{OS: "linux", Architecture: "amd64"}}}},
		LLBCaps:   pb.Caps.CapSet(pb.Caps.All()),
		Caps:      gwpb.Caps.CapSet(gwpb.Caps.All()),
	}
	return *r.options
}

// Solve records the local directories of a build graph. The frontend reads the Dockerfile and ignore files from the
// result; nothing else is ever read from it.
func (r *recorder) Solve(ctx context.Context, req gateway.SolveRequest) (*gateway.Result, error) {
	if req.Frontend != "" {
		return r.forward(ctx, req)
	}
	first, err := r.record(req.Definition)
	if err != nil {
		return nil, err
	}
	res := gateway.NewResult()
	res.SetRef(&result{recorder: r, local: first})
	return res, nil
}

// forward runs the frontend that `# syntax=` names: Docker's own is the one in this process, with the options that
// BuildKit's gateway would pass on; any other is refused.
func (r *recorder) forward(ctx context.Context, req gateway.SolveRequest) (*gateway.Result, error) {
	image := req.FrontendOpt["source"]
	if req.Frontend != "gateway.v0" || !dockersFrontend(image) {
		return nil, &SyntaxError{Image: image}
	}
	r.mu.Lock()
	r.opts, r.options = maps.Clone(req.FrontendOpt), nil
	r.syntax = image
	r.mu.Unlock()
	return builder.Build(ctx, r)
}

// CheckSyntax refuses the image of a syntax directive that is not Docker's own frontend: such a file need not even be a
// Dockerfile.
func CheckSyntax(image string) error {
	if image == "" || dockersFrontend(image) {
		return nil
	}
	return &SyntaxError{Image: image}
}

// dockersFrontend reports whether an image is a release of the Dockerfile frontend by Docker.
func dockersFrontend(image string) bool {
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil || reference.Domain(named) != "docker.io" {
		return false
	}
	path := reference.Path(named)
	return path == "docker/dockerfile" || path == "docker/dockerfile-upstream"
}

// record takes the local directories and the instructions that read them out of a build graph. It returns the first
// local, which is what the frontend reads where the graph is a local alone.
func (r *recorder) record(def *pb.Definition) (string, error) {
	graph, err := readGraph(def)
	if err != nil {
		return "", err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	first := ""
	for _, op := range graph.locals {
		if first == "" {
			first = op.local.Name
		}
		if r.seen[op.digest] {
			continue
		}
		r.seen[op.digest] = true
		t, ok := r.trees[op.local.Name]
		if !ok {
			return "", fmt.Errorf("reading the build graph: it asks for the local directory %q, which the build does not have", op.local.Name)
		}
		op.local.tree = t
		r.locals = append(r.locals, op.local)
	}
	r.sources = append(r.sources, graph.sources...)
	maps.Copy(r.lines, graph.lines)
	return first, nil
}

// ResolveImageConfig answers with the configuration that was given, or with a stub: looking the real one up needs the
// network.
func (r *recorder) ResolveImageConfig(_ context.Context, ref string, opt sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	key, platform := imageKey(ref, opt)
	given, ok := r.configs[key]
	config, err := imageConfig(platform, given)
	if err != nil {
		return "", "", nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.images[key] = ok
	return ref, "", config, nil
}

// ResolveSourceMetadata is asked for base images by newer paths of the frontend, and for the commit of a Git context.
func (r *recorder) ResolveSourceMetadata(ctx context.Context, op *pb.SourceOp, opt sourceresolver.Opt) (*sourceresolver.MetaResponse, error) {
	ref, ok := strings.CutPrefix(op.GetIdentifier(), "docker-image://")
	if !ok {
		return &sourceresolver.MetaResponse{Op: op}, nil
	}
	_, _, config, err := r.ResolveImageConfig(ctx, ref, opt)
	if err != nil {
		return nil, err
	}
	return &sourceresolver.MetaResponse{Op: op, Image: &sourceresolver.ResolveImageResponse{Config: config}}, nil
}

// Inputs are results of other builds; there are none.
func (r *recorder) Inputs(context.Context) (map[string]llb.State, error) { return nil, nil }

// NewContainer is never called by the Dockerfile frontend.
func (r *recorder) NewContainer(context.Context, gateway.NewContainerRequest) (gateway.Container, error) {
	return nil, errors.New("starting a container: nothing is executed")
}

// undefinedVariable matches the message of BuildKit's check UndefinedVar (linter/ruleset.go, RuleUndefinedVar).
var undefinedVariable = regexp.MustCompile(`Usage of undefined variable '\$([^']+)'`)

// Warn collects what BuildKit's checks say about variables; a base image may define those.
func (r *recorder) Warn(_ context.Context, _ digest.Digest, msg string, opts gateway.WarnOpts) error {
	m := undefinedVariable.FindStringSubmatch(msg)
	if m == nil || len(opts.Range) == 0 {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.undefined = append(r.undefined, UndefinedVariable{Name: m[1], Line: int(opts.Range[0].GetStart().GetLine())})
	return nil
}

// fail keeps the first failure that the frontend must not pass over.
func (r *recorder) fail(err error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fatal == nil {
		r.fatal = err
	}
	return err
}

// readGraph decodes a build graph: its local sources, and which operation reads which path of them, with the lines
// of the Dockerfile that the frontend wrote down beside it.
func readGraph(def *pb.Definition) (*graph, error) {
	g := &graph{names: map[digest.Digest]string{}, lines: map[int]bool{}}
	if def == nil {
		return g, nil
	}
	ops := make([]*pb.Op, 0, len(def.Def))
	digests := make([]digest.Digest, 0, len(def.Def))
	for _, dt := range def.Def {
		op := &pb.Op{}
		if err := op.UnmarshalVT(dt); err != nil {
			return nil, fmt.Errorf("reading the build graph: %w", err)
		}
		dgst := digest.FromBytes(dt)
		if err := g.addLocal(def, op, dgst); err != nil {
			return nil, err
		}
		ops, digests = append(ops, op), append(digests, dgst)
	}
	for i, op := range ops {
		g.addSources(op, line(def, digests[i]))
		g.addLines(def, digests[i])
	}
	return g, nil
}

// jsonList decodes an attribute that holds a list of strings, as llb.Local writes it (client/llb/source.go).
func jsonList(attrs map[string]string, key string) ([]string, error) {
	text, ok := attrs[key]
	if !ok {
		return nil, nil
	}
	var list []string
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return nil, fmt.Errorf("reading the build graph: attribute %s: %w", key, err)
	}
	return list, nil
}
