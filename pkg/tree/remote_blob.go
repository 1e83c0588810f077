package tree

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
)

// How blobs are asked for. Many small ones go into one GraphQL query; the others, and those that GraphQL cannot tell,
// are asked for one by one.
const (
	maxBatch      = 100     // blobs in a query
	maxBatchBytes = 2 << 20 // of their contents
	maxText       = 256 << 10
	// maxHeld is the most that is kept of blobs, in bytes.
	maxHeld = 256 << 20
	// maxPrefetched is the most that is read ahead at a time, in bytes.
	maxPrefetched = 64 << 20
)

// wanted is a blob to read.
type wanted struct {
	id   string
	size int64
}

// Prefetch reads regular files of at most limit bytes ahead, with few requests, so that opening them later asks for
// nothing. A path that does not exist, or is none to read, counts as read; links are followed as Open does. A snapshot
// of this machine has nothing to do.
func (s *Snapshot) Prefetch(ctx context.Context, paths []string, limit int64) error {
	m, ok := s.content.(*memory)
	if !ok {
		return nil
	}
	b, ok := m.files.(*blobs)
	if !ok {
		return nil
	}
	from, ok := b.store.(remoteStore)
	if !ok {
		return nil
	}
	var want []wanted
	left := int64(maxPrefetched)
	for _, p := range paths {
		e, err := s.resolve(clean(p), clampLinks)
		if err != nil || readable(e) != nil || e.Size > limit || e.Size > left {
			continue
		}
		left -= e.Size
		want = append(want, wanted{e.Object, e.Size})
	}
	if err := from.remote.load(ctx, want); err != nil {
		return fmt.Errorf("reading files from GitHub: %w", err)
	}
	return nil
}

// remoteStore reads blobs of a repository on GitHub, in the context of the snapshot.
type remoteStore struct {
	remote *Remote
	ctx    context.Context //nolint:containedctx // files are opened later, by code that has none
}

func (s remoteStore) read(e Entry) ([]byte, error) {
	return s.remote.blob(s.ctx, wanted{e.Object, e.Size})
}

func (s remoteStore) readAll(ctx context.Context, entries []Entry, which []int, found func(e *Entry, data []byte)) error {
	var want []wanted
	for _, i := range which {
		want = append(want, wanted{entries[i].Object, entries[i].Size})
	}
	if err := s.remote.load(ctx, want); err != nil {
		return err
	}
	for n, i := range which {
		data, err := s.remote.blob(ctx, want[n])
		if err != nil {
			return err
		}
		found(&entries[i], data)
	}
	return nil
}

// attributes lets git judge, in a repository of its own that holds the files of attributes and nothing else.
func (s remoteStore) attributes(ctx context.Context, entries []Entry, files []int, paths string) (map[string]attribute, error) {
	dir, err := os.MkdirTemp("", "loadline-attributes-")
	if err != nil {
		return nil, fmt.Errorf("reading attributes: %w", err)
	}
	defer os.RemoveAll(dir)
	g := &Git{gitDir: filepath.Join(dir, "git")}
	args := []string{"init", "--quiet", "--bare", "--template=", "--object-format=sha1", g.gitDir}
	if len(entries[files[0]].Object) != hexSHA1 {
		args[4] = "--object-format=sha256"
	}
	if _, err := runGit(ctx, dir, nil, args...); err != nil {
		return nil, fmt.Errorf("reading attributes: %w", err)
	}
	var names strings.Builder
	for n, i := range files {
		data, err := s.remote.blob(ctx, wanted{entries[i].Object, entries[i].Size})
		if err != nil {
			return nil, err
		}
		name := filepath.Join(dir, strconv.Itoa(n))
		if err := os.WriteFile(name, data, 0o600); err != nil {
			return nil, fmt.Errorf("reading attributes: %w", err)
		}
		names.WriteString(name + "\n")
	}
	if _, err := g.run(ctx, strings.NewReader(names.String()), "hash-object", "-w", "--no-filters", "--stdin-paths"); err != nil {
		return nil, fmt.Errorf("reading attributes: %w", err)
	}
	return g.attributes(ctx, entries, files, paths)
}

const hexSHA1 = 40

