package tree

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/loadline-dev/loadline/pkg/source"
)

var (
	// ErrNotRepository says that a directory is in no git repository.
	ErrNotRepository = errors.New("not a git repository")
	// ErrUnknownRevision says that a name stands for no commit or tree.
	ErrUnknownRevision = errors.New("unknown revision")
)

// Git is a handle on one repository. It runs the git command such that nothing of the repository's own configuration is
// executed and nothing is fetched, but by FetchDepth1. It is safe for use by several goroutines.
type Git struct {
	// gitDir is absolute; root is the work tree, empty where there is none.
	gitDir, root string

	mu    sync.Mutex
	batch *batchReader
	// partial is nil until somebody asks.
	partial *bool
}

// OpenGit finds the repository around a directory. The error matches ErrNotRepository where there is none.
func OpenGit(ctx context.Context, dir string) (*Git, error) {
	if dir == "" {
		dir = "."
	}
	out, err := runGit(ctx, dir, nil, "rev-parse", "--absolute-git-dir")
	if err != nil {
		return nil, notRepository(dir, err)
	}
	g := &Git{gitDir: strings.TrimSuffix(string(out), "\n")}
	if out, err = runGit(ctx, dir, nil, "rev-parse", "--show-toplevel"); err == nil {
		g.root = confirmRoot(strings.TrimSuffix(string(out), "\n"), dir)
	}
	return g, nil
}

// confirmRoot refuses a work tree that the configuration (core.worktree) puts elsewhere than around dir.
func confirmRoot(root, dir string) string {
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return ""
	}
	if absolute, err = filepath.EvalSymlinks(absolute); err != nil {
		return ""
	}
	rel, err := filepath.Rel(root, absolute)
	if err != nil || rel == ".." || strings.HasPrefix(rel, "../") {
		return ""
	}
	return root
}

// OpenGitDir opens a repository without its work tree: a bare one, or a .git directory.
func OpenGitDir(ctx context.Context, gitDir string) (*Git, error) {
	absolute, err := filepath.Abs(gitDir)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", source.Printable(gitDir), err)
	}
	g := &Git{gitDir: absolute}
	out, err := g.run(ctx, nil, "rev-parse", "--absolute-git-dir")
	if err != nil {
		return nil, notRepository(gitDir, err)
	}
	g.gitDir = strings.TrimSuffix(string(out), "\n")
	return g, nil
}

func notRepository(dir string, err error) error {
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		return fmt.Errorf("opening %s: %w", source.Printable(dir), ErrNotRepository)
	}
	return fmt.Errorf("opening %s: %w", source.Printable(dir), err)
}

// Root is the work tree; empty where there is none.
func (g *Git) Root() string { return g.root }

// Close ends the process that reads objects. The handle and its snapshots can be used on.
func (g *Git) Close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.batch.close()
	g.batch = nil
	return nil
}

// hardening are settings that a repository cannot override: the command line goes before its configuration.
func hardening() []string {
	settings := []string{
		"safe.directory=*", "protocol.allow=never", "core.fsmonitor=false", "core.hooksPath=/dev/null",
		"core.untrackedCache=false", "core.attributesFile=/dev/null", "core.excludesFile=/dev/null",
		"core.pager=cat", "core.askPass=", "credential.helper=", "diff.external=", "gc.auto=0", "maintenance.auto=false",
		"core.sshCommand=false", "core.gitProxy=false", "submodule.recurse=false", "core.quotePath=false", "trace2.normalTarget=0",
		"trace2.perfTarget=0", "trace2.eventTarget=0", "log.showSignature=false",
	}
	args := []string{"--no-pager", "--no-replace-objects", "--literal-pathspecs", "--no-optional-locks"}
	for _, s := range settings {
		args = append(args, "-c", s)
	}
	return args
}

