package loadline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/loadline-dev/loadline/pkg/build"
	"github.com/loadline-dev/loadline/pkg/config"
	"github.com/loadline-dev/loadline/pkg/report"
	"github.com/loadline-dev/loadline/pkg/tree"
)

// workingDirectory is how messages name the directory that nobody named.
const workingDirectory = "the working directory"

// worktree is the value of --head that asks for the tracked paths with their content on disk.
const worktree = "worktree"

// repository is what is analysed: a directory, with the git repository around it where there is one.
type repository struct {
	// git is nil without a repository.
	git *tree.Git
	// dir is the directory on disk; empty for a repository without a work tree.
	dir string
	// prefix is the directory's path in the repository; "." for its root.
	prefix string
	// display is the directory as the user named it, for messages.
	display string
	// remote is the repository on GitHub; nil without one.
	remote *tree.Remote
	// atGitHub says that nothing is checked out, or that what is does not count: both sides are read from remote.
	atGitHub bool
	// configPath is where the repository holds the configuration that the caller names; empty where that is on disk.
	configPath string
	// pull are the sides of a pull request that is read from remote; nil until they are known.
	pull *pullSides
	// notices are facts about the run that a reader should know.
	notices []string
}

// side is one side of the comparison.
type side struct {
	tree    *tree.Snapshot
	meta    report.Side
	config  *config.Config
	builds  []build.Build
	leftOut []build.LeftOut
	// configPath is where the side's tree holds the configuration that the caller names; empty where that is on disk.
	configPath string
}

// open finds out what is to be analysed, and where it is read.
func (o *CheckOptions) open(ctx context.Context) (*repository, error) {
	if o.Environment.Event == eventTarget && o.Head == "" {
		return o.openTarget()
	}
	r, err := openRepository(ctx, o.Path)
	canAsk := o.Remote != nil && o.Environment.CI && o.Environment.SHA != "" && o.Head != worktree
	if canAsk && (isMissing(err) || err == nil && r.git == nil) {
		return o.openAtGitHub()
	}
	if err != nil {
		return nil, err
	}
	r.remote = o.Remote
	if o.Environment.Event == eventTarget {
		r.notices = append(r.notices, fmt.Sprintf("%s: what is analysed is %s, as asked for", eventTarget, o.Head))
	}
	return r, nil
}

// openRepository finds out what a path is. An empty path means the root of the repository around the working
// directory, or the working directory itself.
func openRepository(ctx context.Context, name string) (*repository, error) {
	r := &repository{dir: name, display: name, prefix: "."}
	if name == "" {
		r.dir, r.display = ".", workingDirectory
	}
	info, err := os.Stat(r.dir)
	if err != nil {
		return nil, usage("opening %s: %w", r.display, errors.Unwrap(err))
	}
	if !info.IsDir() {
		return nil, usage("opening %s: it is not a directory", r.display)
	}
	r.git, err = tree.OpenGit(ctx, r.dir)
	if errors.Is(err, tree.ErrNotRepository) {
		r.git = nil
		return r, nil
	}
	if err != nil {
		return nil, err
	}
	root := r.git.Root()
	switch {
	case root == "":
		r.dir = "" // no work tree
	case name == "":
		r.dir = root
	default:
		r.prefix, err = within(root, r.dir)
	}
	return r, err
}

