package tree

import (
	"io/fs"
	"os"
)

// openFlags open a file; os.Root follows no link out of the directory.
const openFlags = os.O_RDONLY

// lstat asks the system about a path. As BuildKit's client does on Windows, every permission gets the bit that makes
// executable, and nobody but the owner may write (fsutil stat.go, mkstat).
func lstat(p string) (*stat, error) {
	info, err := os.Lstat(p)
	if err != nil {
		return nil, err
	}
	st := &stat{
		mode: info.Mode()&^fs.ModePerm | (info.Mode()&fs.ModePerm|0o111)&0o755,
		size: info.Size(), modTime: info.ModTime().UnixNano(), links: 1,
	}
	if st.mode&fs.ModeSymlink != 0 {
		if st.link, err = os.Readlink(p); err != nil {
			return nil, err
		}
	}
	return st, nil
}

// xattrs are none: BuildKit's client reads none on Windows (fsutil stat_windows.go, loadXattr).
func xattrs(string) (map[string][]byte, error) { return nil, nil }