// cached answers a blob that is known already; false for one that is not.
func (r *Remote) cached(w wanted) ([]byte, bool) {
	r.mu.Lock()
	data, ok := r.blobs[w.id]
	clone := r.clone
	r.mu.Unlock()
	switch {
	case ok:
		return data, true
	case w.size == 0 && objectID("blob", nil, len(w.id)) == w.id:
		return []byte{}, true
	case clone == nil:
		return nil, false
	}
	data, err := clone.readBlob(w.id)
	return data, err == nil
}

// keep remembers a blob, as long as there is room.
func (r *Remote) keep(id string, data []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.blobs[id]; ok || r.held+int64(len(data)) > maxHeld {
		return
	}
	r.blobs[id] = data
	r.held += int64(len(data))
}

// blob answers one blob.
func (r *Remote) blob(ctx context.Context, w wanted) ([]byte, error) {
	if data, ok := r.cached(w); ok {
		return data, nil
	}
	answer, err, _ := r.flights.Do(w.id, func() (any, error) { //nolint:forbidigo // as package singleflight
		return r.rawBlob(ctx, w)
	})
	if err != nil {
		return nil, err
	}
	return answer.([]byte), nil //nolint:forcetypeassert // as above
}

// rawBlob asks for one blob as it is.
func (r *Remote) rawBlob(ctx context.Context, w wanted) ([]byte, error) {
	what := "object " + w.id
	if !isObjectID(w.id) {
		return nil, fmt.Errorf("%w: %q is no object id", errListing, w.id)
	}
	if w.size > maxBlob {
		return nil, fmt.Errorf("the object %s %w: %d bytes", w.id, ErrTooLarge, w.size)
	}
	u, err := r.endpoint("git/blobs/" + w.id)
	if err != nil {
		return nil, err
	}
	req, err := r.client.NewRequest(http.MethodGet, u, nil)
	if err != nil {
		return nil, fmt.Errorf("asking GitHub: %w", err)
	}
	req.Header.Set("Accept", "application/vnd.github.raw")
	data, err := r.do(ctx, req, what)
	if absent := (*absentError)(nil); errors.As(err, &absent) {
		return nil, errors.New(absent.Error()) // the tree says that it is there: nothing is known of the commit
	}
	if err != nil {
		return nil, err
	}
	if !w.is(data) {
		return nil, &requestError{what: what, text: "the content is another one", err: errListing}
	}
	r.keep(w.id, data)
	return data, nil
}

// is reports whether data is what was wanted.
func (w wanted) is(data []byte) bool {
	return int64(len(data)) == w.size && objectID("blob", data, len(w.id)) == w.id
}

// load reads blobs, many with one request.
func (r *Remote) load(ctx context.Context, want []wanted) error {
	var small, single []wanted
	seen := map[string]bool{}
	for _, w := range want {
		if seen[w.id] || !isObjectID(w.id) {
			continue
		}
		seen[w.id] = true
		if _, ok := r.cached(w); ok {
			continue
		}
		if w.size <= maxText {
			small = append(small, w)
		} else {
			single = append(single, w)
		}
	}
	if len(small) == 1 {
		small, single = nil, append(single, small...)
	}
	var mu sync.Mutex
	err := eachOf(ctx, batches(small), func(ctx context.Context, batch []wanted) error {
		left, err := r.query(ctx, batch)
		mu.Lock()
		defer mu.Unlock()
		single = append(single, left...)
		return err
	})
	if err != nil {
		return err
	}
	return eachOf(ctx, single, func(ctx context.Context, w wanted) error {
		_, err := r.blob(ctx, w)
		return err
	})
}

// eachOf calls f for each, a few at a time, until one fails.
func eachOf[T any](ctx context.Context, list []T, f func(context.Context, T) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for _, item := range list {
		group.Go(func() error { return f(ctx, item) })
	}
	return group.Wait()
}

// batches divides blobs into queries.
func batches(want []wanted) [][]wanted {
	var out [][]wanted
	var bytes int64
	for _, w := range want {
		if len(out) == 0 || len(out[len(out)-1]) == maxBatch || bytes+w.size > maxBatchBytes {
			out = append(out, nil)
			bytes = 0
		}
		out[len(out)-1] = append(out[len(out)-1], w)
		bytes += w.size
	}
	return out
}
