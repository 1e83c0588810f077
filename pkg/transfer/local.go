package transfer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"

	"github.com/loadline-dev/loadline/pkg/tree"
)

// localTree is a directory that the client offers: a snapshot, with at most one file laid over it.
type localTree struct {
	*tree.Snapshot
	// dir names the directory in messages.
	dir string
	// over is the name of the file laid over the snapshot's root; empty for none.
	over string
	data []byte
}

// id tells directories apart: equal ids mean equal contents.
func (t localTree) id() string {
	if t.over == "" {
		return t.Snapshot.ID()
	}
	sum := sha256.Sum256(t.data)
	return t.Snapshot.ID() + "+" + t.over + "=" + hex.EncodeToString(sum[:])
}

func (t localTree) readFile(name string) ([]byte, error) {
	if t.over != "" && path.Clean(name) == t.over {
		return t.data, nil
	}
	return t.Snapshot.ReadFile(name, MaxFile)
}

// files is the directory as BuildKit's client walks it.
func (t localTree) files() fsutil.FS {
	if t.over == "" {
		return t.Snapshot
	}
	return &overlay{FS: t.Snapshot, name: t.over, data: t.data}
}

// deferred is the directory with no more metadata than a filter needs; see tree.Snapshot.Deferred.
func (t localTree) deferred() fsutil.FS {
	if t.over == "" {
		return t.Snapshot.Deferred()
	}
	return &overlay{FS: t.Snapshot.Deferred(), name: t.over, data: t.data}
}

// complete gives the metadata of paths in the order of a walk.
func (l Local) complete(ctx context.Context, paths []string) ([]*types.Stat, error) {
	stats, err := l.tree.Complete(ctx, paths)
	if err != nil || l.tree.over == "" {
		return stats, err
	}
	for i, p := range paths {
		if p == l.tree.over {
			stats[i] = overlaid(l.tree.over, l.tree.data)
		}
	}
	return stats, nil
}

// overlay is a directory with one regular file laid over its root.
type overlay struct {
	fsutil.FS
	name string
	data []byte
}

// Walk walks the directory with the file at its place in the order of names.
func (o *overlay) Walk(ctx context.Context, target string, fn fs.WalkDirFunc) error {
	root := path.Clean("/" + target)
	if root == "/"+o.name {
		return ignoreSkip(fn(o.name, o.entry(), nil))
	}
	if root != "/" {
		return o.FS.Walk(ctx, target, fn)
	}
	done := false
	err := o.FS.Walk(ctx, target, func(p string, entry fs.DirEntry, err error) error {
		top, _, nested := strings.Cut(p, "/")
		if !done && !nested && top >= o.name {
			done = true
			if err := fn(o.name, o.entry(), nil); err != nil {
				return err
			}
		}
		if top == o.name {
			if entry != nil && entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		return fn(p, entry, err)
	})
	if err != nil || done {
		return err
	}
	return ignoreSkip(fn(o.name, o.entry(), nil))
}

// Open opens the file laid over, or one of the directory.
func (o *overlay) Open(name string) (io.ReadCloser, error) {
	if path.Clean("/"+name) == "/"+o.name {
		return io.NopCloser(strings.NewReader(string(o.data))), nil
	}
	return o.FS.Open(name)
}

func (o *overlay) entry() fs.DirEntry {
	return &fsutil.DirEntryInfo{Stat: overlaid(o.name, o.data)}
}

// overlaid describes a file laid over a directory.
func overlaid(name string, data []byte) *types.Stat {
	return &types.Stat{Path: name, Mode: 0o644, Size: int64(len(data)), ModTime: tree.ModTime}
}

// ignoreSkip ends a walk that the last entry's function asked to end.
func ignoreSkip(err error) error {
	if err == fs.SkipDir || err == fs.SkipAll { //nolint:errorlint // the sentinels of io/fs are compared by identity
		return nil
	}
	return err
}
