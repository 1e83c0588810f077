package rules

import (
	"path"
	"slices"
	"strings"

	"github.com/loadline-dev/loadline/pkg/dockerfile"
	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/shell"
)

// dependencies are a directory that a package manager fills, with what proves that it is one and that it can be filled
// again. Names are those of the templates in github.com/github/gitignore and of the managers' own documentation.
type dependencies struct {
	// dir is the directory, such as node_modules or vendor/bundle.
	dir string
	// markers are files beside the directory (beside its first component) of which one has to be there.
	markers []string
	// proofs are paths in the directory of which one has to be there; none are needed where the name alone tells.
	proofs []string
	// restores are the commands that fill it.
	restores []restore
	// keeps are files beside it that say that the directory is committed on purpose.
	keeps []string
}

// restore is a command that installs what a manifest lists.
type restore struct {
	program string
	// sub are its subcommands; an empty one means that it may have none.
	sub []string
	// valued are its options that take a separate value, and dirs those of them that name the project's directory.
	valued, dirs []string
	// local are arguments that say that it takes the packages from the directory that is uploaded.
	local []string
	// bare says that with further operands it installs those alone, and needs are arguments of which it has to have one to
	// install what a manifest lists.
	bare  bool
	needs []string
}

var (
	npmInstall    = restore{program: "npm", sub: []string{"ci", "install", "i", "clean-install", "install-clean"}, bare: true, valued: []string{"--prefix", "-C", "--workspace", "-w", "--registry", "--cache"}, dirs: []string{"--prefix", "-C"}, local: []string{"--offline"}}
	yarnInstall   = restore{program: "yarn", sub: []string{"", "install", "workspaces"}, valued: []string{"--cwd", "--cache-folder", "--network-timeout"}, dirs: []string{"--cwd"}, local: []string{"--offline"}}
	pnpmInstall   = restore{program: "pnpm", sub: []string{"install", "i", "fetch", "deploy"}, bare: true, valued: []string{"--dir", "-C", "--filter", "-F", "--store-dir"}, dirs: []string{"--dir", "-C"}, local: []string{"--offline"}}
	bunInstall    = restore{program: "bun", sub: []string{"install", "i"}, bare: true, valued: []string{"--cwd"}, dirs: []string{"--cwd"}}
	lernaInstall  = restore{program: "lerna", sub: []string{"bootstrap"}}
	pipInstall    = restore{program: "pip", sub: []string{"install"}, needs: manifestOfPip, valued: []string{"--cache-dir", "--proxy"}, local: []string{"--no-index"}}
	pip3Install   = restore{program: "pip3", sub: []string{"install"}, needs: manifestOfPip, valued: []string{"--cache-dir", "--proxy"}, local: []string{"--no-index"}}
	uvInstall     = restore{program: "uv", sub: []string{"sync", "pip"}, valued: []string{"--directory", "--project", "--cache-dir"}, dirs: []string{"--directory", "--project"}, local: []string{"--offline"}}
	poetryInstall = restore{program: "poetry", sub: []string{"install", "sync"}, valued: []string{"-C", "--directory", "-P", "--project"}, dirs: []string{"-C", "--directory"}}
	pdmInstall    = restore{program: "pdm", sub: []string{"install", "sync"}, valued: []string{"-p", "--project"}, dirs: []string{"-p", "--project"}}
	pipenvInstall = restore{program: "pipenv", sub: []string{"install", "sync"}}
	condaInstall  = restore{program: "conda", sub: []string{"env", "install", "create"}, local: []string{"--offline"}}
)

var pythonInstalls = []restore{pipInstall, pip3Install, uvInstall, poetryInstall, pdmInstall, pipenvInstall, condaInstall}

var pythonMarkers = []string{"requirements.txt", "pyproject.toml", "setup.py", "Pipfile", "environment.yml", "uv.lock", "poetry.lock", "setup.cfg", "requirements"}