// environment is all that git gets to see of the caller's: GIT_DIR and the like must not lead elsewhere. No protocol is
// allowed; the variable also overrides protocol.<name>.allow of the repository's configuration (git(1)).
func environment() []string {
	env := []string{
		"LC_ALL=C", "GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null",
		"GIT_ATTR_NOSYSTEM=1", "GIT_NO_LAZY_FETCH=1", "GIT_ALLOW_PROTOCOL=none", "GIT_OPTIONAL_LOCKS=0",
		"GIT_ADVICE=0", "GIT_PAGER=cat",
	}
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "SYSTEMROOT"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// arguments name the repository.
func (g *Git) arguments(args ...string) []string {
	where := []string{"--git-dir=" + g.gitDir}
	if g.root != "" {
		where = append(where, "--work-tree="+g.root)
	}
	return append(where, args...)
}

func (g *Git) dir() string {
	if g.root != "" {
		return g.root
	}
	return g.gitDir
}

// run runs git in the repository and answers its standard output.
func (g *Git) run(ctx context.Context, input io.Reader, args ...string) ([]byte, error) {
	return runGit(ctx, g.dir(), input, g.arguments(args...)...)
}

func runGit(ctx context.Context, dir string, input io.Reader, args ...string) ([]byte, error) {
	cmd := gitCommand(ctx, dir, args...)
	cmd.Stdin = input
	return output(cmd)
}

// gitCommand prepares one hardened git.
func gitCommand(ctx context.Context, dir string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "git", append(hardening(), args...)...)
	cmd.Dir = dir
	cmd.Env = environment()
	cmd.WaitDelay = time.Second
	return cmd
}

// output runs a command; an error ends with what it said last.
func output(cmd *exec.Cmd) ([]byte, error) {
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		return nil, commandError(err, said.String())
	}
	return out.Bytes(), nil
}

func commandError(err error, said string) error {
	lines := strings.Split(strings.TrimSpace(said), "\n")
	last := lines[len(lines)-1]
	if i := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, "fatal: ") }); i >= 0 {
		last = strings.TrimPrefix(lines[i], "fatal: ")
	}
	if last == "" {
		return fmt.Errorf("git: %w", err)
	}
	const longest = 300
	return fmt.Errorf("git: %s: %w", source.Printable(last[:min(len(last), longest)]), err)
}

// Resolve answers the object id that a revision stands for: of the commit, also where a tag names it, or of the tree.
// The error matches ErrUnknownRevision, and also ErrAbsent where rev is the full id of an object that is not here.
func (g *Git) Resolve(ctx context.Context, rev string) (string, error) {
	id, err := g.objectOf(ctx, rev)
	if err != nil {
		return "", err
	}
	if commit, err := g.run(ctx, nil, "rev-parse", "--verify", "--quiet", id+"^{commit}"); err == nil {
		return strings.TrimSpace(string(commit)), nil
	}
	return g.treeOf(ctx, id)
}

// objectOf answers the object that a revision names, possibly a tag.
func (g *Git) objectOf(ctx context.Context, rev string) (string, error) {
	if rev == "" || strings.HasPrefix(rev, "-") || strings.ContainsAny(rev, "\x00\n") {
		return "", fmt.Errorf("%w %s", ErrUnknownRevision, source.Printable(rev))
	}
	if isObjectID(rev) {
		return rev, nil // rev-parse would not look whether it is there
	}
	out, err := g.run(ctx, nil, "rev-parse", "--verify", "--quiet", rev)
	if err != nil {
		return "", g.unknown(ctx, rev, err)
	}
	return strings.TrimSpace(string(out)), nil
}

// treeOf answers the tree of an object.
func (g *Git) treeOf(ctx context.Context, id string) (string, error) {
	out, err := g.run(ctx, nil, "rev-parse", "--verify", "--quiet", id+"^{tree}")
	if err == nil {
		return strings.TrimSpace(string(out)), nil
	}
	if kind, kerr := g.run(ctx, nil, "cat-file", "-t", id); kerr == nil && strings.TrimSpace(string(kind)) != "blob" {
		return "", fmt.Errorf("the tree of %s %w", id, ErrAbsent)
	}
	return "", g.unknown(ctx, id, err)
}

func (g *Git) unknown(ctx context.Context, rev string, err error) error {
	if ctx.Err() != nil {
		return err
	}
	if isObjectID(rev) && !g.HasObject(ctx, rev) {
		return fmt.Errorf("%w %s: the object %w", ErrUnknownRevision, rev, ErrAbsent)
	}
	return fmt.Errorf("%w %s", ErrUnknownRevision, source.Printable(rev))
}

// isObjectID reports whether s is a full object id, SHA-1 or SHA-256.
func isObjectID(s string) bool {
	return (len(s) == 40 || len(s) == 64) && strings.Trim(s, "0123456789abcdef") == ""
}

// HasObject reports whether an object is in this clone.
func (g *Git) HasObject(ctx context.Context, id string) bool {
	if !isObjectID(id) {
		return false
	}
	_, err := g.run(ctx, nil, "cat-file", "-e", id)
	return err == nil
}

