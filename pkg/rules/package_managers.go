package rules

import (
	"slices"
	"strings"

	"github.com/loadline-dev/loadline/pkg/shell"
)

// packageManager is a program that installs what a project depends on, as far as rules about caches need to know it.
type packageManager struct {
	// what it downloads, for messages: "npm packages".
	what string
	// installs reports whether a call installs the dependencies of a project, and not a tool by its name.
	installs func(c *shell.Call) bool
	// keeps are the directories in which it keeps what it has downloaded, for root and without settings of its own, and
	// source is where that is documented.
	keeps  []string
	source string
	// cacheOnly says that nothing but the next download needs them: what is installed lies elsewhere.
	cacheOnly bool
	// image is the beginning of the images to which keeps applies; empty for all.
	image string
	// settings are variables that move the directories or turn the cache off.
	settings []string
	// off are options that do without a cache.
	off []string
}

// packageManagers are those whose cache directory is documented. Docker's own page is
// https://docs.docker.com/build/cache/optimize/ (use cache mounts).
var packageManagers = []packageManager{
	{
		what: "Python packages", installs: pipInstalls, keeps: []string{"/root/.cache/pip"}, cacheOnly: true,
		source:   "https://docs.docker.com/build/cache/optimize/",
		settings: []string{"PIP_CACHE_DIR", "PIP_NO_CACHE_DIR", "XDG_CACHE_HOME"}, off: []string{"--no-cache-dir", "--no-index"},
	},
	{
		what: "Python packages", installs: uvInstalls, keeps: []string{"/root/.cache/uv"}, cacheOnly: true,
		source:   "https://docs.astral.sh/uv/guides/integration/docker/",
		settings: []string{"UV_CACHE_DIR", "UV_NO_CACHE", "XDG_CACHE_HOME"}, off: []string{"--no-cache", "-n", "--offline"},
	},
	{
		what: "Python packages", installs: subcommand([]string{"poetry"}, "install", "sync"), keeps: []string{"/root/.cache/pypoetry"}, cacheOnly: true,
		source:   "https://python-poetry.org/docs/configuration/#cache-dir",
		settings: []string{"POETRY_CACHE_DIR", "POETRY_NO_CACHE", "XDG_CACHE_HOME"}, off: []string{"--no-cache"},
	},
	{
		what: "npm packages", installs: npmInstalls, keeps: []string{"/root/.npm"}, cacheOnly: true,
		source:   "https://docs.docker.com/build/cache/optimize/",
		settings: []string{"npm_config_cache", "NPM_CONFIG_CACHE"}, off: []string{"--offline"},
	},
	{
		what: "npm packages", installs: yarnInstalls, source: "https://classic.yarnpkg.com/lang/en/docs/cli/cache/",
		settings: []string{"YARN_CACHE_FOLDER"}, off: []string{"--offline", "--immutable-cache"},
	},
	{
		what: "npm packages", installs: subcommand([]string{"pnpm"}, "install", "i", "fetch"), source: "https://pnpm.io/docker",
		off: []string{"--offline"},
	},
	{
		what: "Go modules", installs: goInstalls, keeps: []string{"/go/pkg/mod", "/root/.cache/go-build"}, image: "golang",
		source:   "https://docs.docker.com/build/cache/optimize/",
		settings: []string{"GOMODCACHE", "GOCACHE", "GOPATH"},
	},
	{
		what: "crates", installs: cargoInstalls, keeps: []string{"/usr/local/cargo/registry", "/usr/local/cargo/git/db"}, image: "rust",
		source:   "https://docs.docker.com/build/cache/optimize/",
		settings: []string{"CARGO_HOME"}, off: []string{"--offline", "--frozen"},
	},
	{
		what: "NuGet packages", installs: subcommand([]string{"dotnet"}, "restore", "build", "publish"), keeps: []string{"/root/.nuget/packages"}, image: "mcr.microsoft.com/dotnet/sdk",
		source:   "https://docs.docker.com/build/cache/optimize/",
		settings: []string{"NUGET_PACKAGES"}, off: []string{"--no-restore"},
	},
	{
		what: "Maven artefacts", installs: mavenInstalls, keeps: []string{"/root/.m2/repository"}, source: "https://maven.apache.org/settings.html#simple-values",
		off: []string{"-o", "--offline"},
	},
	{
		what: "Gradle artefacts", installs: gradleInstalls, keeps: []string{"/root/.gradle/caches"}, source: "https://docs.gradle.org/current/userguide/directory_layout.html",
		settings: []string{"GRADLE_USER_HOME"}, off: []string{"--offline"},
	},
	{
		what: "gems", installs: subcommand([]string{"bundle", "bundler"}, "install"), source: "https://docs.docker.com/build/cache/optimize/",
		off: []string{"--local"},
	},
	{
		what: "PHP packages", installs: subcommand([]string{"composer", "composer.phar"}, "install", "update"), source: "https://docs.docker.com/build/cache/optimize/",
		settings: []string{"COMPOSER_CACHE_DIR"}, off: []string{"--no-cache"},
	},
	{
		what: "Hex packages", installs: mixInstalls, source: "https://hexdocs.pm/mix/Mix.Tasks.Deps.Get.html",
		settings: []string{"HEX_HOME"},
	},
}

