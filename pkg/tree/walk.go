package tree

import (
	"context"
	"io/fs"
	"sync"
	"sync/atomic"

	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"
)

// diskWalk is one walk through a disk.
type diskWalk struct {
	disk *disk
	ctx  context.Context //nolint:containedctx // a walk is one call
	fn   fs.WalkDirFunc
	info infoKind
	// seen has the first path of each inode whose Info was asked for.
	seen  map[uint64]string
	ahead readAhead
}

// visit reports one path and what lies below it, as filepath.WalkDir does.
func (w *diskWalk) visit(p string, n *node) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	entry := &diskEntry{walk: w, path: p, node: n}
	err := call(w.fn, p, entry, nil)
	if n.list == nil {
		return err
	}
	if err != nil {
		w.ahead.skipped()
		if err == fs.SkipDir { //nolint:errorlint // compared by identity, as filepath.WalkDir does
			return nil
		}
		return err
	}
	w.ahead.accepted()
	c := n.list.load(under(w.disk.root, p), nil)
	if c.err != nil {
		err := call(w.fn, p, entry, c.err)
		if err == fs.SkipDir { //nolint:errorlint // likewise
			return nil
		}
		if err != nil {
			return err
		}
	}
	return w.children(p, c)
}

func (w *diskWalk) children(p string, c *contents) error {
	next := 0 // the first directory that was not yet asked for ahead
	var pending []*job
	for i, n := range c.nodes {
		child := join(p, n.name)
		if n.list != nil {
			next, pending = w.readAhead(p, c.nodes, max(next, i+1), pending)
		}
		var mine *job
		if len(pending) > 0 && pending[0].node == n {
			mine, pending = pending[0], pending[1:]
		}
		err := w.visit(child, n)
		mine.cancel()
		if err != nil {
			cancelAll(pending)
			if err == fs.SkipDir { //nolint:errorlint // compared by identity, as filepath.WalkDir does
				return nil
			}
			return err
		}
	}
	return nil
}

// readAhead asks for the next directories of a listing, so that a second core reads them while fn works.
func (w *diskWalk) readAhead(p string, nodes []*node, next int, pending []*job) (int, []*job) {
	window := w.ahead.window()
	for ; next < len(nodes) && len(pending) < window; next++ {
		n := nodes[next]
		if n.list == nil || n.list.read.Load() != nil {
			continue
		}
		j := &job{node: n, dir: under(w.disk.root, join(p, n.name))}
		if !w.ahead.add(j) {
			break
		}
		pending = append(pending, j)
	}
	return next, pending
}

// job is a directory that is read ahead of the walk.
type job struct {
	node     *node
	dir      string
	unwanted atomic.Bool
}

func (j *job) cancel() {
	if j != nil {
		j.unwanted.Store(true)
	}
}

func cancelAll(jobs []*job) {
	for _, j := range jobs {
		j.cancel()
	}
}

// readAhead reads directories before the walk comes to them. How far depends on whether the walk takes the directories
// that it meets: one that skips nearly all of them is not run ahead of.
type readAhead struct {
	taken   int
	jobs    chan *job
	workers sync.WaitGroup
	ended   atomic.Bool
}

// farthest is how many directories of one listing are read ahead.
const farthest = 8

func (r *readAhead) accepted() { r.taken = min(r.taken+1, farthest) }

func (r *readAhead) skipped() { r.taken /= 2 }

func (r *readAhead) window() int { return r.taken }

// add queues a job; it reports false where the queue is full.
func (r *readAhead) add(j *job) bool {
	if r.jobs == nil {
		r.jobs = make(chan *job, 4*farthest)
		r.workers.Go(r.work)
	}
	select {
	case r.jobs <- j:
		return true
	default:
		return false
	}
}

func (r *readAhead) work() {
	for j := range r.jobs {
		wanted := func() bool { return !j.unwanted.Load() && !r.ended.Load() }
		if wanted() {
			j.node.list.load(j.dir, wanted)
		}
	}
}

// stop ends the worker and waits for it.
func (r *readAhead) stop() {
	if r.jobs == nil {
		return
	}
	r.ended.Store(true)
	close(r.jobs)
	r.workers.Wait()
}

// diskEntry is one path as a walk reports it.
type diskEntry struct {
	walk *diskWalk
	path string
	node *node
	// full is what Info found when it was called first.
	full *types.Stat
}

func (e *diskEntry) Name() string      { return e.node.name }
func (e *diskEntry) IsDir() bool       { return e.node.typ.IsDir() }
func (e *diskEntry) Type() fs.FileMode { return e.node.typ }

// Info gives a stat that the caller may change.
func (e *diskEntry) Info() (fs.FileInfo, error) {
	if e.full != nil {
		return &fsutil.StatInfo{Stat: e.full.Clone()}, nil
	}
	if e.walk.info == typeInfo && e.node.typ&fs.ModeSymlink == 0 {
		return &fsutil.StatInfo{Stat: &types.Stat{Path: e.path, Mode: uint32(e.node.typ &^ fs.ModeSocket)}}, nil
	}
	st, err := e.node.look(under(e.walk.disk.root, e.path))
	if err != nil {
		return nil, err
	}
	e.full = st.sent(e.path, e.walk.seen)
	return &fsutil.StatInfo{Stat: e.full.Clone()}, nil
}
