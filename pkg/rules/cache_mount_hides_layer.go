package rules

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/loadline-dev/loadline/pkg/dockerfile"
	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/source"
)

// cacheMountHidesLayer reports what is written into a cache mount and looked for in the layer.
var cacheMountHidesLayer = rule.Rule{
	Name:     "cache-mount-hides-layer",
	Title:    "what a later step looks for lies in a cache mount only",
	Area:     finding.Cache,
	Severity: finding.Warning,
	Needs:    rule.NeedsScripts | rule.NeedsUpload,
	Run:      runCacheMountHidesLayer,
}

// runCacheMountHidesLayer looks for COPY --from that takes a path out of a directory on which every step of that stage that
// could have written it has mounted a cache. What a mount holds is in no layer.
func runCacheMountHidesLayer(_ context.Context, p *rule.Pass) error {
	for i := range p.Instructions("COPY") {
		from, ok := i.Flag("from")
		if !ok {
			continue
		}
		stage := p.Dockerfile.Stage(from.Value.Value, i.Stage.Index)
		if stage == nil {
			continue
		}
		for _, w := range i.Sources() {
			v := p.Dockerfile.Expand(w.Value, p.Variables(i))
			if !v.Known {
				continue
			}
			if target := hiddenBy(p, stage, path.Join("/", v.Text)); target != "" {
				p.Report(finding.Finding{
					Span: w.Span,
					Message: "copies " + source.Printable(v.Text) + " out of stage " + source.Printable(from.Value.Value) +
						", where " + source.Printable(target) + " is a cache mount: what a mount holds is in no layer",
					Advice: "Copy the result out of the mount at the end of the RUN that makes it, such as cp target/release/app /app",
				})
			}
		}
	}
	return nil
}

// hiddenBy is the target of the cache mount that holds a path alone; empty where a layer may hold it.
func hiddenBy(p *rule.Pass, stage *dockerfile.Stage, name string) string {
	found := ""
	for s := stage; s != nil; s = s.Parent {
		for _, i := range s.Instructions {
			switch i.Name {
			case "COPY", "ADD":
				for _, put := range puts(p, i) {
					if mayHold(p, put, name) {
						return ""
					}
				}
			case "RUN":
				target, mounted := cacheOver(p, i, name)
				if mounted {
					found = target
				} else if mentions(p, i, name) {
					return "" // it may write there without the mount
				}
			}
		}
	}
	return found
}

// mayHold reports whether what an instruction put somewhere may be, or hold, a path.
func mayHold(p *rule.Pass, e placed, name string) bool {
	if within(e.path, name) {
		return true
	}
	if !e.dir || !within(name, e.path) {
		return false
	}
	if !e.known {
		return true
	}
	rest := strings.TrimPrefix(strings.TrimPrefix(name, e.path), "/")
	for _, u := range p.Uploads() {
		if _, ok := u.File(path.Join(e.source, rest)); ok && u.Name == "context" {
			return true
		}
	}
	return false
}

// cacheOver is the cache mount of a step in which a path lies.
func cacheOver(p *rule.Pass, i *dockerfile.Instruction, name string) (string, bool) {
	for n := range i.Mounts {
		m := &i.Mounts[n]
		field, ok := m.Field("target", "dst", "destination")
		if m.Type != "cache" || !ok {
			continue
		}
		v := p.Dockerfile.Expand(field.Value, p.Variables(i))
		target := v.Text
		if !path.IsAbs(target) {
			workdir := p.Workdir(i)
			if workdir == "" {
				continue
			}
			target = path.Join(workdir, target)
		}
		if v.Known && within(name, path.Clean(target)) {
			return path.Clean(target), true
		}
	}
	return "", false
}

// mentions reports whether a step names a path, a directory around it, or its last part.
func mentions(p *rule.Pass, i *dockerfile.Instruction, name string) bool {
	text := i.Text()
	for _, h := range i.Heredocs {
		text += h.Content
	}
	parts := []string{name, path.Dir(name), path.Base(name)}
	return slices.ContainsFunc(parts, func(s string) bool { return s != "/" && s != "." && strings.Contains(text, s) }) || len(p.Calls(i)) == 0
}
