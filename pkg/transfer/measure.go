package transfer

import (
	"context"
	"fmt"
	"io/fs"
	"strings"
	"sync"

	"github.com/moby/patternmatcher"
	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"

	"github.com/loadline-dev/loadline/pkg/tree"
)

// Meter measures requests, each distinct one once: 200 builds of one context filter it once.
// It is safe for use by several goroutines. The zero value is ready.
type Meter struct {
	mu   sync.Mutex
	done map[string]*measurement
}

type measurement struct {
	once     sync.Once
	transfer *Transfer
	err      error
}

// Measure answers what a request transfers. The result is shared and must not be changed.
// An error is one that BuildKit's client meets as well: a path too long to be opened, a directory without permission,
// a malformed pattern.
func (m *Meter) Measure(ctx context.Context, local Local) (*Transfer, error) {
	key := local.Key()
	m.mu.Lock()
	if m.done == nil {
		m.done = map[string]*measurement{}
	}
	found, ok := m.done[key]
	if !ok {
		found = &measurement{}
		m.done[key] = found
	}
	m.mu.Unlock()
	found.once.Do(func() { found.transfer, found.err = measure(ctx, local) })
	if found.err != nil {
		return nil, found.err
	}
	t := *found.transfer
	t.Local = local
	return &t, nil
}

// Key tells requests apart: equal keys transfer the same bytes of the same tree.
func (l Local) Key() string { return l.tree.id() + "\x00" + l.key() }

// Same reports whether two requests ask for the same paths of what may be different trees.
func (l Local) Same(o Local) bool {
	return l.Name == o.Name && l.Kind() == o.Kind() && l.key() == o.key()
}

// key is the request without its tree.
func (l Local) key() string {
	return strings.Join([]string{
		strings.Join(l.FollowPaths, "\x01"), strings.Join(l.IncludePatterns, "\x01"), strings.Join(l.ExcludePatterns, "\x01"),
	}, "\x02")
}

// On is the same request for another tree, such as the disk beside a commit.
func (l Local) On(t *tree.Snapshot) Local {
	l.tree.Snapshot = t
	return l
}

// filter is what BuildKit's client puts before the directory (session/filesync/filesync.go, handle).
func (l Local) filter() *fsutil.FilterOpt {
	return &fsutil.FilterOpt{
		IncludePatterns: l.IncludePatterns, ExcludePatterns: l.ExcludePatterns, FollowPaths: l.FollowPaths,
	}
}

// filtered is the directory behind that filter.
func (l Local) filtered() (fsutil.FS, error) {
	files, err := fsutil.NewFilterFS(l.tree.files(), l.filter())
	if err != nil {
		return nil, fmt.Errorf("filtering %s: %w", l.Name, err)
	}
	return files, nil
}

// measure answers what a request transfers: the filter keeps paths of the tree, their metadata is completed by several
// workers, and then the packets are added up.
func measure(ctx context.Context, local Local) (*Transfer, error) {
	paths, err := local.kept(ctx)
	if err != nil {
		return nil, fmt.Errorf("walking %s: %w", local.Name, err)
	}
	stats, err := local.complete(ctx, paths)
	if err != nil {
		return nil, fmt.Errorf("walking %s: %w", local.Name, err)
	}
	check, err := newOpenCheck(local)
	if err != nil {
		return nil, err
	}
	known := local.tree.Known(paths)
	t := &Transfer{Local: local, Bytes: finPacket, Entries: make([]Entry, 0, len(stats))}
	for i, stat := range stats {
		if stat == nil {
			continue // it has vanished since it was listed
		}
		e := Entry{Entry: tree.Entry{Path: stat.Path, Mode: fs.FileMode(stat.Mode), Size: stat.Size}}
		if known != nil && stat.Path != local.tree.over {
			e.Object, e.Note, e.RealSize = known[i].Object, known[i].Note, known[i].RealSize
		}
		if e.Mode&fs.ModeSymlink != 0 {
			e.Link = stat.Linkname
		}
		if err := t.add(e, stat, check); err != nil {
			return nil, fmt.Errorf("filtering %s: %w", local.Name, err)
		}
	}
	return t, nil
}

