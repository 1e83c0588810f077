package loadline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

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
	case r.git == nil && !r.atGitHub:
		return nil, []string{noBase + r.display + " is not in a git repository"}, nil
	}
	c, err := r.defaultBase(ctx, o, head)
	if err != nil {
		return nil, []string{noBase + err.Error()}, nil
	}
	s, err := r.readBase(ctx, o, c, head)
	if err != nil {
		return nil, []string{noBase + err.Error()}, nil
	}
	return s, nil, nil
}

const noBase = "no base to compare with: "

// readBase opens the base where it can be had: in this clone, by GitHub's API, or fetched.
func (r *repository) readBase(ctx context.Context, o CheckOptions, c candidate, head *side) (*side, error) {
	var problems []string
	if r.git != nil {
		s, err := r.baseCommit(ctx, c)
		if err == nil || !errors.Is(err, tree.ErrAbsent) {
			return s, err
		}
		problems = append(problems, err.Error())
	}
	if r.remote != nil {
		r.remote.Share(head.tree)
		s, err := r.fromGitHub(ctx, c)
		if s, err = orEmpty(s, err, c, sourceGitHub); err == nil {
			return s, nil
		}
		problems = append(problems[:0], err.Error()) // that this clone is shallow is no news then
	}
	if r.git != nil && o.Environment.CI {
		// The one place where git uses the network: a shallow checkout lacks the base.
		err := r.git.FetchDepth1(ctx, "origin", c.rev)
		if err == nil {
			s, err := r.baseCommit(ctx, c)
			if err == nil {
				s.meta.Source = sourceFetched
			}
			return s, err
		}
		if r.remote == nil {
			problems = nil
		}
		problems = append(problems, err.Error())
	}
	return nil, errors.New(strings.Join(problems, "; "))
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
	if r.remote != nil {
		if commit, err := r.remote.Resolve(ctx, name); err == nil {
			c := candidate{rev: commit, ref: name, reason: "given"}
			s, err := r.fromGitHub(ctx, c)
			return orEmpty(s, err, c, sourceGitHub)
		} else if unknown == nil {
			unknown = err
		}
	}
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		return r.directory(ctx, name, "given")
	}
	if unknown != nil {
		return nil, &UsageError{Err: fmt.Errorf("finding the base: %q is neither a directory nor a revision: %w", name, unknown)}
	}
	return nil, usage("finding the base: there is no directory %q", name)
}

// baseCommit opens the directory as the base has it.
func (r *repository) baseCommit(ctx context.Context, c candidate) (*side, error) {
	s, err := r.commit(ctx, c)
	return orEmpty(s, err, c, sourceCommit)
}

// orEmpty opens the directory that the base does not have yet: it is empty there, and all of its builds are added.
func orEmpty(s *side, err error, c candidate, source string) (*side, error) {
	if !errors.Is(err, fs.ErrNotExist) {
		return s, err
	}
	empty, err := tree.FromTxtar(&txtar.Archive{})
	if err != nil {
		return nil, err
	}
	return &side{tree: empty, meta: report.Side{Commit: c.rev, Ref: c.ref, Source: source, Reason: c.reason}}, nil
}

// defaultBase answers which commit a change is compared with.
func (r *repository) defaultBase(ctx context.Context, o CheckOptions, head *side) (candidate, error) {
	e := o.Environment
	switch e.Event {
	case eventTarget, "pull_request", "pull_request_review", "pull_request_review_comment":
		if r.pull != nil {
			return r.pull.base, r.pull.baseErr
		}
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

// pullBase answers the base of a pull request that is checked out: the first parent of the test merge commit, if that is
// what is checked out. The event's own base is not what was merged when the base branch has moved since, so that the
// merge base goes before it.
func (r *repository) pullBase(ctx context.Context, e Environment, head *side) (candidate, error) {
	checkedOut := head.meta.Commit
	if checkedOut == "" { // the work tree is judged
		var err error
		if checkedOut, err = r.git.Resolve(ctx, "HEAD"); err != nil {
			return candidate{}, err
		}
	}
	if checkedOut == e.SHA || e.Event == eventTarget {
		if parents, err := r.parents(ctx, checkedOut); err == nil && isTestMerge(parents, e) {
			return candidate{rev: parents[0], ref: e.BaseBranch, reason: reasonFirstParent}, nil
		}
	}
	for _, with := range []string{"origin/" + e.BaseBranch, e.pullBase()} {
		commit, err := r.git.MergeBase(ctx, checkedOut, with)
		if err == nil {
			return candidate{rev: commit, ref: e.BaseBranch, reason: "merge base with " + e.BaseBranch}, nil
		}
	}
	if c, err := r.mergeBase(ctx, e, checkedOut); err == nil {
		return c, nil
	}
	if e.pullBase() == "" {
		return candidate{}, errors.New("the event names none")
	}
	return candidate{rev: e.pullBase(), ref: e.BaseBranch, reason: "base that the event names"}, nil
}

const reasonFirstParent = "first parent of the pull request's merge commit"

// isTestMerge reports whether a commit with these parents is the merge that GitHub tried for the event's pull request.
func isTestMerge(parents []string, e Environment) bool {
	if len(parents) != 2 {
		return false
	}
	return parents[1] == e.pullHead() || e.pullHead() == "" && e.Event != eventTarget
}

// parents answers the parents of a commit, from the clone or else from GitHub.
func (r *repository) parents(ctx context.Context, commit string) ([]string, error) {
	var err error
	if r.git != nil {
		var parents []string
		if parents, err = r.git.Parents(ctx, commit); err == nil {
			return parents, nil
		}
	}
	if r.remote == nil {
		return nil, err
	}
	return r.remote.Parents(ctx, commit)
}
