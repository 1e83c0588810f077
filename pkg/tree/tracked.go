package tree

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/loadline-dev/loadline/pkg/source"
)

// Tracked is what a work tree's index names, with the content and modes that lie on disk, so that an edit which is not
// committed counts; so does an ignore file of Docker that is new and that git does not ignore. Files that were deleted on
// disk are not there, submodules are empty directories, and what a commit cannot hold (hard links, extended attributes,
// times) is left out. The root is the repository's.
// The error says so where the repository has no work tree.
func Tracked(ctx context.Context, g *Git) (*Snapshot, error) {
	if g.root == "" {
		return nil, fmt.Errorf("listing tracked files: %s has no work tree", source.Printable(g.gitDir))
	}
	out, err := g.run(ctx, nil, "ls-files", "-z", "--cached", "--stage", "--full-name")
	if err != nil {
		return nil, fmt.Errorf("listing tracked files: %w", err)
	}
	t := &tracked{root: g.root, dirs: map[string]bool{"": true}}
	var entries []Entry
	last := ""
	for record := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		if record == "" {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("listing tracked files: %w", err)
		}
		head, p, ok := strings.Cut(record, "\t")
		if !ok {
			return nil, fmt.Errorf("listing tracked files: unexpected output of git ls-files: %q", record)
		}
		if p == last {
			continue // the stages of an unmerged path
		}
		last = p
		if err := checkPath(p); err != nil {
			return nil, fmt.Errorf("listing tracked files: %w", err)
		}
		e, ok, err := t.entry(p, strings.HasPrefix(head, "160000 "))
		if err != nil {
			return nil, fmt.Errorf("listing tracked files: %w", err)
		}
		if ok {
			entries = append(entries, e)
		}
	}
	added, err := t.newIgnoreFiles(ctx, g)
	if err != nil {
		return nil, fmt.Errorf("listing new ignore files: %w", err)
	}
	return &Snapshot{content: newMemory(append(entries, added...), t), id: unique("tracked")}, nil
}

// tracked looks at tracked paths on disk and opens them.
type tracked struct {
	root string
	// dirs says which directories are there, and are no links.
	dirs map[string]bool
}

// entry looks at one path; it reports false where the file is gone or something else took its place.
func (t *tracked) entry(p string, isSubmodule bool) (Entry, bool, error) {
	if !t.isDir(parent(p)) {
		return Entry{}, false, nil
	}
	st, err := lstat(under(t.root, p))
	if errors.Is(err, fs.ErrNotExist) {
		return Entry{}, false, nil
	}
	if err != nil {
		return Entry{}, false, err
	}
	e := Entry{Path: p, Mode: st.mode, Size: st.entrySize(), Link: st.link}
	if isSubmodule {
		e.Note = Submodule
	}
	return e, st.mode.IsDir() == isSubmodule, nil
}

// newIgnoreFiles are the ignore files of Docker that are not in the index yet. BuildKit heeds them all the same.
func (t *tracked) newIgnoreFiles(ctx context.Context, g *Git) ([]Entry, error) {
	out, err := g.run(ctx, nil, "ls-files", "-z", "--others", "--exclude-standard", "--full-name")
	if err != nil {
		return nil, err
	}
	var entries []Entry
	for p := range strings.SplitSeq(string(out), "\x00") {
		if !strings.HasSuffix(p, ".dockerignore") {
			continue
		}
		if err := checkPath(p); err != nil {
			return nil, err
		}
		if e, ok, err := t.entry(p, false); err != nil {
			return nil, err
		} else if ok {
			entries = append(entries, e)
		}
	}
	return entries, nil
}

func (t *tracked) isDir(p string) bool {
	is, ok := t.dirs[p]
	if ok {
		return is
	}
	if t.isDir(parent(p)) {
		st, err := lstat(under(t.root, p))
		is = err == nil && st.mode.IsDir()
	}
	t.dirs[p] = is
	return is
}

func (t *tracked) open(e Entry) (io.ReadCloser, error) { return openRegular(t.root, e.Path) }

func (t *tracked) subID(id string, _ Entry, p string) string { return id + "/" + p }