var dependencyDirectories = []dependencies{
	{dir: "node_modules", markers: []string{"package.json"}, restores: []restore{npmInstall, yarnInstall, pnpmInstall, bunInstall, lernaInstall}},
	{dir: ".yarn/cache", markers: []string{"package.json"}, restores: []restore{yarnInstall}, keeps: []string{".pnp.cjs", ".pnp.js"}},
	{dir: ".yarn/unplugged", markers: []string{"package.json"}, restores: []restore{yarnInstall}, keeps: []string{".pnp.cjs", ".pnp.js"}},
	{dir: ".pnpm-store", markers: []string{"package.json"}, restores: []restore{pnpmInstall}},
	{dir: "bower_components", markers: []string{"bower.json"}, restores: []restore{{program: "bower", sub: []string{"install", "i"}}}},
	{dir: "elm-stuff", markers: []string{"elm.json"}, restores: []restore{{program: "elm", sub: []string{"make"}}}},
	{dir: ".venv", markers: pythonMarkers, proofs: []string{"pyvenv.cfg"}, restores: pythonInstalls},
	{dir: "venv", markers: pythonMarkers, proofs: []string{"pyvenv.cfg"}, restores: pythonInstalls},
	{dir: "env", markers: pythonMarkers, proofs: []string{"pyvenv.cfg"}, restores: pythonInstalls},
	{dir: "__pypackages__", markers: []string{"pyproject.toml"}, restores: []restore{pdmInstall}},
	{dir: "vendor", markers: []string{"composer.json"}, proofs: []string{"autoload.php", "composer/installed.json"},
		restores: []restore{{program: "composer", sub: []string{"install", "update", "i"}, valued: []string{"--working-dir", "-d"}, dirs: []string{"--working-dir", "-d"}}}},
	{dir: "vendor/bundle", markers: []string{"Gemfile"}, proofs: []string{"ruby"},
		restores: []restore{{program: "bundle", sub: []string{"", "install"}, valued: []string{"--jobs", "-j", "--retry", "--gemfile"}, local: []string{"--local"}}}},
	{dir: "deps", markers: []string{"mix.exs"}, restores: []restore{{program: "mix", sub: []string{"deps.get", "do", "setup"}}}},
	{dir: "Pods", markers: []string{"Podfile"}, restores: []restore{{program: "pod", sub: []string{"install"}}}},
	{dir: "lua_modules", markers: nil, restores: []restore{{program: "luarocks", sub: []string{"install", "make"}}}},
	{dir: "lib", markers: []string{"shard.yml"}, proofs: []string{".shards.info"}, restores: []restore{{program: "shards", sub: []string{"install", "build", ""}}}},
	{dir: "vcpkg_installed", markers: []string{"vcpkg.json"}, restores: []restore{{program: "vcpkg", sub: []string{"install"}}}},
}

// restorable are the directories of one kind that are uploaded and come back in the build.
type restorable struct {
	dependencies
	// paths are the directories, and all says that there are no others of the kind in the upload.
	paths []string
	all   bool
	size  rule.Size
	// by is the command that fills the first of them, such as "npm ci".
	by string
}

// restored are the dependency directories in an upload that a RUN of the build fills again.
func restored(p *rule.Pass, u *rule.Upload) []restorable {
	var out []restorable
	for _, d := range dependencyDirectories {
		dirs := d.in(u)
		if len(dirs) == 0 {
			continue
		}
		installs := d.installs(p)
		r := restorable{dependencies: d, all: true}
		for _, dir := range dirs {
			by := d.filledBy(u, dir, installs)
			if by == "" || !u.Untracked(dir) || u.Wanted(dir) || u.Readmitted(dir) != nil || d.kept(u, dir) {
				r.all = false
				continue
			}
			if r.by == "" {
				r.by = by
			}
			r.paths = append(r.paths, dir)
			r.size = r.size.Plus(u.Under(dir))
		}
		if len(r.paths) > 0 {
			out = append(out, r)
		}
	}
	return out
}

