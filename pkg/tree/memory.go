package tree

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"slices"
	"syscall"

	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"
)

// memory is a tree that is listed completely: of a commit, of tracked paths, of a txtar.
type memory struct {
	// entries are in the order of a walk; their paths start at the outermost root.
	entries []Entry
	// ends has for each entry how many entries from it on belong to it: 1 for all but directories.
	ends []int32
	// prefix is the path of this root in the outermost one, with a slash at its end; empty for the outermost.
	prefix string
	files  files
}

// files opens the regular files of a memory; paths of entries start at the outermost root.
type files interface {
	open(e Entry) (io.ReadCloser, error)
	// subID is the identity of a directory.
	subID(id string, e Entry, p string) string
}

// Compare orders clean paths as a walk meets them: a directory before its contents, its contents before its next sibling.
func Compare(a, b string) int { return compareWalk(a, b) }

// compareWalk orders paths as a walk meets them: a directory before its contents, its contents before its next sibling.
// That is the order of bytes with the slash below all others.
func compareWalk(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] == b[i] {
			continue
		}
		switch {
		case a[i] == '/':
			return -1
		case b[i] == '/':
			return 1
		case a[i] < b[i]:
			return -1
		}
		return 1
	}
	return len(a) - len(b)
}

// newMemory orders entries and adds the directories that are only implied by the paths of others.
// Paths must be clean and appear once.
func newMemory(entries []Entry, opener files) *memory {
	entries = withParents(entries)
	if !slices.IsSortedFunc(entries, byPath) {
		slices.SortFunc(entries, byPath)
	}
	m := &memory{entries: entries, ends: make([]int32, len(entries)), files: opener}
	var open []int
	for i := range entries {
		open = m.close(open, i)
		open = append(open, i)
	}
	m.close(open, len(entries))
	return m
}

func byPath(a, b Entry) int { return compareWalk(a.Path, b.Path) }

// close ends the entries that do not contain entry i.
func (m *memory) close(open []int, i int) []int {
	for len(open) > 0 {
		last := open[len(open)-1]
		if i < len(m.entries) && inside(m.entries[i].Path, m.entries[last].Path) {
			break
		}
		m.ends[last] = int32(i - last)
		open = open[:len(open)-1]
	}
	return open
}

// inside reports whether a path lies below a directory.
func inside(p, dir string) bool {
	return len(p) > len(dir) && p[len(dir)] == '/' && p[:len(dir)] == dir
}

func withParents(entries []Entry) []Entry {
	known := map[string]bool{"": true}
	for i := range entries {
		if entries[i].Mode.IsDir() {
			known[entries[i].Path] = true
		}
	}
	last := ""
	for _, e := range entries { // the slice as it was: parents are added with all of theirs
		if parent(e.Path) == last {
			continue
		}
		last = parent(e.Path)
		for dir := last; !known[dir]; dir = parent(dir) {
			known[dir] = true
			entries = append(entries, Entry{Path: dir, Mode: fs.ModeDir | 0o755})
		}
	}
	return entries
}

// find answers the index of a path relative to this root.
func (m *memory) find(p string) (int, bool) {
	if m.prefix == "" {
		return slices.BinarySearchFunc(m.entries, p, func(e Entry, p string) int { return compareWalk(e.Path, p) })
	}
	n := len(m.prefix)
	return slices.BinarySearchFunc(m.entries, p, func(e Entry, p string) int { return compareWalk(e.Path[n:], p) })
}

func (m *memory) lookup(p string) (Entry, error) {
	if p == "" {
		return rootEntry(), nil
	}
	i, ok := m.find(p)
	if !ok {
		return Entry{}, m.missing(p)
	}
	return m.entry(i), nil
}

// missing is the error of lstat for a path that is not there.
func (m *memory) missing(p string) error {
	for dir := parent(p); dir != ""; dir = parent(dir) {
		if i, ok := m.find(dir); ok && !m.entries[i].Mode.IsDir() {
			if m.entries[i].Mode&fs.ModeSymlink == 0 {
				return &fs.PathError{Op: "lstat", Path: p, Err: syscall.ENOTDIR}
			}
			return &fs.PathError{Op: "lstat", Path: p, Err: syscall.ENOENT}
		}
	}
	return notExist(p)
}

// entry is an entry with its path relative to this root.
func (m *memory) entry(i int) Entry {
	e := m.entries[i]
	e.Path = e.Path[len(m.prefix):]
	return e
}

