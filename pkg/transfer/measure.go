package transfer

import (
	"context"
	"fmt"
	"io/fs"
	"path"
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

// filtered is the directory behind the filter that BuildKit's client puts before it
// (session/filesync/filesync.go, handle).
func (l Local) filtered() (fsutil.FS, error) {
	files, err := fsutil.NewFilterFS(l.tree.files(), &fsutil.FilterOpt{
		IncludePatterns: l.IncludePatterns,
		ExcludePatterns: l.ExcludePatterns,
		FollowPaths:     l.FollowPaths,
	})
	if err != nil {
		return nil, fmt.Errorf("filtering %s: %w", l.Name, err)
	}
	return files, nil
}

// measure walks the filtered directory as fsutil's sender does (send.go, sender.walk) and adds up what the receiver
// counts (receive.go): one packet a path, the contents in packets, and one at the end.
func measure(ctx context.Context, local Local) (*Transfer, error) {
	files, err := local.filtered()
	if err != nil {
		return nil, err
	}
	check, err := newOpenCheck(local)
	if err != nil {
		return nil, err
	}
	t := &Transfer{Local: local, Bytes: finPacket}
	err = fsutil.WithHardlinkReset(files).Walk(ctx, "/", func(p string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		stat, ok := info.Sys().(*types.Stat)
		if !ok {
			return fmt.Errorf("walking %s: no stat of %s", local.Name, p)
		}
		e := Entry{Entry: local.entry(stat)}
		e.Bytes = statBytes(stat)
		if mode := fs.FileMode(stat.Mode); mode.IsRegular() {
			t.Files++
			if stat.Linkname == "" {
				e.Emptied = check.refuses(e.Path)
				e.addContents(uint32(len(t.Entries)), stat.Size)
			} else {
				e.Size = 0
			}
		}
		t.Bytes += e.Bytes
		t.Payload += e.Payload
		t.Entries = append(t.Entries, e)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("walking %s: %w", local.Name, err)
	}
	return t, nil
}

func (e *Entry) addContents(id uint32, size int64) {
	if e.Emptied {
		size = 0
	}
	e.Payload = size
	e.Bytes += dataBytes(id, size)
}

// entry is what the tree knows about a path, with the mode and size that are sent.
func (l Local) entry(stat *types.Stat) tree.Entry {
	p := path.Clean(stat.Path)
	e, ok := l.tree.Lookup(p)
	if !ok {
		e = tree.Entry{Path: p}
	}
	e.Mode, e.Size = fs.FileMode(stat.Mode), stat.Size
	return e
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
func (c openCheck) refuses(file string) bool {
	if c.exclude == nil {
		return false
	}
	excluded, err := c.exclude.MatchesOrParentMatches(file)
	return err == nil && excluded
}
