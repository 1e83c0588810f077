package tree

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"

	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"
)

// With is the snapshot with files laid over it, by path: what a tree would hold after an edit, while nothing is written
// anywhere. A file that is there keeps its metadata and gets another content; one that is not is added to its directory,
// which has to exist. A link at such a path is replaced. Directories without a file laid over them keep their identity, so
// that what was measured of them still holds.
func (s *Snapshot) With(files map[string][]byte) (*Snapshot, error) {
	if len(files) == 0 {
		return s, nil
	}
	o := &overlay{under: s.content, underID: s.id, files: map[string][]byte{}}
	for name, data := range files {
		p, inside := cleanInside(name)
		if !inside || p == "" {
			return nil, pathError("editing", name, errors.New("is outside of the tree"))
		}
		e, err := o.under.lookup(p)
		switch {
		case err == nil && e.Mode.IsDir():
			return nil, pathError("editing", name, ErrDirectory)
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return nil, pathError("editing", name, err)
		case err != nil:
			dir, err := o.under.lookup(parent(p))
			if err != nil {
				return nil, pathError("editing", name, err)
			}
			if !dir.Mode.IsDir() {
				return nil, pathError("editing", name, ErrNotDirectory)
			}
			o.added = append(o.added, p)
		}
		o.files[p] = data
	}
	slices.SortFunc(o.added, compareWalk)
	return &Snapshot{content: o, id: s.id + o.digest()}, nil
}

// overlay is a tree with the contents of some files replaced, or added.
type overlay struct {
	under   content
	underID string
	files   map[string][]byte
	// added are the paths that the tree below lacks, in the order of a walk.
	added []string
}

// digest tells overlays of one tree apart.
func (o *overlay) digest() string {
	h := sha256.New()
	for _, p := range slices.Sorted(maps.Keys(o.files)) {
		fmt.Fprintf(h, "%d %s %d ", len(p), p, len(o.files[p]))
		h.Write(o.files[p])
	}
	return "+" + hex.EncodeToString(h.Sum(nil))
}

func (o *overlay) lookup(p string) (Entry, error) {
	data, ok := o.files[p]
	if !ok {
		return o.under.lookup(p)
	}
	return o.entry(p, data), nil
}

func (o *overlay) entry(p string, data []byte) Entry {
	e, err := o.under.lookup(p)
	if err != nil || !e.Mode.IsRegular() {
		e.Mode = 0o644
	}
	return Entry{Path: p, Mode: e.Mode, Size: int64(len(data))}
}

func (o *overlay) open(p string) (io.ReadCloser, error) {
	if data, ok := o.files[p]; ok {
		return io.NopCloser(bytes.NewReader(data)), nil
	}
	return o.under.open(p)
}

func (o *overlay) complete(ctx context.Context, paths []string) ([]*types.Stat, error) {
	stats, err := o.under.complete(ctx, paths)
	if err != nil {
		return nil, err
	}
	for i, p := range paths {
		data, ok := o.files[clean(p)]
		if !ok {
			continue
		}
		if known := stats[i]; known != nil && fs.FileMode(known.Mode).IsRegular() && known.Linkname == "" {
			stats[i].Size = int64(len(data))
			continue
		}
		stats[i] = o.stat(clean(p), data)
	}
	return stats, nil
}

func (o *overlay) stat(p string, data []byte) *types.Stat {
	e := o.entry(p, data)
	return e.stat(0)
}

func (o *overlay) known(paths []string) []Entry {
	out := o.under.known(paths)
	if out == nil {
		return nil
	}
	for i, p := range paths {
		if data, ok := o.files[clean(p)]; ok {
			out[i] = o.entry(clean(p), data)
		}
	}
	return out
}

func (o *overlay) sub(p string) (content, error) {
	under, err := o.under.sub(p)
	if err != nil {
		return nil, err
	}
	below := o.below(p)
	if len(below.files) == 0 {
		return under, nil
	}
	below.under, below.underID = under, o.under.subID(o.underID, p)
	return below, nil
}