func (m *memory) sub(p string) (content, error) {
	i, ok := m.find(p)
	if !ok {
		return nil, m.missing(p)
	}
	end := i + int(m.ends[i])
	return &memory{
		entries: m.entries[i+1 : end], ends: m.ends[i+1 : end],
		prefix: m.prefix + p + "/", files: m.files,
	}, nil
}

func (m *memory) subID(id, p string) string {
	i, ok := m.find(p)
	if !ok {
		return unique("missing")
	}
	return m.files.subID(id, m.entries[i], p)
}

func (m *memory) open(p string) (io.ReadCloser, error) {
	i, ok := m.find(p)
	if !ok {
		return nil, m.missing(p)
	}
	return m.files.open(m.entries[i])
}

func (m *memory) walk(ctx context.Context, target string, _ infoKind, fn fs.WalkDirFunc) error {
	i, end := 0, len(m.entries)
	if target != "" {
		at, ok := m.find(target)
		if !ok {
			return endOfWalk(call(fn, target, nil, m.missing(target)))
		}
		i, end = at, at+int(m.ends[at])
	}
	for i < end {
		if err := ctx.Err(); err != nil {
			return err
		}
		e := &m.entries[i]
		err := call(fn, e.Path[len(m.prefix):], &memoryEntry{entry: e, prefix: len(m.prefix)}, nil)
		switch {
		case err == nil:
			i++
		case err == fs.SkipDir && e.Mode.IsDir(): //nolint:errorlint // compared by identity, as filepath.WalkDir does
			i += int(m.ends[i])
		case err == fs.SkipDir: //nolint:errorlint // likewise
			i = m.endOfParent(i, end)
		default:
			return endOfWalk(err)
		}
	}
	return nil
}

// endOfParent is the index behind the last entry of the directory that holds entry i, at most end.
func (m *memory) endOfParent(i, end int) int {
	dir := parent(m.entries[i].Path)
	if dir == "" {
		return end
	}
	for i < end && inside(m.entries[i].Path, dir) {
		i += int(m.ends[i])
	}
	return i
}

// call calls fn and turns an error that says that a path does not exist into fs.SkipDir, as fsutil does (fs.go, fs.Walk).
func call(fn fs.WalkDirFunc, p string, d fs.DirEntry, walkErr error) error {
	err := fn(p, d, walkErr)
	if err != nil && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)) {
		return fs.SkipDir
	}
	return err
}

// endOfWalk is what a walk returns where fn ended it.
func endOfWalk(err error) error {
	if err == fs.SkipDir || err == fs.SkipAll { //nolint:errorlint // compared by identity, as filepath.WalkDir does
		return nil
	}
	return err
}

func (m *memory) complete(ctx context.Context, paths []string) ([]*types.Stat, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	stats := make([]*types.Stat, len(paths))
	for n, i := range m.indexes(paths) {
		if i >= 0 {
			stats[n] = m.entries[i].stat(len(m.prefix))
		}
	}
	return stats, nil
}

func (m *memory) known(paths []string) []Entry {
	out := make([]Entry, len(paths))
	for n, i := range m.indexes(paths) {
		if i >= 0 {
			out[n] = m.entry(i)
		}
	}
	return out
}

// indexes finds paths, -1 for one that is not there. Paths in the order of a walk are found at once, one after the other.
func (m *memory) indexes(paths []string) []int {
	out := make([]int, len(paths))
	next := 0
	for n, p := range paths {
		p = clean(p)
		i, ok := next, next < len(m.entries) && m.entries[next].Path[len(m.prefix):] == p
		if !ok {
			i, ok = m.find(p)
		}
		if !ok {
			out[n] = -1
			continue
		}
		out[n], next = i, i+1
	}
	return out
}

// memoryEntry is one entry as a walk reports it.
type memoryEntry struct {
	entry  *Entry
	prefix int
}

func (e *memoryEntry) Name() string      { return base(e.entry.Path) }
func (e *memoryEntry) IsDir() bool       { return e.entry.Mode.IsDir() }
func (e *memoryEntry) Type() fs.FileMode { return e.entry.Mode.Type() }

// Info gives a stat that the caller may change.
func (e *memoryEntry) Info() (fs.FileInfo, error) {
	return &fsutil.StatInfo{Stat: e.entry.stat(e.prefix)}, nil
}

// stat is the entry as BuildKit's client would send it.
func (e *Entry) stat(prefix int) *types.Stat {
	return &types.Stat{
		Path:     e.Path[prefix:],
		Mode:     uint32(e.Mode &^ fs.ModeSocket),
		Size:     e.Size,
		ModTime:  ModTime,
		Linkname: e.Link,
	}
}
