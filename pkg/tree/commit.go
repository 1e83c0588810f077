package tree

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/loadline-dev/loadline/pkg/source"
)

// Commit is the tree of a commit, or any other tree that a revision names, as a checkout without git LFS and submodules
// would lay it down: files have mode 0644 or 0755, directories 0755. Nothing is fetched: a blob that this clone lacks is
// an entry of size 0 with the note Absent.
// The error matches ErrUnknownRevision, and ErrAbsent where the commit or one of its trees is not in this clone.
func Commit(ctx context.Context, g *Git, rev string) (*Snapshot, error) {
	s, err := g.commit(ctx, rev)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", source.Printable(rev), err)
	}
	return s, nil
}

func (g *Git) commit(ctx context.Context, rev string) (*Snapshot, error) {
	root, err := g.rootOf(ctx, rev)
	if err != nil {
		return nil, err
	}
	entries, err := g.list(ctx, root)
	if err != nil {
		return nil, err
	}
	return newCommit(ctx, g, root, entries)
}

// store reads blobs of a repository, wherever it is.
type store interface {
	// read reads one blob.
	read(e Entry) ([]byte, error)
	// readAll reads the blobs of some entries. found gets nil for a blob that is absent after all.
	readAll(ctx context.Context, entries []Entry, which []int, found func(e *Entry, data []byte)) error
	// attributes answers what the .gitattributes at some entries say of paths.
	attributes(ctx context.Context, entries []Entry, files []int, paths string) (map[string]attribute, error)
}

// newCommit is the tree that entries list, as a checkout would lay it down.
func newCommit(ctx context.Context, from store, root string, entries []Entry) (*Snapshot, error) {
	if err := readLinks(ctx, from, entries); err != nil {
		return nil, err
	}
	if err := annotate(ctx, from, entries); err != nil {
		return nil, err
	}
	b := &blobs{store: from}
	for i := range entries {
		if n := entries[i].Note; n != 0 && n != Submodule {
			// What is absent may be fetched later, and attributes come from directories above: equal trees may differ.
			b.suffix = "@" + unique(root)
			break
		}
	}
	return &Snapshot{content: newMemory(entries, b), id: "git:" + root + b.suffix}, nil
}

// rootOf answers the tree that a revision names. It asks once where the name allows it: a colon starts a path, to which
// the suffix would belong.
func (g *Git) rootOf(ctx context.Context, rev string) (string, error) {
	if !strings.Contains(rev, ":") && !strings.HasPrefix(rev, "-") && rev != "" && !strings.ContainsAny(rev, "\x00\n") {
		out, err := g.run(ctx, nil, "rev-parse", "--verify", "--quiet", rev+"^{tree}")
		if err == nil {
			return strings.TrimSpace(string(out)), nil
		}
	}
	id, err := g.objectOf(ctx, rev)
	if err != nil {
		return "", err
	}
	return g.treeOf(ctx, id)
}

// list lists a tree with the sizes of its blobs.
func (g *Git) list(ctx context.Context, root string) ([]Entry, error) {
	partial, err := g.IsPartial(ctx)
	if err != nil {
		return nil, err
	}
	args := []string{"ls-tree", "-r", "-t", "-z", "--full-tree"}
	if !partial {
		args = append(args, "-l") // in a partial clone it fetches every absent blob
	}
	limited, stop := context.WithCancel(ctx)
	defer stop()
	cmd := gitCommand(limited, g.dir(), g.arguments(append(args, root)...)...)
	var said bytes.Buffer
	cmd.Stderr = &said
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("git: %w", err)
	}
	entries, parseErr := parseList(stdout)
	if errors.Is(parseErr, ErrTooLarge) { // small trees may hold each other so often that git never ends
		stop()
		_ = cmd.Wait()
		return nil, parseErr
	}
	_, _ = io.Copy(io.Discard, stdout)
	if err := cmd.Wait(); err != nil {
		if ctx.Err() == nil && strings.Contains(said.String(), "not a tree object") || strings.Contains(said.String(), "ould not read") {
			return nil, fmt.Errorf("a directory's object %w", ErrAbsent)
		}
		return nil, commandError(err, said.String())
	}
	if parseErr != nil || !partial {
		return entries, parseErr
	}
	return entries, g.sizes(ctx, root, entries)
}

// errList says that the output of git ls-tree is not what it is known to be.
var errList = errors.New("unexpected output of git ls-tree")

// parseList reads the output of git ls-tree -r -t -z [-l]: "MODE TYPE ID[ SIZE]\tPATH\0", the size padded with spaces,
// "-" for what is no blob and "BAD" for a blob that is not there.
func parseList(r io.Reader) ([]Entry, error) {
	var blocks [][]Entry // of equal capacity: growing one slice would copy it again and again
	buffer, filled := make([]byte, 256<<10), 0
	for {
		n, err := r.Read(buffer[filled:])
		filled += n
		end := bytes.LastIndexByte(buffer[:filled], 0) + 1
		text := string(buffer[:end]) // one allocation for all names in it
		for text != "" {
			record, rest, _ := strings.Cut(text, "\x00")
			text = rest
			e, err := parseRecord(record)
			if err != nil {
				return nil, err
			}
			if len(blocks) > maxEntries/listBlock {
				return nil, fmt.Errorf("the tree %w: more than %d paths", ErrTooLarge, maxEntries)
			}
			if len(blocks) == 0 || len(blocks[len(blocks)-1]) == listBlock {
				blocks = append(blocks, make([]Entry, 0, listBlock))
			}
			last := &blocks[len(blocks)-1]
			*last = append(*last, e)
		}
		filled = copy(buffer, buffer[end:filled])
		switch {
		case err == io.EOF && filled == 0: //nolint:errorlint // a Reader returns it as it is
			return slices.Concat(blocks...), nil
		case err != nil || filled == len(buffer):
			return nil, fmt.Errorf("%w: a record does not end", errList)
		}
	}
}