// goCompiler stands for the go command where it downloads nothing: it keeps what it has compiled.
var goCompiler = packageManager{
	what: "Go packages", keeps: []string{"/root/.cache/go-build"}, image: "golang",
	source:   "https://docs.docker.com/build/cache/optimize/",
	settings: []string{"GOCACHE"},
}

// subcommand answers for programs of which one of the subcommands installs.
func subcommand(programs []string, names ...string) func(*shell.Call) bool {
	return func(c *shell.Call) bool {
		return c.Is(programs...) && slices.Contains(names, c.Subcommand("--manifest-path", "--prefix", "-C", "--project", "--directory"))
	}
}

// manyPackages is from how many packages on a list on the command line counts as what a project depends on.
const manyPackages = 5

func pipInstalls(c *shell.Call) bool {
	if c.Is("python", "python3") {
		if len(c.Args) < 2 || c.Args[0].Text != "-m" || c.Args[1].Text != "pip" {
			return false
		}
	} else if !c.Is("pip", "pip3") {
		return false
	}
	if !c.HasArg("install") {
		return false
	}
	if _, ok := c.Option("", "-r", "--requirement"); ok {
		return true
	}
	packages := 0
	for _, w := range c.Operands() {
		if w.Text == "." || strings.HasPrefix(w.Text, "./") || strings.HasPrefix(w.Text, ".[") {
			return true
		}
		if !slices.Contains([]string{"install", "pip", "setuptools", "wheel"}, w.Text) && !strings.Contains(w.Text, "://") {
			packages++
		}
	}
	return packages >= manyPackages
}

func uvInstalls(c *shell.Call) bool {
	sub := c.Subcommand("--project", "--directory")
	return c.Is("uv") && (sub == "sync" || sub == "pip" && c.HasArg("install"))
}

func npmInstalls(c *shell.Call) bool {
	if !c.Is("npm") || c.HasArg("-g", "--global", "--location=global") {
		return false
	}
	switch c.Subcommand("--prefix", "-C", "-w") {
	case "ci":
		return true
	case "install", "i":
		return len(c.Operands()) == 1
	}
	return false
}

func yarnInstalls(c *shell.Call) bool {
	sub := c.Subcommand("--cwd")
	return c.Is("yarn", "yarnpkg") && (sub == "install" || sub == "" && !c.HasArg("--version", "-v") && len(c.Operands()) == 0)
}

func goInstalls(c *shell.Call) bool {
	if !c.Is("go") || strings.Contains(c.Env("GOFLAGS").Text, "-mod=vendor") || c.HasArg("-mod=vendor") {
		return false
	}
	switch c.Subcommand("-C") {
	case "mod":
		return c.HasArg("download")
	case "build":
		return true
	}
	return false
}

// mixInstalls knows "mix do deps.get, deps.compile" as well.
func mixInstalls(c *shell.Call) bool {
	return c.Is("mix") && (c.Subcommand() == "deps.get" || c.Subcommand() == "do" && c.HasArg("deps.get", "deps.get,"))
}

// cargoInstalls is not about a tool that is installed by its name.
func cargoInstalls(c *shell.Call) bool {
	if !c.Is("cargo") {
		return false
	}
	switch c.Subcommand("--manifest-path", "--config", "-Z", "--color") {
	case "build", "fetch", "test":
		return true
	case "install":
		_, fromPath := c.Option("", "--path")
		return fromPath
	}
	return false
}

func mavenInstalls(c *shell.Call) bool {
	return c.Is("mvn", "mvnw") && slices.ContainsFunc(c.Args, func(w shell.Word) bool {
		if !w.Known && !strings.HasPrefix(w.Text, "-") && w.Raw != `"$@"` {
			return true // a goal by a variable
		}
		return slices.Contains([]string{"package", "install", "verify", "compile", "test", "dependency:go-offline", "dependency:resolve"}, w.Text)
	})
}

func gradleInstalls(c *shell.Call) bool {
	return c.Is("gradle", "gradlew") && slices.ContainsFunc(c.Args, func(w shell.Word) bool {
		task := w.Text[strings.LastIndexByte(w.Text, ':')+1:]
		return slices.Contains([]string{"build", "assemble", "bootJar", "jar", "shadowJar", "installDist", "dependencies", "classes", "test"}, task)
	})
}
