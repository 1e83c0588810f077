package loadline

import (
	"context"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/tools/txtar"

	"github.com/loadline-dev/loadline/pkg/baseimage/registry"
	"github.com/loadline-dev/loadline/pkg/transfer"
	"github.com/loadline-dev/loadline/pkg/tree"
)

// Single is one `docker build` as its flags describe it. Paths mean what they mean to docker: relative to the working
// directory, or, with Rev or GitDir, to the root of the repository.
type Single struct {
	// Context is the build context: a directory, an address, or "-" for a Dockerfile on Stdin without a context.
	Context string
	// File is the Dockerfile (--file); empty means Context/Dockerfile, "-" means Stdin.
	File string
	// Stage is the stage to build (--target).
	Stage string
	// Args are build arguments.
	Args map[string]string
	// Contexts are named contexts: directories or references.
	Contexts map[string]string
	// Platforms are the platforms to build for; empty means linux/amd64.
	Platforms []string
	// Rev reads a commit instead of the disk; empty with GitDir means HEAD.
	Rev string
	// GitDir is a repository without a work tree.
	GitDir string
	// Stdin is read for a Dockerfile "-".
	Stdin io.Reader
	// Registry says how base images are looked up in their registries; nil means that they are not.
	Registry *registry.Options
}

// dockerfile is how messages name the Dockerfile: as the user did.
func (b Single) dockerfile() string {
	switch {
	case b.File == "-" || b.Context == "-":
		return "Dockerfile"
	case b.File != "":
		return filepath.ToSlash(b.File)
	}
	return path.Join(filepath.ToSlash(b.Context), "Dockerfile")
}

// place is where the paths of a Single lead: the disk, or one commit.
type place struct {
	// root is the commit's tree; nil for the disk.
	root *tree.Snapshot
	// opened holds the directories of the disk that were opened, by name, so that each is read once.
	opened map[string]*tree.Snapshot
}

// directory opens a directory.
func (p *place) directory(name string) (*tree.Snapshot, error) {
	if s, ok := p.opened[name]; ok {
		return s, nil
	}
	var s *tree.Snapshot
	var err error
	if p.root != nil {
		s, err = p.root.Sub(cleanInTree(name))
	} else {
		s, err = tree.Directory(name)
	}
	if err != nil {
		return nil, &UsageError{Err: fmt.Errorf("opening the directory %s: %w", name, plain(err))}
	}
	p.opened[name] = s
	return s, nil
}

// cleanInTree turns a path as typed into one relative to the repository's root.
func cleanInTree(name string) string {
	name = path.Clean(filepath.ToSlash(name))
	return strings.TrimPrefix(name, "/")
}

// open finds what the flags name and turns it into a request.
func (b Single) open(ctx context.Context) (transfer.Request, error) {
	req := transfer.Request{
		Stage: b.Stage, Args: b.Args, Platforms: b.Platforms,
		ContextDir: filepath.ToSlash(b.Context), DockerfileDir: path.Dir(b.dockerfile()),
	}
	p := &place{opened: map[string]*tree.Snapshot{}}
	if b.Rev != "" || b.GitDir != "" {
		root, err := b.commit(ctx)
		if err != nil {
			return req, err
		}
		p.root = root
	}
	if b.File == "" && p.root == nil && isRemote(b.Context) {
		req.RemoteContext = b.Context
		return req, nil // the Dockerfile is fetched with the context
	}
	if err := b.openDockerfile(&req, p); err != nil {
		return req, err
	}
	if err := b.openContext(&req, p); err != nil {
		return req, err
	}
	return req, b.openContexts(&req, p)
}

// commit reads the tree that Rev names.
func (b Single) commit(ctx context.Context) (*tree.Snapshot, error) {
	var git *tree.Git
	var err error
	if b.GitDir != "" {
		git, err = tree.OpenGitDir(ctx, b.GitDir)
	} else {
		git, err = tree.OpenGit(ctx, ".")
	}
	if err != nil {
		return nil, &UsageError{Err: err}
	}
	rev := b.Rev
	if rev == "" {
		rev = "HEAD"
	}
	if _, err := git.Resolve(ctx, rev); err != nil {
		return nil, &UsageError{Err: err}
	}
	return tree.Commit(ctx, git, rev)
}

// openDockerfile opens the directory that holds the Dockerfile, as buildx does (build/opt.go, loadInputs).
func (b Single) openDockerfile(req *transfer.Request, p *place) error {
	if b.File == "-" && b.Context == "-" {
		return usage("reading the Dockerfile: standard input cannot be both the context and the Dockerfile")
	}
	if b.File == "-" || b.Context == "-" && b.File == "" {
		text, err := io.ReadAll(io.LimitReader(b.Stdin, transfer.MaxFile+1))
		if err != nil {
			return fmt.Errorf("reading the Dockerfile from standard input: %w", err)
		}
		if len(text) > transfer.MaxFile {
			return usage("reading the Dockerfile from standard input: more than %d bytes", transfer.MaxFile)
		}
		req.Filename = "Dockerfile"
		req.Dockerfile, err = tree.FromTxtar(&txtar.Archive{Files: []txtar.File{{Name: "Dockerfile", Data: text}}})
		return err
	}
	dir, name := b.Context, "Dockerfile"
	if b.File != "" {
		dir, name = filepath.Split(b.File)
		if dir == "" {
			dir = "."
		}
	}
	var err error
	req.Filename = name
	req.Dockerfile, err = p.directory(filepath.Clean(dir))
	return err
}

// openContext opens the build context.
func (b Single) openContext(req *transfer.Request, p *place) error {
	if b.Context == "-" {
		var err error
		req.Context, err = tree.FromTxtar(&txtar.Archive{})
		return err
	}
	if p.root == nil && isRemote(b.Context) {
		req.RemoteContext = b.Context
		return nil
	}
	var err error
	req.Context, err = p.directory(filepath.Clean(b.Context))
	return err
}

// isRemote reports whether a context is an address. A directory of that name goes first, as with buildx.
func isRemote(name string) bool {
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		return false
	}
	return transfer.IsRemote(name)
}

// openContexts opens the named contexts.
func (b Single) openContexts(req *transfer.Request, p *place) error {
	req.Contexts = map[string]transfer.NamedContext{}
	for name, value := range b.Contexts {
		if isReference(value) {
			req.Contexts[name] = transfer.NamedContext{Ref: value}
			continue
		}
		s, err := p.directory(filepath.Clean(value))
		if err != nil {
			return err
		}
		req.Contexts[name] = transfer.NamedContext{Tree: s}
	}
	return nil
}

// isReference reports whether a named context is something that BuildKit fetches itself (buildx build/opt.go).
func isReference(value string) bool {
	for _, prefix := range []string{"docker-image://", "oci-layout://", "target:", "http://", "https://", "git://", "git@", "ssh://"} {
		if strings.HasPrefix(value, prefix) {
			return true
		}
	}
	return false
}
