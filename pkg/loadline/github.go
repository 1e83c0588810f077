package loadline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/loadline-dev/loadline/pkg/build"
	"github.com/loadline-dev/loadline/pkg/config"
	"github.com/loadline-dev/loadline/pkg/report"
	"github.com/loadline-dev/loadline/pkg/transfer"
	"github.com/loadline-dev/loadline/pkg/tree"
)

// eventTarget is the event that has a token which may write, also for pull requests of strangers: of these nothing may be
// run, and nothing need be checked out to be measured.
const eventTarget = "pull_request_target"

// isTarget reports whether a pull request is read from GitHub under pull_request_target.
func (r *repository) isTarget(o CheckOptions) bool {
	return r.atGitHub && o.Environment.Event == eventTarget
}

// openTarget is a pull request under pull_request_target. What is checked out is not looked at: by default it is the
// base, and where it is not it is a stranger's.
func (o *CheckOptions) openTarget() (*repository, error) {
	e := o.Environment
	if o.Remote == nil {
		return nil, usage("%s: the pull request is read from GitHub's API, and no token says how; --head names a commit to analyse instead", eventTarget)
	}
	if e.Pull == nil || e.Pull.Head == "" {
		return nil, usage("%s: the event names no pull request", eventTarget)
	}
	return o.openAtGitHub()
}

// openAtGitHub is a repository of which nothing is read from disk. Paths are those of a checkout.
func (o *CheckOptions) openAtGitHub() (*repository, error) {
	prefix, err := o.inRepository(o.Path)
	if err != nil {
		return nil, err
	}
	r := &repository{prefix: prefix, display: workingDirectory, remote: o.Remote, atGitHub: true}
	if o.Path != "" {
		r.display = o.Path
	}
	if o.Config != "" {
		if r.configPath, err = o.inRepository(o.Config); err != nil {
			return nil, err
		}
		inside, ok := strings.CutPrefix(r.configPath, prefix+"/")
		switch {
		case prefix == ".":
		case !ok:
			return nil, usage("reading the configuration: %s lies outside of %s, and nothing is checked out", o.Config, r.display)
		default:
			r.configPath = inside
		}
	}
	switch here := o.Environment.Workspace; {
	case o.Environment.Event != eventTarget && isOccupied(here):
		r.notices = append(r.notices, "there is no git repository here: both sides are read from GitHub, and files on disk do not count")
	case o.Environment.Event == eventTarget && isOccupied(filepath.Join(here, ".git")):
		r.notices = append(r.notices, eventTarget+": both sides are read from GitHub, and what is checked out does not count")
	}
	return r, nil
}

// inRepository is where a path of a checkout lies in the repository.
func (o *CheckOptions) inRepository(name string) (string, error) {
	root := o.Environment.Workspace
	absolute, err := filepath.Abs(name)
	if err == nil && root == "" {
		root, err = os.Getwd()
	}
	if err != nil {
		return "", fmt.Errorf("opening %s: %w", name, err)
	}
	relative, err := filepath.Rel(root, absolute)
	if relative = path.Clean(filepath.ToSlash(relative)); err != nil || relative == ".." || strings.HasPrefix(relative, "../") {
		if name == "" {
			return ".", nil // a working directory elsewhere says nothing
		}
		return "", usage("opening %s: it lies outside of the workspace", name)
	}
	return relative, nil
}

// isOccupied reports whether something lies in a directory.
func isOccupied(dir string) bool {
	f, err := os.Open(dir)
	if err != nil {
		return false
	}
	defer f.Close()
	names, err := f.Readdirnames(1)
	return err == nil && len(names) > 0
}

// fromGitHub opens the directory as GitHub has it in a commit.
func (r *repository) fromGitHub(ctx context.Context, c candidate) (*side, error) {
	if r.remote == nil {
		return nil, errors.New("there is no repository on GitHub to ask")
	}
	commit := c.rev
	if !objectIDs.MatchString(commit) {
		var err error
		if commit, err = r.remote.Resolve(ctx, c.rev); err != nil {
			return nil, err
		}
	}
	t, err := r.remote.Directory(ctx, commit, r.prefix)
	if err != nil {
		return nil, err
	}
	s := &side{tree: t, configPath: r.configPath}
	s.meta = report.Side{Commit: commit, Ref: c.ref, Source: sourceGitHub, Reason: c.reason}
	return s, s.readAhead(ctx)
}

// headAtGitHub opens the side that is judged where nothing is checked out: what the caller names, else the merge that
// GitHub tried for a pull request, else the commit of the event.
func (r *repository) headAtGitHub(ctx context.Context, o CheckOptions) (*side, error) {
	e := o.Environment
	c := candidate{rev: e.SHA, reason: "commit of the event"}
	switch {
	case o.Head != "":
		c = candidate{rev: o.Head, ref: o.Head, reason: "given"}
	case e.Pull != nil && e.Pull.Head != "":
		r.pull = r.pullAtGitHub(ctx, e)
		c = r.pull.head
	}
	s, err := r.fromGitHub(ctx, c)
	switch {
	case errors.Is(err, fs.ErrNotExist) || errors.Is(err, tree.ErrNotDirectory), o.Head != "" && errors.Is(err, tree.ErrUnknownRevision):
		return nil, &UsageError{Err: fmt.Errorf("finding the head: %w", err)}
	case err != nil:
		return nil, fmt.Errorf("finding the head: %w", err)
	}
	return s, nil
}

// pullSides are the commits of a pull request to compare.
type pullSides struct {
	head, base candidate
	baseErr    error
}