// isMissing reports whether a path to analyse does not exist on disk.
func isMissing(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// within is the path of dir in root, with slashes.
func within(root, dir string) (string, error) {
	absolute, err := filepath.Abs(dir)
	if err == nil {
		absolute, err = filepath.EvalSymlinks(absolute)
	}
	if err == nil {
		root, err = filepath.EvalSymlinks(root)
	}
	if err != nil {
		return "", fmt.Errorf("opening %s: %w", dir, err)
	}
	relative, err := filepath.Rel(root, absolute)
	if err != nil {
		return "", fmt.Errorf("opening %s: %w", dir, err)
	}
	return path.Clean(filepath.ToSlash(relative)), nil
}

// head opens the side that is judged: --head, else the tree of HEAD in continuous integration, else the tracked paths
// with their content on disk, else the directory.
func (r *repository) head(ctx context.Context, o CheckOptions) (*side, error) {
	switch {
	case r.atGitHub:
		return r.headAtGitHub(ctx, o)
	case r.git == nil && o.Head != "" && o.Head != worktree:
		return nil, usage("finding the head %q: %s is not in a git repository", o.Head, r.display)
	case r.git == nil:
		return r.plainDirectory(r.dir, r.name(), "no git repository")
	case o.Head == worktree && r.dir == "":
		return nil, usage("finding the head: %s has no work tree", r.display)
	case o.Head != "" && o.Head != worktree:
		return r.namedHead(ctx, o.Head, "given")
	case o.Head == "" && (o.Environment.CI || r.dir == ""):
		return r.namedHead(ctx, "HEAD", "checked-out commit")
	}
	return r.tracked(ctx, "work tree")
}

func (r *repository) namedHead(ctx context.Context, rev, reason string) (*side, error) {
	c := candidate{rev: rev, ref: rev, reason: reason}
	var err error
	if c.rev, err = r.git.Resolve(ctx, rev); err != nil {
		s, remoteErr := r.fromGitHub(ctx, c)
		if remoteErr != nil {
			return nil, &UsageError{Err: fmt.Errorf("finding the head: %w", err)}
		}
		return s, nil
	}
	return r.commit(ctx, c)
}

// commit opens the directory as a commit of the clone has it. Where the clone lacks files of it, GitHub is asked.
func (r *repository) commit(ctx context.Context, c candidate) (*side, error) {
	s, err := tree.Commit(ctx, r.git, c.rev)
	if err != nil {
		return nil, err
	}
	if r.remote != nil && r.lacks(ctx, s) {
		if whole, err := r.fromGitHub(ctx, c); err == nil {
			return whole, nil
		}
	}
	if s, err = s.Sub(r.prefix); err != nil {
		return nil, fmt.Errorf("opening %s in %s: %w", r.prefix, c.rev, err)
	}
	return &side{tree: s, meta: report.Side{Commit: c.rev, Ref: c.ref, Source: sourceCommit, Reason: c.reason}}, nil
}

// lacks reports whether the clone is without some files of a commit, because it was made with a filter.
func (r *repository) lacks(ctx context.Context, s *tree.Snapshot) bool {
	isPartial, err := r.git.IsPartial(ctx)
	if err != nil || !isPartial {
		return false
	}
	for e := range s.All() {
		if e.Note == tree.Absent {
			return true
		}
	}
	return false
}

// tracked opens the tracked paths with their content on disk. A directory of which nothing is tracked is read as it is.
func (r *repository) tracked(ctx context.Context, reason string) (*side, error) {
	s, err := tree.Tracked(ctx, r.git)
	if err != nil {
		return nil, err
	}
	s, err = s.Sub(r.prefix)
	if err != nil {
		return r.plainDirectory(r.dir, r.name(), "nothing in it is tracked")
	}
	return &side{tree: s, meta: report.Side{Directory: r.name(), Source: sourceTracked, Reason: reason}}, nil
}

// directory opens a directory in the same way as head: its tracked files where it lies in a work tree.
func (r *repository) directory(ctx context.Context, dir, reason string) (*side, error) {
	other, err := openRepository(ctx, dir)
	if err != nil {
		return nil, err
	}
	if other.git == nil || other.dir == "" {
		return r.plainDirectory(dir, filepath.ToSlash(dir), reason)
	}
	return other.tracked(ctx, reason)
}

// plainDirectory opens a directory as it is on disk.
func (r *repository) plainDirectory(dir, name, reason string) (*side, error) {
	s, err := tree.Directory(dir)
	if err != nil {
		return nil, &UsageError{Err: err}
	}
	return &side{tree: s, meta: report.Side{Directory: name, Source: sourceDirectory, Reason: reason}}, nil
}

// name is how a report names the directory: as the user did, so that no absolute path appears that was not typed.
func (r *repository) name() string {
	if r.dir == "" || r.display == workingDirectory {
		return "."
	}
	return filepath.ToSlash(r.dir)
}

// sharesDisk reports whether what lies on disk belongs to head: it is the checked-out commit, or the tracked files.
func (r *repository) sharesDisk(ctx context.Context, head *side) bool {
	if r.git == nil || r.dir == "" || head.meta.Source == sourceDirectory {
		return false
	}
	if head.meta.Source == sourceTracked {
		return true
	}
	commit, err := r.git.Resolve(ctx, "HEAD")
	return err == nil && commit == head.meta.Commit
}

// The ways in which a side is read, as the report says them.
const (
	sourceCommit    = "commit"
	sourceTracked   = "tracked files on disk"
	sourceDirectory = "directory"
	sourceGitHub    = "GitHub API"
	sourceFetched   = "commit, fetched from origin"
)

func (r *repository) close() {
	if r.git != nil {
		r.git.Close()
	}
}
