package rules

import (
	"context"
	"path"
	"slices"

	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/shell"
)

// buildOutputUploaded reports what a build on the developer's machine left behind, where the build in the image makes it again.
var buildOutputUploaded = rule.Rule{
	Name:     "build-output-uploaded",
	Title:    "the output of a local build is uploaded and made again",
	Area:     finding.Dockerignore,
	Severity: finding.Warning,
	Needs:    rule.NeedsUpload | rule.NeedsDisk | rule.NeedsFiles | rule.NeedsScripts,
	Run:      runBuildOutputUploaded,
}

// buildOutput is a directory that a build tool writes.
type buildOutput struct {
	// dir is its name, and beside are files of which one lies beside it, globs of their names.
	dir    string
	beside []string
	// proofs are paths in it of which one has to be there; none are needed where its name alone tells.
	proofs []string
	// made reports whether a command writes it.
	made func(c *shell.Call) bool
}

// buildOutputs are those of the templates in github.com/github/gitignore whose tools tell by what they write.
var buildOutputs = []buildOutput{
	{"target", []string{"Cargo.toml"}, []string{"CACHEDIR.TAG", ".rustc_info.json", "debug", "release"}, runs("cargo", "build", "install", "run", "test", "chef", "rustc")},
	{"target", []string{"pom.xml"}, []string{"classes", "maven-status", "maven-archiver", "generated-sources"}, mavenInstalls},
	{"target", []string{"build.sbt"}, []string{"streams", "global-logging", "scala-2.12", "scala-2.13"}, func(c *shell.Call) bool { return c.Is("sbt") }},
	{"build", []string{"build.gradle", "build.gradle.kts"}, []string{"classes", "libs", "tmp", "resources", "kotlin"}, gradleInstalls},
	{"obj", []string{"*.csproj", "*.fsproj", "*.vbproj"}, []string{"project.assets.json", "Debug", "Release"}, runs("dotnet", "build", "publish", "restore")},
	{"bin", []string{"*.csproj", "*.fsproj", "*.vbproj"}, []string{"Debug", "Release"}, runs("dotnet", "build", "publish")},
	{"dist", []string{"package.json"}, nil, scriptBuilds},
	{"build", []string{"package.json"}, nil, scriptBuilds},
	{"out", []string{"package.json"}, []string{"_next", "index.html"}, scriptBuilds},
	{".next", []string{"package.json"}, nil, scriptBuilds}, {".nuxt", []string{"package.json"}, nil, scriptBuilds},
	{".output", []string{"package.json"}, nil, scriptBuilds}, {".svelte-kit", []string{"package.json"}, nil, scriptBuilds},
	{"_build", []string{"mix.exs"}, []string{"dev", "prod", "test"}, runs("mix", "compile", "release", "do", "deps.compile")},
	{"_build", []string{"dune-project"}, []string{"default", "log"}, runs("dune", "build")},
	{"dist-newstyle", nil, nil, runs("cabal", "build", "install", "v2-build")}, {".stack-work", nil, nil, runs("stack", "build", "install")},
	{".build", []string{"Package.swift"}, nil, runs("swift", "build")},
	{".zig-cache", []string{"build.zig"}, nil, runs("zig", "build")}, {"zig-out", []string{"build.zig"}, nil, runs("zig", "build")},
}

// runs answers for a program with one of some subcommands.
func runs(program string, subcommands ...string) func(*shell.Call) bool {
	return func(c *shell.Call) bool { return c.Is(program) && c.HasArg(subcommands...) }
}

// scriptBuilds reports whether a command builds a project of Node.
func scriptBuilds(c *shell.Call) bool {
	return c.Is("npm", "yarn", "pnpm", "bun", "turbo", "nx", "lerna") && c.HasArg("build") ||
		c.Is("next", "nuxt", "vite", "ng", "astro", "remix") && c.HasArg("build") || c.Is("tsc", "webpack")
}

func runBuildOutputUploaded(_ context.Context, p *rule.Pass) error {
	for _, u := range p.Uploads() {
		var found []leftover
		for i := range buildOutputs {
			o := &buildOutputs[i]
			dirs := o.in(p, u)
			if len(dirs) > 0 && !slices.ContainsFunc(found, func(l leftover) bool { return slices.Contains(dirs, l.path) }) && o.madeAgain(p) {
				found = append(found, o.leftovers(u, dirs)...)
			}
		}
		found = append(found, cmakeTrees(p, u)...)
		if worthwhile(total(found)) {
			reportLeftovers(p, u, found, "build output")
		}
	}
	return nil
}

// in are the directories of the kind that are uploaded, of which git tracks nothing and which nothing names.
func (o *buildOutput) in(p *rule.Pass, u *rule.Upload) []string {
	var out []string
	for _, f := range u.Named(o.dir) {
		if !f.Mode.IsDir() || !proven(u, f.Path, o.proofs) || !hasBeside(u, f.Path, o.beside) || sourceTree.MatchString(f.Path) && o.proofs == nil {
			continue
		}
		if !dependencyDirectory.MatchString(path.Dir(f.Path)+"/") && u.Untracked(f.Path) && !needed(p, u, f.Path) {
			out = append(out, f.Path)
		}
	}
	return out
}

func (o *buildOutput) madeAgain(p *rule.Pass) bool {
	for i, c := range p.AllCalls() {
		if o.made(c) || slices.ContainsFunc(p.ScriptCalls(i, c), o.made) {
			return true
		}
	}
	return false
}

// leftovers are the directories with the lines that keep them out: one for all of the name, where there are several and no
// others.
func (o *buildOutput) leftovers(u *rule.Upload, dirs []string) []leftover {
	everywhere := len(dirs) > 1 && len(dirs) == len(u.Named(o.dir))
	var out []leftover
	for _, dir := range dirs {
		line := rule.IgnoreLine{Pattern: rule.Pattern(dir), Why: "output of local builds, which the build makes again"}
		if everywhere {
			line.Pattern = "**/" + rule.Pattern(o.dir)
		}
		out = append(out, leftover{path: dir, size: u.Under(dir), line: line})
	}
	return out
}

// hasBeside reports whether a file of one of the names lies beside a directory, or none has to.
func hasBeside(u *rule.Upload, dir string, names []string) bool {
	if len(names) == 0 {
		return true
	}
	for _, f := range u.Below(path.Dir(dir)) {
		if path.Dir(f.Path) != path.Dir(dir) {
			continue
		}
		if slices.ContainsFunc(names, func(name string) bool { ok, err := path.Match(name, path.Base(f.Path)); return ok && err == nil }) {
			return true
		}
	}
	return false
}

// cmakeTrees are directories that cmake has configured: their CMakeCache.txt holds the paths of the machine that made it, and
// cmake refuses it elsewhere.
func cmakeTrees(p *rule.Pass, u *rule.Upload) []leftover {
	var out []leftover
	for _, f := range u.Named("CMakeCache.txt") {
		dir := path.Dir(f.Path)
		if dir == "." || !u.Untracked(dir) || u.Wanted(dir) || u.Readmitted(dir) != nil || dependencyDirectory.MatchString(dir+"/") {
			continue
		}
		for _, c := range p.AllCalls() {
			if c.Is("cmake") {
				out = append(out, leftover{
					path: dir, size: u.Under(dir),
					line: rule.IgnoreLine{Pattern: rule.Pattern(dir), Why: "output of local builds, which the build makes again"},
				})
				break
			}
		}
	}
	return out
}
