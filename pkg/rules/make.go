package rules

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/loadline-dev/loadline/pkg/dockerfile"
	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/shell"
	"github.com/loadline-dev/loadline/pkg/source"
)

// idleTargets are targets that compile nothing, or what a make before them has compiled.
var idleTargets = []string{
	"clean", "distclean", "mrproper", "maintainer-clean", "install", "install-strip", "installcheck", "uninstall", "check", "test", "tests",
	"config", "defconfig", "menuconfig", "oldconfig", "olddefconfig", "help", "dist", "docs", "html", "info", "tags", "print-version", "version",
	"headers_install", "modules_install", "install-headers", "install_sw", "install_ssldirs", "lint", "fmt", "format", "deps", "vendor",
}

// idleOptions are options with which make does nothing but tell.
var idleOptions = []string{"--version", "-v", "--help", "-h", "-n", "--dry-run", "--just-print", "-q", "-p", "--question"}

// configures matches programs that prepare a build of C or C++ for make.
var configures = regexp.MustCompile(`^(configure|config|Configure|Config|autogen\.sh|bootstrap(\.sh)?|buildconf|autoreconf|autoconf|cmake|qmake|qmake6|qmake-qt5|phpize|` +
	`xmkmf|imake|premake\d?|gyp|waf)$`)

// compiles matches what a makefile says that starts a compiler of one file at a time.
var compiles = regexp.MustCompile(`\$[({](CC|CXX|LD|FC|COMPILE\.c|COMPILE\.cc|CPP|NVCC)[)}]|\b(gcc|g\+\+|clang|clang\+\+|gfortran|nvcc|cc1|arm-none-eabi-gcc)\b|%\.o\s*:|\.c\.o\s*:|\bobj-[ym]\b`)

// startsOther matches what a makefile says that starts a build tool which uses all processors by itself.
var startsOther = regexp.MustCompile(`(?m)^\t.*\b(go (build|install|test|generate)|\$\(GO\)|cargo|npm|yarn|pnpm|mvn|gradle|dotnet|bazel|ninja|docker|mix)\b`)

// notParallel matches what a makefile says that runs one job at a time on purpose, or several by itself.
var notParallel = regexp.MustCompile(`(?m)^\.NOTPARALLEL\s*:|MAKEFLAGS\s*[:+?]?=.*(-j|--jobs)|\$\(MAKE\).*\s-j`)

// managedImages matches base images whose builds make only starts: those of languages with a build tool of their own.
var managedImages = regexp.MustCompile(`(^|[/-])(golang|go|rust|node|openjdk|eclipse-temurin|maven|gradle|dotnet|sdk|elixir|erlang|swift|dart|deno|bun)([:@-]|$)|-(go|rust|jvm|javascript|swift)([:@]|$)`)

// fetches are programs that bring the sources of something else into the image.
var fetches = []string{"git", "curl", "wget", "tar", "unzip", "bsdtar"}

// makeWorks reports whether a make compiles, as far as its makefile, or what is done before it, tells; where nothing does,
// it is taken for one that only starts other programs.
func makeWorks(p *rule.Pass, i *dockerfile.Instruction, c *shell.Call) bool {
	if c.HasArg(idleOptions...) {
		return false
	}
	var targets []string
	for _, w := range c.Operands("-C", "-f", "-I", "-o", "-W", "-l", "--directory", "--file") {
		if !strings.Contains(w.Text, "=") {
			targets = append(targets, w.Text)
		}
	}
	idle := len(targets) > 0 && !slices.ContainsFunc(targets, func(t string) bool { return !slices.Contains(idleTargets, t) })
	before := earlier(p, i, c)
	if idle && (slices.ContainsFunc(before, func(b *shell.Call) bool { return b.Is("make", "gmake") && b.Dir == c.Dir }) || !slices.Contains(targets, "install")) {
		return false
	}
	if file, ok := p.Called(i, c); ok {
		return makefileWorks(file)
	}
	if slices.ContainsFunc(before, func(b *shell.Call) bool {
		return configures.MatchString(b.Name) && !slices.Contains(idleOptions, firstArg(b))
	}) {
		return true
	}
	if idle {
		return false
	}
	if managed(p, i.Stage) {
		return false
	}
	return slices.ContainsFunc(before, func(b *shell.Call) bool { return b.Is(fetches...) && bringsSources(b) })
}

func firstArg(c *shell.Call) string {
	if len(c.Args) == 0 {
		return ""
	}
	return c.Args[0].Text
}

// bringsSources reports whether a call unpacks or clones.
func bringsSources(c *shell.Call) bool {
	switch c.Name {
	case "git":
		return c.Subcommand("-c", "-C") == "clone"
	case "tar", "bsdtar":
		return len(c.Args) > 0 && (strings.Contains(strings.TrimPrefix(c.Args[0].Text, "-"), "x") || c.HasArg("--extract"))
	case "unzip":
		return true
	}
	return false
}

func makefileWorks(f *source.File) bool {
	text := string(f.Text)
	return compiles.MatchString(text) && !notParallel.MatchString(text) && !startsOther.MatchString(text)
}

// managed reports whether a stage is built on an image of a language with a build tool of its own.
func managed(p *rule.Pass, s *dockerfile.Stage) bool {
	for ; s != nil; s = s.Parent {
		if s.Parent == nil {
			v := p.Dockerfile.Expand(s.Base.Value, p.Variables(s.From))
			return managedImages.MatchString(v.Text)
		}
	}
	return false
}

// cmakeWorks reports whether cmake --build starts make, which is its generator where nothing says another one.
func cmakeWorks(p *rule.Pass, i *dockerfile.Instruction, c *shell.Call) bool {
	if w, ok := c.Option("", "-t", "--target"); ok && slices.Contains(idleTargets, w.Text) || c.HasArg("--", "--preset") {
		return false
	}
	if c.Env("CMAKE_GENERATOR").Defined {
		return false
	}
	configured := false
	for _, stageInstruction := range i.Stage.Instructions {
		if stageInstruction.Name != "RUN" {
			continue
		}
		for _, b := range p.Calls(stageInstruction) {
			if !b.Is("cmake") || b.HasArg("--build", "--install", "-E", "-P", "--version") {
				continue
			}
			configured = true
			if _, ok := b.Option("", "-G"); ok || slices.ContainsFunc(b.Args, func(w shell.Word) bool {
				return !w.Known || strings.HasPrefix(w.Text, "-G") || strings.HasPrefix(w.Text, "--preset") || strings.HasPrefix(w.Text, "-DCMAKE_MAKE_PROGRAM")
			}) {
				return false
			}
		}
	}
	if !configured {
		return false // what it builds was configured elsewhere
	}
	_, presets := p.ContextFile(i, path.Join(c.Dir, "CMakePresets.json"))
	return !presets
}
