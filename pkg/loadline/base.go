package loadline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/tools/txtar"

	"github.com/loadline-dev/loadline/pkg/report"
	"github.com/loadline-dev/loadline/pkg/tree"
)

// candidate is a commit that may be the base, and why.
type candidate struct {
	rev, ref, reason string
}

// base opens the side to compare with. No base is not an error unless the caller named one: the report is absolute
// then, and a notice says why.
func (r *repository) base(ctx context.Context, o CheckOptions, head *side) (*side, []string, error) {
	switch {
	case o.Base == "none":
		return nil, nil, nil
	case o.Base != "":
		s, err := r.namedBase(ctx, o.Base)
		return s, nil, err
	case r.git == nil:
		return nil, []string{"no base to compare with: " + r.display + " is not in a git repository"}, nil
	}
	c, err := r.defaultBase(ctx, o, head)
	if err != nil {
		return nil, []string{fmt.Sprintf("no base to compare with: %v", err)}, nil
	}
	s, err := r.baseCommit(ctx, c)
	if errors.Is(err, tree.ErrAbsent) && o.Environment.CI {
		// The one place where the network is used: a shallow checkout lacks the base.
		if err = r.git.FetchDepth1(ctx, "origin", c.rev); err == nil {
			s, err = r.baseCommit(ctx, c)
		}
	}
	if err != nil {
		return nil, []string{fmt.Sprintf("no base to compare with: %v", err)}, nil
	}
	return s, nil, nil
}

// namedBase opens what --base names: a revision, or else a directory.
func (r *repository) namedBase(ctx context.Context, name string) (*side, error) {
	var unknown error
	if r.git != nil {
		commit, err := r.git.Resolve(ctx, name)
		if err == nil {
			return r.baseCommit(ctx, candidate{rev: commit, ref: name, reason: "given"})
		}
		unknown = err
	}
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		return r.directory(ctx, name, "given")
	}
	if unknown != nil {
		return nil, &UsageError{Err: fmt.Errorf("finding the base: %q is neither a directory nor a revision: %w", name, unknown)}
	}
	return nil, usage("finding the base: there is no directory %q", name)
}

// baseCommit opens the directory as the base has it. One that the base does not have yet is empty there: all of its
// builds are added.
func (r *repository) baseCommit(ctx context.Context, c candidate) (*side, error) {
	s, err := r.commit(ctx, c)
	if !errors.Is(err, fs.ErrNotExist) {
		return s, err
	}
	empty, err := tree.FromTxtar(&txtar.Archive{})
	if err != nil {
		return nil, err
	}
	return &side{tree: empty, meta: report.Side{Commit: c.rev, Ref: c.ref, Source: sourceCommit, Reason: c.reason}}, nil
}

// defaultBase answers which commit a change is compared with.
func (r *repository) defaultBase(ctx context.Context, o CheckOptions, head *side) (candidate, error) {
	e := o.Environment
	switch e.Event {
	case "pull_request":
		return r.pullBase(ctx, e, head)
	case "merge_group":
		if e.GroupBase != "" {
			return candidate{rev: e.GroupBase, reason: "base of the merge group"}, nil
		}
	case "push":
		if e.Before == "" {
			return candidate{}, errors.New("the branch is new")
		}
		return candidate{rev: e.Before, reason: "commit before the push"}, nil
	}
	if e.CI {
		return candidate{}, errors.New("the event names none")
	}
	branch, err := r.git.DefaultBranch(ctx)
	if err != nil {
		return candidate{}, err
	}
	commit, err := r.git.MergeBase(ctx, headRevision(o), branch)
	if err != nil {
		return candidate{}, err
	}
	return candidate{rev: commit, ref: branch, reason: "merge base with " + branch}, nil
}

// headRevision is the commit from which the merge base is looked for.
func headRevision(o CheckOptions) string {
	if o.Head == "" || o.Head == worktree {
		return "HEAD"
	}
	return o.Head
}

// pullBase answers the base of a pull request: the first parent of the test merge commit, if that is what is checked
// out. The event's own base is not what was merged when the base branch has moved since, so that the merge base goes
// before it.
func (r *repository) pullBase(ctx context.Context, e Environment, head *side) (candidate, error) {
	checkedOut := head.meta.Commit
	if checkedOut == "" { // the work tree is judged
		var err error
		if checkedOut, err = r.git.Resolve(ctx, "HEAD"); err != nil {
			return candidate{}, err
		}
	}
	parents, err := r.git.Parents(ctx, checkedOut)
	if err == nil && len(parents) == 2 && checkedOut == e.SHA && (e.pullHead() == "" || parents[1] == e.pullHead()) {
		return candidate{rev: parents[0], ref: e.BaseBranch, reason: "first parent of the pull request's merge commit"}, nil
	}
	for _, with := range []string{"origin/" + e.BaseBranch, e.pullBase()} {
		commit, err := r.git.MergeBase(ctx, checkedOut, with)
		if err == nil {
			return candidate{rev: commit, ref: e.BaseBranch, reason: "merge base with " + e.BaseBranch}, nil
		}
	}
	if e.pullBase() == "" {
		return candidate{}, errors.New("the event names none")
	}
	return candidate{rev: e.pullBase(), ref: e.BaseBranch, reason: "base that the event names"}, nil
}
