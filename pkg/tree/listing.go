package tree

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // git's own
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/loadline-dev/loadline/pkg/source"
)

// child is an entry of one tree object.
type child struct {
	name, mode, kind, id string
	// size is a blob's, in bytes.
	size int64
	// link is the target of a symbolic link, where it is known already.
	link string
}

func (c child) isTree() bool { return c.kind == "tree" }

// treeAnswer is an answer of GitHub's trees API, taken apart into its directories.
type treeAnswer struct {
	// dirs are the children of each directory, by path; "" is the tree that was asked for.
	dirs map[string][]child
	// trees are the object ids of the directories below.
	trees map[string]string
	// isFlat says that it holds the tree's own entries only, isTruncated that GitHub ended it early.
	isFlat, isTruncated bool
}

type treeJSON struct {
	Tree      []treeEntryJSON `json:"tree"`
	Truncated bool            `json:"truncated"`
}

type treeEntryJSON struct {
	Path string `json:"path"`
	Mode string `json:"mode"`
	Type string `json:"type"`
	SHA  string `json:"sha"`
	Size *int64 `json:"size"`
}

// errListing says that an answer of GitHub's is not what its documentation says.
var errListing = errors.New("the answer is not what it should be")

// maxListed is the most entries that a listing may have; GitHub ends it at 100,000.
const maxListed = 1 << 20

// parseListing reads an answer of the trees API (docs.github.com, "Get a tree"). It refuses paths that git does not check
// out, paths that are there twice or in something that is no directory, and entries of a kind that no tree holds.
func parseListing(body []byte) (*treeAnswer, error) {
	var answer treeJSON
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, fmt.Errorf("%w: %w", errListing, err)
	}
	if answer.Tree == nil || len(answer.Tree) > maxListed {
		return nil, fmt.Errorf("%w: %d entries", errListing, len(answer.Tree))
	}
	l := &treeAnswer{dirs: map[string][]child{"": nil}, trees: map[string]string{}, isTruncated: answer.Truncated}
	seen := make(map[string]bool, len(answer.Tree))
	for _, e := range answer.Tree {
		if err := checkListed(e.Path); err != nil {
			return nil, err
		}
		if seen[e.Path] {
			if strings.ContainsRune(e.Path, utf8.RuneError) {
				continue // two names that are not UTF-8: complete finds that something is missing
			}
			return nil, fmt.Errorf("%w: %s is there twice", errListing, source.Printable(e.Path))
		}
		seen[e.Path] = true
		c := child{name: base(e.Path), mode: e.Mode, kind: e.Type, id: e.SHA}
		if _, _, ok := checkoutMode(e.Mode, e.Type); !ok || !isObjectID(e.SHA) {
			return nil, fmt.Errorf("%w: %s has mode %.20q, type %.20q, id %.80q", errListing, source.Printable(e.Path), e.Mode, e.Type, e.SHA)
		}
		if e.Type == "blob" {
			if e.Size == nil || *e.Size < 0 {
				return nil, fmt.Errorf("%w: %s has no size", errListing, source.Printable(e.Path))
			}
			c.size = *e.Size
		}
		if c.isTree() {
			l.trees[e.Path] = e.SHA
		}
		l.dirs[parent(e.Path)] = append(l.dirs[parent(e.Path)], c)
	}
	return l, l.checkParents()
}

// checkListed refuses a path that a checkout could not lay down as GitHub lists it.
func checkListed(p string) error {
	if strings.Contains(p, "\x00") {
		return fmt.Errorf("%w: the path %s", errListing, source.Printable(p))
	}
	return checkPath(p)
}

func (l *treeAnswer) checkParents() error {
	for dir := range l.dirs {
		if _, ok := l.trees[dir]; !ok && dir != "" {
			return fmt.Errorf("%w: %s is no directory", errListing, source.Printable(dir))
		}
	}
	return nil
}

// complete yields the directories of which the listing has everything. A listing that GitHub ended early has that of
// those whose object id is right. GitHub replaces names that are not UTF-8, which shows in the same way.
func (l *treeAnswer) complete(root string) map[string][]child {
	out := map[string][]child{}
	for dir, id := range l.trees {
		if !l.isFlat && !l.isTruncated && !isReplaced(dir, l.dirs[dir]) || treeID(l.dirs[dir], len(id)) == id {
			out[id] = l.dirs[dir]
		}
	}
	if !l.isTruncated && !isReplaced("", l.dirs[""]) || treeID(l.dirs[""], len(root)) == root {
		out[root] = l.dirs[""]
	}
	return out
}

// isReplaced reports whether a name of a directory may stand for one that is not UTF-8.
func isReplaced(dir string, children []child) bool {
	return strings.ContainsRune(dir, utf8.RuneError) ||
		slices.ContainsFunc(children, func(c child) bool { return strings.ContainsRune(c.name, utf8.RuneError) })
}

// treeID is the object id of a tree (gitformat-pack(5) and git tree.c): names in the order of bytes, that of a directory
// as if it ended with a slash. length tells SHA-1 from SHA-256.
func treeID(children []child, length int) string {
	sorted := slices.Clone(children)
	key := func(c child) string {
		if c.isTree() {
			return c.name + "/"
		}
		return c.name
	}
	slices.SortFunc(sorted, func(a, b child) int { return strings.Compare(key(a), key(b)) })
	var body bytes.Buffer
	for _, c := range sorted {
		id, err := hex.DecodeString(c.id)
		if err != nil {
			return ""
		}
		body.WriteString(strings.TrimPrefix(c.mode, "0") + " " + c.name + "\x00")
		body.Write(id)
	}
	return objectID("tree", body.Bytes(), length)
}

// objectID is the id of an object, in hex: SHA-1, or SHA-256 where it is to have 64 characters.
func objectID(kind string, content []byte, length int) string {
	var h hash.Hash
	if length == hex.EncodedLen(sha256.Size) {
		h = sha256.New()
	} else {
		h = sha1.New() //nolint:gosec // as above
	}
	fmt.Fprintf(h, "%s %d\x00", kind, len(content))
	h.Write(content)
	return hex.EncodeToString(h.Sum(nil))
}
