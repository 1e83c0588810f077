//go:build unix

package tree

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// openFlags open a file without following a link, and without waiting for the other end of a fifo.
const openFlags = os.O_RDONLY | syscall.O_NONBLOCK | syscall.O_NOFOLLOW

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
