package engine

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"sync"

	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/transfer"
)

// edited are the repositories with one set of files changed, so that builds share what is measured of them.
type edited struct {
	once       sync.Once
	repository *Repository
	err        error
}

// repository is a repository with files changed.
func (p *prover) repository(r *Repository, files map[string][]byte) (*Repository, error) {
	key := fmt.Sprintf("%p %s", r, filesKey(files))
	p.mu.Lock()
	e, ok := p.repositories[key]
	if !ok {
		e = &edited{}
		p.repositories[key] = e
	}
	p.mu.Unlock()
	e.once.Do(func() { e.repository, e.err = r.edited(files) })
	return e.repository, e.err
}

// analysed is a build with files changed.
type analysed struct {
	once sync.Once
	side *Side
	err  error
}

// again analyses a build with files changed, once for the same files.
func (p *prover) again(ctx context.Context, o *outcome, files map[string][]byte) (*Side, error) {
	key := fmt.Sprintf("%p %s", o, filesKey(files))
	p.mu.Lock()
	a, ok := p.analysed[key]
	if !ok {
		a = &analysed{}
		p.analysed[key] = a
	}
	p.mu.Unlock()
	a.once.Do(func() { a.side, a.err = p.analyse(ctx, o, files) })
	return a.side, a.err
}

func (p *prover) analyse(ctx context.Context, o *outcome, files map[string][]byte) (*Side, error) {
	repository, err := p.repository(o.Head.Repository, files)
	if err != nil {
		return nil, err
	}
	of := *repository
	if _, own := files[o.Head.Build.Dockerfile]; !own {
		of.parsed = o.Head.Subject.File
		return p.analyseIgnoring(ctx, o, &of, files)
	}
	of.before = o.Head.Subject
	if len(files) > 1 {
		others := maps.Clone(files)
		delete(others, o.Head.Build.Dockerfile)
		side, err := p.again(ctx, o, others)
		if err != nil {
			return nil, err
		}
		of.before = side.Subject
	}
	return p.analyseIn(ctx, o, &of)
}

// analyseIgnoring analyses a build of which no more than ignore files are edited. Where that is the .dockerignore of the
// context, BuildKit is asked what it excludes for one of the builds that read it: the others ask for what they asked for
// before, without that.
func (p *prover) analyseIgnoring(ctx context.Context, o *outcome, repository *Repository, files map[string][]byte) (*Side, error) {
	before := o.Head.Subject
	if len(files) > 1 || !readsContextIgnore(before, files) {
		return p.analyseIn(ctx, o, repository)
	}
	key := fmt.Sprintf("%p %s", o.Head.Repository, filesKey(files))
	p.mu.Lock()
	exclude, ok := p.excludes[key]
	p.mu.Unlock()
	if ok {
		subject, err := repository.excluding(ctx, before, exclude)
		return p.holds(ctx, o, &Side{Subject: subject, Repository: repository}, err)
	}
	side, err := p.analyseIn(ctx, o, repository)
	if err != nil {
		return nil, err
	}
	for _, local := range side.Plan.Locals {
		if local.Name == "context" && local.Kind() == transfer.ContextLoad {
			p.mu.Lock()
			p.excludes[key] = local.ExcludePatterns
			p.mu.Unlock()
		}
	}
	return side, nil
}

// readsContextIgnore reports whether a build reads the one file as the ignore file of its context, and of nothing else.
func readsContextIgnore(s *rule.Subject, files map[string][]byte) bool {
	if _, ok := files[path.Join(s.Build.Context, ".dockerignore")]; !ok || s.Build.IgnoreFile != "" || len(s.Build.Contexts) > 0 {
		return false
	}
	return slices.ContainsFunc(s.Plan.Locals, func(l transfer.Local) bool { return l.Name == "context" && l.Kind() == transfer.IgnoreLoad })
}

// analyseIn analyses a build of a repository that is edited, and holds that its sources are there.
func (p *prover) analyseIn(ctx context.Context, o *outcome, repository *Repository) (*Side, error) {
	subject, err := repository.Analyse(ctx, o.Head.Build)
	return p.holds(ctx, o, &Side{Subject: subject, Repository: repository}, err)
}

// holds is a build afterwards, if it could be analysed and finds its sources.
func (p *prover) holds(ctx context.Context, o *outcome, after *Side, err error) (*Side, error) {
	if err != nil {
		return nil, fmt.Errorf("build %s cannot be analysed afterwards: %w", o.Name, err)
	}
	if lost, err := p.lostSource(ctx, o.Head.Subject, after.Subject); err != nil || lost != "" {
		return nil, cmp.Or(err, fmt.Errorf("build %s does not find %s afterwards", o.Name, lost))
	}
	return after, nil
}
