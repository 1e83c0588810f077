package rule

import (
	"path"
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/loadline-dev/loadline/pkg/dockerignore"
	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/transfer"
	"github.com/loadline-dev/loadline/pkg/tree"
)

// File is one path of an upload.
type File struct {
	transfer.Entry
	// Untracked says that it lies on disk beside the tree: ignored by git, the output of an earlier step, or .git itself.
	Untracked bool
}

// Size is an amount that is uploaded.
type Size struct {
	// Bytes is what BuildKit counts, contents and metadata; Payload is the contents alone.
	Bytes, Payload int64
	// Files is the number of regular files.
	Files int64
}

// String is the size as messages say it: "1.2 GB in 3 files".
func (s Size) String() string {
	return finding.Bytes(s.Bytes) + " in " + finding.Count(s.Files, "file")
}

// Plus is the sum of two sizes.
func (s Size) Plus(t Size) Size {
	return Size{Bytes: s.Bytes + t.Bytes, Payload: s.Payload + t.Payload, Files: s.Files + t.Files}
}

func (s Size) minus(t Size) Size {
	return Size{Bytes: s.Bytes - t.Bytes, Payload: s.Payload - t.Payload, Files: s.Files - t.Files}
}

// Listings remember what is uploaded of a directory, and its ignore file, which are the same for many builds. The zero value is ready; it is
// safe for use by several goroutines.
type Listings struct {
	mu      sync.Mutex
	done    map[string]*listing
	ignores map[string]*dockerignore.File
}

// ignore is a parsed ignore file. Errors are those of dockerignore.Parse.
func (l *Listings) ignore(name string, text []byte) (*dockerignore.File, error) {
	if l == nil {
		return dockerignore.Parse(name, text)
	}
	key := name + "\x00" + string(text)
	l.mu.Lock()
	defer l.mu.Unlock()
	if file, ok := l.ignores[key]; ok {
		return file, nil
	}
	file, err := dockerignore.Parse(name, text)
	if err != nil {
		return nil, err
	}
	if l.ignores == nil {
		l.ignores = map[string]*dockerignore.File{}
	}
	l.ignores[key] = file
	return file, nil
}

// part is one request, on the tree and on disk.
type part struct {
	transfer, disk *transfer.Transfer // disk is nil where there is none
	tracked        *tree.Snapshot
}

func (p part) key() string {
	key := p.transfer.Key()
	if p.disk != nil {
		key += "\x00" + p.disk.Key() + "\x00" + p.tracked.ID()
	}
	return key
}

func (l *Listings) get(parts []part) *listing {
	if l == nil {
		return newListing(parts)
	}
	keys := make([]string, len(parts))
	for i, p := range parts {
		keys[i] = p.key()
	}
	key := strings.Join(keys, "\x00")
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.done == nil {
		l.done = map[string]*listing{}
	}
	found, ok := l.done[key]
	if !ok {
		found = newListing(parts)
		l.done[key] = found
	}
	return found
}

// listing is what is uploaded of a directory, in the order of a walk.
type listing struct {
	files []File
	// sums has for each file what comes before it, and at its end everything.
	sums []Size

	once sync.Once
	// byName are the places of paths by their last component.
	byName map[string][]int
}

func newListing(parts []part) *listing {
	l := &listing{}
	sorted := true
	known := map[string]bool{}
	more := len(parts) > 1
	for n, p := range parts {
		for _, e := range p.transfer.Entries {
			if n > 0 && known[e.Path] {
				continue
			}
			if more || p.disk != nil {
				known[e.Path] = true
			}
			l.files = append(l.files, File{Entry: e})
		}
	}
	for _, p := range parts {
		if p.disk == nil {
			continue
		}
		for _, e := range p.disk.Entries {
			if known[e.Path] {
				continue
			}
			if _, ok := p.tracked.Lookup(e.Path); ok {
				continue
			}
			known[e.Path] = true
			sorted = false
			l.files = append(l.files, File{Entry: e, Untracked: true})
		}
	}
	if more || !sorted {
		slices.SortFunc(l.files, func(a, b File) int { return tree.Compare(a.Path, b.Path) })
	}
	l.sums = make([]Size, len(l.files)+1)
	for i, f := range l.files {
		l.sums[i+1] = Size{Bytes: l.sums[i].Bytes + f.Bytes, Payload: l.sums[i].Payload + f.Payload, Files: l.sums[i].Files}
		if f.Mode.IsRegular() {
			l.sums[i+1].Files++
		}
	}
	return l
}

// under are the places of a path and all below it: a half-open range.
func (l *listing) under(p string) (start, end int) {
	if p == "." || p == "" {
		return 0, len(l.files)
	}
	start = sort.Search(len(l.files), func(i int) bool { return tree.Compare(l.files[i].Path, p) >= 0 })
	n := sort.Search(len(l.files)-start, func(i int) bool {
		q := l.files[start+i].Path
		return q != p && !strings.HasPrefix(q, p+"/")
	})
	return start, start + n
}

func (l *listing) named(name string) []int {
	l.once.Do(func() {
		l.byName = map[string][]int{}
		for i, f := range l.files {
			base := path.Base(f.Path)
			l.byName[base] = append(l.byName[base], i)
		}
	})
	return l.byName[name]
}
