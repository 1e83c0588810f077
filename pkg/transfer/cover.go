package transfer

import (
	"context"
	"fmt"
	"io/fs"
	"strings"

	"github.com/moby/patternmatcher"
	"github.com/tonistiigi/fsutil"
)

// Finds answers whether a path that an instruction reads exists in the directory of a request, as far as the ignore
// file lets it through: whether there is a file, link or directory that counts.
func (l Local) Finds(ctx context.Context, source string, counts func(path string) bool) (bool, error) {
	only := l
	only.FollowPaths = []string{source}
	if source == "." {
		only.FollowPaths = nil
	}
	files, err := only.filtered()
	if err != nil {
		return false, err
	}
	found := false
	err = files.Walk(ctx, "/", func(p string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if source == "." && entry.IsDir() || !counts(p) {
			return nil
		}
		found = true
		return fs.SkipAll
	})
	if err != nil {
		return false, fmt.Errorf("looking for %s: %w", source, err)
	}
	return found, nil
}

// Cover tells which paths of a directory one instruction pulls into the upload.
// It is not safe for use by several goroutines: patterns compile lazily without a lock.
type Cover struct {
	Source Source

	whole    bool
	prefixes []string
	patterns *patternmatcher.PatternMatcher
}

// NewCover follows a source's links in the directory of a request, as BuildKit's client does
// (fsutil filter.go, NewFilterFS).
func (l Local) NewCover(source Source) (*Cover, error) {
	c := &Cover{Source: source}
	if source.Path == "." {
		c.whole = true
		return c, nil
	}
	followed, err := fsutil.FollowLinks(l.tree.files(), []string{source.Path})
	if err != nil {
		return nil, fmt.Errorf("following %s: %w", source.Path, err)
	}
	if len(followed) == 0 {
		c.whole = true // a link led to the root: fsutil followlinks.go, dedupePaths
		return c, nil
	}
	if !strings.ContainsAny(strings.Join(followed, ""), `*?[\!`) {
		c.prefixes = followed
		return c, nil
	}
	if c.patterns, err = patternmatcher.New(followed); err != nil {
		return nil, fmt.Errorf("following %s: %w", source.Path, err)
	}
	return c, nil
}

// Pulls reports whether the instruction pulls a path into the upload, leaving ignore files aside.
func (c *Cover) Pulls(path string) bool {
	if c.whole {
		return true
	}
	for _, p := range c.prefixes {
		if path == p || strings.HasPrefix(path, p+"/") {
			return true
		}
	}
	if c.patterns == nil {
		return false
	}
	matched, err := c.patterns.MatchesOrParentMatches(path)
	return err == nil && matched
}

// Unexplained reports whether a request for the whole directory has no instruction that reads all of it. BuildKit
// then counts a mount that uploads nothing of use: RUN --mount=type=tmpfs adds the root to the paths asked for
// (dockerfile2llb convert_runmount.go, dispatchRunMounts).
func (p *Plan) Unexplained(l Local) bool {
	if !l.Whole() || l.Kind() != ContextLoad {
		return false
	}
	for _, s := range p.Sources {
		if s.Local == l.Name && s.Path == "." {
			return false
		}
	}
	return true
}

// WholeCover is an instruction that makes BuildKit ask for the whole directory without reading it.
func WholeCover(line int) *Cover {
	return &Cover{Source: Source{Path: ".", Line: line}, whole: true}
}
