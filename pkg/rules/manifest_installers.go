package rules

import (
	"encoding/json"
	"path"
	"regexp"
	"strings"

	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/shell"
)

// installer is a command that installs or compiles what a manifest lists, with what it reads for that.
type installer struct {
	restore
	// manifests are the files of which one has to be in the project; with are further files that it reads, where they are.
	manifests, with []string
	// compiles says that it also compiles the project itself, so that it cannot be moved before the sources are there, and
	// that a cache mount serves it as well.
	compiles bool
	// first is a command that installs alone, to be put before the sources where compiles is true; empty where there is none.
	first string
	// fills is the directory in the project that it fills, which the copy of the project must not bring as well.
	fills string
	// advice is what to do by hand.
	advice string
	// check looks at the project's manifest.
	check func(p *rule.Pass, c *shell.Call, project string) verdict
}

// verdict says what can be said about installing before the sources are there.
type verdict uint8

const (
	// movable: nothing but the manifests is read.
	movable verdict = iota
	// byHand: more may be read than the manifests, which a person has to look at.
	byHand
	// needsSources: it reads the sources, so that the order is right.
	needsSources
)

var nodeFiles = []string{
	"package-lock.json", "npm-shrinkwrap.json", ".npmrc", "yarn.lock", ".yarnrc", ".yarnrc.yml", "pnpm-lock.yaml", "pnpm-workspace.yaml", ".pnpmfile.cjs",
	"bun.lock", "bun.lockb", "bunfig.toml",
}

const nodeAdvice = "Copy package.json and the lock file first (of workspaces with COPY --parents), install, and copy the rest then"

func node(r restore) installer {
	return installer{restore: r, manifests: []string{"package.json"}, with: nodeFiles, fills: "node_modules", advice: nodeAdvice, check: checkPackageJSON}
}

// inPnpm is pnpm's, which can fetch what the lock file lists without any of the manifests and scripts of the workspace
// (https://pnpm.io/cli/fetch, which is made for images).
func inPnpm(in installer) installer {
	in.advice = "Copy pnpm-lock.yaml first and run pnpm fetch; then copy the rest and run pnpm install --offline"
	in.check = func(p *rule.Pass, c *shell.Call, project string) verdict {
		v := checkPackageJSON(p, c, project)
		if v == needsSources && p.Exists(path.Join(project, "pnpm-lock.yaml")) {
			return byHand
		}
		return v
	}
	return in
}

func inPython(r restore, advice string) installer {
	return installer{restore: r, manifests: []string{"pyproject.toml"}, advice: advice, check: alwaysByHand}
}

