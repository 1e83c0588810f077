package rules

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/loadline-dev/loadline/pkg/dockerfile"
	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/shell"
	"github.com/loadline-dev/loadline/pkg/source"
)

// dependenciesInstalledAfterCopyAll reports packages that are installed again whenever any file of the project changes.
var dependenciesInstalledAfterCopyAll = rule.Rule{
	Name:     "dependencies-installed-after-copy-all",
	Title:    "every change of a file installs all packages again",
	Area:     finding.Cache,
	Severity: finding.Warning,
	Needs:    rule.NeedsUpload | rule.NeedsFiles | rule.NeedsScripts,
	Run:      runDependenciesInstalledAfterCopyAll,
}

func runDependenciesInstalledAfterCopyAll(_ context.Context, p *rule.Pass) error {
	if forDevelopment(p) {
		return nil
	}
	for _, stage := range p.Stages {
		seen := map[string]bool{}
		for _, i := range stage.Instructions {
			if i.Name != "RUN" {
				continue
			}
			for _, c := range p.Calls(i) {
				if in, called := installerOf(c); in != nil && !seen[in.program] {
					seen[in.program] = true
					if !installedBefore(p, stage.Parent, in) {
						installedAfterCopy(p, i, c, in, called)
					}
				}
			}
		}
	}
	return nil
}

func installerOf(c *shell.Call) (*installer, string) {
	for n := range manifestInstallers {
		if _, called, ok := restoreOf([]restore{manifestInstallers[n].restore}, c); ok {
			return &manifestInstallers[n], called
		}
	}
	return nil, ""
}

// installedBefore reports whether a stage, or one that it is built on, installs with the same program.
func installedBefore(p *rule.Pass, s *dockerfile.Stage, in *installer) bool {
	for ; s != nil; s = s.Parent {
		for _, i := range s.Instructions {
			if i.Name == "RUN" && slices.ContainsFunc(p.Calls(i), func(c *shell.Call) bool { return c.Is(in.program) }) {
				return true
			}
		}
	}
	return false
}

func installedAfterCopy(p *rule.Pass, run *dockerfile.Instruction, c *shell.Call, in *installer, called string) {
	if in.compiles && slices.ContainsFunc(run.Mounts, func(m dockerfile.Mount) bool { return m.Type == "cache" }) {
		return
	}
	manifest, by, ok := in.find(p, run, c)
	if !ok || by == run || by.Stage != run.Stage || !copiesProject(p, by, manifest) {
		return
	}
	project := path.Dir(manifest)
	v := movable
	if in.check != nil {
		v = in.check(p, c, project)
	}
	if v == needsSources {
		return
	}
	f := finding.Finding{
		Span: by.Keyword.Span, About: called,
		Message: fmt.Sprintf("copies the project before %s, so that every change of a file installs all packages again", called),
		Advice:  in.advice,
	}
	if v == movable {
		if fix, ok := manifestsFirst(p, by, run, c, in, manifest); ok {
			f.Advice, f.Fixes = "", []finding.Fix{fix}
		}
	}
	if f.Advice == "" && len(f.Fixes) == 0 {
		f.Advice = "Copy " + path.Base(manifest) + " first, install, and copy the rest then"
	}
	p.Report(f)
}

// find is the manifest of a call in the build context, and what copied it.
func (in *installer) find(p *rule.Pass, run *dockerfile.Instruction, c *shell.Call) (string, *dockerfile.Instruction, bool) {
	at := c.Dir
	if w, ok := c.Option("", in.dirs...); ok && len(in.dirs) > 0 {
		if !w.Known {
			return "", nil, false
		}
		if at = w.Text; !path.IsAbs(at) {
			at = path.Join(c.Dir, at)
		}
	}
	names := in.manifests
	if len(names) == 0 {
		names = requirementFiles(c)
	}
	for _, name := range names {
		if !path.IsAbs(name) {
			if at == "" {
				return "", nil, false
			}
			name = path.Join(at, name)
		}
		if strings.Contains(name, "*") {
			if found, by, ok := globbed(p, run, name); ok {
				return found, by, true
			}
			continue
		}
		if found, by, ok := p.CopiedBy(run, name); ok {
			return found, by, true
		}
	}
	return "", nil, false
}

// globbed is the first file of the upload that a pattern in the image means.
func globbed(p *rule.Pass, run *dockerfile.Instruction, pattern string) (string, *dockerfile.Instruction, bool) {
	for _, u := range p.Uploads() {
		for _, f := range u.Files() {
			if ok, err := path.Match(path.Base(pattern), path.Base(f.Path)); err != nil || !ok || f.Mode.IsDir() {
				continue
			}
			if found, by, ok := p.CopiedBy(run, path.Join(path.Dir(pattern), path.Base(f.Path))); ok && found == f.Path {
				return found, by, true
			}
		}
		break // the build context
	}
	return "", nil, false
}

// aloneFiles is up to how many files a directory may hold beside a manifest to be one of manifests.
const aloneFiles = 5