// MergeBase answers the best common ancestor of two revisions. The error matches ErrAbsent where a shallow clone lacks
// the history to tell.
func (g *Git) MergeBase(ctx context.Context, a, b string) (string, error) {
	ids := []string{a, b}
	for i, rev := range ids {
		id, err := g.Resolve(ctx, rev)
		if err != nil {
			return "", err
		}
		ids[i] = id
	}
	out, err := g.run(ctx, nil, "merge-base", ids[0], ids[1])
	if err == nil {
		return strings.TrimSpace(string(out)), nil
	}
	shown := source.Printable(a) + " and " + source.Printable(b)
	if ctx.Err() != nil {
		return "", fmt.Errorf("finding the merge base of %s: %w", shown, ctx.Err())
	}
	if shallow, serr := g.IsShallow(ctx); serr == nil && shallow {
		return "", fmt.Errorf("finding the merge base of %s: the history of a shallow clone %w", shown, ErrAbsent)
	}
	return "", fmt.Errorf("finding the merge base of %s: they have no common history", shown)
}

// Parents answers the parents that a commit names, also where a shallow clone does not have them.
func (g *Git) Parents(ctx context.Context, commit string) ([]string, error) {
	header, err := g.header(ctx, commit)
	if err != nil {
		return nil, err
	}
	var parents []string
	for _, line := range header {
		if p, ok := strings.CutPrefix(line, "parent "); ok && isObjectID(p) {
			parents = append(parents, p)
		}
	}
	return parents, nil
}

// header answers the lines of a commit above its message.
func (g *Git) header(ctx context.Context, commit string) ([]string, error) {
	id, err := g.Resolve(ctx, commit)
	if err != nil {
		return nil, err
	}
	out, err := g.run(ctx, nil, "cat-file", "commit", id)
	if err != nil {
		return nil, fmt.Errorf("reading the commit %s: %w", id, err)
	}
	header, _, _ := strings.Cut(string(out), "\n\n")
	return strings.Split(header, "\n"), nil
}

// Day answers the day on which a commit was made, as it says itself, in UTC.
func (g *Git) Day(ctx context.Context, commit string) (time.Time, error) {
	header, err := g.header(ctx, commit)
	if err != nil {
		return time.Time{}, err
	}
	for _, line := range header {
		who, ok := strings.CutPrefix(line, "committer ")
		if !ok {
			continue
		}
		if fields := strings.Fields(who[strings.LastIndexByte(who, '>')+1:]); len(fields) > 0 {
			if seconds, err := strconv.ParseInt(fields[0], 10, 64); err == nil && seconds < lastSecond {
				return dayOf(time.Unix(seconds, 0)), nil
			}
		}
	}
	return time.Time{}, fmt.Errorf("reading the commit %s: it has no day", source.Printable(commit))
}

// lastSecond is the end of the year 9999, in seconds since 1970: package time writes no later years.
const lastSecond = 253402300799

func dayOf(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

// DefaultBranch answers the branch that changes are made against: what origin/HEAD names, else main or master, at origin
// before a local one. The error matches ErrUnknownRevision where there is none.
func (g *Git) DefaultBranch(ctx context.Context) (string, error) {
	if out, err := g.run(ctx, nil, "symbolic-ref", "--quiet", "refs/remotes/origin/HEAD"); err == nil {
		ref := strings.TrimSpace(string(out))
		if _, err := g.Resolve(ctx, ref); err == nil {
			return strings.TrimPrefix(ref, "refs/remotes/"), nil
		}
	}
	for _, prefix := range []string{"refs/remotes/", "refs/heads/"} {
		for _, name := range []string{"main", "master"} {
			if prefix == "refs/remotes/" {
				name = "origin/" + name
			}
			if _, err := g.Resolve(ctx, prefix+name); err == nil {
				return name, nil
			}
		}
	}
	return "", fmt.Errorf("finding the default branch: neither origin/HEAD nor main nor master: %w", ErrUnknownRevision)
}

// IsShallow reports whether history is cut off.
func (g *Git) IsShallow(ctx context.Context) (bool, error) {
	out, err := g.run(ctx, nil, "rev-parse", "--is-shallow-repository")
	return strings.TrimSpace(string(out)) == "true", err
}

// IsPartial reports whether git would fetch objects on demand: extensions.partialClone, or a promisor remote. The
// configuration is read once.
func (g *Git) IsPartial(ctx context.Context) (bool, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.partial != nil {
		return *g.partial, nil
	}
	out, err := g.run(ctx, nil, "config", "--get-regexp", `^(extensions\.partialclone|remote\..*\.(promisor|partialclonefilter))$`)
	var failed *exec.ExitError
	if errors.As(err, &failed) && failed.ExitCode() == 1 {
		err = nil // no such setting
	}
	if err != nil {
		return false, err
	}
	partial := len(out) > 0
	g.partial = &partial
	return partial, nil
}