// pullAtGitHub answers what to compare in a pull request: the merge that GitHub tried with its first parent, where it is
// that of the event's last commit; else this commit with its merge base.
func (r *repository) pullAtGitHub(ctx context.Context, e Environment) *pullSides {
	merge := e.SHA // of all events but one
	if e.Event == eventTarget {
		merge = r.testMerge(ctx, e.Pull.Number)
	}
	if merge != "" {
		parents, err := r.remote.Parents(ctx, merge)
		if err == nil && isTestMerge(parents, e) {
			return &pullSides{
				head: candidate{rev: merge, reason: "the pull request's merge commit"},
				base: candidate{rev: parents[0], ref: e.BaseBranch, reason: reasonFirstParent},
			}
		}
	}
	p := &pullSides{head: candidate{rev: e.Pull.Head, reason: "last commit of the pull request"}}
	p.base, p.baseErr = r.mergeBase(ctx, e, e.Pull.Head)
	return p
}

// How often, and after how long, GitHub is asked again for a merge that it has not tried yet. Asking makes it try
// (docs.github.com, "Checking mergeability of pull requests").
const (
	mergeAttempts = 4
	mergePause    = time.Second
)

// testMerge answers the merge that GitHub tried for a pull request; empty where there is none.
func (r *repository) testMerge(ctx context.Context, number int) string {
	for attempt := range mergeAttempts {
		if attempt > 0 {
			select {
			case <-ctx.Done():
				return ""
			case <-time.After(mergePause):
			}
		}
		commit, isPending, err := r.remote.TestMerge(ctx, number)
		if err != nil || !isPending {
			return commit
		}
	}
	return ""
}

// mergeBase answers the best common ancestor of a pull request's commit and the branch that it is for, as GitHub knows
// it. A commit that only this clone has is replaced by the last one that GitHub has of the pull request.
func (r *repository) mergeBase(ctx context.Context, e Environment, commit string) (candidate, error) {
	if r.remote == nil {
		return candidate{}, errors.New("this clone is too shallow to tell the merge base")
	}
	var first error
	for _, of := range []string{commit, e.pullHead()} {
		for _, with := range []string{e.BaseBranch, e.pullBase()} {
			if of == "" || with == "" {
				continue
			}
			base, err := r.remote.MergeBase(ctx, with, of)
			if err == nil {
				return candidate{rev: base, ref: e.BaseBranch, reason: "merge base with " + e.BaseBranch}, nil
			}
			if first == nil {
				first = err
			}
			if !errors.Is(err, tree.ErrUnknownRevision) {
				return candidate{}, first
			}
		}
		if commit == e.pullHead() {
			break
		}
	}
	if first == nil {
		first = errors.New("the event names none")
	}
	return candidate{}, first
}

// configureTarget configures both sides with the base's configuration: of a stranger's change nothing is believed, budgets
// least of all. Without a base it is that of the branch which the change is for.
func (r *repository) configureTarget(ctx context.Context, o CheckOptions, head, base *side) (notices []string, err error) {
	from := base
	if from == nil {
		from, err = r.fromGitHub(ctx, candidate{rev: o.Environment.SHA})
	}
	if err == nil {
		err = from.configure(ctx, o.Config)
	}
	switch {
	case err != nil:
		notices = append(notices, fmt.Sprintf("the base's configuration cannot be read, and no other counts under %s: %v", eventTarget, err))
		head.config = &config.Config{}
		if base != nil {
			base.config = head.config
			if err := base.discover(ctx); err != nil {
				return nil, err
			}
		}
	default:
		head.config = from.config
		if o.Config == "" && !sameFile(from, head, configName) {
			notices = append(notices, fmt.Sprintf("this change edits %s; under %s that of the base counts until it is merged", configName, eventTarget))
		}
	}
	return notices, head.discover(ctx)
}

// sameFile reports whether two commits hold the same file, or none, at a path.
func sameFile(a, b *side, name string) bool {
	x, _ := a.tree.Lookup(name)
	y, _ := b.tree.Lookup(name)
	return x.Object == y.Object && x.Mode == y.Mode
}

// readAhead reads with few requests what is read of any repository: the configuration, workflows, Dockerfiles found by
// their names, and the ignore files that may belong to them.
func (s *side) readAhead(ctx context.Context) error {
	paths := []string{configName, s.configPath}
	for e := range s.tree.All() {
		if path.Dir(e.Path) == build.WorkflowDir {
			paths = append(paths, e.Path)
		}
	}
	found, _, err := build.Discover(s.tree.All(), build.Discovery{})
	if err != nil {
		return err
	}
	return s.prefetch(ctx, append(paths, filesOf(found)...))
}

// prefetch reads files with few requests; on this machine there is nothing to do.
func (s *side) prefetch(ctx context.Context, paths []string) error {
	return s.tree.Prefetch(ctx, paths, max(transfer.MaxFile, config.MaxFile))
}

// filesOf are the files that the plans of builds read: Dockerfiles, and the ignore files of those and of their contexts.
func filesOf(builds []build.Build) []string {
	var paths []string
	for _, b := range builds {
		paths = append(paths, b.Dockerfile, b.Dockerfile+".dockerignore")
		if b.IgnoreFile != "" {
			paths = append(paths, b.IgnoreFile)
		}
		contexts := b.Candidates
		if b.Context != "" {
			contexts = []string{b.Context}
		}
		for _, dir := range contexts {
			paths = append(paths, path.Join(dir, ".dockerignore"))
		}
		for _, dir := range b.Contexts {
			paths = append(paths, path.Join(dir, ".dockerignore"))
		}
	}
	return paths
}
