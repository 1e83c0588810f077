package tree

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"sync/atomic"

	"github.com/tonistiigi/fsutil/types"
	"golang.org/x/sync/errgroup"

	"github.com/loadline-dev/loadline/pkg/source"
)

// stat is what the system says about one path.
type stat struct {
	mode         fs.FileMode
	size         int64
	modTime      int64
	inode        uint64
	links        uint64
	major, minor int64
	link         string
	// xattrs are nil until a stat is to be sent: BuildKit's client sends them, Lookup does not need them.
	xattrs map[string][]byte
}

// entrySize is the size as Entry has it.
func (st *stat) entrySize() int64 {
	if st.mode.IsRegular() || st.mode&fs.ModeSymlink != 0 {
		return st.size
	}
	return 0
}

// look asks the system about the node, once.
func (n *node) look(p string) (*stat, error) {
	if st := n.stat.Load(); st != nil {
		return st, nil
	}
	st, err := lstat(p)
	if err != nil {
		return nil, err
	}
	if st.mode.Type() != n.typ {
		return nil, fmt.Errorf("looking at %s: it changed while it was read", source.Printable(p))
	}
	if st.xattrs, err = xattrs(p); err != nil {
		return nil, err
	}
	n.stat.CompareAndSwap(nil, st)
	return n.stat.Load(), nil
}

// sent is the stat as BuildKit's client would send it (fsutil stat.go, mkstat). seen has the first path of each inode.
func (st *stat) sent(p string, seen map[uint64]string) *types.Stat {
	out := &types.Stat{
		Path: p, Mode: uint32(st.mode &^ fs.ModeSocket), ModTime: st.modTime,
		Xattrs: st.xattrs,
	}
	if st.mode.IsDir() {
		return out
	}
	out.Size, out.Devmajor, out.Devminor = st.size, st.major, st.minor
	if first, ok := seen[st.inode]; ok && st.links > 1 {
		out.Linkname = first
	} else {
		seen[st.inode] = p
	}
	if st.mode&fs.ModeSymlink != 0 {
		out.Linkname = st.link
	}
	return out
}

// batch is how many paths a worker of complete takes at a time.
const batch = 256

// known is nothing: what the system says of a path is all that is known of it.
func (d *disk) known([]string) []Entry { return nil }

// complete looks at the paths with several workers, and then decides in their order which is the first name of an inode.
func (d *disk) complete(ctx context.Context, paths []string) ([]*types.Stat, error) {
	found := make([]*stat, len(paths))
	group, ctx := errgroup.WithContext(ctx)
	var taken atomic.Int64
	for range min(runtime.GOMAXPROCS(0), 4, len(paths)/batch+1) {
		group.Go(func() error {
			for {
				from := int(taken.Add(batch)) - batch
				if from >= len(paths) {
					return nil
				}
				if err := ctx.Err(); err != nil {
					return err
				}
				to := min(from+batch, len(paths))
				if err := d.look(paths[from:to], found[from:to]); err != nil {
					return err
				}
			}
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	stats := make([]*types.Stat, len(paths))
	seen := map[uint64]string{}
	for i, st := range found {
		if st != nil {
			stats[i] = st.sent(paths[i], seen)
		}
	}
	return stats, nil
}

// look fills in what the system says about paths; one that is gone stays nil.
func (d *disk) look(paths []string, found []*stat) error {
	dir, list := "", d.list
	for i, p := range paths {
		if up := parent(p); up != dir || list == nil {
			dir, list = up, d.list
			if up != "" {
				n, err := d.find(up)
				if err != nil {
					list = nil
					continue
				}
				list = n.list
			}
		}
		if list == nil {
			continue
		}
		n, err := list.child(under(d.root, dir), p[len(p)-len(base(p)):])
		if err == nil {
			found[i], err = n.look(under(d.root, p))
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
