package loadline

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/loadline-dev/loadline/pkg/dockerignore"
	"github.com/loadline-dev/loadline/pkg/report"
	"github.com/loadline-dev/loadline/pkg/transfer"
)

// Reason says why a path is uploaded, or why it is not.
type Reason struct {
	// Path is the path as it was asked for, relative to the context.
	Path string `json:"path"`
	// Uploaded says whether BuildKit uploads it, or anything below it.
	Uploaded bool `json:"uploaded"`
	// Size is what the path and all below it add to the upload; zero where it is not uploaded.
	Size report.Size `json:"size"`
	// Pulls are the instructions that pull it in.
	Pulls []report.Instruction `json:"pulls"`
	// Ignored is the line of the ignore file that keeps it out; nil where none does.
	Ignored *report.Instruction `json:"ignored"`
	// Note explains what the rest does not say; may be empty.
	Note string `json:"note"`
}

// Why answers which instructions pull paths of the build context into the upload, or which line of an ignore file
// keeps them out.
func Why(ctx context.Context, b Single, paths []string) ([]Reason, error) {
	return inTime(ctx, BuildDeadline, func(ctx context.Context) ([]Reason, error) { return b.why(ctx, paths) })
}

func (b Single) why(ctx context.Context, paths []string) ([]Reason, error) {
	req, err := b.open(ctx)
	if err != nil {
		return nil, err
	}
	if req.Dockerfile == nil || req.Context == nil {
		return nil, usage("explaining paths: the context is remote, nothing of it is uploaded")
	}
	name := b.dockerfile()
	r, err := newResolver(b.Registry, nil)
	if err != nil {
		return nil, err
	}
	u, err := prepare(ctx, r, req, name)
	if err != nil {
		return nil, err
	}
	if err := u.measure(ctx, &transfer.Meter{}); err != nil {
		return nil, err
	}
	w, err := u.explainer(req)
	if err != nil {
		return nil, err
	}
	reasons := make([]Reason, 0, len(paths))
	for _, p := range paths {
		r, err := w.why(contextPath(b.Context, p))
		if err != nil {
			return nil, err
		}
		reasons = append(reasons, r)
	}
	return reasons, nil
}

// contextPath turns a path as typed into one relative to the context: one that begins with the context's own name is
// taken to be relative to the working directory.
func contextPath(context, name string) string {
	context, name = path.Clean(context), path.Clean(name)
	if rest, ok := strings.CutPrefix(name, context+"/"); ok && context != "." {
		return rest
	}
	return name
}

// explainer answers why for the paths of one build context.
type explainer struct {
	upload  *upload
	req     transfer.Request
	context *transfer.Transfer // nil where no file of the context is asked for
	covers  []*transfer.Cover
	ignore  *dockerignore.File // nil where there is none
}

func (u *upload) explainer(req transfer.Request) (*explainer, error) {
	e := &explainer{upload: u, req: req}
	for _, t := range u.transfers {
		if t.Name == "context" && t.Kind() == transfer.ContextLoad {
			e.context = t
		}
	}
	var err error
	if e.covers, err = u.covers("context"); err != nil {
		return nil, err
	}
	name, text := req.IgnoreFile(u.plan)
	if text != nil {
		if e.ignore, err = dockerignore.Parse(name, text); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// covers are what tells which instruction reads which path of a local directory.
func (u *upload) covers(local string) ([]*transfer.Cover, error) {
	var covers []*transfer.Cover
	for _, l := range u.plan.Locals {
		if l.Name != local || l.Kind() != transfer.ContextLoad {
			continue
		}
		for _, s := range u.plan.Sources {
			if s.Local != local {
				continue
			}
			c, err := l.NewCover(s)
			if err != nil {
				return nil, err
			}
			covers = append(covers, c)
		}
		if u.plan.Unexplained(l) {
			covers = append(covers, transfer.WholeCover(lineOfUnreadMount(u.file)))
		}
		break // several platforms: the instructions are the same
	}
	return covers, nil
}

// why answers for one path.
func (e *explainer) why(p string) (Reason, error) {
	r := Reason{Path: p, Pulls: []report.Instruction{}}
	if e.context != nil {
		r.Size, r.Uploaded = below(e.context, p)
	}
	r.Pulls = e.upload.pulls(e.covers, p)
	switch {
	case r.Uploaded:
		if len(r.Pulls) == 0 {
			r.Note = "it is the directory of a path that is uploaded, or a link on the way to one"
		}
		return r, nil
	case len(r.Pulls) == 0:
		r.Note = "no instruction of a stage that is built reads it"
	}
	if _, ok := e.req.Context.Lookup(p); !ok {
		r.Note = "there is no such path in the context"
	}
	if e.ignore == nil {
		return r, nil
	}
	decision, err := e.ignore.Decide(p)
	if err != nil {
		return r, fmt.Errorf("matching %s: %w", p, err)
	}
	if decision.Excluded && decision.Line != nil {
		r.Ignored = &report.Instruction{
			Path: e.ignore.Source.Path, Line: decision.Line.Number, Text: e.ignore.Source.Slice(decision.Line.Span),
		}
	}
	return r, nil
}

// below adds up what a path and all below it transfer.
func below(t *transfer.Transfer, p string) (report.Size, bool) {
	var size report.Size
	found := false
	for _, e := range t.Entries {
		if p != "." && e.Path != p && !strings.HasPrefix(e.Path, p+"/") {
			continue
		}
		found = true
		size.Bytes += e.Bytes
		size.Payload += e.Payload
		if e.Mode.IsRegular() {
			size.Files++
		}
	}
	return size, found
}

// pulls lists the instructions that pull a path in.
func (u *upload) pulls(covers []*transfer.Cover, p string) []report.Instruction {
	out := []report.Instruction{}
	seen := map[int]bool{}
	for _, c := range covers {
		if seen[c.Source.Line] || !c.Pulls(p) {
			continue
		}
		seen[c.Source.Line] = true
		at := report.Instruction{Path: u.file.Source.Path, Line: c.Source.Line}
		if instruction := u.file.InstructionAt(c.Source.Line); instruction != nil {
			at.Text = instruction.FirstLine()
		}
		out = append(out, at)
	}
	return out
}
