// Package transfer answers what BuildKit would upload for one build, to the byte, without building.
//
// It does not imitate BuildKit. Plan runs BuildKit's own Dockerfile frontend in process against a gateway that
// reads from repository snapshots and records which local directories the build asks for and how they are filtered.
// Measure applies fsutil's own filter to such a request and adds up the packets that BuildKit's receiver counts.
//
// Only this package knows BuildKit's Go API.
package transfer

import (
	"github.com/loadline-dev/loadline/pkg/tree"
)

// DefaultPlatform is the platform of a build that names none: the same on every machine, so that numbers are.
const DefaultPlatform = "linux/amd64"

// Request is one build whose upload is asked for. The zero value of every field but Context and Dockerfile is
// Docker's default.
type Request struct {
	// Context is the build context; nil where the context is not a local directory, so that nothing of it is sent.
	Context *tree.Snapshot
	// RemoteContext is the address of a Git or HTTP context where Context is nil.
	RemoteContext string
	// ContextDir and DockerfileDir name the directories in messages; empty or "." for the repository's root.
	ContextDir, DockerfileDir string
	// Dockerfile is the directory that holds the Dockerfile, and Filename the Dockerfile's name in it:
	// BuildKit's client offers the directory (buildx build/opt.go).
	Dockerfile *tree.Snapshot
	Filename   string
	// Stage is the stage to build (--target); empty means the last one.
	Stage string
	// Args are build arguments (--build-arg).
	Args map[string]string
	// Platforms are the platforms to build for; empty means DefaultPlatform.
	Platforms []string
	// Contexts are the named contexts (--build-context).
	Contexts map[string]NamedContext
	// Configs are the configurations of images that were looked up; a stub stands in for any other.
	Configs map[ImageKey]ImageConfig
	// Ignore replaces the ignore file that belongs to the Dockerfile (FILENAME.dockerignore) where it is not nil.
	Ignore []byte
}

// NamedContext is what --build-context gives a name to: a directory of a repository, or a reference that
// BuildKit fetches itself.
type NamedContext struct {
	// Tree is the local directory; nil for a reference.
	Tree *tree.Snapshot
	// Dir names the directory in messages.
	Dir string
	// Ref is a reference such as docker-image://alpine or https://…; empty for a local directory.
	Ref string
}

// Local is one request of the daemon for a local directory, as the frontend formulates it (an llb.Local).
type Local struct {
	// Name is the name of the local: "context", "dockerfile" or a named context's.
	Name string
	// Label is what BuildKit prints for the step, without its "[internal] " prefix: "load build context".
	Label string
	// FollowPaths are the paths asked for; nil means all of the directory.
	FollowPaths []string
	// IncludePatterns narrow the request; the Dockerfile frontend never sets them.
	IncludePatterns []string
	// ExcludePatterns are those of the ignore file.
	ExcludePatterns []string

	tree localTree
}

// Tree is the directory that is asked for, without a file that the request lays over it.
func (l Local) Tree() *tree.Snapshot { return l.tree.Snapshot }

// Kind says which part of a build a Local is.
type Kind uint8

// The kinds of requests, in the order in which a build makes them.
const (
	// DockerfileLoad fetches the Dockerfile and the ignore file that belongs to it.
	DockerfileLoad Kind = iota + 1
	// IgnoreLoad fetches the .dockerignore of a context.
	IgnoreLoad
	// ContextLoad fetches the files of the build context or of a named context.
	ContextLoad
)

// Source is a place in the Dockerfile that reads from a local directory, as BuildKit's own build graph says.
type Source struct {
	// Local is the name of the local: "context" or a named context's.
	Local string
	// Path is the path it reads, relative to the local's root and possibly with wildcards; "." means all of it.
	Path string
	// Patterns narrow what is copied out of Path (COPY --parents); they do not narrow what is uploaded.
	Patterns []string
	// Line is the 1-based line of the instruction; 0 where BuildKit does not say.
	Line int
	// Mount says that a RUN --mount reads it, and not a COPY or ADD.
	Mount bool
}

// Image is a base image, or an image that a COPY --from or mount names.
type Image struct {
	ImageKey
	// Known says that it belongs to the official images known to have no ONBUILD triggers.
	Known bool
	// Resolved says that its configuration was given (Request.Configs), so that neither its environment nor its
	// triggers are assumed.
	Resolved bool
}

// ImageKey names an image on a platform.
type ImageKey struct {
	// Ref is the reference as normalised by BuildKit and in the form that people write: "node:22".
	Ref string
	// Platform is the platform for which it is asked: "linux/amd64".
	Platform string
}

// ImageConfig is the part of an image's configuration that decides what a build uploads. BuildKit's code reads it in this
// process: whoever gives it has bounded it (dockerfile.CheckExpansion).
type ImageConfig struct {
	// Env are the variables, NAME=VALUE each.
	Env []string
	// Triggers are the ONBUILD instructions.
	Triggers []string
	// WorkingDir is the directory in which the image's instructions begin; empty for the root.
	WorkingDir string
}

// Plan is what a build asks its client for.
type Plan struct {
	// Locals are the requests, each once, in a stable order: Dockerfile, ignore files, contexts.
	Locals []Local
	// Sources are the instructions that read from local directories, by line.
	Sources []Source
	// Lines are the first lines of the instructions that the build carries out, in order: those of the stages that the
	// target needs, as far as BuildKit makes an operation of them (FROM an image, RUN, COPY, ADD, WORKDIR).
	Lines []int
	// Images are the images whose configuration was asked for, by reference and platform.
	Images []Image
	// Undefined are the variables used but not defined, with the line of the instruction.
	Undefined []UndefinedVariable
	// Syntax is the image of the external frontend that the Dockerfile or an argument names; empty for none.
	Syntax string
}

// UndefinedVariable is a use of a variable that neither ARG nor ENV of the Dockerfile defines; a base image may.
type UndefinedVariable struct {
	Name string
	Line int
}

// Transfer is one measured request.
type Transfer struct {
	Local
	// Bytes is what BuildKit prints as "transferring NAME: N".
	Bytes int64
	// Payload is the contents of the files alone.
	Payload int64
	// Files is the number of regular files.
	Files int64
	// Entries are what is sent, directories included, in the order in which it is sent.
	Entries []Entry
}

// Entry is one path of a transfer.
type Entry struct {
	tree.Entry
	// Bytes is what this entry adds to the transfer: its packets of metadata and contents.
	Bytes int64
	// Payload is how much of its contents is sent: 0 for anything but a regular file, and for further names of a
	// hard-linked file.
	Payload int64
	// Emptied says that the walk lists the file but refuses to open it, so that it arrives empty: the two matchers
	// of moby/patternmatcher disagree about it (fsutil filter.go, Walk and Open).
	Emptied bool
}
