package loadline

import (
	"context"
	"fmt"
	"path"

	"github.com/loadline-dev/loadline/pkg/build"
	"github.com/loadline-dev/loadline/pkg/transfer"
	"github.com/loadline-dev/loadline/pkg/tree"
)

// measured is what one build uploads, with the context that was chosen for it.
type measured struct {
	upload
	context string
}

// analyseBuild answers what a build of the repository uploads on one side. Where the context has to be chosen, it is
// the nearest candidate in which the most sources exist.
func (c *check) analyseBuild(ctx context.Context, s *side, b build.Build) (*measured, error) {
	candidates := b.Candidates
	if b.Context != "" {
		candidates = []string{b.Context}
	}
	var best *measured
	missing := -1
	for _, dir := range candidates {
		req, err := s.request(b, dir)
		if err != nil {
			return nil, err
		}
		u, err := prepare(ctx, req, b.Dockerfile)
		if err != nil {
			return nil, err
		}
		unresolved, err := u.unresolved(ctx)
		if err != nil {
			return nil, err
		}
		if missing < 0 || len(unresolved) < missing {
			best, missing = &measured{upload: *u, context: dir}, len(unresolved)
			best.aboutContext(b, dir, unresolved)
		}
		if missing == 0 {
			break
		}
	}
	return best, best.measure(ctx, &c.meter)
}

// request turns a build into what pkg/transfer asks for.
func (s *side) request(b build.Build, dir string) (transfer.Request, error) {
	req := transfer.Request{
		Stage: b.Stage, Args: b.Args, Platforms: b.Platforms,
		ContextDir: dir, DockerfileDir: path.Dir(b.Dockerfile), Filename: path.Base(b.Dockerfile),
		Contexts: map[string]transfer.NamedContext{},
	}
	var err error
	if req.Context, err = s.sub(dir); err != nil {
		return req, err
	}
	if req.Dockerfile, err = s.sub(req.DockerfileDir); err != nil {
		return req, err
	}
	for name, value := range b.Contexts {
		if isReference(value) {
			req.Contexts[name] = transfer.NamedContext{Ref: value}
			continue
		}
		t, err := s.sub(value)
		if err != nil {
			return req, err
		}
		req.Contexts[name] = transfer.NamedContext{Tree: t, Dir: value}
	}
	if b.IgnoreFile != "" {
		if req.Ignore, err = s.tree.ReadFile(b.IgnoreFile, transfer.MaxFile); err != nil {
			return req, fmt.Errorf("reading %s: %w", b.IgnoreFile, err)
		}
	}
	return req, nil
}

// sub opens a directory of the side.
func (s *side) sub(dir string) (*tree.Snapshot, error) {
	t, err := s.tree.Sub(dir)
	if err != nil {
		return nil, fmt.Errorf("opening the directory %s: %w", dir, err)
	}
	return t, nil
}

// unresolved lists the sources of the build context that do not exist in it.
func (u *upload) unresolved(ctx context.Context) ([]string, error) {
	var missing []string
	seen := map[string]bool{}
	for _, local := range u.plan.Locals {
		if local.Name != "context" || local.Kind() != transfer.ContextLoad {
			continue
		}
		for _, source := range u.plan.Sources {
			if source.Local != local.Name || seen[source.Path] {
				continue
			}
			seen[source.Path] = true
			found, err := local.Resolves(ctx, source)
			if err != nil {
				return nil, err
			}
			if !found {
				missing = append(missing, source.Path)
			}
		}
	}
	return missing, nil
}

// aboutContext states which context was chosen for a discovered build, and what it lacks.
func (a *assumptions) aboutContext(b build.Build, dir string, missing []string) {
	if b.Context == "" && len(b.Candidates) > 1 {
		own := "the directory of its Dockerfile"
		if dir != b.Candidates[0] {
			own = "the nearest directory that holds the sources of its instructions"
		}
		a.note(fmt.Sprintf("the build context is %s, %s", dir, own))
	}
	if len(missing) == 0 {
		return
	}
	text := fmt.Sprintf("nothing is uploaded for sources that do not exist here: %s", some(missing))
	if b.Context == "" {
		a.estimate(text)
		return
	}
	a.note(text)
}
