package tree

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/loadline-dev/loadline/pkg/source"
)

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
	if failed := (*requestError)(nil); errors.As(err, &failed) && failed.status >= http.StatusInternalServerError {
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
		return nil, &requestError{what: what, text: answer.Errors[0].Message}
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

// isForbidden reports whether an error says that there is nothing for this token, now or later.
func isForbidden(err error) bool {
	absent, failed := (*absentError)(nil), (*requestError)(nil)
	return errors.Is(err, ErrForbidden) || errors.As(err, &absent) ||
		errors.As(err, &failed) && (failed.status == http.StatusBadRequest || failed.status == http.StatusNotImplemented)
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
	children, seen := []child{}, map[string]bool{}
	for _, e := range tree.Entries {
		c := child{name: string(e.Name), mode: fmt.Sprintf("%06o", e.Mode), kind: e.Type, id: e.OID, size: e.Size}
		if err := checkListed(c.name); err != nil || strings.Contains(c.name, "/") || e.Size < 0 || seen[c.name] {
			return fmt.Errorf("%w: %s", errListing, source.Printable(c.name))
		}
		seen[c.name] = true
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
