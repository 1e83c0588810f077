package rules

import (
	"path"
	"slices"
	"strings"

	"github.com/loadline-dev/loadline/pkg/dockerfile"
	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/shell"
)

// started is a command that an image starts, in its build or when it runs.
type started struct {
	by   *dockerfile.Instruction
	call *shell.Call
}

// startedBy are the commands of the stages that an image is made of, from the one that is built on its base image on, and of
// the scripts of the context that they run. seen is false where more may be started than can be seen.
func startedBy(p *rule.Pass, b rule.BaseImage) (list []started, seen bool) {
	seen = true
	for _, stage := range slices.Backward(b.Stages) {
		for _, i := range stage.Instructions {
			switch i.Name {
			case "RUN", "CMD", "ENTRYPOINT", "HEALTHCHECK":
			case "SHELL":
				seen = seen && len(i.Words) > 0 && shell.IsShell(path.Base(i.Words[0].Value))
				continue
			case "ONBUILD":
				return list, false
			default:
				continue
			}
			for _, c := range p.Calls(i) {
				list = append(list, started{i, c})
				inner := p.ScriptCalls(i, c)
				for _, in := range inner {
					list = append(list, started{i, in})
				}
				seen = seen && (len(inner) > 0 || isSeen(p, i, c))
			}
		}
	}
	return list, seen
}

// isSeen reports whether all that a command does shows in the command: it is no program of the image that nobody knows.
func isSeen(p *rule.Pass, i *dockerfile.Instruction, c *shell.Call) bool {
	switch {
	case c.Name == "":
		return false
	case c.IsShell() || c.Is(".", "source", "make"):
		_, given := c.Script()
		return !given && !c.Is(".", "source", "make")
	case !strings.Contains(c.Command.Text, "/"):
		return true
	}
	dir := path.Dir(path.Clean(c.Command.Text))
	if strings.HasSuffix(dir, "bin") { // of the system, or of a virtual environment
		return true
	}
	_, known := p.Called(i, c) // in another language, such as manage.py
	return known
}

// installedPackages are the packages of the distribution that commands install; all is false where some are not known.
func installedPackages(list []started) (names []string, all bool) {
	all = true
	for _, s := range list {
		if !installsPackages(s.call) {
			continue
		}
		for _, w := range s.call.Operands("-t", "--target-release", "-o", "-c") {
			if !w.Known {
				all = false
				continue
			}
			name, _, _ := strings.Cut(w.Text, "=")
			names = append(names, name)
		}
	}
	return names, all
}

// fullTool is a program that the full images of Debian bring along and the slim ones lack, with the packages that have it.
// Source: the Dockerfiles of buildpack-deps, which the full images are built on (docker-library/buildpack-deps), and those of
// the slim images.
type fullTool struct {
	programs, packages []string
}

var fullTools = []fullTool{
	{[]string{"gcc", "cc", "cpp", "ld", "as", "ar", "ranlib", "strip", "nm", "objdump"}, []string{"build-essential", "gcc", "g++", "binutils"}},
	{[]string{"g++", "c++"}, []string{"build-essential", "g++"}},
	{[]string{"make"}, []string{"build-essential", "make"}},
	{[]string{"autoconf", "autoreconf"}, []string{"autoconf"}}, {[]string{"automake", "aclocal"}, []string{"automake"}},
	{[]string{"patch"}, []string{"build-essential", "patch", "dpkg-dev"}}, {[]string{"dpkg-architecture", "dpkg-buildpackage"}, []string{"dpkg-dev", "build-essential"}},
	{[]string{"git"}, []string{"git", "git-core"}}, {[]string{"hg"}, []string{"mercurial"}}, {[]string{"svn"}, []string{"subversion"}},
	{[]string{"ssh", "scp", "sftp", "ssh-keygen", "ssh-keyscan", "ssh-agent", "ssh-add"}, []string{"openssh-client"}},
	{[]string{"curl"}, []string{"curl"}}, {[]string{"wget"}, []string{"wget"}},
	{[]string{"gpg", "gpg2", "gpgconf", "gpg-agent", "dirmngr", "apt-key", "add-apt-repository"}, []string{"gnupg", "gnupg2", "software-properties-common"}},
	{[]string{"ps", "pgrep", "pkill", "top", "free", "uptime", "watch", "vmstat", "w", "sysctl"}, []string{"procps"}},
	{[]string{"unzip"}, []string{"unzip"}}, {[]string{"file"}, []string{"file"}}, {[]string{"xz", "unxz", "xzcat"}, []string{"xz-utils"}},
	{[]string{"bzip2", "bunzip2", "bzcat"}, []string{"bzip2"}},
	{[]string{"convert", "identify", "mogrify", "magick", "composite", "montage"}, []string{"imagemagick"}},
	{[]string{"mysql_config", "mariadb_config", "pg_config", "pkg-config", "xml2-config", "curl-config"}, []string{"libmysqlclient-dev", "libpq-dev", "pkg-config", "pkgconf"}},
	{[]string{"openssl"}, []string{"openssl"}}, {[]string{"netstat", "ifconfig"}, []string{"net-tools"}},
}

