package rule

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/loadline-dev/loadline/pkg/dockerfile"
	"github.com/loadline-dev/loadline/pkg/shell"
	"github.com/loadline-dev/loadline/pkg/source"
)

// maxStagesBack is through how many COPY --from a file is followed.
const maxStagesBack = 8

// ContextFile is the path in the build context of the file that lies at an absolute path of the image before an
// instruction (and, for a RUN, in its bind mounts), as far as COPY and ADD say; ok is false where none of them put it there.
// The path may begin with shell.UnknownDir.
func (p *Pass) ContextFile(i *dockerfile.Instruction, name string) (found string, ok bool) {
	found, _, ok = p.CopiedBy(i, name)
	return found, ok
}

// CopiedBy is ContextFile with the instruction that put the file there: a COPY or ADD, of this stage or an earlier one, or
// the RUN itself for a bind mount.
func (p *Pass) CopiedBy(i *dockerfile.Instruction, name string) (found string, by *dockerfile.Instruction, ok bool) {
	p.must(NeedsFiles)
	return p.subject.contextFile(i, path.Clean(name))
}

// Called is the file of the build context that a command of an instruction runs: the script that a shell is given or that
// is started itself, or the makefile of make. ok is false where it runs none, or one that does not come from the context.
func (p *Pass) Called(i *dockerfile.Instruction, c *shell.Call) (file *source.File, ok bool) {
	p.must(NeedsFiles)
	for _, name := range called(c) {
		if found, _, ok := p.subject.contextFile(i, name); ok {
			if file, err := p.ReadFile(found); err == nil {
				return file, true
			}
		}
	}
	return nil, false
}

// ScriptCalls are the commands of the shell script of the build context that a command runs, and of those that it runs in
// turn; nil where it runs none that can be read. Their spans lie in their own File.
func (p *Pass) ScriptCalls(i *dockerfile.Instruction, c *shell.Call) []*shell.Call {
	p.must(NeedsFiles | NeedsScripts)
	found, ok := p.subject.inScripts[c]
	if !ok {
		found = p.scriptCalls(i, c, map[string]bool{})
		p.subject.inScripts[c] = found
	}
	return found
}

// scriptCalls looks at each file once, so that scripts which call each other end.
func (p *Pass) scriptCalls(i *dockerfile.Instruction, c *shell.Call, seen map[string]bool) []*shell.Call {
	if c.Is("make", "gmake") {
		return nil
	}
	file, ok := p.Called(i, c)
	if !ok || seen[file.Path] || len(seen) >= maxStagesBack {
		return nil
	}
	seen[file.Path] = true
	if !isShellScript(file, c) {
		return nil
	}
	calls, err := shell.FileCalls(file, c.Inside())
	if err != nil && len(calls) == 0 {
		return nil // not for a shell, or for one that is not known here
	}
	out := slices.Clone(calls)
	for _, inner := range calls {
		out = append(out, p.scriptCalls(i, beside(inner, c), seen)...)
	}
	return out
}

// besideScript matches a program in the directory of the script itself, as scripts name it.
var besideScript = regexp.MustCompile(`^"?\$\(dirname "?\$\{?(0|BASH_SOURCE|BASH_SOURCE\[0\])\}?"?\)"?/([\w./-]+)"?$`)

// beside is a command of a script, with the path of what it starts where the script names that by its own directory; other
// commands are returned as they are.
func beside(inner, by *shell.Call) *shell.Call {
	m := besideScript.FindStringSubmatch(inner.Command.Raw)
	if m == nil {
		return inner
	}
	paths := called(by)
	if len(paths) == 0 {
		return inner
	}
	named := *inner
	named.Name = path.Base(m[2])
	named.Command.Text, named.Command.Known = path.Join(path.Dir(paths[0]), m[2]), true
	return &named
}

// isShellScript reports whether a file is for a shell: a shell is given it, or its first line or its name says so.
func isShellScript(file *source.File, c *shell.Call) bool {
	if c.IsShell() {
		return true
	}
	line := file.Slice(file.Line(1))
	if strings.HasPrefix(line, "#!") {
		fields := strings.Fields(line[2:])
		return slices.ContainsFunc(fields, func(f string) bool { return shell.IsShell(path.Base(f)) })
	}
	return strings.HasSuffix(file.Path, ".sh")
}

// called are the paths in the image of the files that a command may run, the likeliest first.
func called(c *shell.Call) []string {
	at := func(w shell.Word) []string {
		if !w.Known || c.Dir == "" && !path.IsAbs(w.Text) {
			return nil
		}
		if path.IsAbs(w.Text) {
			return []string{path.Clean(w.Text)}
		}
		return []string{path.Join(c.Dir, w.Text)}
	}
	switch {
	case c.Is("make", "gmake"):
		return makefiles(c)
	case c.IsShell():
		if w, ok := c.Script(); ok {
			return at(w)
		}
		return nil
	case c.Is(".", "source"):
		if len(c.Args) > 0 {
			return at(c.Args[0])
		}
		return nil
	case strings.Contains(c.Command.Text, "/"):
		return at(c.Command)
	case c.Name != "":
		// A script that was copied to where programs are looked for.
		return []string{"/usr/local/bin/" + c.Name, "/usr/bin/" + c.Name, "/bin/" + c.Name, "/usr/local/sbin/" + c.Name}
	}
	return nil
}

