package rules

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/loadline-dev/loadline/pkg/dockerfile"
	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/shell"
	"github.com/loadline-dev/loadline/pkg/source"
)

// layersUndoEachOther reports steps of the final stage that store once more, or delete too late, what a step before them
// stored.
var layersUndoEachOther = rule.Rule{
	Name:     "layers-undo-each-other",
	Title:    "a layer stores again, or deletes, what one below it holds",
	Area:     finding.MultiStage,
	Severity: finding.Notice,
	Needs:    rule.NeedsScripts | rule.NeedsUpload,
	Run:      runLayersUndoEachOther,
}

// placed is what a COPY or ADD of the final stage put somewhere.
type placed struct {
	by *dockerfile.Instruction
	// path is where, in the image; a directory where dir says so.
	path string
	dir  bool
	// size is how large it is; zero where that is not known, for what comes from another stage or an image.
	size  rule.Size
	known bool
	// source is its path in the build context, where it comes from there.
	source string
}

func runLayersUndoEachOther(_ context.Context, p *rule.Pass) error {
	var earlier []placed
	lists := false // an earlier step left the package lists of apt behind
	for _, i := range p.Final.Instructions {
		switch i.Name {
		case "COPY", "ADD":
			earlier = append(earlier, puts(p, i)...)
		case "RUN":
			calls := p.Calls(i)
			fetches := false
			for _, c := range calls {
				fetches = fetches || c.Is("apt-get", "apt") && c.HasArg("update")
			}
			for _, c := range calls {
				switch {
				case c.Is("chown", "chmod", "chgrp") && !c.Conditional:
					reportOwner(p, c, earlier)
				case c.Is("rm") && !fetches:
					reportRemoval(p, c, earlier, lists)
				}
			}
			lists = leavesLists(i, calls, fetches, lists)
		}
	}
	return nil
}

// leavesLists reports whether the package lists of apt lie in a layer after a step.
func leavesLists(i *dockerfile.Instruction, calls []*shell.Call, fetches, before bool) bool {
	for n := range i.Mounts {
		if target, _ := i.Mounts[n].Field("target", "dst", "destination"); strings.HasPrefix(target.Value, "/var/lib/apt") {
			return before
		}
	}
	for _, c := range calls {
		if c.Is("rm") && removesLists(c) {
			return false
		}
	}
	return before || fetches
}

func removesLists(c *shell.Call) bool {
	for _, w := range c.Operands() {
		if strings.HasPrefix(w.Text, "/var/lib/apt/lists") || w.Text == "/var/lib/apt" {
			return true
		}
	}
	return false
}

// puts is where the sources of an instruction end up.
func puts(p *rule.Pass, i *dockerfile.Instruction) []placed {
	dest, ok := i.Dest()
	if !ok {
		return nil
	}
	v := p.Dockerfile.Expand(dest.Value, p.Variables(i))
	if !v.Known {
		return nil
	}
	to := v.Text
	if !path.IsAbs(to) {
		workdir := p.Workdir(i)
		if workdir == "" {
			return nil
		}
		to = path.Join(workdir, to) + strings.Repeat("/", strings.Count(to[max(len(to)-1, 0):], "/"))
	}
	_, from := i.Flag("from")
	sources := i.Sources()
	var out []placed
	for _, w := range sources {
		s := p.Dockerfile.Expand(w.Value, p.Variables(i))
		if !s.Known || strings.Contains(s.Text, "://") {
			continue
		}
		out = append(out, put(p, i, path.Join(".", path.Join("/", s.Text)), to, len(sources) > 1, from))
	}
	return out
}

func put(p *rule.Pass, i *dockerfile.Instruction, name, to string, several, from bool) placed {
	out := placed{by: i, path: path.Clean(to), dir: true}
	if from {
		return out
	}
	for _, u := range p.Uploads() {
		if u.Name != "context" || strings.ContainsAny(name, `*?[`) {
			continue
		}
		out.size, out.known, out.source = u.Under(name), true, name
		if f, ok := u.File(name); ok && !f.Mode.IsDir() {
			if strings.HasSuffix(to, "/") || several || out.path == "/" {
				out.path = path.Join(out.path, path.Base(name))
			}
			out.dir = false
		}
	}
	return out
}

// within reports whether a path is another one, or lies in it.
func within(p, dir string) bool {
	return p == dir || dir == "/" || strings.HasPrefix(p, dir+"/")
}

// reportOwner reports a change of owner or mode of everything that earlier steps copied: each file is stored again.
func reportOwner(p *rule.Pass, c *shell.Call, earlier []placed) {
	if _, recursive := c.Option("cfvhHLP", "-R", "--recursive"); !recursive {
		return
	}
	operands := c.Operands()
	if len(operands) < 2 {
		return
	}
	var by *dockerfile.Instruction
	var size rule.Size
	unknown := false
	for _, w := range operands[1:] {
		target := w.Text
		if !w.Known || strings.ContainsAny(target, "*?[") {
			continue
		}
		if !path.IsAbs(target) {
			if c.Dir == "" {
				continue
			}
			target = path.Join(c.Dir, target)
		}
		for _, e := range earlier {
			if !within(e.path, path.Clean(target)) || hasOwner(e.by, c) {
				continue
			}
			unknown = unknown || !e.known
			size.Bytes += e.size.Bytes
			size.Files += e.size.Files
			by = e.by
		}
	}
	if by == nil || !unknown && !worthwhile(size) {
		return
	}
	what := "everything that " + by.Keyword.Value + " put there in line " + fmt.Sprint(by.StartLine)
	if !unknown {
		what = size.String()
	}
	flag := "--chown"
	if c.Is("chmod") {
		flag = "--chmod"
	}
	p.Report(finding.Finding{
		Span:    c.Command.Span,
		Message: "stores " + what + " a second time, in a layer of its own",
		Advice:  "Say it when the files are copied: " + strings.ToUpper(by.Name) + " " + flag + "=" + source.Printable(operands[0].Text),
	})
}

// hasOwner reports whether the copy says already what the command says.
func hasOwner(i *dockerfile.Instruction, c *shell.Call) bool {
	name := "chown"
	if c.Is("chmod") {
		name = "chmod"
	}
	_, ok := i.Flag(name)
	return ok
}

// reportRemoval reports the deletion of what an earlier layer holds: it stays there.
func reportRemoval(p *rule.Pass, c *shell.Call, earlier []placed, lists bool) {
	if lists && removesLists(c) {
		p.Report(finding.Finding{
			Span:    c.Command.Span,
			Message: "removes package lists that stay in an earlier layer all the same",
			Advice:  "Remove them in the RUN that fetches them, or keep them out of the image with --mount=type=cache,target=/var/lib/apt,sharing=locked",
		})
		return
	}
	for _, w := range c.Operands() {
		if !w.Known || !path.IsAbs(w.Text) {
			continue
		}
		for _, e := range earlier {
			if !e.known || !worthwhile(e.size) || !within(e.path, path.Clean(w.Text)) {
				continue
			}
			p.Report(finding.Finding{
				Span:    w.Span,
				Message: fmt.Sprintf("removes %s of %s, which stay in the layer of line %d all the same", e.size, source.Printable(w.Text), e.by.StartLine),
				Advice:  "Mount it where it is used, with RUN --mount=type=bind, or use it in a stage of its own: then no layer holds it",
			})
		}
	}
}