// needsFullTool is a program among commands that only the full image brings along and nobody installs; empty for none.
func needsFullTool(b rule.BaseImage, list []started) string {
	packages, _ := installedPackages(list)
	for _, s := range list {
		c := s.call
		if b.Family != "python" && c.Is("python", "python3", "python2", "pip", "pip3") && !slices.Contains(packages, "python3") {
			return c.Name
		}
		for _, t := range fullTools {
			if c.Is(t.programs...) && !slices.ContainsFunc(t.packages, func(name string) bool { return slices.Contains(packages, name) }) {
				return c.Name
			}
		}
		if c.Is("tar") && decompresses(c) && !slices.Contains(packages, "xz-utils") && !slices.Contains(packages, "bzip2") {
			return "xz"
		}
	}
	return ""
}

// decompresses reports whether a tar starts xz or bzip2.
func decompresses(c *shell.Call) bool {
	for n, w := range c.Args {
		arg := w.Text
		switch {
		case strings.HasSuffix(arg, ".xz"), strings.HasSuffix(arg, ".bz2"), arg == "--xz", arg == "--bzip2", arg == "--auto-compress":
			return true
		case strings.HasPrefix(arg, "--"):
		case (n == 0 || strings.HasPrefix(arg, "-")) && strings.ContainsAny(arg, "Jj"):
			return true
		}
	}
	return false
}

// isApplication reports whether the image of the build is one that is shipped and runs something, as far as names say, and
// that is built on a full image of its makers' that whoever wrote the Dockerfile named: no variant was chosen.
func isApplication(p *rule.Pass) (b rule.BaseImage, ok bool) {
	if forDevelopment(p) || tooling.MatchString(p.Final.Name) || !p.DefaultPlatform() {
		return b, false
	}
	b, ok = p.BaseImage(p.Final)
	if !ok || b.Chosen || b.Variant != "" || b.Flavor != "" {
		return b, false
	}
	if _, past := p.Images().Deprecated(b.Image); past {
		return b, false // deprecated-base says what matters more
	}
	return b, true
}

// copiesFromElsewhere reports whether an image has something from another image or stage that was not made for where it is:
// into other directories than those named.
func copiesFromElsewhere(p *rule.Pass, b rule.BaseImage, into ...string) bool {
	for _, stage := range b.Stages {
		for _, i := range stage.Instructions {
			_, from := i.Flag("from")
			if i.Name == "ADD" && slices.ContainsFunc(i.Sources(), func(w dockerfile.Word) bool { return strings.Contains(w.Value, "://") }) {
				from = true
			}
			if !from {
				continue
			}
			dest, _ := i.Dest()
			to := p.Dockerfile.Expand(dest.Value, p.Variables(i))
			if !to.Known {
				return true
			}
			at := to.Text
			if !path.IsAbs(at) {
				at = path.Join(p.Workdir(i), at)
			}
			if !slices.ContainsFunc(into, func(dir string) bool { return within(path.Clean(at), dir) }) {
				return true
			}
		}
	}
	return false
}