// makefiles are those that make reads (GNU make manual, "Makefile Names").
func makefiles(c *shell.Call) []string {
	dir := c.Dir
	if w, ok := c.Option("BbdeikLlmnpqrRsStvw", "-C", "--directory"); ok {
		switch {
		case !w.Known:
			return nil
		case path.IsAbs(w.Text):
			dir = w.Text
		default:
			dir = path.Join(dir, w.Text)
		}
	}
	if dir == "" {
		return nil
	}
	if w, ok := c.Option("BbdeikLlmnpqrRsStvw", "-f", "--file", "--makefile"); ok {
		if !w.Known {
			return nil
		}
		if path.IsAbs(w.Text) {
			return []string{w.Text}
		}
		return []string{path.Join(dir, w.Text)}
	}
	return []string{path.Join(dir, "GNUmakefile"), path.Join(dir, "makefile"), path.Join(dir, "Makefile")}
}

func (s *Subject) contextFile(i *dockerfile.Instruction, name string) (string, *dockerfile.Instruction, bool) {
	if found, ok := s.mounted(i, name); ok {
		return found, i, true
	}
	return s.copied(i.Stage, i, name, maxStagesBack)
}

// mounted is what a bind mount of the context puts at a path.
func (s *Subject) mounted(i *dockerfile.Instruction, name string) (string, bool) {
	for n := range i.Mounts {
		m := &i.Mounts[n]
		if _, from := m.Field("from"); from || m.Type != "bind" {
			continue
		}
		src, dst := ".", s.workdir(i)
		if f, ok := m.Field("source", "src"); ok {
			src = f.Value
		}
		if f, ok := m.Field("target", "dst", "destination"); ok {
			dst = absolute(f.Value, s.workdir(i))
		}
		if found, ok := s.within(src, dst, name); ok {
			return found, true
		}
	}
	return "", false
}

// copied is what the instructions of a stage before one put at a path, the last first; a nil one means all of them.
func (s *Subject) copied(stage *dockerfile.Stage, before *dockerfile.Instruction, name string, left int) (string, *dockerfile.Instruction, bool) {
	if stage == nil || left == 0 {
		return "", nil, false
	}
	list := stage.Instructions
	if n := slices.Index(list, before); n >= 0 {
		list = list[:n]
	}
	for _, i := range slices.Backward(list) {
		if i.Name != "COPY" && i.Name != "ADD" {
			continue
		}
		if found, ok := s.copiedBy(i, name, left); ok {
			return found, i, true
		}
	}
	return s.copied(stage.Parent, nil, name, left-1)
}

func (s *Subject) copiedBy(i *dockerfile.Instruction, name string, left int) (string, bool) {
	dest, ok := i.Dest()
	if !ok {
		return "", false
	}
	if _, parents := i.Flag("parents"); parents {
		return "", false
	}
	to := s.File.Expand(dest.Value, s.variables(i))
	if !to.Known {
		return "", false
	}
	dst := absolute(to.Text, s.workdir(i))
	from, isStage := i.Flag("from")
	for _, w := range i.Sources() {
		src := s.File.Expand(w.Value, s.variables(i))
		if !src.Known || strings.Contains(src.Text, "://") {
			continue
		}
		if !isStage {
			if found, ok := s.within(src.Text, dst, name); ok {
				return found, true
			}
			continue
		}
		stage := s.File.Stage(from.Value.Value, i.Stage.Index)
		inner := path.Join("/", src.Text)
		if rest, ok := below(dst, name); ok && stage != nil {
			for _, candidate := range []string{path.Join(inner, rest), inner} {
				if found, _, ok := s.copied(stage, nil, candidate, left-1); ok {
					return found, true
				}
			}
		}
	}
	return "", false
}

// within is the path of the context that a copy of src to dst puts at name: of a directory its contents are copied, a file
// becomes dst itself or lies in it.
func (s *Subject) within(src, dst, name string) (string, bool) {
	src = strings.TrimPrefix(path.Clean("/"+src), "/")
	rest, ok := below(dst, name)
	if !ok {
		return "", false
	}
	candidates := []string{path.Join(src, rest)}
	if rest == "." || rest == path.Base(src) {
		candidates = append(candidates, src)
	}
	if strings.ContainsAny(src, "*?[") {
		candidates = nil
		if match, err := path.Match(path.Base(src), path.Base(name)); err == nil && match {
			candidates = append(candidates, path.Join(path.Dir(src), path.Base(name)))
		}
	}
	for _, c := range candidates {
		if s.exists(c) && c != "." {
			return c, true
		}
	}
	return "", false
}

// below is the rest of a path below a directory; "." for the directory itself.
func below(dir, name string) (string, bool) {
	if name == dir {
		return ".", true
	}
	if dir == "/" {
		return strings.TrimPrefix(name, "/"), true
	}
	return strings.CutPrefix(name, dir+"/")
}

func absolute(name, dir string) string {
	if path.IsAbs(name) {
		return path.Clean(name)
	}
	return path.Join(dir, name)
}
