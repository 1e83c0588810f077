package rules

import (
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/shell"
)

// jobsTool is a program that can do several things at once, as far as the rules about parallelism need to know it.
type jobsTool struct {
	names []string
	// does says what it does, for messages: "compiles".
	does string
	// works reports whether a call does what more jobs make shorter; nil for every call.
	works func(*shell.Call) bool
	// serial says that it does one thing at a time unless it is told otherwise.
	serial bool
	// flags are the spellings of the option for the number of jobs, and letters its one-letter options without a value.
	flags   []string
	letters string
	// optional says that the option may stand without a number, and unlimited that this means no limit at all.
	optional, unlimited bool
	// numbers are variables that hold a number of jobs, options those that hold options.
	numbers, options []string
	// off are words that make it do one thing at a time, and offVariables variables that do where they are false or 0.
	off, offVariables []string
	// add is the option that a fix adds behind the program's name; empty where there is no such edit.
	add string
	// severity is lower than the rule's where it matters less; 0 for the rule's own.
	severity finding.Severity
	// source is where defaults and spellings are documented.
	source string
}

// is reports whether a call starts the tool for work.
func (t *jobsTool) is(c *shell.Call) bool {
	return c.Is(t.names...) && (t.works == nil || t.works(c))
}

// compiling is what most of them do.
const compiling = "compiles"

// compiles reports whether the tool's work is that of processors, not of the network.
func (t *jobsTool) compiles() bool { return strings.HasPrefix(t.does, compiling) }

// perProcessor is the option for a job for each processor. nproc is part of coreutils and of BusyBox.
const perProcessor = `-j"$(nproc)"`

