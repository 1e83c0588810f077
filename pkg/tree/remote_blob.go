package tree

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/loadline-dev/loadline/pkg/source"
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
	clones := r.clones
	r.mu.Unlock()
	if ok {
		return data, true
	}
	if w.size == 0 && objectID("blob", nil, len(w.id)) == w.id {
		return []byte{}, true
	}
	for _, g := range clones {
		if data, err := g.readBlob(w.id); err == nil {
			r.keep(w.id, data)
			return data, true
		}
	}
	return nil, false
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
		return nil, fmt.Errorf("reading GitHub's answer about %s: the content is another one", what)
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

// query asks for blobs by GraphQL. Those that it cannot tell are left: binary ones, and all where the token may not use it.
func (r *Remote) query(ctx context.Context, batch []wanted) (left []wanted, err error) {
	var q strings.Builder
	q.WriteString("query($owner:String!,$name:String!){repository(owner:$owner,name:$name){")
	for i, w := range batch {
		fmt.Fprintf(&q, `b%d:object(oid:"%s"){...b} `, i, w.id)
	}
	q.WriteString("}}fragment b on Blob{isBinary isTruncated text}")
	objects, err := r.graphql(ctx, q.String(), fmt.Sprintf("%d files", len(batch)))
	if errors.Is(err, errNoGraphQL) {
		return batch, nil
	}
	if failed := (*answerError)(nil); errors.As(err, &failed) && failed.status >= http.StatusInternalServerError {
		return r.queryHalves(ctx, batch)
	}
	if err != nil {
		return nil, err
	}
	for i, w := range batch {
		var answer struct {
			IsBinary    bool    `json:"isBinary"`
			IsTruncated bool    `json:"isTruncated"`
			Text        *string `json:"text"`
		}
		err := json.Unmarshal(objects["b"+strconv.Itoa(i)], &answer)
		if err != nil || answer.IsBinary || answer.IsTruncated || answer.Text == nil || !w.is([]byte(*answer.Text)) {
			left = append(left, w)
			continue
		}
		r.keep(w.id, []byte(*answer.Text))
	}
	return left, nil
}

// queryHalves asks for less at a time: GitHub gives up on a query that takes it too long.
func (r *Remote) queryHalves(ctx context.Context, batch []wanted) (left []wanted, err error) {
	if len(batch) < 8 { //nolint:mnd // few enough to be asked for one by one
		return batch, nil
	}
	for _, half := range [][]wanted{batch[:len(batch)/2], batch[len(batch)/2:]} {
		more, err := r.query(ctx, half)
		if err != nil {
			return nil, err
		}
		left = append(left, more...)
	}
	return left, nil
}

// errNoGraphQL says that the token may not use the GraphQL API, or that there is none.
var errNoGraphQL = errors.New("no GraphQL")

// graphql answers a query about the repository.
func (r *Remote) graphql(ctx context.Context, query, what string) (map[string]json.RawMessage, error) {
	r.mu.Lock()
	none := r.noGraphQL
	r.mu.Unlock()
	if none {
		return nil, errNoGraphQL
	}
	address := "graphql"
	if strings.HasSuffix(r.client.BaseURL.Path, "/api/v3/") {
		address = "../graphql" // GitHub Enterprise Server
	}
	req, err := r.client.NewRequest(http.MethodPost, address, map[string]any{ //nolint:forbidigo // as package github
		"query": query, "variables": map[string]string{"owner": r.owner, "name": r.repo},
	})
	if err != nil {
		return nil, fmt.Errorf("asking GitHub: %w", err)
	}
	body, err := r.do(ctx, req, what)
	if isForbidden(err) {
		return nil, r.withoutGraphQL()
	}
	if err != nil {
		return nil, err
	}
	var answer struct {
		Data struct {
			Repository map[string]json.RawMessage `json:"repository"`
		} `json:"data"`
		Errors []struct {
			Type    string `json:"type"`
			Message string `json:"message"`
		} `json:"errors"`
	}
	if err := decode(body, &answer, what); err != nil {
		return nil, err
	}
	switch {
	case answer.Data.Repository != nil: // what an error is about is null
		return answer.Data.Repository, nil
	case len(answer.Errors) > 0 && answer.Errors[0].Type == "RATE_LIMITED":
		return nil, fmt.Errorf("asking GitHub for %s: %s", what, source.Printable(answer.Errors[0].Message))
	}
	return nil, r.withoutGraphQL()
}

// withoutGraphQL remembers that there is none.
func (r *Remote) withoutGraphQL() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.noGraphQL = true
	return errNoGraphQL
}

func isForbidden(err error) bool {
	if absent := (*absentError)(nil); errors.As(err, &absent) {
		return true
	}
	failed := (*answerError)(nil)
	return errors.As(err, &failed) && failed.status != http.StatusTooManyRequests &&
		(failed.status < http.StatusInternalServerError || failed.status == http.StatusNotImplemented)
}

// fetchRaw asks for a tree with names as git has them: the trees API replaces what is not UTF-8.
func (r *Remote) fetchRaw(ctx context.Context, id string) error {
	unreadable := fmt.Errorf("a name in the tree %s is not UTF-8, and GitHub does not tell it", id)
	objects, err := r.graphql(ctx, `query($owner:String!,$name:String!){repository(owner:$owner,name:$name){t:object(oid:"`+id+
		`"){...on Tree{entries{nameRaw mode oid size type}}}}}`, "tree of "+id)
	if errors.Is(err, errNoGraphQL) {
		return unreadable
	}
	if err != nil {
		return err
	}
	var tree struct {
		Entries []struct {
			Name []byte `json:"nameRaw"` // base64
			Mode int64  `json:"mode"`
			OID  string `json:"oid"`
			Size int64  `json:"size"`
			Type string `json:"type"`
		} `json:"entries"`
	}
	if err := decode(objects["t"], &tree, "tree of "+id); err != nil {
		return err
	}
	children := []child{}
	for _, e := range tree.Entries {
		c := child{name: string(e.Name), mode: fmt.Sprintf("%06o", e.Mode), kind: e.Type, id: e.OID, size: e.Size}
		if err := checkListed(c.name); err != nil || strings.Contains(c.name, "/") || e.Size < 0 {
			return fmt.Errorf("%w: %s", errListing, source.Printable(c.name))
		}
		children = append(children, c)
	}
	if treeID(children, len(id)) != id {
		return unreadable
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.trees[id] = children
	return nil
}
