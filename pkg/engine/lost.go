package engine

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/transfer"
)

// lostSource is a source that an instruction names, that was found before and is not any more; empty where there is none.
// A source that is new has to be found.
func (p *prover) lostSource(ctx context.Context, before, after *rule.Subject) (string, error) {
	old := sourcesOf(before)
	for _, name := range slices.Sorted(maps.Keys(sourcesOf(after))) {
		found, err := p.finds(ctx, after, name, nil)
		if err != nil {
			if _, old := p.finds(ctx, before, name, nil); old != nil && ctx.Err() == nil {
				continue // a pattern that nobody can look for, now as before
			}
			return "", err
		}
		if found {
			continue
		}
		if !old[name] {
			if strings.ContainsAny(name, "*?[") {
				continue // COPY takes a pattern that matches nothing
			}
			return name, nil
		}
		if found, err = p.finds(ctx, before, name, nil); err != nil || found {
			return name, err
		}
	}
	return "", nil
}

// sourcesBefore are those of a build before anything is edited, sorted.
func (p *prover) sourcesBefore(o *outcome) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	list, ok := p.sources[o]
	if !ok {
		list = slices.Sorted(maps.Keys(sourcesOf(o.Head.Subject)))
		p.sources[o] = list
	}
	return list
}

// sourcesOf are the sources in the build context that instructions name, in any stage.
func sourcesOf(s *rule.Subject) map[string]bool {
	out := map[string]bool{}
	for _, src := range s.Plan.Sources {
		if src.Local == "context" && src.Path != "." {
			out[src.Path] = true
		}
	}
	for _, name := range s.File.LiteralSources() {
		if name != "." {
			out[name] = true
		}
	}
	return out
}

// finds reports whether the build context has a source, in the tree or on disk. Where exclude is not nil, its patterns
// count in place of the build's own.
func (p *prover) finds(ctx context.Context, s *rule.Subject, name string, exclude *transfer.Local) (bool, error) {
	for _, list := range [][]*transfer.Transfer{s.Transfers, s.Disk} {
		for _, t := range list {
			if t.Name != "context" || t.Kind() != transfer.ContextLoad {
				continue
			}
			local := t.Local
			if exclude != nil {
				local.ExcludePatterns = exclude.ExcludePatterns
			}
			found, err := p.look(ctx, local, name)
			if err != nil || found {
				return found, err
			}
			break // several platforms read the same directory
		}
	}
	return false, nil
}

// look is transfer.Local.Finds, once for builds that look for the same.
func (p *prover) look(ctx context.Context, local transfer.Local, name string) (bool, error) {
	local.FollowPaths = []string{name}
	key := local.Key()
	p.mu.Lock()
	found, ok := p.looked[key]
	p.mu.Unlock()
	if ok {
		return found, nil
	}
	found, err := local.Finds(ctx, name, func(string) bool { return true })
	if err == nil {
		p.mu.Lock()
		p.looked[key] = found
		p.mu.Unlock()
	}
	return found, err
}
