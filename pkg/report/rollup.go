package report

import (
	"cmp"
	"slices"
	"strings"
)

// Bundle is a changed path, or a directory with all that changed below it.
type Bundle struct {
	// Path ends in a slash where it is a directory.
	Path string
	// Growth is how many bytes of contents it adds to the upload.
	Growth int64
	// Files is how many paths changed.
	Files int
	// Pulls are the instructions that pull them in, and Transfer is the part of the upload that holds them; those of the
	// first path where they differ.
	Pulls    []Instruction
	Transfer string
}

// dominant is the share of a directory's growth from which one entry of it is named in its place.
const dominant = 0.8

// Rollup tells in at most n groups where an upload grew or shrank, the largest first: the paths themselves where they
// are few, else the directories that account for them. Paths whose size is the same count for nothing.
func (b *Build) Rollup(n int) []Bundle {
	root := &node{}
	moved := 0
	for i := range b.Changed {
		if c := &b.Changed[i]; c.Growth() != 0 {
			root.add(c)
			moved++
		}
	}
	if moved == 0 || n < 1 {
		return nil
	}
	frontier := slices.Clone(root.kids)
	for range moved { // each round opens one directory for good
		if !open(&frontier, n) {
			break
		}
	}
	slices.SortFunc(frontier, compareBundles)
	groups := make([]Bundle, 0, n)
	for _, f := range frontier[:min(n, len(frontier))] {
		groups = append(groups, f.group())
	}
	return groups
}

// node is one of the tree of changed paths.
type node struct {
	path   string
	growth int64
	files  int
	first  *Change
	kids   []*node
	index  map[string]*node
	// closed says that the directory is shown as a whole.
	closed bool
}

// add puts a changed path into the tree.
func (t *node) add(c *Change) {
	at := t
	at.count(c)
	for from := 0; from < len(c.Path); {
		end := strings.IndexByte(c.Path[from:], '/')
		if end < 0 {
			end = len(c.Path)
		} else {
			end += from + 1
		}
		name := c.Path[from:end]
		kid := at.index[name]
		if kid == nil {
			if at.index == nil {
				at.index = map[string]*node{}
			}
			kid = &node{path: c.Path[:end]}
			at.index[name] = kid
			at.kids = append(at.kids, kid)
		}
		kid.count(c)
		at, from = kid, end
	}
}

func (t *node) count(c *Change) {
	t.growth += c.Growth()
	t.files++
	if t.first == nil {
		t.first = c
	}
}

// open replaces the largest directory of the frontier that can be: by its entries where there is room for them, by one
// of them where that one accounts for nearly all of it. It reports whether there was one.
func open(frontier *[]*node, n int) bool {
	slices.SortFunc(*frontier, compareBundles)
	for i, f := range *frontier {
		if f.closed || len(f.kids) == 0 {
			continue
		}
		if len(*frontier)-1+len(f.kids) <= n || len(f.kids) == 1 {
			*frontier = append(slices.Delete(*frontier, i, i+1), f.kids...)
			return true
		}
		slices.SortFunc(f.kids, compareBundles)
		if heaviest := f.kids[0]; float64(abs(heaviest.growth)) >= dominant*float64(abs(f.growth)) {
			(*frontier)[i] = heaviest
			return true
		}
		f.closed = true
	}
	return false
}

func compareBundles(a, b *node) int {
	return cmp.Or(cmp.Compare(abs(b.growth), abs(a.growth)), cmp.Compare(a.path, b.path))
}

func (t *node) group() Bundle {
	return Bundle{Path: t.path, Growth: t.growth, Files: t.files, Pulls: t.first.Pulls, Transfer: t.first.Transfer}
}

func abs(n int64) int64 { return max(n, -n) }
