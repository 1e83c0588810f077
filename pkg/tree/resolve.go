package tree

import (
	"errors"
	"io/fs"
	"path"
	"strings"
	"syscall"
)

// maxLinks is how many links one path may go through: Linux' own limit (path_resolution(7)).
const maxLinks = 40

// linkPolicy says what becomes of a link that leads out of the tree.
type linkPolicy uint8

const (
	// clampLinks lets an absolute target, or one that climbs above the root, start at the root.
	clampLinks linkPolicy = iota
	// refuseLinks makes it an error.
	refuseLinks
)

// clean turns a path as a caller writes it into one relative to the root; "" is the root.
func clean(p string) string {
	if p == "/" || p == "" || p == "." {
		return ""
	}
	return path.Clean("/" + p)[1:]
}

// cleanInside is clean, and reports whether the path stays inside of the root.
func cleanInside(p string) (string, bool) {
	rel := path.Clean(strings.TrimLeft(p, "/"))
	if rel == ".." || strings.HasPrefix(rel, "../") {
		return "", false
	}
	return clean(rel), true
}

// rootEntry is the root of a tree as Lookup gives it.
func rootEntry() Entry { return Entry{Path: ".", Mode: fs.ModeDir | 0o755} }

// resolve follows the links of a clean path inside the tree, component by component.
func (s *Snapshot) resolve(p string, policy linkPolicy) (Entry, error) {
	done, rest := "", p
	left := false // whether a link led out
	for links := 0; ; {
		if rest == "" {
			return s.entryAt(done)
		}
		var name string
		name, rest, _ = strings.Cut(rest, "/")
		switch name {
		case "", ".":
			continue
		case "..":
			if done == "" {
				left = true
				if policy == refuseLinks {
					return Entry{}, ErrOutside
				}
			}
			done = parent(done)
			continue
		}
		next := join(done, name)
		e, err := s.content.lookup(next)
		if err != nil {
			if left && errors.Is(err, fs.ErrNotExist) {
				return Entry{}, ErrOutside
			}
			return Entry{}, err
		}
		switch {
		case e.Mode&fs.ModeSymlink != 0:
			if links++; links > maxLinks {
				return Entry{}, ErrLoop
			}
			if e.Note == Absent {
				return Entry{}, ErrAbsent
			}
			if strings.HasPrefix(e.Link, "/") {
				left = true
				if policy == refuseLinks {
					return Entry{}, ErrOutside
				}
				done = ""
			}
			rest = join(e.Link, rest)
		case rest != "" && !e.Mode.IsDir():
			return Entry{}, &fs.PathError{Op: "open", Path: next, Err: syscall.ENOENT}
		default:
			done = next
		}
	}
}

func (s *Snapshot) entryAt(p string) (Entry, error) {
	if p == "" {
		return rootEntry(), nil
	}
	return s.content.lookup(p)
}

// join joins two parts of a path, either of which may be empty.
func join(dir, name string) string {
	switch {
	case dir == "":
		return name
	case name == "":
		return dir
	}
	return dir + "/" + name
}

// parent is the directory of a clean path; "" for one in the root.
func parent(p string) string {
	if i := strings.LastIndexByte(p, '/'); i >= 0 {
		return p[:i]
	}
	return ""
}

// base is the last component of a clean path.
func base(p string) string { return p[strings.LastIndexByte(p, '/')+1:] }

// longestName is the longest name that a directory holds, in bytes, on the file systems of Linux (NAME_MAX).
const longestName = 255

// notExist is the error of lstat for a path that is not there: the system's own for names longer than any.
func notExist(p string) error {
	err := syscall.ENOENT
	for name := range strings.SplitSeq(p, "/") {
		if len(name) > longestName {
			err = syscall.ENAMETOOLONG
		}
	}
	return &fs.PathError{Op: "lstat", Path: p, Err: err}
}
