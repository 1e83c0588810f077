package loadline

import (
	"context"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/loadline-dev/loadline/pkg/build"
	"github.com/loadline-dev/loadline/pkg/engine"
	"github.com/loadline-dev/loadline/pkg/source"
	"github.com/loadline-dev/loadline/pkg/transfer"
)

// measured is what one build uploads, with the context that was chosen for it.
type measured struct {
	upload
	context string
	// build is the build with its context, and the arguments that stand in for missing ones.
	build build.Build
}

// analyseBuild answers what a build of the repository uploads on one side. Where the context has to be chosen, it is
// the nearest candidate in which the most sources exist. Where the instructions read nothing but all of it, every
// directory would do: then it is the Dockerfile's own, or the nearest project around it.
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
		u, err := c.prepareDiscovered(ctx, req, b)
		if err != nil {
			return nil, err
		}
		if b.Context == "" && dir != path.Dir(b.Dockerfile) && !u.namesSources() &&
			(leavesExamples(b.Dockerfile, dir) || dir != candidates[len(candidates)-1] && !build.IsProject(s.tree, dir)) {
			continue
		}
		unresolved, err := u.unresolved(ctx)
		if err != nil {
			return nil, err
		}
		if missing < 0 || len(unresolved) < missing {
			best, missing = &measured{upload: *u, context: dir, build: settled(b, dir, u.args)}, len(unresolved)
			best.aboutContext(b, dir, unresolved)
		}
		if missing == 0 {
			break
		}
	}
	return best, best.measure(ctx, &c.meter)
}

// settled is a build with its context chosen.
func settled(b build.Build, dir string, args map[string]string) build.Build {
	b.Context, b.Candidates, b.Args = dir, nil, args
	return b
}

// prepareDiscovered prepares a build. A discovered one whose base images are left to its caller, by an ARG without a
// default, is prepared with a stand-in: what is uploaded does not depend on it, but for ONBUILD triggers.
func (c *check) prepareDiscovered(ctx context.Context, req transfer.Request, b build.Build) (*upload, error) {
	u, err := prepare(ctx, c.images, req, b.Dockerfile)
	if err == nil || b.Context != "" && len(b.Candidates) == 0 {
		return u, err
	}
	file, readErr := readDockerfile(req, b.Dockerfile)
	if readErr != nil {
		return nil, err
	}
	open := openArguments(file, req.Args)
	if len(open) == 0 {
		return nil, err
	}
	req.Args = maps.Clone(req.Args)
	if req.Args == nil {
		req.Args = map[string]string{}
	}
	for _, name := range open {
		req.Args[name] = build.Unspecified
	}
	u, retryErr := prepare(ctx, c.images, req, b.Dockerfile)
	if retryErr != nil {
		return nil, err
	}
	u.estimate(fmt.Sprintf("no ONBUILD triggers in the base image that %s names", some(open)))
	return u, nil
}

// request turns a build into what pkg/transfer asks for.
func (s *side) request(b build.Build, dir string) (transfer.Request, error) {
	return (&engine.Repository{Tree: s.tree}).Request(settled(b, dir, b.Args))
}

// unresolved lists the sources of the build context that do not exist in it: those of the stages that are built, and
// those that other stages write out, since one Dockerfile is built with one context.
func (u *upload) unresolved(ctx context.Context) ([]string, error) {
	var missing []string
	for _, local := range u.plan.Locals {
		if local.Name != "context" || local.Kind() != transfer.ContextLoad {
			continue
		}
		for _, source := range u.contextSources() {
			found, err := local.Finds(ctx, source, counts(source))
			if err != nil {
				return nil, err
			}
			if !found {
				missing = append(missing, source)
			}
		}
		break // several platforms read the same directory
	}
	return missing, nil
}

// examples matches a directory of examples: whoever builds one does it there, and does not upload the project around it.
var examples = regexp.MustCompile(`^(.*/)?(examples?|samples?|demos?)([_-][^/]*)?/`)

// leavesExamples reports whether a Dockerfile lies among examples, and a directory around them.
func leavesExamples(dockerfile, dir string) bool {
	among := examples.FindString(dockerfile)
	return among != "" && dir+"/" != among && !strings.HasPrefix(dir+"/", among)
}

// contextSources are the paths that instructions read from the build context, each once.
func (u *upload) contextSources() []string {
	var out []string
	for _, s := range u.plan.Sources {
		if s.Local == "context" && !slices.Contains(out, s.Path) {
			out = append(out, s.Path)
		}
	}
	for _, s := range u.file.LiteralSources() {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// namesSources reports whether an instruction reads anything but the whole build context.
func (u *upload) namesSources() bool {
	return slices.ContainsFunc(u.contextSources(), func(s string) bool { return s != "." })
}

// counts says which path proves that a source exists. For all of a directory, that is a path which somebody would want
// to copy: a directory that holds nothing but Dockerfiles and documents is hardly the context of its `COPY . .`.
func counts(source string) func(string) bool {
	if source != "." {
		return func(string) bool { return true }
	}
	return func(p string) bool {
		name := path.Base(p)
		return !build.IsDockerfile(name) && !strings.HasSuffix(name, ".dockerignore") && !build.IsDocument(name)
	}
}

// aboutContext states which context was chosen for a discovered build, and what it lacks.
func (u *upload) aboutContext(b build.Build, dir string, missing []string) {
	if b.Context == "" && len(b.Candidates) > 1 {
		switch {
		case dir == path.Dir(b.Dockerfile):
			u.note("the build context is the directory of the Dockerfile")
		case !u.namesSources():
			u.estimate(fmt.Sprintf("the build context is %s, the nearest project around the Dockerfile: its instructions read all of their context, whichever that is", source.Printable(dir)))
		default:
			u.note(fmt.Sprintf("the build context is %s, the nearest directory that holds what the instructions read", source.Printable(dir)))
		}
	}
	missing = slices.DeleteFunc(slices.Clone(missing), func(source string) bool {
		return source == "." || strings.ContainsAny(source, "*?[") // COPY takes a pattern that matches nothing
	})
	if len(missing) == 0 {
		return
	}
	text := fmt.Sprintf("nothing is uploaded for sources that do not exist here: %s", some(missing))
	if b.Context == "" {
		u.estimate(text)
		return
	}
	u.note(text)
}