// jobsTools are the programs whose defaults were read in their manuals or their source.
var jobsTools = []jobsTool{
	{
		names: []string{"make", "gmake"}, does: compiling, works: makeBuilds, serial: true,
		flags: []string{"-j", "--jobs"}, letters: "bBdeikLmnpqrRsSvwt", optional: true, unlimited: true,
		options: []string{"MAKEFLAGS", "GNUMAKEFLAGS"}, add: perProcessor,
		source: "https://www.gnu.org/software/make/manual/html_node/Parallel.html",
	},
	{
		// With the generator for makefiles, which is the default; see cmakeSerial.
		names: []string{"cmake"}, does: compiling, works: cmakeBuilds, serial: true,
		flags: []string{"-j", "--parallel", "--jobs"}, letters: "v", optional: true, unlimited: true,
		numbers: []string{"CMAKE_BUILD_PARALLEL_LEVEL"}, options: []string{"MAKEFLAGS"},
		source: "https://cmake.org/cmake/help/latest/manual/cmake.1.html#build-a-project",
	},
	{
		// num_jobs is 1 (SCons/Script/SConsOptions.py).
		names: []string{"scons"}, does: compiling, works: sconsBuilds, serial: true,
		flags: []string{"-j", "--jobs"}, letters: "bcdeikmnpqQrRsStuUw",
		options: []string{"SCONSFLAGS"}, add: perProcessor,
		source: "https://scons.org/doc/production/HTML/scons-man.html",
	},
	{
		// j=1, and then make -j"$j" (docker-library/php, docker-php-ext-install).
		names: []string{"docker-php-ext-install"}, does: "compiles extensions of PHP", works: largeExtension, serial: true,
		flags: []string{"-j"}, add: perProcessor,
		source: "https://github.com/docker-library/docs/blob/master/php/content.md",
	},
	{
		// Runs what MAKE holds, else make, which reads MAKEFLAGS (pear-core, PEAR/Builder.php).
		names: []string{"pecl"}, does: "compiles an extension of PHP", works: largePecl, serial: true, severity: finding.Notice,
		options: []string{"MAKEFLAGS", "GNUMAKEFLAGS", "MAKE"},
		source:  "https://github.com/pear/pear-core/blob/master/PEAR/Builder.php",
	},
	{
		names: []string{"node-gyp"}, does: compiling, works: words("rebuild", "build"), serial: true,
		flags: []string{"-j", "--jobs"}, numbers: []string{"JOBS", "npm_config_jobs"}, options: []string{"MAKEFLAGS"}, add: "-j max",
		source: "https://github.com/nodejs/node-gyp#command-options",
	},
	{
		// As many jobs as processors since version 4.0.0, which Boost 1.71 did not yet have.
		names: []string{"b2", "bjam"}, does: compiling, works: oldBoost, serial: true,
		flags: []string{"-j"}, letters: "adnqo", add: perProcessor,
		source: "https://www.bfgroup.xyz/b2/manual/release/index.html",
	},
	// From here on: parallel by themselves, so that only what turns that off is of interest.
	{
		names: []string{"ninja", "ninja-build", "samu"}, does: compiling, flags: []string{"-j"}, letters: "nv",
		source: "https://ninja-build.org/manual.html",
	},
	{
		names: []string{"meson"}, does: compiling, works: words("compile"), flags: []string{"-j", "--jobs"}, letters: "v",
		source: "https://mesonbuild.com/Commands.html#compile",
	},
	{
		names: []string{"cargo"}, does: compiling, works: words("build", "install", "b"), flags: []string{"-j", "--jobs"}, letters: "qvr",
		numbers: []string{"CARGO_BUILD_JOBS"},
		source:  "https://doc.rust-lang.org/cargo/reference/config.html#buildjobs",
	},
	{
		names: []string{"go"}, does: compiling, works: words("build", "install"), flags: []string{"-p"}, numbers: []string{"GOMAXPROCS"},
		source: "https://pkg.go.dev/cmd/go#hdr-Compile_packages_and_dependencies",
	},
	{
		names: []string{"swift"}, does: compiling, works: words("build"), flags: []string{"-j", "--jobs"}, letters: "v",
		source: "https://docs.swift.org/swiftpm/documentation/packagemanagerdocs/swiftbuild/",
	},
	{
		names: []string{"stack"}, does: compiling, works: words("build", "install"), flags: []string{"-j", "--jobs"}, letters: "v",
		source: "https://docs.haskellstack.org/en/stable/configure/yaml/non-project/#jobs",
	},
	{
		names: []string{"cabal"}, does: compiling, works: words("build", "install", "v2-build", "v2-install"), flags: []string{"-j", "--jobs"}, letters: "v",
		optional: true,
		source:   "https://cabal.readthedocs.io/en/stable/cabal-project-description-file.html",
	},
	{
		names: []string{"dune"}, does: compiling, works: words("build", "install"), flags: []string{"-j", "--jobs"}, numbers: []string{"DUNE_JOBS"},
		source: "https://dune.readthedocs.io/en/stable/reference/config/jobs.html",
	},
	{
		names: []string{"opam"}, does: "builds packages", works: words("install"), flags: []string{"-j", "--jobs"}, letters: "yv", numbers: []string{"OPAMJOBS"},
		source: "https://opam.ocaml.org/doc/Manual.html",
	},
	{
		names: []string{"dotnet"}, does: "restores packages", works: words("restore", "build", "publish"), off: []string{"--disable-parallel", "-m:1", "-maxcpucount:1", "/m:1"},
		source: "https://learn.microsoft.com/dotnet/core/tools/dotnet-restore",
	},
	{
		names: []string{"bundle", "bundler"}, does: "installs gems", works: words("install"), flags: []string{"-j", "--jobs"}, numbers: []string{"BUNDLE_JOBS"},
		source: "https://bundler.io/man/bundle-install.1.html",
	},
	{
		names: []string{"poetry"}, does: "installs packages", works: words("install", "sync"), numbers: []string{"POETRY_INSTALLER_MAX_WORKERS"}, offVariables: []string{"POETRY_INSTALLER_PARALLEL"},
		source: "https://python-poetry.org/docs/configuration/#installerparallel",
	},
	{
		names: []string{"uv"}, does: "installs packages", works: words("sync", "pip"), numbers: []string{"UV_CONCURRENT_DOWNLOADS", "UV_CONCURRENT_BUILDS", "UV_CONCURRENT_INSTALLS"},
		source: "https://docs.astral.sh/uv/reference/environment/",
	},
	{
		names: []string{"composer", "composer.phar"}, does: "downloads packages", works: words("install", "update"), numbers: []string{"COMPOSER_MAX_PARALLEL_HTTP", "COMPOSER_MAX_PARALLEL_PROCESSES"},
		source: "https://getcomposer.org/doc/03-cli.md#composer-max-parallel-http",
	},
	{
		names: []string{"pnpm"}, does: "installs packages", works: words("install", "i", "fetch"), flags: []string{"--network-concurrency", "--child-concurrency"},
		source: "https://pnpm.io/settings",
	},
	{
		names: []string{"turbo", "lerna"}, does: "runs tasks", flags: []string{"--concurrency"},
		source: "https://turborepo.com/docs/reference/run",
	},
}

// words answers for programs whose first operand says what they do.
func words(names ...string) func(*shell.Call) bool {
	return func(c *shell.Call) bool {
		return slices.Contains(names, c.Subcommand("-C", "--manifest-path", "--directory", "--project"))
	}
}

