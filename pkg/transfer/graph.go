package transfer

import (
	"path"
	"strings"

	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
)

// internalPrefix marks steps that BuildKit adds itself (frontend/dockerui/config.go, WithInternalName).
const internalPrefix = "[internal] "

// graph is what a build graph (an LLB definition) says about local directories.
type graph struct {
	locals  []localOp
	sources []Source
	// names gives the local of each operation that is one.
	names map[digest.Digest]string
	// lines are those of the Dockerfile that operations come from.
	lines map[int]bool
}

type localOp struct {
	digest digest.Digest
	local  Local
}

// addLocal records op where it is a local source.
func (g *graph) addLocal(def *pb.Definition, op *pb.Op, dgst digest.Digest) error {
	name, ok := strings.CutPrefix(op.GetSource().GetIdentifier(), "local://")
	if !ok {
		return nil
	}
	attrs := op.GetSource().GetAttrs()
	local := Local{Name: name}
	var err error
	if local.FollowPaths, err = jsonList(attrs, pb.AttrFollowPaths); err != nil {
		return err
	}
	if local.IncludePatterns, err = jsonList(attrs, pb.AttrIncludePatterns); err != nil {
		return err
	}
	if local.ExcludePatterns, err = jsonList(attrs, pb.AttrExcludePatterns); err != nil {
		return err
	}
	if meta := def.GetMetadata()[string(dgst)]; meta != nil {
		local.Label = strings.TrimPrefix(meta.GetDescription()["llb.customname"], internalPrefix)
	}
	g.locals = append(g.locals, localOp{digest: dgst, local: local})
	g.names[dgst] = name
	return nil
}

// addSources records which paths of local directories op reads: the sources of its copies and of its mounts.
func (g *graph) addSources(op *pb.Op, line int) {
	input := func(index int64) (string, bool) {
		if index < 0 || int(index) >= len(op.GetInputs()) {
			return "", false // the result of an earlier action of the same operation
		}
		name, ok := g.names[digest.Digest(op.GetInputs()[index].GetDigest())]
		return name, ok
	}
	for _, action := range op.GetFile().GetActions() {
		copied := action.GetCopy()
		if copied == nil {
			continue
		}
		if name, ok := input(action.GetSecondaryInput()); ok {
			g.sources = append(g.sources, Source{
				Local: name, Path: relative(copied.GetSrc()), Patterns: copied.GetIncludePatterns(), Line: line,
			})
		}
	}
	for _, mount := range op.GetExec().GetMounts() {
		if name, ok := input(mount.GetInput()); ok && mount.GetDest() != pb.RootMount {
			g.sources = append(g.sources, Source{Local: name, Path: relative(mount.GetSelector()), Line: line, Mount: true})
		}
	}
}

// relative turns a source path of the build graph into the form of a path to follow
// (dockerfile2llb convert.go, normalizeContextPaths); the root is ".".
func relative(src string) string { return path.Join(".", path.Join("/", src)) }

// addLines records which instructions of the Dockerfile an operation comes from; equal operations come from several.
func (g *graph) addLines(def *pb.Definition, dgst digest.Digest) {
	for _, location := range def.GetSource().GetLocations()[string(dgst)].GetLocations() {
		for _, r := range location.GetRanges() {
			g.lines[int(r.GetStart().GetLine())] = true
		}
	}
}

// line is the first line of the Dockerfile that an operation comes from; 0 where the graph does not say.
func line(def *pb.Definition, dgst digest.Digest) int {
	for _, location := range def.GetSource().GetLocations()[string(dgst)].GetLocations() {
		for _, r := range location.GetRanges() {
			return int(r.GetStart().GetLine())
		}
	}
	return 0
}