// copiesProject reports whether an instruction copies the manifest with the project around it, and not alone, with other
// manifests, or out of another stage.
func copiesProject(p *rule.Pass, by *dockerfile.Instruction, manifest string) bool {
	if _, from := by.Flag("from"); from {
		return false
	}
	for _, w := range by.Sources() {
		src := strings.TrimPrefix(path.Clean("/"+w.Value), "/")
		if src == manifest || strings.ContainsAny(src, "*?[$") {
			continue
		}
		if src != "" && !strings.HasPrefix(manifest, src+"/") {
			continue
		}
		for _, u := range p.Uploads() {
			if src == "" {
				src = "."
			}
			return u.Under(src).Files > aloneFiles || src == "."
		}
	}
	return false
}

// manifestsFirst is a fix that copies the manifests alone and installs before the project is copied. ok is false where the
// RUN does more than install, something stands between, or the manifests lie elsewhere than where it installs.
func manifestsFirst(p *rule.Pass, by, run *dockerfile.Instruction, c *shell.Call, in *installer, manifest string) (finding.Fix, bool) {
	list := by.Stage.Instructions
	next := slices.Index(list, by)+1 == slices.Index(list, run)
	dest, ok := by.Dest()
	sources := by.Sources()
	if !ok || !next || len(sources) != 1 || path.Clean(sources[0].Value) != path.Dir(manifest) || strings.ContainsAny(dest.Value, `"'$[`) || by.JSON {
		return finding.Fix{}, false
	}
	if to := path.Clean(dest.Value); to != "." && !path.IsAbs(to) || path.IsAbs(to) && to != c.Dir || to == "." && p.Workdir(by) != c.Dir {
		return finding.Fix{}, false
	}
	if len(run.Mounts) > 0 && slices.ContainsFunc(run.Mounts, func(m dockerfile.Mount) bool { return m.Type == "bind" }) {
		return finding.Fix{}, false
	}
	alone := len(p.Calls(run)) == 1
	if !in.compiles && !alone {
		return finding.Fix{}, false
	}
	files := []string{manifest}
	for _, name := range in.with {
		if name = path.Join(path.Dir(manifest), name); p.Exists(name) {
			files = append(files, name)
		}
	}
	if strings.ContainsAny(strings.Join(files, ""), " \t\n\"'$[]*?\\#") {
		return finding.Fix{}, false // names that COPY would read otherwise
	}
	file := p.Dockerfile.Source
	ending := lineEnding(file)
	copied := "COPY "
	for _, f := range by.Flags {
		copied += file.Slice(f.Span) + " "
	}
	copied += strings.Join(files, " ") + " " + strings.TrimSuffix(dest.Value, "/") + "/" + ending
	fix := finding.Fix{Title: "Copy " + strings.Join(files, ", ") + " and install before the rest is copied"}
	if !keepOut(p, &fix, in.fills, path.Dir(manifest)) {
		return finding.Fix{}, false
	}
	install := "RUN " + in.first
	if !in.compiles {
		install = file.Slice(run.Span)
		fix.Edits = append(fix.Edits, edit(p, removal(file, run.Span), ""))
	}
	fix.Edits = append(fix.Edits, edit(p, source.Span{Start: by.Span.Start, End: by.Span.Start}, copied+install+ending))
	return fix, true
}

// keepOut adds to a fix what keeps a directory that is installed first from being copied over afterwards.
func keepOut(p *rule.Pass, fix *finding.Fix, dir, project string) bool {
	if dir == "" {
		return true
	}
	for _, u := range p.Uploads() {
		if u.Name != "context" {
			continue
		}
		if u.Ignore != nil {
			if d, err := u.Ignore.Decide(path.Join(project, dir)); err != nil || d.Excluded {
				return err == nil
			}
		}
		more := u.Exclude(rule.IgnoreLine{Pattern: "**/" + dir, Why: "installed in the build"})[0]
		fix.Edits = append(fix.Edits, more.Edits...)
		fix.Title += ", and keep " + dir + " out of the upload"
		return true
	}
	return false
}

func edit(p *rule.Pass, span source.Span, text string) finding.Edit {
	return finding.Edit{Path: p.Dockerfile.Source.Path, File: p.Dockerfile.Source, Edit: source.Edit{Span: span, NewText: text}}
}

// removal is the span of an instruction with the line ending before it, and with the empty line before it where another
// one follows.
func removal(file *source.File, span source.Span) source.Span {
	first, last := file.Position(span.Start).Line, file.Position(span.End).Line
	before := file.Line(first - 1)
	if first > 2 && last < file.Lines() && before.Empty() && file.Line(last+1).Empty() {
		before = file.Line(first - 2)
	}
	return source.Span{Start: before.End, End: span.End}
}

// lineEnding is that of a file.
func lineEnding(file *source.File) string {
	if first := file.Line(1); strings.HasPrefix(string(file.Text[first.End:]), "\r\n") {
		return "\r\n"
	}
	return "\n"
}
