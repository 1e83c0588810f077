package rules

import (
	"errors"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/shell"
	"github.com/loadline-dev/loadline/pkg/tree"
)

// historyCommands are the subcommands of git that read the repository they run in (git(1)).
var historyCommands = []string{
	"archive", "blame", "branch", "cat-file", "check-ignore", "checkout", "describe", "diff", "diff-index", "diff-tree", "fetch",
	"for-each-ref", "grep", "lfs", "log", "ls-files", "ls-tree", "merge-base", "name-rev", "remote", "reset", "rev-list",
	"rev-parse", "shortlog", "show", "show-ref", "status", "submodule", "symbolic-ref", "tag", "update-index", "whatchanged",
	"worktree",
}

// historyTools are programs that read the history themselves.
var historyTools = []string{
	"auto-changelog", "commitlint", "danger", "dunamai", "git-chglog", "git-cliff", "gitleaks", "gitversion", "goreleaser",
	"lerna", "nbgv", "pre-commit", "semantic-release", "setuptools-git-versioning", "standard-version", "versioneer", "versioningit",
}

// historyInCode matches a git command that reads history, in a script, a Makefile or the scripts of a manifest.
var historyInCode = regexp.MustCompile(`(?m)\bgit(?:\s+-[A-Za-z-]+(?:[= ]\S+)?)*\s+(?:` + strings.Join(historyCommands, "|") + `)\b`)

// historyReader is a tool that reads the history while something is built, and the files that say that it is in use.
type historyReader struct {
	files []string
	// mark matches what such a file says.
	mark *regexp.Regexp
	// instead are the beginnings of variables that give the tool what it would read; where the Dockerfile sets one, the
	// tool needs no history.
	instead []string
}

// historyReaders are tools that get the version out of the history, after their documentation.
var historyReaders = []historyReader{
	{
		files:   []string{"pyproject.toml", "setup.cfg", "setup.py"},
		mark:    regexp.MustCompile(`setuptools[_-]scm|hatch-vcs|versioningit|\bpbr\b|versioneer|dunamai|poetry-dynamic-versioning|flit[_-]scm|setuptools-git|pdm.*scm|source\s*=\s*"scm"|miniver`),
		instead: []string{"SETUPTOOLS_SCM_PRETEND_VERSION", "PBR_VERSION", "POETRY_DYNAMIC_VERSIONING_BYPASS", "PDM_BUILD_SCM_VERSION"},
	},
	{
		files:   []string{"Cargo.toml", "build.rs"},
		mark:    regexp.MustCompile(`\bvergen|\bshadow-rs|\bgit-version|\bgit2\b|\bbuilt\b\s*=|Command::new\(\s*"git"`),
		instead: []string{"VERGEN_"},
	},
	{
		files: []string{"pom.xml", "build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts", "build.sbt", "plugins.sbt", "extensions.xml"},
		mark:  regexp.MustCompile(`git-commit-id|jgitver|gradle-git|axion-release|nebula\.release|sbt-git|sbt-dynver|palantir\.git-version|buildnumber-maven|reckon|gitVersioning|\bgit\(`),
	},
	{
		files: []string{"Directory.Build.props", "Directory.Packages.props", "version.json"},
		mark:  regexp.MustCompile(`MinVer|Nerdbank\.GitVersioning|GitVersion|SourceLink|nerdbank`),
	},
	{
		files: []string{"package.json", "lerna.json", "nx.json", "turbo.json"},
		mark:  regexp.MustCompile(`git-rev-sync|git-revision-webpack|git-rev|git-describe|gitinfo|semantic-release|last-commit|\$\{?GIT`),
	},
	{
		files: []string{"CMakeLists.txt", "meson.build", "configure.ac", "GNUmakefile", "Makefile"},
		mark:  regexp.MustCompile(`(?i)find_package\s*\(\s*git\b|COMMAND\s+"?\$?\{?git|vcs_tag\s*\(|git-version-gen|setlocalversion|GetGitRevision|execute_process[^)]*\bgit\b`),
	},
	{
		files: []string{"conf.py", "mkdocs.yml"},
		mark:  regexp.MustCompile(`sphinx_git|git-revision-date|git-authors|sphinx_last_updated_by_git`),
	},
}

// maxManifests is how many files of one name are read for signs of a tool.
const maxManifests = 50

