// Package tree answers what files a repository holds, at one moment and from one source:
// a directory, the tracked paths of a work tree, a commit, or a txtar archive.
//
// Whatever the source, the result is one immutable Snapshot. It implements fsutil.FS, so BuildKit's own
// code walks a commit exactly as it walks a directory.
package tree

import (
	"io/fs"
)

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
