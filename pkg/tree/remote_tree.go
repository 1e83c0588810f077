package tree

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/loadline-dev/loadline/pkg/source"
)

// maxEntries is the most paths that a tree may have. A tree that holds the same tree many times is small to store and
// endless to list.
const maxEntries = 2 << 20

// maxPaths is the most that their names may take, in bytes.
const maxPaths = 512 << 20

// maxDepth is how deep directories may lie in each other: a longer path is none (PATH_MAX).
const maxDepth = 2048

// Commit is the tree of a commit, as Commit reads it from a clone: the two are equal. commit is a full object id. Files
// are read when they are opened, in ctx; Prefetch reads many at once.
// The error matches ErrAbsent and ErrUnknownRevision where GitHub does not have the commit.
func (r *Remote) Commit(ctx context.Context, commit string) (*Snapshot, error) {
	return r.Directory(ctx, commit, ".")
}

// Directory is Commit of which only one directory is needed, as a root of its own: of a repository that GitHub does not
// list at once, no other is looked at. The error matches fs.ErrNotExist where the commit has no such path, and further
// those of Sub.
func (r *Remote) Directory(ctx context.Context, commit, dir string) (*Snapshot, error) {
	s, err := r.directory(ctx, commit, dir)
	if err != nil {
		return nil, fmt.Errorf("reading %s from GitHub: %w", source.Printable(commit), err)
	}
	return s, nil
}

func (r *Remote) directory(ctx context.Context, commit, dir string) (*Snapshot, error) {
	p, inside := cleanInside(dir)
	if !inside {
		return nil, pathError("opening", dir, errors.New("is outside of the tree"))
	}
	root, err := r.root(ctx, commit)
	if err != nil {
		return nil, err
	}
	entries, whole, err := r.entries(ctx, root, p)
	if err != nil {
		return nil, err
	}
	s, err := newCommit(ctx, remoteStore{r, ctx}, root, entries)
	if err != nil {
		return nil, err
	}
	if !whole {
		s.id = unique("partial") // only of its directory is everything known
	}
	return s.Sub(p)
}

// root answers the tree of a commit, and learns as much of it as GitHub tells at once.
func (r *Remote) root(ctx context.Context, commit string) (string, error) {
	if !isObjectID(commit) {
		return "", fmt.Errorf("%w: no full object id", ErrUnknownRevision)
	}
	r.mu.Lock()
	id, known, isLarge := r.roots[commit], r.commits[commit], r.isLarge
	r.mu.Unlock()
	if id != "" {
		return id, nil
	}
	if known != nil && r.children(known.tree) != nil || isLarge {
		c, err := r.commit(ctx, commit)
		if err != nil {
			return "", err
		}
		return c.tree, nil
	}
	l, err := r.list(ctx, commit, recursive)
	if err != nil {
		return "", err
	}
	switch {
	case known != nil:
		id = known.tree
	case l.isTruncated || isReplaced("", l.dirs[""]):
		c, err := r.commit(ctx, commit)
		if err != nil {
			return "", err
		}
		id = c.tree
	default:
		id = treeID(l.dirs[""], len(commit))
	}
	r.learn(l, id)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.isLarge = r.isLarge || l.isTruncated
	r.roots[commit] = id
	return id, nil
}

// depth says how much a listing is to hold.
type depth string

const (
	recursive depth = "?recursive=1"
	shallow   depth = ""
)

// list asks for a tree, by its id or by that of a commit.
func (r *Remote) list(ctx context.Context, id string, d depth) (*treeAnswer, error) {
	body, err := r.get(ctx, "git/trees/"+id+string(d), "tree of "+id)
	if err != nil {
		return nil, err
	}
	l, err := parseListing(body)
	if err != nil {
		return nil, err
	}
	l.isFlat = d == shallow
	return l, nil
}

func (r *Remote) learn(l *treeAnswer, root string) {
	complete := l.complete(root)
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, children := range complete {
		if children == nil {
			children = []child{}
		}
		r.trees[id] = children
	}
}

// children are those of a tree, nil where they are not known.
func (r *Remote) children(id string) []child {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.trees[id]
}