// readsHistory names what in the build reads the history in .git, as far as files and commands tell; empty for nothing.
// It errs towards naming something: leaving .git out of an upload that needs it breaks a build, or changes a version.
func readsHistory(p *rule.Pass, u *rule.Upload) (string, error) {
	if by := historyCall(p); by != "" {
		return by, nil
	}
	for _, r := range historyReaders {
		if slices.ContainsFunc(r.instead, func(prefix string) bool { return defines(p, prefix) }) {
			continue
		}
		for _, name := range r.files {
			by, err := marked(p, u, name, r.mark)
			if err != nil || by != "" {
				return by, err
			}
		}
	}
	return calledFileReadsHistory(p, u)
}

// historyCall is a command of the Dockerfile that reads the history, and not that of a repository made in the build.
func historyCall(p *rule.Pass) string {
	for _, stage := range p.Stages {
		own := false
		for _, i := range stage.Instructions {
			if i.Name != "RUN" {
				continue
			}
			for _, c := range p.Calls(i) {
				sub := c.Subcommand("-C", "-c", "--git-dir", "--work-tree")
				switch {
				case c.Is("git") && (sub == "init" || sub == "clone"):
					own = true
				case c.Is("git") && !own && (sub == "" || slices.Contains(historyCommands, sub)) && !c.HasArg("--version"):
					return c.Text()
				case c.Is(historyTools...):
					return c.Name
				case c.Is("go") && (c.HasArg("-buildvcs=true", "-buildvcs") || strings.Contains(c.Env("GOFLAGS").Text, "-buildvcs=true")):
					return "go build -buildvcs"
				}
			}
		}
	}
	return ""
}

// defines reports whether the Dockerfile sets a variable whose name begins with a prefix.
func defines(p *rule.Pass, prefix string) bool {
	for _, i := range p.Dockerfile.Instructions {
		for _, pair := range i.Pairs {
			if (i.Name == "ARG" || i.Name == "ENV") && strings.HasPrefix(pair.Key.Value, prefix) {
				return true
			}
		}
	}
	return false
}

// marked names the first uploaded file of a name that says what mark matches, or a command that reads history.
func marked(p *rule.Pass, u *rule.Upload, name string, mark *regexp.Regexp) (string, error) {
	if u.Dir != p.Build.Context {
		return "", nil // a named context, whose files are not read
	}
	files := u.Named(name)
	for _, f := range files[:min(len(files), maxManifests)] {
		text, err := read(p, f.Path)
		if err != nil {
			return "", err
		}
		if mark.MatchString(text) || name != "Makefile" && name != "GNUmakefile" && historyInCode.MatchString(text) {
			return f.Path, nil
		}
	}
	return "", nil
}

// calledFileReadsHistory names a Makefile or script that a RUN calls and that reads the history.
func calledFileReadsHistory(p *rule.Pass, u *rule.Upload) (string, error) {
	seen := map[string]bool{}
	for _, c := range p.AllCalls() {
		for _, name := range calledFiles(c) {
			if seen[name] {
				continue
			}
			seen[name] = true
			for _, f := range u.Named(name)[:min(len(u.Named(name)), maxManifests)] {
				text, err := read(p, f.Path)
				if err != nil {
					return "", err
				}
				if historyInCode.MatchString(text) {
					return f.Path, nil
				}
			}
		}
	}
	return "", nil
}

// calledFiles are the names of files that a command may run: a script, or the Makefile.
func calledFiles(c *shell.Call) []string {
	if c.Is("make", "gmake") {
		return []string{"Makefile", "makefile", "GNUmakefile", "common.mk", "version.mk"}
	}
	var out []string
	if c.Is("sh", "bash", "dash", "ash", "zsh", "ksh", ".", "source", "python", "python3", "node", "ruby", "perl") {
		for _, w := range c.Operands() {
			if w.Known {
				out = append(out, path.Base(w.Text))
			}
		}
		return out
	}
	if strings.Contains(c.Command.Text, "/") && c.Command.Known {
		out = append(out, path.Base(c.Command.Text))
	}
	return out
}

// read is the text of a file of the context; empty for one that is no readable text file.
func read(p *rule.Pass, name string) (string, error) {
	f, err := p.ReadFile(name)
	switch {
	case err == nil:
		return string(f.Text), nil
	case errors.Is(err, rule.ErrReadsTooMuch):
		return "", err
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, tree.ErrTooLarge), errors.Is(err, tree.ErrDirectory), errors.Is(err, tree.ErrNotRegular),
		errors.Is(err, tree.ErrOutside), errors.Is(err, tree.ErrLoop), errors.Is(err, tree.ErrAbsent):
		return "", nil
	}
	return "", err
}
