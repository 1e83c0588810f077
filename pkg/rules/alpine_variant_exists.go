package rules

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/loadline-dev/loadline/pkg/baseimage"
	"github.com/loadline-dev/loadline/pkg/dockerfile"
	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/shell"
)

// alpineVariantExists reports images that are built on Debian and hold nothing that musl is known to break.
var alpineVariantExists = rule.Rule{
	Name:     "alpine-variant-exists",
	Title:    "the base image has an Alpine variant, and nothing against it",
	Area:     finding.BaseImage,
	Severity: finding.Notice,
	Needs:    smallerNeeds,
	Run:      func(ctx context.Context, p *rule.Pass) error { return runSmallerBase(ctx, p, baseimage.Alpine) },
}

// portable are programs that are the same to their callers in Debian and in BusyBox.
var portable = []string{
	"[", "basename", "cat", "cd", "chmod", "chown", "cp", "cut", "date", "dirname", "echo", "env", "envsubst", "exec", "exit", "export", "false", "find", "grep",
	"gunzip", "gzip", "head", "httpd", "httpd-foreground", "id", "install", "kill", "ln", "ls", "mkdir", "mv", "nginx", "printf", "pwd", "rm", "rmdir", "sed", "set",
	"sh", "sleep", "sort", "tail", "tar", "tee", "test", "touch", "tr", "true", "umask", "uname", "unset", "xargs", ":",
}

// webServers are images that serve files, with the directories in which they look for them and for their configuration, and
// the users that both variants have.
var webServers = map[string]struct{ dirs, users []string }{
	"nginx": {[]string{"/usr/share/nginx", "/etc/nginx", "/var/www", "/usr/share/html"}, []string{"nginx"}},
	"httpd": {[]string{"/usr/local/apache2", "/var/www"}, []string{"www-data"}},
}

// fitsAlpine says what was looked at, and whether nothing of it stands against musl and BusyBox.
func fitsAlpine(p *rule.Pass, b rule.BaseImage) (checked string, ok bool) {
	server, serves := webServers[b.Family]
	if !serves && b.Family != "python" {
		return "", false
	}
	list, seen := startedBy(p, b)
	if !seen || !withoutGlibc(p, b, server.users) {
		return "", false
	}
	programs := portable
	switch {
	case serves && !copiesFromElsewhere(p, b, server.dirs...):
		checked = "It serves files: no program of another image is copied in"
	case b.Family == "python" && startsProgram(p) && !copiesFromElsewhere(p, b):
		l := pythonLibraries(p, b)
		if l.unclear || !l.musl {
			return "", false
		}
		programs = append(slices.Clone(portable), "pip", "pip3", "python", "python3", "uv", "poetry", "gunicorn", "uvicorn", "flask", "celery", "fastapi", "hypercorn")
		checked = "Nothing is installed with code for glibc" + l.evidence(" (%s has wheels for musl, or without code)")
	default:
		return "", false
	}
	for _, s := range list {
		if !s.call.Is(programs...) || s.call.Is("chown") && !ownersKnown(s.call, server.users) {
			return "", false
		}
	}
	if !hasUsers(p, b, server.users) {
		return "", false
	}
	return checked + ", no command is bash's or Debian's, and no user is missing; musl resolves names in its own way (search domains)", true
}

// withoutGlibc reports whether nothing that is copied out of the context asks for another shell than sh, is a program for glibc,
// or names a user that only Debian has.
func withoutGlibc(p *rule.Pass, b rule.BaseImage, users []string) bool {
	for _, stage := range b.Stages {
		for _, i := range stage.Instructions {
			if i.Name == "SHELL" {
				return false
			}
			if i.Name != "COPY" && i.Name != "ADD" {
				continue
			}
			texts, all := copiedTexts(p, i)
			if !all || slices.ContainsFunc(texts, func(text string) bool {
				first, _, _ := strings.Cut(text, "\n")
				return strings.HasPrefix(text, "\x7fELF") || strings.HasPrefix(first, "#!") && !strings.HasSuffix(strings.TrimSpace(first), "/sh") ||
					strings.Contains(text, "www-data") && !slices.Contains(users, "www-data")
			}) {
				return false
			}
		}
	}
	return true
}

// manyTexts is how many scripts and configurations of one instruction are read.
const manyTexts = 10

// copiedTexts are the scripts, configurations and programs that an instruction takes out of the context; all is false where
// there are others.
func copiedTexts(p *rule.Pass, i *dockerfile.Instruction) (texts []string, all bool) {
	if _, from := i.Flag("from"); from {
		return nil, true
	}
	uploads := p.Uploads()
	for _, w := range i.Sources() {
		name := p.Dockerfile.Expand(w.Value, p.Variables(i))
		if !name.Known || len(uploads) == 0 || strings.ContainsAny(name.Text, "*?[") || strings.Contains(name.Text, "://") {
			return nil, false
		}
		from := strings.TrimPrefix(path.Clean("/"+name.Text), "/")
		if from == "" {
			from = "."
		}
		list := uploads[0].Below(from)
		if from == "." {
			list = uploads[0].Files()
		}
		for _, f := range list {
			ext := path.Ext(f.Path)
			switch {
			case slices.Contains([]string{".so", ".node", ".exe", ".deb"}, ext):
				return nil, false
			case f.Mode.IsDir() || !slices.Contains([]string{".sh", ".conf", ".template", ".envsh", ".bash", ""}, ext):
				continue
			case len(texts) == manyTexts:
				return nil, false
			}
			text, err := read(p, f.Path)
			if err != nil || text == "" && f.Size > 0 { // too large for a script: a program
				return nil, false
			}
			texts = append(texts, text)
		}
	}
	return texts, true
}

// ownersKnown reports whether a chown names users that both variants have.
func ownersKnown(c *shell.Call, users []string) bool {
	names := c.Operands()
	return len(names) > 0 && names[0].Known && areUsers(names[0].Text, users)
}

// areUsers reports whether a user and a group, USER:GROUP, are numbers or in both variants.
func areUsers(names string, known []string) bool {
	for name := range strings.SplitSeq(names, ":") {
		usual := name == "root" || name == "nobody" || strings.Trim(name, "0123456789") == ""
		if !usual && !slices.Contains(known, name) {
			return false
		}
	}
	return true
}

// hasUsers reports whether the image needs no users but those that both variants have.
func hasUsers(p *rule.Pass, b rule.BaseImage, known []string) bool {
	for _, stage := range b.Stages {
		for _, i := range stage.Instructions {
			if i.Name == "USER" && len(i.Words) > 0 && !areUsers(i.Words[0].Value, known) {
				return false
			}
			if flag, ok := i.Flag("chown"); ok && !areUsers(flag.Value.Value, known) {
				return false
			}
		}
	}
	return true
}