// Share lets a commit of a clone tell what the repository on GitHub holds: what both have is not asked for again.
// Other snapshots tell nothing.
func (r *Remote) Share(s *Snapshot) {
	m, ok := s.content.(*memory)
	if !ok {
		return
	}
	b, ok := m.files.(*blobs)
	if !ok {
		return
	}
	g, ok := b.store.(*Git)
	if !ok {
		return
	}
	trees := map[string][]child{}
	for i, e := range m.entries {
		if e.Mode.IsDir() && e.Note != Submodule && e.Object != "" {
			if list, ok := m.childrenOf(i); ok {
				trees[e.Object] = list
			}
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.clones = append(r.clones, g)
	for id, list := range trees {
		r.trees[id] = list
	}
}

// childrenOf are the children of the directory at an index, false where something about one of them is not known.
func (m *memory) childrenOf(i int) ([]child, bool) {
	list := []child{}
	for j := i + 1; j < i+int(m.ends[i]); j += int(m.ends[j]) {
		e := &m.entries[j]
		if e.Note == Absent || e.Object == "" {
			return nil, false
		}
		c := child{name: base(e.Path), id: e.Object, kind: "blob", mode: "100644", size: e.Size, link: e.Link}
		switch {
		case e.Note == Submodule:
			c.kind, c.mode, c.size = "commit", "160000", 0
		case e.Mode.IsDir():
			c.kind, c.mode, c.size = "tree", "040000", 0
		case e.Link != "":
			c.mode = "120000"
		case e.Mode&0o100 != 0:
			c.mode = "100755"
		}
		list = append(list, c)
	}
	return list, true
}

// entries lists a tree. Where GitHub does not list it at once, of other directories than dir only those above it are
// looked at, whose attributes count; whole is false then.
func (r *Remote) entries(ctx context.Context, root, dir string) (list []Entry, whole bool, err error) {
	e := &expansion{remote: r}
	if r.isKnown(root) || dir == "" {
		if err := r.fetchBelow(ctx, root, shallow); err != nil { // unknown is a root of which GitHub tells only a part
			return nil, false, err
		}
		err := e.add(root, "", all)
		return e.list, true, err
	}
	at, above := root, ""
	for rest := dir; rest != ""; {
		var name string
		name, rest, _ = strings.Cut(rest, "/")
		if err := r.fetch(ctx, at, shallow); err != nil {
			return nil, false, err
		}
		if err := e.add(at, above, one); err != nil {
			return nil, false, err
		}
		i := slices.IndexFunc(r.children(at), func(c child) bool { return c.name == name })
		if i < 0 || !r.children(at)[i].isTree() {
			return e.list, false, nil // Sub says what is wrong with the path
		}
		at, above = r.children(at)[i].id, join(above, name)
	}
	if err := r.fetchBelow(ctx, at, recursive); err != nil {
		return nil, false, err
	}
	err = e.add(at, above, all)
	return e.list, false, err
}

// isKnown reports whether nothing below a tree has to be asked for.
func (r *Remote) isKnown(root string) bool { return len(r.unknown(root)) == 0 }

// unknown are the trees below one, itself included, of which nothing is known, each once.
func (r *Remote) unknown(root string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []string
	seen := map[string]bool{root: true}
	for todo := []string{root}; len(todo) > 0; {
		id := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		children, ok := r.trees[id]
		if !ok {
			out = append(out, id)
			continue
		}
		for _, c := range children {
			if c.isTree() && !seen[c.id] {
				seen[c.id] = true
				todo = append(todo, c.id)
			}
		}
	}
	slices.Sort(out)
	return out
}

// fetchBelow asks for everything below a tree that is not known yet; first is how the tree itself is asked for.
func (r *Remote) fetchBelow(ctx context.Context, root string, first depth) error {
	for {
		missing := r.unknown(root)
		if len(missing) == 0 {
			return nil
		}
		err := eachOf(ctx, missing, func(ctx context.Context, id string) error {
			if id == root {
				return r.fetch(ctx, id, first)
			}
			return r.fetch(ctx, id, recursive)
		})
		if err != nil {
			return err
		}
	}
}

// fetch asks for a tree that is not known yet.
func (r *Remote) fetch(ctx context.Context, id string, d depth) error {
	if r.children(id) != nil {
		return nil
	}
	l, err := r.list(ctx, id, d)
	if err != nil {
		return err
	}
	r.learn(l, id)
	if r.children(id) != nil {
		return nil
	}
	if l.isTruncated && d == recursive {
		return r.fetch(ctx, id, shallow)
	}
	if l.isTruncated {
		return fmt.Errorf("a directory has so many entries that GitHub does not list it: %w", ErrTooLarge)
	}
	return r.fetchRaw(ctx, id)
}

// expansion lays known trees out as paths.
type expansion struct {
	remote *Remote
	list   []Entry
	bytes  int
}

// extent says how much of a tree is laid out.
type extent uint8

const (
	all extent = iota
	one        // its own entries, and nothing of the directories among them
)

// add lays out a tree below a directory.
func (e *expansion) add(id, dir string, x extent) error {
	if strings.Count(dir, "/") > maxDepth {
		return fmt.Errorf("%w: directories lie too deep in each other", ErrTooLarge)
	}
	for _, c := range e.remote.children(id) {
		p := join(dir, c.name)
		if e.bytes += len(p); len(e.list) >= maxEntries || e.bytes > maxPaths {
			return fmt.Errorf("the tree %w: more than %d paths, or %d bytes of names", ErrTooLarge, maxEntries, maxPaths)
		}
		mode, note, ok := checkoutMode(c.mode, c.kind)
		if !ok {
			return fmt.Errorf("%w: %s", errListing, source.Printable(p))
		}
		e.list = append(e.list, Entry{Path: p, Mode: mode, Note: note, Object: c.id, Size: c.size, Link: c.link})
		if c.isTree() && x == all {
			if err := e.add(c.id, p, all); err != nil {
				return err
			}
		}
	}
	return nil
}