var manifestInstallers = []installer{
	node(npmInstall), node(yarnInstall), inPnpm(node(pnpmInstall)), node(bunInstall),
	{restore: pipInstall, check: checkRequirements}, {restore: pip3Install, check: checkRequirements},
	inPython(uvInstall, "Copy pyproject.toml and uv.lock first, run uv sync --locked --no-install-project, and copy the rest then"),
	inPython(poetryInstall, "Copy pyproject.toml and poetry.lock first, run poetry install --no-root, and copy the rest then"),
	inPython(pdmInstall, "Copy pyproject.toml and pdm.lock first, run pdm sync --no-self, and copy the rest then"),
	{restore: pipenvInstall, manifests: []string{"Pipfile"}, with: []string{"Pipfile.lock"}},
	{
		restore:   restore{program: "composer", sub: []string{"install", "i"}, valued: []string{"--working-dir", "-d"}, dirs: []string{"--working-dir", "-d"}},
		manifests: []string{"composer.json"}, check: alwaysByHand,
		advice: "Copy composer.json and composer.lock first, run composer install --no-scripts --no-autoloader, copy the rest, and run composer dump-autoload",
	},
	{
		restore:   restore{program: "bundle", sub: []string{"", "install"}, valued: []string{"--jobs", "-j", "--retry", "--gemfile", "--without"}, local: []string{"--local"}},
		manifests: []string{"Gemfile"}, with: []string{"Gemfile.lock", ".ruby-version", ".tool-versions"}, check: checkGemfile,
		advice: "Copy Gemfile, Gemfile.lock and what the Gemfile reads first, install, and copy the rest then",
	},
	{
		restore: restore{program: "mix", sub: []string{"deps.get", "deps.compile"}}, manifests: []string{"mix.exs"}, check: alwaysByHand,
		advice: "Copy mix.exs, mix.lock and config first, run mix deps.get and mix deps.compile, and copy the rest then",
	},
	{
		restore: restore{program: "go", sub: []string{"mod"}}, manifests: []string{"go.mod"}, with: []string{"go.sum"}, check: checkGoMod,
		advice: "Copy go.mod and go.sum first, run go mod download, and copy the rest then",
	},
	{
		restore: restore{program: "go", sub: []string{"build", "install", "test", "run"}, valued: []string{"-C"}}, manifests: []string{"go.mod"}, with: []string{"go.sum"},
		compiles: true, first: "go mod download", check: checkGoMod,
		advice: "Copy go.mod and go.sum first, run go mod download, and copy the rest then",
	},
	{
		restore: restore{program: "dotnet", sub: []string{"restore", "build", "publish"}}, manifests: []string{"*.sln", "*.slnx", "*.csproj", "*.fsproj"}, compiles: true,
		check:  alwaysByHand,
		advice: "Copy the project files first (COPY --parents **/*.csproj .), run dotnet restore, copy the rest, and publish with --no-restore",
	},
	{
		restore: restore{program: "cargo", sub: []string{"build", "install", "test"}, valued: []string{"--target", "--features", "-p", "--bin", "--profile"}}, manifests: []string{"Cargo.toml"},
		compiles: true, check: alwaysByHand,
		advice: "Build the dependencies before the sources are copied, as cargo-chef does, or mount caches at the registry and at target",
	},
	{
		restore: restore{program: "mvn", sub: []string{"package", "install", "verify", "compile", "clean"}, valued: []string{"-f", "-pl", "-P", "-s"}}, manifests: []string{"pom.xml"},
		compiles: true, check: alwaysByHand,
		advice: "Copy pom.xml first, run mvn dependency:go-offline, and copy the rest then; or mount a cache at /root/.m2",
	},
	{
		restore: restore{program: "mvnw", sub: []string{"package", "install", "verify", "compile", "clean"}, valued: []string{"-f", "-pl", "-P", "-s"}}, manifests: []string{"pom.xml"},
		compiles: true, check: alwaysByHand,
		advice: "Copy mvnw, .mvn and pom.xml first, run ./mvnw dependency:go-offline, and copy the rest then; or mount a cache at /root/.m2",
	},
}

func alwaysByHand(*rule.Pass, *shell.Call, string) verdict { return byHand }

// harmlessScripts are install scripts of package.json that read nothing of the sources, or something that can be copied along.
var harmlessScripts = regexp.MustCompile(`^(husky( install)?|patch-package|prisma generate|is-ci \|\| husky install|husky install \|\| (true|exit 0)|npx prisma generate|true|exit 0|echo .*|only-allow \S+|npx only-allow \S+)$`)

// maxManifest is how deep a manifest may be looked into, in bytes.
const maxManifest = 1 << 20

