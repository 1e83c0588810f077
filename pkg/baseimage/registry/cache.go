package registry

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	digest "github.com/opencontainers/go-digest"
)

// maxCache is how large the cache may grow, in bytes; above, the oldest half goes. A manifest and a configuration have
// some 10 kB together.
const maxCache = 64 << 20

// cache keeps manifests and configurations on disk, each in a file that is named for its digest, so that what is read
// can be held against it: a file that was damaged or tampered with counts as absent. A nil cache keeps nothing.
type cache struct{ root string }

// openCache prepares a directory; nil where it cannot be used.
func openCache(dir string) *cache {
	if dir == "" {
		return nil
	}
	c := &cache{root: filepath.Join(dir, "registry")}
	if err := os.MkdirAll(c.root, 0o700); err != nil {
		return nil
	}
	c.prune()
	return c
}

// file is where a digest's contents are; empty for a digest that is not kept.
func (c *cache) file(at string) string {
	d := digest.Digest(at)
	if c == nil || d.Validate() != nil || d.Algorithm() != digest.SHA256 {
		return ""
	}
	return filepath.Join(c.root, "sha256-"+d.Encoded())
}

// get reads what a digest stands for.
func (c *cache) get(at string) ([]byte, bool) {
	name := c.file(at)
	if name == "" {
		return nil, false
	}
	info, err := os.Lstat(name)
	if err != nil || !info.Mode().IsRegular() || info.Size() > MaxBody {
		return nil, false
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, false
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, MaxBody+1))
	if err != nil || digest.FromBytes(text).String() != at {
		return nil, false
	}
	return text, true
}

// put keeps what a digest stands for. A reader sees all of it or nothing; what cannot be written is not kept.
func (c *cache) put(at string, text []byte) {
	name := c.file(at)
	if name == "" || digest.FromBytes(text).String() != at {
		return
	}
	if _, ok := c.get(at); ok {
		return
	}
	f, err := os.CreateTemp(c.root, "new-*")
	if err != nil {
		return
	}
	_, err = f.Write(text)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
}

// prune takes the oldest files away where there are too many, and what was left half written.
func (c *cache) prune() {
	entries, err := os.ReadDir(c.root)
	if err != nil {
		return
	}
	var files []fs.FileInfo
	var total int64
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		if ok, _ := filepath.Match("new-*", info.Name()); ok && time.Since(info.ModTime()) > time.Hour {
			_ = os.Remove(filepath.Join(c.root, info.Name()))
			continue
		}
		files = append(files, info)
		total += info.Size()
	}
	if total <= maxCache {
		return
	}
	slices.SortFunc(files, func(a, b fs.FileInfo) int { return a.ModTime().Compare(b.ModTime()) })
	for _, info := range files {
		if total <= maxCache/2 {
			return
		}
		if os.Remove(filepath.Join(c.root, info.Name())) == nil {
			total -= info.Size()
		}
	}
}
