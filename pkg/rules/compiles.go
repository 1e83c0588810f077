package rules

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/shell"
)

// answer is what is known of a question.
type answer int

const (
	unclear answer = iota
	yes
	no
)

// gains says whether several jobs would shorten a start of a tool: many a make does nothing but start go, docker or npm.
func (u *toolUse) gains(p *rule.Pass) answer {
	switch {
	case u.call.Is("make", "gmake", "cmake") && onlyScripts.MatchString(workDir(u.call)):
		return no
	case u.call.Is("make", "gmake"):
		return makeGains(p, u)
	case u.call.Is("cmake"):
		return cmakeSerial(u)
	case u.call.Is("scons"):
		return sconsGains(p, u)
	}
	return yes
}

// workDir is the directory in which a tool builds.
func workDir(c *shell.Call) string {
	var w shell.Word
	ok := false
	switch {
	case c.Is("make", "gmake"):
		w, ok = c.Option("bBdeikLmnpqrRsSvwt", "-C", "--directory")
	case c.Is("cmake"):
		if w, ok = c.Option("", "--build"); !ok {
			w, ok = c.Option("", "-B")
		}
	}
	switch {
	case !ok:
		return c.Dir
	case !w.Known:
		return ""
	case path.IsAbs(w.Text) || c.Dir == "":
		return path.Clean(w.Text)
	}
	return path.Join(c.Dir, w.Text)
}

func makeGains(p *rule.Pass, u *toolUse) answer {
	configured := u.configured()
	if file, ok := p.Called(u.by, u.call); ok {
		m := readMakefile(p, file)
		switch {
		case m.serial || m.jobs:
			return no
		case configured == yes || m.objects && !m.wraps:
			return yes
		}
		return no
	}
	if configured == yes || configured == no {
		return configured
	}
	if u.compilerSaid(p) && !u.elsewhere() {
		return yes
	}
	if u.otherLanguage(p) {
		return no
	}
	if u.fetched() && u.compilerInstalled(p) {
		return yes
	}
	return unclear
}

// configured reports whether a configuration of C or C++ went before in the directory that make works in.
func (u *toolUse) configured() answer {
	dir := workDir(u.call)
	for _, s := range slices.Backward(u.before) {
		if !configures(s.call) {
			continue
		}
		in := workDir(s.call)
		if in != dir || in == "" && s.by != u.by {
			continue
		}
		if s.call.Is("cmake") && generator(s.call) == no {
			return no // for Ninja, or something else that nobody knows
		}
		return yes
	}
	return unclear
}

// configures reports whether a command prepares a build of C or C++ by make.
func configures(c *shell.Call) bool {
	switch {
	case c.Is("cmake"):
		return len(c.Args) > 0 && !c.HasArg("--build", "--install", "-E", "-P", "--version", "--help", "--open", "--workflow")
	case c.Is("configure", "config", "Configure"):
		return strings.Contains(c.Command.Text, "/") && !c.HasArg("--help", "--version")
	case c.Is("perl"):
		return len(c.Args) > 0 && path.Base(c.Args[0].Text) == "Configure"
	}
	return c.Is("autoreconf", "autogen.sh", "phpize", "qmake", "qmake6", "buildconf")
}

// generator says whether cmake writes makefiles: the default on Linux, where nothing else is asked for.
func generator(c *shell.Call) answer {
	if w, ok := c.Option("", "-G"); ok {
		if w.Known && strings.HasSuffix(w.Text, "Unix Makefiles") {
			return yes
		}
		return no
	}
	if c.Env("CMAKE_GENERATOR").Defined {
		if c.Env("CMAKE_GENERATOR").Is("Unix Makefiles", "") {
			return yes
		}
		return no
	}
	for _, w := range c.Args {
		// A preset, or a word that nobody knows, may choose one.
		if strings.HasPrefix(w.Text, "--preset") || strings.HasPrefix(w.Text, "-GNinja") || w.Text == string(shell.Unknown) && !strings.HasPrefix(w.Raw, `"`) {
			return no
		}
	}
	return yes
}

// cmakeSerial reports whether cmake --build starts a make: that is known where the configuration is seen.
func cmakeSerial(u *toolUse) answer {
	if strings.HasPrefix(u.call.Env("CMAKE_GENERATOR").Text, "Ninja") || u.call.HasArg("--preset") {
		return no
	}
	dir := workDir(u.call)
	for _, s := range slices.Backward(u.before) {
		if !s.call.Is("cmake") || !configures(s.call) {
			continue
		}
		if in := workDir(s.call); in == dir && (in != "" || s.by == u.by) {
			return generator(s.call)
		}
	}
	return unclear
}

// compilerSaid reports whether make is told which C++ compiler or flags to use, but not by a build of Go with cgo.
func (u *toolUse) compilerSaid(p *rule.Pass) bool {
	if u.call.Env("CGO_ENABLED").Defined || u.call.Env("GOOS").Defined {
		return false
	}
	for _, w := range u.call.Args {
		if strings.HasPrefix(w.Text, "CXX=") || strings.HasPrefix(w.Text, "CXXFLAGS=") || strings.HasPrefix(w.Text, "CC=") || strings.HasPrefix(w.Text, "CFLAGS=") {
			return !u.otherLanguage(p)
		}
	}
	for _, name := range []string{"CXX", "CXXFLAGS"} {
		if v := u.call.Env(name); v.Defined && v.Pair == nil { // said in the step
			return true
		}
	}
	return false
}

// elsewhere reports whether the step itself starts go, so that it is about that.
func (u *toolUse) elsewhere() bool {
	return slices.ContainsFunc(u.before, func(s step) bool { return s.by == u.by && s.call.Is("go", "xx-go", "cargo", "npm", "yarn", "pnpm") })
}

