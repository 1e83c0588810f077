package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/loadline-dev/loadline/pkg/baseimage"
	"github.com/loadline-dev/loadline/pkg/build"
	"github.com/loadline-dev/loadline/pkg/dockerfile"
	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/source"
	"github.com/loadline-dev/loadline/pkg/transfer"
	"github.com/loadline-dev/loadline/pkg/tree"
)

// Repository is a repository on one side of the comparison.
type Repository struct {
	// Tree is the root of its tree.
	Tree *tree.Snapshot
	// Disk is the same directory on disk, and Tracked head's tree, on either side: what lies on disk and not in it is
	// untracked. Both are nil where there is no disk to look at.
	Disk, Tracked *tree.Snapshot
	// Plain says that Tree is a directory of which nobody knows what is tracked.
	Plain bool
	// MaxFiles is how many files of a build rules may read; 0 for no limit.
	MaxFiles int
	// Meter and Listings remember what was measured; both sides may share them.
	Meter    *transfer.Meter
	Listings *rule.Listings
	// Images are what is known of base images, the same on both sides; nil for the tables of the program.
	Images *baseimage.Facts
	// RemoteSteps are those of build.RemoteSteps on this side, asked for by rules about workflows alone; nil for none.
	RemoteSteps func() []build.RemoteStep
	// parsed is the Dockerfile of the build that is analysed, where it is known already.
	parsed *dockerfile.File
	// before is a build as it was before its Dockerfile alone was edited: what it asks for as before need not be measured
	// again. nil where other files are edited, or none.
	before *rule.Subject
	// Contexts are the directories that any build of this side has as its context, named ones too.
	Contexts []string
}

// Known is what was found out about a build before.
type Known struct {
	File      *dockerfile.File
	Plan      *transfer.Plan
	Transfers []*transfer.Transfer
	// Args are the build's arguments with those that stand in for missing ones.
	Args map[string]string
}

// Request turns a build, its context settled, into what pkg/transfer asks for.
func (r *Repository) Request(b build.Build) (transfer.Request, error) {
	req := transfer.Request{
		Stage: b.Stage, Args: b.Args, Platforms: b.Platforms,
		ContextDir: b.Context, DockerfileDir: path.Dir(b.Dockerfile), Filename: path.Base(b.Dockerfile),
		Contexts: map[string]transfer.NamedContext{},
	}
	var err error
	if req.Context, err = sub(r.Tree, b.Context); err != nil {
		return req, err
	}
	if req.Dockerfile, err = sub(r.Tree, req.DockerfileDir); err != nil {
		return req, err
	}
	for name, value := range b.Contexts {
		if isReference(value) {
			req.Contexts[name] = transfer.NamedContext{Ref: value}
			continue
		}
		t, err := sub(r.Tree, value)
		if err != nil {
			return req, err
		}
		req.Contexts[name] = transfer.NamedContext{Tree: t, Dir: value}
	}
	if b.IgnoreFile != "" {
		if req.Ignore, err = r.Tree.ReadFile(b.IgnoreFile, transfer.MaxFile); err != nil {
			return req, fmt.Errorf("reading %s: %w", source.Printable(b.IgnoreFile), plain(err))
		}
	}
	return req, nil
}

func sub(t *tree.Snapshot, dir string) (*tree.Snapshot, error) {
	s, err := t.Sub(dir)
	if err != nil {
		return nil, fmt.Errorf("opening the directory %s: %w", source.Printable(dir), plain(err))
	}
	return s, nil
}

// plain drops the path from an error of package io/fs: the message names it already.
func plain(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}

// isReference reports whether a named context is something that BuildKit fetches itself (buildx build/opt.go).
func isReference(value string) bool {
	for _, prefix := range []string{"docker-image://", "oci-layout://", "target:", "http://", "https://", "git://", "git@", "ssh://"} {
		if strings.HasPrefix(value, prefix) {
			return true
		}
	}
	return false
}

// Analyse answers what rules may know of a build, its context settled.
func (r *Repository) Analyse(ctx context.Context, b build.Build) (*rule.Subject, error) {
	req, err := r.Request(b)
	if err != nil {
		return nil, err
	}
	text, err := req.ReadDockerfile()
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", source.Printable(b.Dockerfile), plain(err))
	}
	known := Known{Args: b.Args}
	if known.File = r.parsed; known.File == nil {
		if known.File, err = parse(b, text, req); err != nil {
			return nil, err
		}
	}
	if known.Plan, err = transfer.NewPlan(ctx, req); err != nil {
		return nil, err
	}
	for _, local := range known.Plan.Locals {
		if old, _ := r.measuredBefore(local); old >= 0 {
			known.Transfers = append(known.Transfers, r.before.Transfers[old])
			continue
		}
		t, err := r.Meter.Measure(ctx, local)
		if err != nil {
			return nil, err
		}
		known.Transfers = append(known.Transfers, t)
	}
	return r.subject(ctx, b, req, known)
}

