// Package tree answers what files a repository holds, at one moment and from one source:
// a directory, the tracked paths of a work tree, a commit, or a txtar archive.
//
// Whatever the source, the result is one immutable Snapshot. It implements fsutil.FS, so BuildKit's own
// code walks a commit exactly as it walks a directory.
package tree

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"

	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"

	"github.com/loadline-dev/loadline/pkg/source"
)

// What Open and ReadFile answer where a path is no readable regular file; errors.Is finds them, and fs.ErrNotExist for
// a path that does not exist.
var (
	// ErrDirectory says that a path is a directory, and a file was asked for.
	ErrDirectory = errors.New("is a directory")
	// ErrNotDirectory says that a path is no directory, and one was asked for.
	ErrNotDirectory = errors.New("is not a directory")
	// ErrNotRegular says that a path is a fifo, a device or a socket.
	ErrNotRegular = errors.New("is not a regular file")
	// ErrOutside says that a symbolic link leads out of the tree.
	ErrOutside = errors.New("is a symbolic link that leads out of the tree")
	// ErrLoop says that symbolic links lead in a ring.
	ErrLoop = errors.New("too many levels of symbolic links")
	// ErrTooLarge says that a file holds more than the caller allows.
	ErrTooLarge = errors.New("is too large")
	// ErrAbsent says that an object is not in this clone.
	ErrAbsent = errors.New("is not in this clone")
)

// ModTime is the modification time, in nanoseconds, of every path whose source has none (git, txtar): as long in a
// packet as any time between 1972 and 2262.
const ModTime int64 = 1577836800_000000000

// Note says in which way an entry of a snapshot may differ from what a checkout would hold.
// The zero value says that it does not differ.
type Note uint8

const (
	// Absent marks a blob whose object is not in this clone (a partial clone); its size counts as 0.
	Absent Note = iota + 1
	// LFSPointer marks a git LFS pointer; Size is the pointer's, RealSize the size the pointer states.
	LFSPointer
	// Submodule marks a gitlink: an empty directory, as a checkout without submodules leaves it.
	Submodule
	// Converted marks a blob that a checkout rewrites (eol, working-tree-encoding, ident), so that the
	// size on disk differs from Size, which is the object's.
	Converted
)

// Entry is one path of a snapshot.
type Entry struct {
	// Path is slash-separated and relative to the snapshot's root.
	Path string
	// Mode has the type and permission bits as Go's os.Lstat gives them.
	Mode fs.FileMode
	// Size is in bytes: the contents of a regular file, the length of a symbolic link's target, 0 for the rest.
	Size int64
	// Link is the target of a symbolic link as stored, and empty for the rest.
	Link string
	// Object is the git object id in hex; empty where the source is not git.
	Object string
	// Note says how the entry may differ from a checkout.
	Note Note
	// RealSize is the size in bytes that an LFS pointer states; 0 for the rest.
	RealSize int64
}

// Snapshot is an immutable view of a tree of files. It implements fsutil.FS and is safe for use by several goroutines.
// A directory is read as far as it is looked at, and each part of it once.
type Snapshot struct {
	content content
	id      string
}

var _ fsutil.FS = (*Snapshot)(nil)

// content is what a kind of source has to answer. Paths are clean, relative and slash-separated; "" is the root.
type content interface {
	// lookup has the semantics of lstat; no component of a path is followed where it is a link.
	lookup(p string) (Entry, error)
	// walk has the contract of fsutil.FS.
	walk(ctx context.Context, p string, info infoKind, fn fs.WalkDirFunc) error
	// open opens a regular file.
	open(p string) (io.ReadCloser, error)
	// complete answers the stats of paths, nil for one that is gone.
	complete(ctx context.Context, paths []string) ([]*types.Stat, error)
	// known answers what is known of paths without asking the system; nil where nothing is.
	known(paths []string) []Entry
	// sub is a directory as a root of its own.
	sub(p string) (content, error)
	// subID tells the directory from others, given the identity of the root.
	subID(id, p string) string
}

// infoKind says how much an entry's Info tells.
type infoKind uint8

const (
	fullInfo infoKind = iota
	// typeInfo is the path and type, and the target of a symbolic link.
	typeInfo
)

// unique is an identity that no other snapshot has.
func unique(kind string) string { return kind + ":" + rand.Text() }

// ID tells snapshots apart: within one process, equal IDs mean equal trees.
func (s *Snapshot) ID() string { return s.id }

// Walk calls fn for every path below target in the order of filepath.WalkDir, the root itself left out, exactly as
// fsutil.NewFS does (fsutil fs.go, fs.Walk): target "/" or "." is the root, a missing target reaches fn as an error and
// is not one of the walk, and Info().Sys() is a *types.Stat that the caller may change. Further names of a hard-linked
// file have the first one as their Linkname, in the order in which Info is called. Owners are always 0, as the client
// resets them (buildkit client/solve.go, prepareSyncedFiles).
func (s *Snapshot) Walk(ctx context.Context, target string, fn fs.WalkDirFunc) error {
	return s.walk(ctx, target, fullInfo, fn)
}