// otherImage matches images for Go, and others whose makefiles start something else than compilers of C.
var otherImage = regexp.MustCompile(`(^|[-/_])(golang|go|go-toolset|node|rust|openjdk|maven|gradle|erlang|elixir|haskell|docker)([-:@/_.]|\d|$)`)

// baseImage is the image that the stage is built on in the end, in lower case; as written where a variable in it is not known.
func baseImage(p *rule.Pass, u *toolUse) string {
	stage := root(u.by.Stage)
	if v := p.Dockerfile.Expand(stage.Base.Value, p.Variables(stage.From)); v.Known {
		return strings.ToLower(v.Text)
	}
	return strings.ToLower(stage.Base.Value)
}

// otherLanguage reports whether the stage is about something else than C: a golang image, or commands of Go, Node or Rust.
func (u *toolUse) otherLanguage(p *rule.Pass) bool {
	if base := baseImage(p, u); otherImage.MatchString(base) || strings.Contains(base, "golang") {
		return true
	}
	for _, name := range []string{"GOPATH", "GOFLAGS", "GO111MODULE", "CGO_ENABLED", "GOROOT", "GOPROXY", "CARGO_HOME"} {
		if u.call.Env(name).Defined {
			return true
		}
	}
	return slices.ContainsFunc(u.before, func(s step) bool {
		if s.call.Is("go", "xx-go", "gofmt", "cargo", "rustup", "npm", "yarn", "pnpm", "mvn", "gradle", "docker", "mix", "stack", "cabal", "bazel") {
			return true
		}
		return installsPackages(s.call) && slices.ContainsFunc(s.call.Args, func(w shell.Word) bool {
			return w.Text == "go" || w.Text == "cargo" || w.Text == "npm" || w.Text == "nodejs" || strings.HasPrefix(w.Text, "golang") || strings.HasPrefix(w.Text, "rust")
		}) || s.call.Is("curl", "wget", "tar") && strings.Contains(s.call.Text(), "linux-amd64.tar") && strings.Contains(s.call.Text(), "go1.")
	})
}

// installsPackages reports whether a command installs packages of a distribution.
func installsPackages(c *shell.Call) bool {
	return c.Is("apt-get", "apt", "aptitude", "apk", "yum", "dnf", "microdnf", "tdnf", "zypper", "pacman", "xx-apt-get", "xx-apk") &&
		c.HasArg("install", "add", "-S", "-Sy", "-Syu", "in")
}

// compilerPackage matches packages of the distribution that bring a compiler of C, or what is needed to compile against a
// library.
var compilerPackage = regexp.MustCompile(`^(gcc|g\+\+|clang|gcc-c\+\+|build-essential|build-base|base-devel|gfortran|musl-dev|libc6?-dev)([-=.~\d].*)?$|^lib.+-dev(el)?$`)

func (u *toolUse) compilerInstalled(p *rule.Pass) bool {
	if base := path.Base(baseImage(p, u)); base == "gcc" || strings.HasPrefix(base, "gcc:") {
		return true
	}
	return slices.ContainsFunc(u.before, func(s step) bool {
		return installsPackages(s.call) && slices.ContainsFunc(s.call.Args, func(w shell.Word) bool { return compilerPackage.MatchString(w.Text) })
	})
}

// fetched reports whether make works in what the stage has cloned or unpacked.
func (u *toolUse) fetched() bool {
	dir := workDir(u.call)
	if dir == "" {
		return false
	}
	for _, s := range u.before {
		switch {
		case s.call.Is("git") && s.call.Subcommand("-C", "-c") == "clone":
			if to, ok := clonedTo(s.call); ok && within(dir, to) {
				return true
			}
		case s.call.Is("tar", "unzip") && s.by == u.by && s.call.Dir != "" && dir != s.call.Dir && within(dir, s.call.Dir):
			return true
		}
	}
	return addedFromGit(u, dir)
}

// addedFromGit reports whether an ADD before the step fetches a repository into the directory.
func addedFromGit(u *toolUse, dir string) bool {
	for _, i := range u.by.Stage.Instructions {
		if i == u.by {
			break
		}
		if i.Name != "ADD" || len(i.Words) < 2 || !strings.Contains(i.Words[0].Value, ".git") || !strings.Contains(i.Words[0].Value, "://") {
			continue
		}
		if dest, _ := i.Dest(); path.IsAbs(dest.Value) && within(dir, path.Clean(dest.Value)) {
			return true
		}
	}
	return false
}

// clonedTo is the directory that a clone makes.
func clonedTo(c *shell.Call) (string, bool) {
	if c.Dir == "" {
		return "", false
	}
	address := ""
	for n, w := range c.Args {
		if address == "" {
			if strings.Contains(w.Text, "://") || strings.HasPrefix(w.Text, "git@") {
				address = w.Text
			}
			continue
		}
		if strings.HasPrefix(w.Text, "-") || strings.HasPrefix(c.Args[n-1].Text, "-") && !strings.Contains(c.Args[n-1].Text, "=") {
			continue
		}
		if path.IsAbs(w.Text) {
			return path.Clean(w.Text), true
		}
		return path.Join(c.Dir, w.Text), true
	}
	if address == "" {
		return "", false
	}
	return path.Join(c.Dir, strings.TrimSuffix(path.Base(strings.TrimSuffix(address, "/")), ".git")), true
}

// builtBefore reports whether a build by make has gone before in the same directory.
func (u *toolUse) builtBefore() bool {
	dir := workDir(u.call)
	return slices.ContainsFunc(u.before, func(s step) bool {
		built := s.call.Is("make", "gmake") && makeBuilds(s.call) || s.call.Is("cmake") && cmakeBuilds(s.call)
		return built && !onlyInstalls(s.call) && workDir(s.call) == dir
	})
}