// kept lists the paths that fsutil's filter lets through, in the order in which fsutil's sender walks them.
func (l Local) kept(ctx context.Context) ([]string, error) {
	files, err := fsutil.NewFilterFS(l.tree.deferred(), l.filter())
	if err != nil {
		return nil, err
	}
	var paths []string
	err = files.Walk(ctx, "/", func(p string, _ fs.DirEntry, err error) error {
		if err == nil {
			paths = append(paths, p)
		}
		return err
	})
	return paths, err
}

// add adds one entry as fsutil's sender sends it (send.go, sender.walk and sendFile) and its receiver counts it
// (receive.go): a packet of metadata, and of a regular file its contents.
func (t *Transfer) add(e Entry, stat *types.Stat, check openCheck) error {
	e.Bytes = statBytes(stat)
	if e.Mode.IsRegular() {
		t.Files++
		if stat.Linkname == "" { // further names of a hard-linked file have no contents
			var err error
			if e.Emptied, err = check.refuses(e.Path); err != nil {
				return err
			}
			if !e.Emptied {
				e.Payload = stat.Size
			}
			e.Bytes += dataBytes(uint32(len(t.Entries)), e.Payload)
		}
	}
	t.Bytes += e.Bytes
	t.Payload += e.Payload
	t.Entries = append(t.Entries, e)
	return nil
}

// Beside answers what a transfer has beside the paths that has reports: their entries, and what they make of the others. A
// packet of contents holds the number of its entry, which takes more bytes behind many of them. So it is the difference to a
// transfer of the others alone, to the byte.
func (t *Transfer) Beside(has func(path string) bool) (bytes, payload, files int64) {
	number := uint32(0)
	for i := range t.Entries {
		e := &t.Entries[i]
		if has(e.Path) {
			if e.Mode.IsRegular() {
				bytes += dataBytes(uint32(i), e.Payload) - dataBytes(number, e.Payload)
			}
			number++
			continue
		}
		bytes += e.Bytes
		payload += e.Payload
		if e.Mode.IsRegular() {
			files++
		}
	}
	return bytes, payload, files
}

// openCheck answers whether BuildKit's client refuses to open a file that its walk lists. fsutil walks with
// patternmatcher's MatchesUsingParentResults and opens with MatchesOrParentMatches (filter.go), which disagree about a
// few pattern lists; such a file arrives empty.
type openCheck struct {
	exclude *patternmatcher.PatternMatcher
}

func newOpenCheck(local Local) (openCheck, error) {
	var check openCheck
	var err error
	if mayDisagree(local.ExcludePatterns) {
		if check.exclude, err = patternmatcher.New(local.ExcludePatterns); err != nil {
			return check, fmt.Errorf("filtering %s: %w", local.Name, err)
		}
	}
	return check, nil
}

// mayDisagree reports whether the two matchers can disagree such that the walk lists a path and the opening refuses
// it. They agree on lists without negations, and on those whose negations all come last: a path that such a list
// re-includes matches one of the negations, itself or by a parent, and no later pattern can take it out again.
func mayDisagree(patterns []string) bool {
	negated := false
	for _, p := range patterns {
		p = strings.TrimSpace(p)
		if p == "" {
			continue
		}
		isNegation := strings.HasPrefix(p, "!")
		if negated && !isNegation {
			return true
		}
		negated = negated || isNegation
	}
	return false
}

// refuses reports whether the client refuses to open the file.
func (c openCheck) refuses(file string) (bool, error) {
	if c.exclude == nil {
		return false, nil
	}
	return c.exclude.MatchesOrParentMatches(file)
}
