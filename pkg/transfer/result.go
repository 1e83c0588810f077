package transfer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/moby/buildkit/client/llb"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	fstypes "github.com/tonistiigi/fsutil/types"

	"github.com/loadline-dev/loadline/pkg/dockerignore"
	"github.com/loadline-dev/loadline/pkg/source"
	"github.com/loadline-dev/loadline/pkg/tree"
)

// MaxFile is the most that a Dockerfile or an ignore file may hold, in bytes. BuildKit's own limit is 16 MiB
// (frontend/dockerui/readfile.go, maxFileSize); no real file comes near either.
const MaxFile = 1 << 20

// result is what the frontend sees of a local directory: the files it reads from it. It implements
// gateway/client.Reference.
type result struct {
	recorder *recorder
	local    string
}

var _ gateway.Reference = (*result)(nil)

// ReadFile gives the frontend a Dockerfile or an ignore file. BuildKit takes any failure to read an ignore file for
// "there is none"; where that is not what the daemon would find, the whole plan fails instead.
func (r *result) ReadFile(_ context.Context, req gateway.ReadRequest) ([]byte, error) {
	t, ok := r.recorder.trees[r.local]
	if !ok {
		return nil, fmt.Errorf("opening %s: %w", req.Filename, fs.ErrNotExist)
	}
	name := path.Join(t.dir, req.Filename)
	isIgnore := strings.HasSuffix(req.Filename, ".dockerignore")
	data, err := t.readFile(req.Filename)
	if err == nil && isIgnore {
		if err := checkPatterns(name, data); err != nil {
			return nil, r.recorder.fail(err)
		}
	}
	if err == nil || errors.Is(err, fs.ErrNotExist) || isIgnore && daemonFindsNone(err) {
		return data, err
	}
	return nil, r.recorder.fail(&FileError{Path: name, Err: err})
}

// checkPatterns refuses an ignore file with a pattern that no path can be matched with: BuildKit fails on it without a
// line.
func checkPatterns(name string, text []byte) error {
	file, err := dockerignore.Parse(name, text)
	if err != nil {
		return err
	}
	if bad := file.BadPattern(); bad != nil {
		return bad
	}
	return nil
}

// daemonFindsNone reports whether the daemon, too, fails to read an ignore file for this reason, and therefore goes
// on without one: a directory cannot be read, and a link out of the tree leads nowhere in what was sent.
func daemonFindsNone(err error) bool {
	return errors.Is(err, tree.ErrDirectory) || errors.Is(err, tree.ErrOutside)
}

// FileError says that a Dockerfile or an ignore file cannot be read.
type FileError struct {
	// Path is the file, under the directory's name in the request.
	Path string
	Err  error
}

func (e *FileError) Error() string {
	err := e.Err
	if named := (*fs.PathError)(nil); errors.As(err, &named) {
		err = named.Err // the path stands before it, with its directory
	}
	return fmt.Sprintf("reading %s: %v", source.Printable(e.Path), err)
}

func (e *FileError) Unwrap() error { return e.Err }

// StatFile is only a guard against large files in the frontend; the snapshot has its own.
func (r *result) StatFile(_ context.Context, req gateway.StatRequest) (*fstypes.Stat, error) {
	return nil, fmt.Errorf("looking at %s: %w", path.Base(req.Path), fs.ErrNotExist)
}

// ReadDir is never called by the Dockerfile frontend.
func (r *result) ReadDir(context.Context, gateway.ReadDirRequest) ([]*fstypes.Stat, error) {
	return nil, errors.New("listing a directory of a result: not supported")
}

// ToState is called only where a result becomes the input of another build.
func (r *result) ToState() (llb.State, error) {
	return llb.State{}, errors.New("using a result as an input: not supported")
}

// Evaluate does nothing: nothing is built.
func (r *result) Evaluate(context.Context) error { return nil }

// IgnoreFile answers which ignore file the plan of a request used for the build context; see IgnoreFileOf.
func (req Request) IgnoreFile(plan *Plan) (name string, text []byte) {
	return req.IgnoreFileOf(plan, "context")
}

// IgnoreFileOf answers which ignore file the plan of a request used for a local directory: for the build context
// BuildKit loads .dockerignore only where the Dockerfile has none of its own (frontend/dockerui/config.go,
// dockerIgnorePatterns), for a named context always (namedcontext.go). A nil text means that there is none.
func (req Request) IgnoreFileOf(plan *Plan, local string) (name string, text []byte) {
	for _, l := range plan.Locals {
		if l.Kind() == IgnoreLoad && l.Name == local {
			return readIgnore(l.tree, ".dockerignore")
		}
		if l.Kind() == DockerfileLoad && local == "context" {
			name, text = readIgnore(l.tree, lowercase(req.Dockerfile, req.Filename)+".dockerignore")
		}
	}
	return name, text
}

func readIgnore(t localTree, name string) (string, []byte) {
	text, err := t.readFile(name)
	if err != nil {
		return "", nil
	}
	return path.Join(t.dir, name), text
}
