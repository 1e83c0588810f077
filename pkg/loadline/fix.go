package loadline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"

	"github.com/loadline-dev/loadline/pkg/engine"
	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/report"
	"github.com/loadline-dev/loadline/pkg/rules"
	"github.com/loadline-dev/loadline/pkg/source"
	"github.com/loadline-dev/loadline/pkg/tree"
)

// FixOptions say which findings to mend where.
type FixOptions struct {
	// Path, Builds and Config are as for Check.
	Path   string
	Builds []string
	Config string
	// Rules are names of rules; empty means all.
	Rules []string
	// Environment is as for Check. The files on disk are mended, whatever it says.
	Environment Environment
}

// Fixed are edits of files, proven together.
type Fixed struct {
	// Files are those that change, by path.
	Files []FixedFile
	// Findings are those that are mended, Left those whose edits overlap: another run mends them.
	Findings, Left []report.Finding

	dir string
}

// FixedFile is a file with its text before and after. Before is nil for one that is created.
type FixedFile struct {
	Path          string
	Before, After []byte
}

// Fix answers which edits mend what the rules find, all together. It writes nothing; see Fixed.Write.
func Fix(ctx context.Context, o FixOptions) (*Fixed, error) {
	for _, name := range o.Rules {
		if rules.Find(name) == nil {
			return nil, &UsageError{Err: engine.UnknownRule(name, rules.Names())}
		}
	}
	o.Environment.CI = false // the disk counts
	c, done, err := open(ctx, CheckOptions{Path: o.Path, Base: "none", Head: headOnDisk(ctx, o.Path), Builds: o.Builds, Config: o.Config, Environment: Environment{}})
	if err != nil {
		return nil, err
	}
	defer done()
	if c.dir == "" {
		return nil, usage("mending: the repository has no work tree")
	}
	return c.fix(ctx, o.Rules)
}

// headOnDisk is the head that is what lies on disk.
func headOnDisk(ctx context.Context, name string) string {
	if name == "" {
		name = "."
	}
	if _, err := tree.OpenGit(ctx, name); err != nil {
		return ""
	}
	return worktree
}

func (c *check) fix(ctx context.Context, only []string) (*Fixed, error) {
	results, err := c.analyseAll(ctx)
	if err != nil {
		return nil, err
	}
	builds := c.judgedBuilds(ctx, results)
	said, err := c.rules.Run(ctx, builds, false)
	if err != nil {
		return nil, err
	}
	list := slices.DeleteFunc(said.Findings, func(f finding.Finding) bool {
		return len(f.Fixes) == 0 || len(only) > 0 && !slices.Contains(only, f.Rule)
	})
	files, left := engine.Merge(list)
	if err := c.rules.Holds(ctx, builds, files); err != nil {
		return nil, fmt.Errorf("mending all at once: %w; --rule mends one after the other", err)
	}
	out := &Fixed{dir: c.dir, Left: report.FromFindings(left)}
	for _, f := range list {
		if !slices.ContainsFunc(left, func(l finding.Finding) bool {
			return l.Rule == f.Rule && l.File == f.File && l.Span == f.Span && l.About == f.About
		}) {
			out.Findings = append(out.Findings, report.FromFindings([]finding.Finding{f})...)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		before, err := c.head.tree.ReadFile(name, source.MaxText)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		out.Files = append(out.Files, FixedFile{Path: name, Before: before, After: files[name]})
	}
	return out, nil
}

// Write writes the files. One that has changed since it was read, or that leads out of the directory, is an error, and
// nothing is written then.
func (f *Fixed) Write() error {
	root, err := os.OpenRoot(f.dir)
	if err != nil {
		return fmt.Errorf("opening the directory: %w", err)
	}
	defer root.Close()
	for _, file := range f.Files {
		if err := file.unchanged(root); err != nil {
			return err
		}
	}
	for _, file := range f.Files {
		if err := file.write(root); err != nil {
			return fmt.Errorf("writing %s: %w", source.Printable(file.Path), err)
		}
	}
	return nil
}

// unchanged holds that a file is still what was read.
func (f *FixedFile) unchanged(root *os.Root) error {
	in, err := root.Open(f.Path)
	if errors.Is(err, fs.ErrNotExist) && f.Before == nil {
		return nil
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", source.Printable(f.Path), plain(err))
	}
	defer in.Close()
	now, err := io.ReadAll(io.LimitReader(in, source.MaxText+1))
	if err != nil {
		return fmt.Errorf("writing %s: %w", source.Printable(f.Path), plain(err))
	}
	if !bytes.Equal(now, f.Before) {
		return fmt.Errorf("writing %s: it has changed since it was read", source.Printable(f.Path))
	}
	return nil
}

// write writes a file beside the old one and puts it in its place, with the old one's mode.
func (f *FixedFile) write(root *os.Root) error {
	mode := fs.FileMode(0o644)
	if info, err := root.Stat(f.Path); err == nil {
		mode = info.Mode().Perm()
	}
	name := path.Join(path.Dir(f.Path), ".loadline-"+path.Base(f.Path))
	if err := root.WriteFile(name, f.After, mode); err != nil {
		return err
	}
	if err := root.Rename(name, f.Path); err != nil {
		return errors.Join(err, root.Remove(name))
	}
	return nil
}
