package rules

import (
	"context"
	"fmt"
	"path"
	"slices"

	"github.com/loadline-dev/loadline/pkg/dockerfile"
	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/source"
)

// mountUploadsWholeContext reports mounts that make BuildKit ask for all of the context although nothing reads it.
var mountUploadsWholeContext = rule.Rule{
	Name:     "mount-uploads-whole-context",
	Title:    "a mount uploads the whole build context",
	Area:     finding.Dockerignore,
	Severity: finding.Warning,
	Needs:    rule.NeedsUpload,
	Run:      runMountUploadsWholeContext,
}

// runMountUploadsWholeContext looks for two accidents. BuildKit adds the source of every mount without from= to the paths
// of the context, that of a tmpfs mount too, which has none: "/" (dockerfile2llb convert_runmount.go, dispatchRunMounts).
// And a bind mount without source= is all of the context, also where its target is the name of one file.
func runMountUploadsWholeContext(_ context.Context, p *rule.Pass) error {
	u := wholeContext(p)
	if u == nil {
		return nil
	}
	for i := range p.Instructions("RUN") {
		for n := range i.Mounts {
			m := &i.Mounts[n]
			if _, ok := m.Field("from"); ok {
				continue
			}
			if _, ok := m.Field("source", "src"); ok {
				continue
			}
			switch {
			case m.Type == "tmpfs" && !readsAll(p):
				reportTmpfs(p, u, m)
				return nil // one makes BuildKit ask for all, and the fix of it alone would not change that
			case m.Type == "bind":
				reportFileMount(p, u, m)
			}
		}
	}
	return nil
}

// wholeContext is the upload of the build context where all of it is asked for; nil where not.
func wholeContext(p *rule.Pass) *rule.Upload {
	for _, u := range p.Uploads() {
		if u.Name == "context" && u.Whole {
			return u
		}
	}
	return nil
}

// readsAll reports whether an instruction really reads all of the context.
func readsAll(p *rule.Pass) bool {
	for _, s := range p.Plan.Sources {
		if s.Local == "context" && s.Path == "." {
			return true
		}
	}
	return false
}

// unread is what the instructions do not read of the context.
func unread(p *rule.Pass, u *rule.Upload) rule.Size {
	rest := u.Size()
	var seen []string
	for _, s := range p.Plan.Sources {
		if s.Local != "context" || slices.Contains(seen, s.Path) {
			continue
		}
		seen = append(seen, s.Path)
		size := u.Under(s.Path)
		rest.Bytes -= size.Bytes
		rest.Payload -= size.Payload
		rest.Files -= size.Files
	}
	return rest
}

// reportTmpfs offers to say where the mount comes from, for every mount of the kind.
func reportTmpfs(p *rule.Pass, u *rule.Upload, m *dockerfile.Mount) {
	size := unread(p, u)
	if !worthwhile(size) {
		return
	}
	fix := finding.Fix{Title: "Mount it from=scratch, so that BuildKit asks the context for nothing"}
	for i := range p.Instructions("RUN") {
		for n := range i.Mounts {
			other := &i.Mounts[n]
			_, from := other.Field("from")
			if at, ok := typeField(other); ok && other.Type == "tmpfs" && !from {
				fix.Edits = append(fix.Edits, insert(p, at.End, ",from=scratch"))
			}
		}
	}
	p.Report(finding.Finding{
		Span:    m.Span,
		Message: fmt.Sprintf("a tmpfs mount makes BuildKit ask for the whole context: %s that no instruction reads", size),
		Fixes:   []finding.Fix{fix},
	})
}

// typeField is where "type=tmpfs" stands.
func typeField(m *dockerfile.Mount) (source.Span, bool) {
	for _, f := range m.Fields {
		if f.Key == "type" {
			return f.Span, f.Span != m.Span
		}
	}
	return source.Span{}, false
}

// reportFileMount reports a mount of everything at the name of one file of the context.
func reportFileMount(p *rule.Pass, u *rule.Upload, m *dockerfile.Mount) {
	target, ok := m.Field("target", "dst", "destination")
	if !ok {
		return
	}
	name := path.Base(target.Value)
	f, ok := u.File(name)
	if !ok || !f.Mode.IsRegular() || !worthwhile(u.Size()) {
		return
	}
	p.Report(finding.Finding{
		Span:    m.Span,
		Message: fmt.Sprintf("mounts the whole context at %s, and uploads all %s of it for that", source.Printable(target.Value), u.Size()),
		Fixes: []finding.Fix{{
			Title: "Mount the file alone",
			Edits: []finding.Edit{insert(p, target.Span.Start, "source="+name+",")},
		}},
	})
}

// insert is an edit of the Dockerfile that adds text at an offset.
func insert(p *rule.Pass, at int, text string) finding.Edit {
	return finding.Edit{
		Path: p.Dockerfile.Source.Path, File: p.Dockerfile.Source,
		Edit: source.Edit{Span: source.Span{Start: at, End: at}, NewText: text},
	}
}
