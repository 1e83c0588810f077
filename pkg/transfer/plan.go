package transfer

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/builder"
	digest "github.com/opencontainers/go-digest"

	"github.com/loadline-dev/loadline/pkg/tree"
)

// contextPrefix and argPrefix are keys of frontend options (frontend/dockerui/config.go, namedcontext.go).
const (
	contextPrefix = "context:"
	argPrefix     = "build-arg:"
)

// NewPlan answers what a build asks its client for. It runs BuildKit's Dockerfile frontend on the snapshots of the
// request; nothing is executed and nothing is fetched.
//
// Errors: *SyntaxError for a frontend image that is not Docker's; *FileError for a Dockerfile or ignore file that
// cannot be read; *source.Error for an ignore file that cannot be read as one; else BuildKit's own, which Line places
// in the Dockerfile.
func NewPlan(ctx context.Context, req Request) (*Plan, error) {
	r := &recorder{
		trees:   map[string]localTree{},
		opts:    map[string]string{},
		seen:    map[digest.Digest]bool{},
		images:  map[ImageKey]bool{},
		configs: req.Configs,
		lines:   map[int]bool{},
	}
	if err := r.prepare(req); err != nil {
		return nil, err
	}
	if err := run(ctx, r); err != nil {
		return nil, err
	}
	return r.plan(), nil
}

// prepare fills in the options and local directories as buildx does (build/opt.go).
func (r *recorder) prepare(req Request) error {
	r.opts["filename"] = lowercase(req.Dockerfile, req.Filename)
	r.opts["platform"] = strings.Join(req.Platforms, ",")
	if len(req.Platforms) == 0 {
		r.opts["platform"] = DefaultPlatform
	}
	if req.Stage != "" {
		r.opts["target"] = req.Stage
	}
	// An own setting of the checks takes precedence over "# check=" in the Dockerfile, which could hide the
	// message about undefined variables (dockerfile2llb convert.go, newRuleLinter).
	r.opts[argPrefix+"BUILDKIT_DOCKERFILE_CHECK"] = ""
	for name, value := range req.Args {
		r.opts[argPrefix+name] = value
	}
	if req.Context != nil {
		r.trees["context"] = localTree{Snapshot: req.Context, dir: req.ContextDir}
	} else {
		r.opts["context"] = req.RemoteContext
		r.opts["dockerfilekey"] = "dockerfile" // the Dockerfile is still the client's
	}
	dockerfile := localTree{Snapshot: req.Dockerfile, dir: req.DockerfileDir}
	if req.Ignore != nil {
		dockerfile.over, dockerfile.data = r.opts["filename"]+".dockerignore", req.Ignore
	}
	r.trees["dockerfile"] = dockerfile
	for name, named := range req.Contexts {
		if named.Tree == nil {
			r.opts[contextPrefix+name] = named.Ref
			continue
		}
		local := name
		if local == "context" || local == "dockerfile" {
			local = "_" + local // as buildx does, so that it does not hide the build's own
		}
		if _, taken := r.trees[local]; taken {
			return fmt.Errorf("naming the context %q: the name is taken", name)
		}
		r.trees[local] = localTree{Snapshot: named.Tree, dir: named.Dir}
		r.opts[contextPrefix+name] = "local:" + local
	}
	return nil
}

// ReadDockerfile reads the Dockerfile as the plan will.
func (req Request) ReadDockerfile() ([]byte, error) {
	return localTree{Snapshot: req.Dockerfile}.readFile(lowercase(req.Dockerfile, req.Filename))
}

// lowercase gives the name under which the client asks for the Dockerfile: "dockerfile" where only that is there
// (buildx build/opt.go, handleLowercaseDockerfile).
func lowercase(dir *tree.Snapshot, name string) string {
	const upper, lower = "Dockerfile", "dockerfile"
	if name != upper {
		return name
	}
	if _, ok := dir.Lookup(upper); ok {
		return name
	}
	if _, ok := dir.Lookup(lower); ok {
		return lower
	}
	return name
}

// run runs the frontend, and gives up on it when the context ends: BuildKit's code looks at the context only where it
// would wait for the daemon.
func run(ctx context.Context, r *recorder) error {
	done := make(chan error, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				done <- fmt.Errorf("running the Dockerfile frontend: it panics: %v", p)
			}
		}()
		_, err := builder.Build(ctx, r)
		done <- err
	}()
	select {
	case err := <-done:
		r.mu.Lock()
		defer r.mu.Unlock()
		return cmp.Or(r.fatal, err)
	case <-ctx.Done():
		return fmt.Errorf("running the Dockerfile frontend: %w", context.Cause(ctx))
	}
}

// plan is what was recorded, in an order that does not depend on which platform came first.
func (r *recorder) plan() *Plan {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := &Plan{Locals: r.locals, Sources: r.sources, Undefined: r.undefined, Syntax: r.syntax}
	slices.SortFunc(p.Locals, func(a, b Local) int {
		return cmp.Or(cmp.Compare(a.Kind(), b.Kind()), cmp.Compare(a.Name, b.Name), cmp.Compare(a.key(), b.key()))
	})
	slices.SortFunc(p.Sources, func(a, b Source) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Local, b.Local), cmp.Compare(a.Path, b.Path),
			slices.Compare(a.Patterns, b.Patterns))
	})
	p.Sources = slices.CompactFunc(p.Sources, func(a, b Source) bool {
		return a.Line == b.Line && a.Local == b.Local && a.Path == b.Path && slices.Equal(a.Patterns, b.Patterns)
	})
	slices.SortFunc(p.Undefined, func(a, b UndefinedVariable) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Name, b.Name))
	})
	p.Undefined = slices.Compact(p.Undefined)
	p.Lines = slices.Sorted(maps.Keys(r.lines))
	for key, resolved := range r.images {
		p.Images = append(p.Images, Image{ImageKey: key, Known: knownWithoutTriggers(key.Ref), Resolved: resolved})
	}
	slices.SortFunc(p.Images, func(a, b Image) int {
		return cmp.Or(cmp.Compare(a.Ref, b.Ref), cmp.Compare(a.Platform, b.Platform))
	})
	return p
}

// Kind says which part of the build a request is.
func (l Local) Kind() Kind {
	switch {
	case strings.HasPrefix(l.Label, "load build definition"):
		return DockerfileLoad
	case strings.HasSuffix(l.Label, "load .dockerignore"):
		return IgnoreLoad
	}
	return ContextLoad
}

// Whole reports whether the request is for the whole directory, but for what an ignore file takes out.
func (l Local) Whole() bool { return len(l.FollowPaths) == 0 && len(l.IncludePatterns) == 0 }
