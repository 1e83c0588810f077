package tree

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"sync/atomic"

	"github.com/tonistiigi/fsutil/types"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

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

// lstat asks the system about a path, without its extended attributes.
func lstat(p string) (*stat, error) {
	var raw unix.Stat_t
	for {
		err := unix.Lstat(p, &raw)
		if err == nil {
			break
		}
		if err != unix.EINTR {
			return nil, &fs.PathError{Op: "lstat", Path: p, Err: err}
		}
	}
	st := &stat{
		mode: goMode(uint32(raw.Mode)), size: raw.Size, modTime: raw.Mtim.Nano(), inode: raw.Ino, links: uint64(raw.Nlink),
	}
	// fsutil tests the bits of the two types, which sockets, directories and block devices share (stat_unix.go,
	// setUnixOpt); a socket's and a file's device number are 0.
	if raw.Mode&unix.S_IFBLK != 0 || raw.Mode&unix.S_IFCHR != 0 {
		dev := uint64(raw.Rdev)
		st.major, st.minor = int64(dev>>8&0xfff), int64(dev&0xff|dev>>12&0xfff00)
	}
	if st.mode&fs.ModeSymlink != 0 {
		link, err := os.Readlink(p)
		if err != nil {
			return nil, err
		}
		st.link = link
	}
	return st, nil
}

// goMode is a mode of the system as os.Lstat gives it (os/stat_linux.go, fillFileStatFromSys).
func goMode(raw uint32) fs.FileMode {
	mode := fs.FileMode(raw & 0o777)
	switch raw & unix.S_IFMT {
	case unix.S_IFBLK:
		mode |= fs.ModeDevice
	case unix.S_IFCHR:
		mode |= fs.ModeDevice | fs.ModeCharDevice
	case unix.S_IFDIR:
		mode |= fs.ModeDir
	case unix.S_IFIFO:
		mode |= fs.ModeNamedPipe
	case unix.S_IFLNK:
		mode |= fs.ModeSymlink
	case unix.S_IFSOCK:
		mode |= fs.ModeSocket
	}
	if raw&unix.S_ISGID != 0 {
		mode |= fs.ModeSetgid
	}
	if raw&unix.S_ISUID != 0 {
		mode |= fs.ModeSetuid
	}
	if raw&unix.S_ISVTX != 0 {
		mode |= fs.ModeSticky
	}
	return mode
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

// xattrs reads the extended attributes that BuildKit's client sends: all but Apple's, and none where they are not
// supported (fsutil stat_unix.go, loadXattr).
func xattrs(p string) (map[string][]byte, error) {
	var buf [512]byte
	names := buf[:]
	n, err := unix.Llistxattr(p, names)
	for errors.Is(err, unix.ERANGE) {
		if n, err = unix.Llistxattr(p, nil); err != nil {
			break
		}
		names = make([]byte, n)
		n, err = unix.Llistxattr(p, names)
	}
	if errors.Is(err, unix.ENOTSUP) {
		return nil, nil
	}
	if err != nil {
		return nil, &fs.PathError{Op: "listing extended attributes", Path: p, Err: err}
	}
	if n == 0 {
		return nil, nil
	}
	var attrs map[string][]byte
	for name := range strings.SplitSeq(strings.TrimSuffix(string(names[:n]), "\x00"), "\x00") {
		if strings.HasPrefix(name, "com.apple.") {
			continue
		}
		if value, err := xattr(p, name); err == nil {
			if attrs == nil {
				attrs = map[string][]byte{}
			}
			attrs[name] = value
		}
	}
	return attrs, nil
}

func xattr(p, name string) ([]byte, error) {
	value := make([]byte, 128)
	for {
		n, err := unix.Lgetxattr(p, name, value)
		if err == nil {
			return value[:n], nil
		}
		if !errors.Is(err, unix.ERANGE) {
			return nil, err
		}
		if n, err = unix.Lgetxattr(p, name, nil); err != nil {
			return nil, err
		}
		value = make([]byte, n)
	}
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