// listBlock is how many entries are allocated at once.
const listBlock = 1024

func parseRecord(record string) (Entry, error) {
	head, name, ok := strings.Cut(record, "\t")
	mode, rest, ok1 := strings.Cut(head, " ")
	kind, rest, ok2 := strings.Cut(rest, " ")
	id, size, _ := strings.Cut(rest, " ")
	if !ok || !ok1 || !ok2 || !isObjectID(id) {
		return Entry{}, fmt.Errorf("%w: %q", errList, record)
	}
	if err := checkPath(name); err != nil {
		return Entry{}, err
	}
	e := Entry{Path: name, Object: id}
	if e.Mode, e.Note, ok = checkoutMode(mode, kind); !ok {
		return Entry{}, fmt.Errorf("%w: %q", errList, record)
	}
	if kind != "blob" {
		return e, nil
	}
	switch size = strings.TrimLeft(size, " "); size {
	case "":
	case "BAD":
		e.Note = Absent
	default:
		n, err := strconv.ParseInt(size, 10, 64)
		if err != nil || n < 0 {
			return Entry{}, fmt.Errorf("%w: %q", errList, record)
		}
		e.Size = n
	}
	return e, nil
}

// checkoutMode is the mode that a checkout gives to an object of a tree, false where there is no such object.
func checkoutMode(mode, kind string) (fs.FileMode, Note, bool) {
	switch {
	case mode == "040000" && kind == "tree":
		return fs.ModeDir | 0o755, 0, true
	case mode == "160000" && kind == "commit":
		return fs.ModeDir | 0o755, Submodule, true
	case kind != "blob":
		return 0, 0, false
	case mode == "120000":
		return fs.ModeSymlink | 0o777, 0, true
	case mode == "100755":
		return 0o755, 0, true
	case strings.HasPrefix(mode, "100"):
		return 0o644, 0, true // also 100664 of old repositories, which git checks out like 100644
	}
	return 0, 0, false
}

// checkPath refuses what no checkout would lay down and what would lead out of the tree (git read-cache.c, verify_path).
func checkPath(p string) error {
	for name := range strings.SplitSeq(p, "/") {
		if name == "" || name == "." || name == ".." || strings.EqualFold(name, ".git") {
			return fmt.Errorf("the tree holds the path %s, which git does not check out", source.Printable(p))
		}
	}
	return nil
}

// sizes fills in the sizes of the blobs of a partial clone without asking for one that is absent.
func (g *Git) sizes(ctx context.Context, root string, entries []Entry) error {
	out, err := g.run(ctx, nil, "rev-list", "--objects", "--no-object-names", "--missing=print", root)
	if err != nil {
		return err
	}
	absent := map[string]bool{}
	for line := range strings.SplitSeq(string(out), "\n") {
		if id, ok := strings.CutPrefix(line, "?"); ok {
			absent[id] = true
		}
	}
	var ask strings.Builder
	var asked []int
	for i := range entries {
		e := &entries[i]
		switch {
		case e.Mode.IsDir():
		case absent[e.Object]:
			e.Note = Absent
		default:
			asked = append(asked, i)
			ask.WriteString(e.Object)
			ask.WriteByte('\n')
		}
	}
	if out, err = g.run(ctx, strings.NewReader(ask.String()), "cat-file", "--batch-check=%(objectsize)", "--buffer"); err != nil {
		return err
	}
	lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(asked) > 0 && len(lines) != len(asked) {
		return fmt.Errorf("git cat-file answered %d of %d objects", len(lines), len(asked))
	}
	for n, i := range asked {
		if entries[i].Size, err = strconv.ParseInt(lines[n], 10, 64); err != nil {
			entries[i].Size, entries[i].Note = 0, Absent // "ID missing"
		}
	}
	return nil
}

// longestLink is the longest target that a link can have, in bytes (PATH_MAX without its end).
const longestLink = 4095

// readLinks fills in the targets of symbolic links. One that no file system could hold counts as absent.
func readLinks(ctx context.Context, from store, entries []Entry) error {
	var links []int
	for i := range entries {
		e := &entries[i]
		if e.Mode&fs.ModeSymlink == 0 || e.Note == Absent || e.Link != "" {
			continue
		}
		if e.Size > longestLink || e.Size == 0 {
			e.Size, e.Note = 0, Absent
			continue
		}
		links = append(links, i)
	}
	return from.readAll(ctx, entries, links, func(e *Entry, data []byte) {
		if data == nil {
			e.Size, e.Note = 0, Absent
			return
		}
		e.Link, _, _ = strings.Cut(string(data), "\x00") // as symlink(2) does
		e.Size = int64(len(e.Link))
	})
}

// blobs opens the blobs of a repository.
type blobs struct {
	store  store
	suffix string
}

func (b *blobs) open(e Entry) (io.ReadCloser, error) {
	data, err := b.store.read(e)
	if err != nil {
		return nil, err
	}
	return io.NopCloser(bytes.NewReader(data)), nil
}

func (b *blobs) subID(_ string, e Entry, _ string) string { return "git:" + e.Object + b.suffix }

func (g *Git) read(e Entry) ([]byte, error) { return g.readBlob(e.Object) }