// checkPackageJSON looks at install scripts, workspaces and packages that lie in the repository.
func checkPackageJSON(p *rule.Pass, _ *shell.Call, project string) verdict {
	text, err := read(p, path.Join(project, "package.json"))
	if err != nil || len(text) > maxManifest {
		return needsSources
	}
	var m struct {
		Scripts                                             map[string]string
		Workspaces                                          json.RawMessage
		Dependencies, DevDependencies, OptionalDependencies map[string]string
		PatchedDependencies                                 map[string]string
		Pnpm                                                struct{ PatchedDependencies map[string]string }
	}
	if json.Unmarshal([]byte(text), &m) != nil {
		return needsSources
	}
	v := movable
	for _, name := range []string{"preinstall", "install", "postinstall", "prepare", "prepublish"} {
		script := strings.TrimSpace(m.Scripts[name])
		switch {
		case script == "":
		case harmlessScripts.MatchString(script):
			v = byHand
		default:
			return needsSources
		}
	}
	for _, list := range []map[string]string{m.Dependencies, m.DevDependencies, m.OptionalDependencies} {
		for _, where := range list {
			if strings.HasPrefix(where, "file:") || strings.HasPrefix(where, "link:") || strings.HasPrefix(where, "portal:") {
				return needsSources
			}
			if strings.HasPrefix(where, "patch:") || strings.HasPrefix(where, "workspace:") {
				v = byHand
			}
		}
	}
	more := len(m.Workspaces) > 0 || len(m.PatchedDependencies) > 0 || len(m.Pnpm.PatchedDependencies) > 0
	if more || p.Exists(path.Join(project, "pnpm-workspace.yaml")) || p.Exists(path.Join(project, ".yarn")) {
		v = byHand
	}
	return v
}

// checkRequirements looks at the files that pip reads.
func checkRequirements(p *rule.Pass, c *shell.Call, project string) verdict {
	for _, name := range requirementFiles(c) {
		text, err := read(p, path.Join(project, path.Base(name)))
		if err != nil || text == "" {
			return needsSources
		}
		for line := range strings.Lines(text) {
			line = strings.TrimSpace(line)
			if strings.HasPrefix(line, "-r") || strings.HasPrefix(line, "-c") || strings.HasPrefix(line, "--requirement") || strings.HasPrefix(line, "--constraint") {
				return byHand
			}
			if strings.HasPrefix(line, "-e") || strings.HasPrefix(line, ".") || strings.HasPrefix(line, "/") || strings.Contains(line, "file:") || strings.HasPrefix(line, "--find-links") {
				return needsSources
			}
		}
	}
	return movable
}

// requirementFiles are the files that pip's -r names; nil where it installs the project itself as well.
func requirementFiles(c *shell.Call) []string {
	var out []string
	for i, w := range c.Args {
		switch {
		case !w.Known, strings.HasPrefix(w.Text, "."), strings.HasPrefix(w.Text, "-e"), strings.HasPrefix(w.Text, "--editable"):
			return nil
		case (w.Text == "-r" || w.Text == "--requirement") && i+1 < len(c.Args):
			if !c.Args[i+1].Known {
				return nil
			}
			out = append(out, c.Args[i+1].Text)
		case strings.HasPrefix(w.Text, "--requirement="):
			out = append(out, strings.TrimPrefix(w.Text, "--requirement="))
		case strings.HasPrefix(w.Text, "-r") && len(w.Text) > 2:
			out = append(out, w.Text[2:])
		}
	}
	return out
}

// checkGemfile looks for what a Gemfile reads besides.
func checkGemfile(p *rule.Pass, _ *shell.Call, project string) verdict {
	text, err := read(p, path.Join(project, "Gemfile"))
	if err != nil {
		return needsSources
	}
	if regexp.MustCompile(`(?m)^\s*gemspec\b|\bpath:|:path\s*=>|eval_gemfile|require_relative|File\.|Dir\[|instance_eval`).MatchString(text) {
		return byHand
	}
	return movable
}

// checkGoMod looks for vendored modules, workspaces and replacements that lie in the repository.
func checkGoMod(p *rule.Pass, c *shell.Call, project string) verdict {
	if c.Subcommand("-C") == "mod" && !c.HasArg("download") {
		return needsSources
	}
	text, err := read(p, path.Join(project, "go.mod"))
	if err != nil || p.Exists(path.Join(project, "vendor/modules.txt")) || strings.Contains(c.Env("GOFLAGS").Text, "-mod=vendor") || !strings.Contains(text, "require") {
		return needsSources
	}
	if p.Exists(path.Join(project, "go.work")) || regexp.MustCompile(`=>\s*\.{1,2}/`).MatchString(text) {
		return byHand
	}
	return movable
}