// below is the part of the overlay that lies in a directory.
func (o *overlay) below(dir string) *overlay {
	out := &overlay{files: map[string][]byte{}}
	for p, data := range o.files {
		if inside(p, dir) {
			out.files[p[len(dir)+1:]] = data
		}
	}
	for _, p := range o.added {
		if inside(p, dir) {
			out.added = append(out.added, p[len(dir)+1:])
		}
	}
	return out
}

func (o *overlay) subID(_, p string) string {
	id := o.under.subID(o.underID, p)
	if below := o.below(p); len(below.files) > 0 {
		id += below.digest()
	}
	return id
}

// walk walks the tree below and puts the added files between its entries.
func (o *overlay) walk(ctx context.Context, target string, info infoKind, fn fs.WalkDirFunc) error {
	if slices.Contains(o.added, target) {
		return endOfWalk(call(fn, target, o.addition(target), nil))
	}
	w := &overlayWalk{overlay: o, fn: fn}
	for _, p := range o.added {
		if target == "" || inside(p, target) {
			w.left = append(w.left, p)
		}
	}
	if err := o.under.walk(ctx, target, info, w.visit); err != nil || w.stopped {
		return err
	}
	return endOfWalk(w.flush("", true))
}

// addition is an added file as a walk reports it.
func (o *overlay) addition(p string) fs.DirEntry {
	return &fsutil.DirEntryInfo{Stat: o.stat(p, o.files[p])}
}

// overlayWalk is one walk of an overlay.
type overlayWalk struct {
	*overlay
	fn fs.WalkDirFunc
	// left are the added files that are still to come.
	left []string
	// skip is a directory whose rest the caller does not want; empty for none.
	skip    string
	stopped bool
}

func (w *overlayWalk) visit(p string, d fs.DirEntry, walkErr error) error {
	if err := w.flush(p, false); err != nil {
		return w.end(err)
	}
	if w.skip != "" && inside(p, w.skip) {
		if d != nil && d.IsDir() {
			return fs.SkipDir
		}
		return nil
	}
	if data, ok := w.files[p]; ok && walkErr == nil {
		d = w.replaced(p, d, data)
	}
	err := call(w.fn, p, d, walkErr)
	if err == fs.SkipDir { //nolint:errorlint // compared by identity, as filepath.WalkDir does
		w.skip = p
		if d == nil || !d.IsDir() {
			w.skip = parent(p)
		}
		w.left = slices.DeleteFunc(w.left, func(q string) bool { return w.skip == "" || inside(q, w.skip) })
	}
	return w.end(err)
}

func (w *overlayWalk) end(err error) error {
	w.stopped = w.stopped || err == fs.SkipAll || err != nil && err != fs.SkipDir //nolint:errorlint // as above
	return err
}

// flush reports the added files that come before a path, or all that are left.
func (w *overlayWalk) flush(before string, all bool) error {
	for len(w.left) > 0 && (all || compareWalk(w.left[0], before) < 0) {
		p := w.left[0]
		w.left = w.left[1:]
		err := call(w.fn, p, w.addition(p), nil)
		if err == fs.SkipDir { //nolint:errorlint // as above
			w.skip = parent(p)
			w.left = slices.DeleteFunc(w.left, func(q string) bool { return w.skip == "" || inside(q, w.skip) })
			if w.skip == "" {
				return fs.SkipAll
			}
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// replaced is an entry of the tree below with another content.
func (w *overlayWalk) replaced(p string, d fs.DirEntry, data []byte) fs.DirEntry {
	if d == nil || !d.Type().IsRegular() {
		return w.addition(p)
	}
	return &replacedEntry{DirEntry: d, size: int64(len(data))}
}

type replacedEntry struct {
	fs.DirEntry
	size int64
}

// Info is the entry's own with another size.
func (e *replacedEntry) Info() (fs.FileInfo, error) {
	info, err := e.DirEntry.Info()
	if err != nil {
		return nil, err
	}
	stat, ok := info.Sys().(*types.Stat)
	if !ok {
		return nil, fmt.Errorf("looking at %s: it has no stat", e.Name())
	}
	stat = stat.CloneVT()
	stat.Size = e.size
	return &fsutil.StatInfo{Stat: stat}, nil
}