// excluding answers what rules may know of a build whose context has another .dockerignore than before, of which BuildKit
// made these patterns.
func (r *Repository) excluding(ctx context.Context, before *rule.Subject, exclude []string) (*rule.Subject, error) {
	req, err := r.Request(before.Build)
	if err != nil {
		return nil, err
	}
	plan := *before.Plan
	plan.Locals = slices.Clone(plan.Locals)
	known := Known{Args: before.Build.Args, File: before.File, Plan: &plan}
	for i, local := range plan.Locals {
		tree := req.Context
		if local.Kind() == transfer.DockerfileLoad {
			tree = req.Dockerfile
		}
		local = local.On(tree)
		if local.Kind() == transfer.ContextLoad {
			local.ExcludePatterns = exclude
		}
		plan.Locals[i] = local
		t, err := r.Meter.Measure(ctx, local)
		if err != nil {
			return nil, err
		}
		known.Transfers = append(known.Transfers, t)
	}
	return r.subject(ctx, before.Build, req, known)
}

// parse reads a Dockerfile that BuildKit's frontend can read as well.
func parse(b build.Build, text []byte, req transfer.Request) (*dockerfile.File, error) {
	image, _ := dockerfile.Syntax(text)
	if err := transfer.CheckSyntax(image); err != nil {
		return nil, err
	}
	file, err := dockerfile.Parse(b.Dockerfile, text)
	if err != nil {
		return nil, err
	}
	return file, dockerfile.CheckExpansion(file, req.Args)
}

// Subject is what rules may know of a build of which the most is known already.
func (r *Repository) Subject(ctx context.Context, b build.Build, known Known) (*rule.Subject, error) {
	b.Args = known.Args
	req, err := r.Request(b)
	if err != nil {
		return nil, err
	}
	return r.subject(ctx, b, req, known)
}

func (r *Repository) subject(ctx context.Context, b build.Build, req transfer.Request, known Known) (*rule.Subject, error) {
	facts := rule.Facts{
		Build: b, Request: req, File: known.File, Plan: known.Plan, Transfers: known.Transfers,
		Repository: r.Tree, Contexts: r.Contexts, RemoteSteps: r.RemoteSteps, Listings: r.Listings, Plain: r.Plain, MaxFiles: r.MaxFiles, Images: r.Images,
	}
	if r.Disk == nil {
		return rule.NewSubject(facts)
	}
	for _, local := range known.Plan.Locals {
		if old, ok := r.measuredBefore(local); ok {
			facts.Disk, facts.Tracked = append(facts.Disk, r.before.Disk[old]), append(facts.Tracked, r.before.Tracked[old])
			continue
		}
		dir := localDir(b, local)
		disk, err := r.Disk.Sub(dir)
		if errors.Is(err, fs.ErrNotExist) {
			facts.Disk = nil
			return rule.NewSubject(facts) // base's context is not there any more
		}
		if err != nil {
			return nil, fmt.Errorf("opening the directory %s: %w", source.Printable(dir), plain(err))
		}
		tracked, err := r.Tracked.Sub(dir)
		if err != nil {
			tracked = disk // nothing of it is tracked at head, so nothing of it lies beside what is
		}
		t, err := r.Meter.Measure(ctx, local.On(disk))
		if err != nil {
			return nil, err
		}
		facts.Disk, facts.Tracked = append(facts.Disk, t), append(facts.Tracked, tracked)
	}
	return rule.NewSubject(facts)
}

// measuredBefore is the request of the build before its Dockerfile was edited that asks for the same; -1 where none does.
// disk says that it was measured on the disk as well.
func (r *Repository) measuredBefore(local transfer.Local) (index int, disk bool) {
	if r.before == nil || local.Kind() == transfer.DockerfileLoad {
		return -1, false
	}
	index = slices.IndexFunc(r.before.Plan.Locals, local.Same)
	return index, index >= 0 && r.before.Disk != nil
}

// localDir is the directory that a request is about, from the repository root.
func localDir(b build.Build, local transfer.Local) string {
	if local.Kind() == transfer.DockerfileLoad {
		return path.Dir(b.Dockerfile)
	}
	for _, name := range []string{local.Name, strings.TrimPrefix(local.Name, "_")} {
		if dir, ok := b.Contexts[name]; ok {
			return dir
		}
	}
	return b.Context
}

// edited is the repository with files changed or added, on disk as in the tree.
func (r *Repository) edited(files map[string][]byte) (*Repository, error) {
	out := *r
	var err error
	if out.Tree, err = r.Tree.With(files); err != nil {
		return nil, err
	}
	if r.Disk == nil {
		return &out, nil
	}
	if out.Disk, err = r.Disk.With(files); err != nil {
		return nil, err
	}
	out.Tracked, err = r.Tracked.With(maps.Clone(files))
	return &out, err
}