func (s *Snapshot) walk(ctx context.Context, target string, info infoKind, fn fs.WalkDirFunc) error {
	p, inside := cleanInside(target)
	if !inside {
		return endOfWalk(call(fn, target, nil, notExist(target))) // fsutil would walk there
	}
	return s.content.walk(ctx, p, info, fn)
}

// Deferred is the snapshot with entries that know only their path and type, and symbolic links their target, so that a
// filter can choose before anything is looked at. Complete adds the rest.
func (s *Snapshot) Deferred() fsutil.FS { return deferred{s} }

type deferred struct{ *Snapshot }

// Walk is Snapshot.Walk without sizes and modes.
func (d deferred) Walk(ctx context.Context, target string, fn fs.WalkDirFunc) error {
	return d.walk(ctx, target, typeInfo, fn)
}

// Complete answers the full stats of clean paths, in their order. They are those that one Walk gives when Info is called
// for these paths alone and in this order, with fsutil.WithHardlinkReset around it. A path that is gone by now is nil.
func (s *Snapshot) Complete(ctx context.Context, paths []string) ([]*types.Stat, error) {
	return s.content.complete(ctx, paths)
}

// Known answers what the snapshot's source tells of clean paths beyond their stats, in their order: objects, notes and the
// sizes of LFS objects. It is nil for a directory on disk, of which nothing more is known.
func (s *Snapshot) Known(paths []string) []Entry { return s.content.known(paths) }

// Lookup answers what lies at a path. It does not follow a link at the path itself, and none on the way to it.
// "." is the root.
func (s *Snapshot) Lookup(p string) (Entry, bool) {
	e, err := s.content.lookup(clean(p))
	return e, err == nil
}

// All yields every entry below the root in the order of Walk; what cannot be read is left out.
func (s *Snapshot) All() iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		_ = s.content.walk(context.Background(), "", typeInfo, func(p string, _ fs.DirEntry, err error) error {
			if err != nil {
				return nil //nolint:nilerr // an unreadable directory has no entries
			}
			e, err := s.content.lookup(p)
			if err != nil {
				return nil //nolint:nilerr // gone since it was listed
			}
			if !yield(e) {
				return fs.SkipAll
			}
			return nil
		})
	}
}

// Open opens a regular file. Links are followed inside the tree, as BuildKit's daemon does in what it received: a target
// that is absolute or climbs above the root starts at the root (containerd/continuity fs.RootPath). Where nothing lies
// there, the error is ErrOutside.
func (s *Snapshot) Open(p string) (io.ReadCloser, error) {
	e, err := s.resolve(clean(p), clampLinks)
	if err == nil {
		err = readable(e)
	}
	if err != nil {
		return nil, pathError("opening", p, err)
	}
	rc, err := s.content.open(e.Path)
	if err != nil {
		return nil, pathError("opening", p, err)
	}
	return rc, nil
}

// pathError names the path once: a *fs.PathError, so that a caller who says more of it can leave it out.
func pathError(op, p string, err error) error {
	return &fs.PathError{Op: op, Path: source.Printable(p), Err: withoutPath(err)}
}

func readable(e Entry) error {
	switch {
	case e.Mode.IsDir():
		return ErrDirectory
	case !e.Mode.IsRegular():
		return ErrNotRegular
	case e.Note == Absent:
		return ErrAbsent
	}
	return nil
}

// ReadFile reads a regular file of at most limit bytes; links are followed as Open does.
// Errors match fs.ErrNotExist, ErrDirectory, ErrNotRegular, ErrOutside, ErrLoop, ErrTooLarge or ErrAbsent; others come
// from the system.
func (s *Snapshot) ReadFile(p string, limit int64) ([]byte, error) {
	e, err := s.resolve(clean(p), clampLinks)
	if err == nil && e.Mode.IsRegular() && e.Size > limit {
		return nil, pathError("reading", p, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, limit))
	}
	rc, err := s.Open(p)
	if err != nil {
		return nil, err
	}
	defer rc.Close()
	data, err := io.ReadAll(io.LimitReader(rc, limit+1))
	if err != nil {
		return nil, pathError("reading", p, err)
	}
	if int64(len(data)) > limit {
		return nil, pathError("reading", p, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, limit))
	}
	return data, nil
}

// Sub is a directory as a root of its own, as if it were a build context. A link is followed where it stays in the tree
// and is ErrOutside elsewhere: the client would follow it out (fsutil fs.go, NewFS). "." is the snapshot itself.
// Other errors match fs.ErrNotExist, ErrNotDirectory or ErrLoop.
func (s *Snapshot) Sub(dir string) (*Snapshot, error) {
	p, inside := cleanInside(dir)
	if !inside {
		return nil, pathError("opening", dir, errors.New("is outside of the tree"))
	}
	e, err := s.resolve(p, refuseLinks)
	if err == nil && !e.Mode.IsDir() {
		err = ErrNotDirectory
	}
	if err != nil {
		return nil, pathError("opening", dir, err)
	}
	if e.Path == "." {
		return s, nil
	}
	c, err := s.content.sub(e.Path)
	if err != nil {
		return nil, pathError("opening", dir, err)
	}
	return &Snapshot{content: c, id: s.content.subID(s.id, e.Path)}, nil
}