// in are the directories of the kind in an upload.
func (d *dependencies) in(u *rule.Upload) []string {
	var out []string
	for _, f := range u.Named(path.Base(d.dir)) {
		if !f.Mode.IsDir() || f.Path != d.dir && !strings.HasSuffix(f.Path, "/"+d.dir) {
			continue
		}
		has := func(name string) bool { _, ok := u.File(path.Join(f.Path, name)); return ok }
		if len(d.proofs) == 0 || slices.ContainsFunc(d.proofs, has) {
			out = append(out, f.Path)
		}
	}
	return out
}

// kept reports whether a file beside a directory says that it is committed on purpose.
func (d *dependencies) kept(u *rule.Upload, dir string) bool {
	project := strings.TrimSuffix(dir, d.dir)
	return slices.ContainsFunc(d.keeps, func(name string) bool { _, ok := u.File(project + name); return ok })
}

// install is a command that installs, such as "npm ci", and the project of the context that it does so in.
type install struct {
	called  string
	project string
	// known is false where nobody knows the project.
	known bool
}

// installs are the commands of the build that fill directories of the kind.
func (d *dependencies) installs(p *rule.Pass) []install {
	var out []install
	for i, c := range p.AllCalls() {
		for _, one := range append([]*shell.Call{c}, p.ScriptCalls(i, c)...) {
			if r, called, ok := restoreOf(d.restores, one); ok {
				project, known := r.project(p, i, one, d.markers)
				out = append(out, install{called, project, known})
			}
		}
	}
	return out
}

// filledBy is the command that fills a directory, empty for none: it installs in its project, or in one around it that may be its
// workspace. One whose project nobody knows counts.
func (d *dependencies) filledBy(u *rule.Upload, dir string, installs []install) string {
	project := path.Dir(strings.TrimSuffix(dir, d.dir) + "x")
	hasMarker := func(name string) bool { _, ok := u.File(path.Join(project, name)); return ok }
	if len(d.markers) > 0 && !slices.ContainsFunc(d.markers, hasMarker) {
		return ""
	}
	for _, i := range installs {
		if !i.known || i.project == project || i.project == "." || strings.HasPrefix(project, i.project+"/") {
			return i.called
		}
	}
	return ""
}

// manifestOfPip are the arguments with which pip installs what a file, or the project itself, lists.
var manifestOfPip = []string{"-r", "--requirement", "-e", "--editable", "--group", "."}

// restoreOf is the form of a command that installs what a manifest lists, and how it is called, such as "npm ci".
func restoreOf(list []restore, c *shell.Call) (r restore, called string, ok bool) {
	call := *c
	if strings.HasPrefix(c.Name, "python") && len(c.Args) > 1 && c.Args[0].Text == "-m" { // python -m pip
		call.Name, call.Args = c.Args[1].Text, c.Args[2:]
	}
	for _, r := range list {
		sub := call.Subcommand(r.valued...)
		if r.program != call.Name || !slices.Contains(r.sub, sub) || call.HasArg(r.local...) {
			continue
		}
		if r.bare && len(call.Operands(r.valued...)) > 1 || len(r.needs) > 0 && !startsWithAny(call.Args, r.needs) {
			continue
		}
		return r, strings.TrimSpace(r.program + " " + sub), true
	}
	return restore{}, "", false
}

func startsWithAny(args []shell.Word, prefixes []string) bool {
	return slices.ContainsFunc(args, func(w shell.Word) bool {
		return slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(w.Text, prefix) })
	})
}

// project is the directory of the context in which a command installs; known is false where nobody knows.
func (r restore) project(p *rule.Pass, i *dockerfile.Instruction, c *shell.Call, markers []string) (dir string, known bool) {
	at := c.Dir
	if w, ok := c.Option("", r.dirs...); ok {
		if !w.Known {
			return "", false
		}
		if at = w.Text; !path.IsAbs(at) {
			at = path.Join(c.Dir, at)
		}
	}
	if at == "" {
		return "", false
	}
	for _, m := range markers {
		if name, ok := p.ContextFile(i, path.Join(at, m)); ok {
			return path.Dir(name), true
		}
	}
	return "", false
}
