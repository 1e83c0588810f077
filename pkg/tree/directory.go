package tree

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/loadline-dev/loadline/pkg/source"
)

// Directory is a directory as it lies on disk. Like BuildKit's client (fsutil fs.go, NewFS) it follows a link at dir
// itself. Listings are read when a walk comes to them, and files looked at when their Info is asked for; what was read
// is kept, so that every later walk sees the same.
// The error matches fs.ErrNotExist or ErrNotDirectory, or comes from the system.
func Directory(dir string) (*Snapshot, error) {
	root, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", source.Printable(dir), withoutPath(err))
	}
	info, err := os.Stat(root)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", source.Printable(dir), withoutPath(err))
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("opening %s: %w", source.Printable(dir), ErrNotDirectory)
	}
	return &Snapshot{content: &disk{root: root, list: &listing{}}, id: unique("directory")}, nil
}

// withoutPath leaves out the path that a *fs.PathError repeats.
func withoutPath(err error) error {
	if e, ok := err.(*fs.PathError); ok { //nolint:errorlint // only the outermost one is redundant
		return e.Err
	}
	return err
}

// disk is a directory on disk.
type disk struct {
	root string
	list *listing
}

// node is one name of a directory.
type node struct {
	name string
	typ  fs.FileMode
	// list is what a directory holds; nil for the rest.
	list *listing
	// stat is nil until somebody asks.
	stat atomic.Pointer[stat]
}

// listing is what a directory holds, sorted by name.
type listing struct {
	// read is nil until the directory was read; then it never changes.
	read atomic.Pointer[contents]
	mu   sync.Mutex
	// known are names that were asked for one by one before the directory was read.
	known map[string]*node
}

type contents struct {
	nodes []*node
	err   error
}

// chunk is how many names are read between two looks at whether they are still wanted.
const chunk = 1024

// load reads the directory at dir, unless it was read before. It answers nil where wanted became false meanwhile.
func (l *listing) load(dir string, wanted func() bool) *contents {
	if c := l.read.Load(); c != nil {
		return c
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if c := l.read.Load(); c != nil {
		return c
	}
	c := &contents{}
	f, err := os.Open(dir)
	if err != nil {
		c.err = err
		l.read.Store(c)
		return c
	}
	defer f.Close()
	for {
		if wanted != nil && !wanted() {
			return nil
		}
		entries, err := f.ReadDir(chunk)
		block := make([]node, len(entries))
		for i, e := range entries {
			if n, ok := l.known[e.Name()]; ok && n.typ == e.Type() {
				c.nodes = append(c.nodes, n)
				continue
			}
			n := &block[i]
			n.name, n.typ = e.Name(), e.Type()
			if n.typ.IsDir() {
				n.list = &listing{}
			}
			c.nodes = append(c.nodes, n)
		}
		if err == io.EOF { //nolint:errorlint // os.File.ReadDir returns it as it is
			break
		}
		if err != nil {
			c.err = err
			break
		}
	}
	slices.SortFunc(c.nodes, func(a, b *node) int { return strings.Compare(a.name, b.name) })
	l.read.Store(c)
	return c
}

// child answers one name of the directory at dir, without reading all of it.
func (l *listing) child(dir, name string) (*node, error) {
	if c := l.read.Load(); c != nil && c.err == nil {
		i, ok := slices.BinarySearchFunc(c.nodes, name, func(n *node, name string) int { return strings.Compare(n.name, name) })
		if !ok {
			return nil, &fs.PathError{Op: "lstat", Path: under(dir, name), Err: missingName(name)}
		}
		return c.nodes[i], nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if n, ok := l.known[name]; ok {
		return n, nil
	}
	st, err := lstat(under(dir, name))
	if err != nil {
		return nil, err
	}
	n := &node{name: name, typ: st.mode.Type()}
	if n.typ.IsDir() {
		n.list = &listing{}
	}
	if l.known == nil {
		l.known = map[string]*node{}
	}
	l.known[name] = n
	return n, nil
}

func missingName(name string) error {
	if len(name) > longestName {
		return syscall.ENAMETOOLONG
	}
	return syscall.ENOENT
}

// under is the path of a name in a directory on disk.
func under(dir, p string) string {
	switch {
	case p == "":
		return dir
	case dir == ".":
		return p
	case strings.HasSuffix(dir, "/"):
		return dir + p
	}
	return dir + "/" + p
}

// find answers the node of a clean path; no component before the last is followed where it is a link.
func (d *disk) find(p string) (*node, error) {
	list, dir := d.list, ""
	for {
		name, rest, more := strings.Cut(p[len(dir):], "/")
		n, err := list.child(under(d.root, strings.TrimSuffix(dir, "/")), name)
		if err != nil || !more {
			return n, err
		}
		if n.list == nil {
			err := syscall.ENOTDIR
			if n.typ&fs.ModeSymlink != 0 {
				err = syscall.ENOENT // the system would follow it; nothing here does
			}
			return nil, &fs.PathError{Op: "lstat", Path: under(d.root, p), Err: err}
		}
		list, dir = n.list, p[:len(p)-len(rest)]
	}
}

func (d *disk) lookup(p string) (Entry, error) {
	if p == "" {
		return rootEntry(), nil
	}
	n, err := d.find(p)
	if err != nil {
		return Entry{}, err
	}
	st, err := n.look(under(d.root, p))
	if err != nil {
		return Entry{}, err
	}
	return Entry{Path: p, Mode: st.mode, Size: st.entrySize(), Link: st.link}, nil
}

// open opens a regular file without following links on the way, and without waiting for the other end of a fifo.
func (d *disk) open(p string) (io.ReadCloser, error) { return openRegular(d.root, p) }

func openRegular(dir, p string) (io.ReadCloser, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, withoutPath(err)
	}
	defer root.Close()
	f, err := root.OpenFile(p, openFlags, 0)
	if err != nil {
		return nil, withoutPath(err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = ErrNotRegular
	}
	if err != nil {
		f.Close()
		return nil, withoutPath(err)
	}
	return f, nil
}

func (d *disk) sub(p string) (content, error) {
	n, err := d.find(p)
	if err != nil {
		return nil, err
	}
	if n.list == nil {
		return nil, ErrNotDirectory
	}
	return &disk{root: under(d.root, p), list: n.list}, nil
}

func (d *disk) subID(id, p string) string { return id + "/" + p }

func (d *disk) walk(ctx context.Context, target string, info infoKind, fn fs.WalkDirFunc) error {
	w := &diskWalk{disk: d, ctx: ctx, fn: fn, info: info, seen: map[uint64]string{}}
	defer w.ahead.stop()
	if target == "" {
		// The root is not reported, and so neither is the failure to read it (fsutil fs.go, fs.Walk).
		return endOfWalk(w.children("", d.list.load(d.root, nil)))
	}
	n, err := d.find(target)
	if err != nil {
		return endOfWalk(call(fn, target, nil, err))
	}
	return endOfWalk(w.visit(target, n))
}