// noBuild are targets of make that compile nothing worth mentioning, by custom (GNU make manual, "Standard Targets").
var noBuild = []string{
	"clean", "distclean", "mrproper", "maintainer-clean", "help", "config", "menuconfig", "oldconfig", "defconfig", "olddefconfig", "check",
	"test", "tests", "dist", "uninstall", "tags", "TAGS", "info", "doc", "docs", "html", "lint", "fmt", "format", "generate", "build_generated", "vendor", "deps",
	"depend", "download", "version", "print", "installcheck", "headers_install", "configure",
}

// onlyScripts matches directories of programs that have a makefile and nothing to compile: Lua, Perl and M4, or headers.
var onlyScripts = regexp.MustCompile(`(?i)(^|/)(luarocks|autoconf|autoconf-archive|automake|eigen|eigen3|gnulib|bash-completion|nlohmann|ca-certificates)([-_.\x{FFFC}\d][^/]*)?$`)

// makeBuilds reports whether make is started for something else than cleaning, testing, documentation and questions.
func makeBuilds(c *shell.Call) bool {
	if c.HasArg("--version", "-v", "-n", "--dry-run", "--just-print", "-q", "--question", "-p", "-h", "--help") {
		return false
	}
	targets := makeTargets(c)
	return len(targets) == 0 || slices.ContainsFunc(targets, func(t string) bool {
		return !slices.Contains(noBuild, t) && !strings.HasSuffix(t, "_defconfig") && !strings.HasSuffix(t, "-config")
	})
}

// makeTargets are the targets that make is asked for, with shell.Unknown for what is not known.
func makeTargets(c *shell.Call) []string {
	var out []string
	skip := false
	for _, w := range c.Args {
		switch {
		case skip:
			skip = false
		case slices.Contains([]string{"-C", "--directory", "-f", "--file", "--makefile", "-I", "-o", "-W"}, w.Text):
			skip = true
		case strings.HasPrefix(w.Text, "-") || strings.Contains(w.Text, "="):
		default:
			if _, err := strconv.Atoi(w.Text); err != nil { // of -j
				out = append(out, w.Text)
			}
		}
	}
	return out
}

// onlyInstalls reports whether make is asked for nothing but to install: a build has usually gone before.
func onlyInstalls(c *shell.Call) bool {
	if !c.Is("make", "gmake", "cmake") {
		return false
	}
	targets := makeTargets(c)
	if c.Is("cmake") {
		target, _ := c.Option("v", "--target", "-t")
		targets = []string{target.Text}
	}
	return len(targets) > 0 && !slices.ContainsFunc(targets, func(t string) bool { return !strings.Contains(t, "install") })
}

func cmakeBuilds(c *shell.Call) bool {
	target, _ := c.Option("v", "--target", "-t")
	return c.HasArg("--build") && !slices.Contains(noBuild, target.Text)
}

func sconsBuilds(c *shell.Call) bool {
	return !c.HasArg("-c", "--clean", "--version", "-h", "--help", "-n", "-q", "test")
}

// largeExtensions are extensions that come with PHP and have more than 20 source files, none of which takes most of the time
// (php-src, ext/*).
var largeExtensions = []string{"intl", "gd", "mbstring", "dom", "fileinfo"}

func largeExtension(c *shell.Call) bool { return c.HasArg(largeExtensions...) }

// largePecls are extensions of PECL with ten source files and more, none of which takes most of the time.
var largePecls = []string{"grpc", "swoole", "openswoole", "mongodb", "redis", "xdebug"}

func largePecl(c *shell.Call) bool {
	return c.Subcommand("-c", "-C", "-d", "-D") == "install" && slices.ContainsFunc(c.Operands(), func(w shell.Word) bool {
		name, _, _ := strings.Cut(w.Text, "-")
		return slices.Contains(largePecls, name)
	})
}

// boostDir matches the directory of a release of Boost.
var boostDir = regexp.MustCompile(`boost_1_(\d+)(_|\b)`)

// oldBoost reports whether it is surely the builder of a Boost before 1.71.
func oldBoost(c *shell.Call) bool {
	dir := path.Dir(c.Command.Text)
	if c.Dir != "" && !path.IsAbs(dir) {
		dir = path.Join(c.Dir, dir)
	}
	m := boostDir.FindStringSubmatch(dir)
	if m == nil || c.HasArg("--help", "--version", "headers", "clean") {
		return false
	}
	minor, err := strconv.Atoi(m[1])
	return err == nil && minor <= 70
}
