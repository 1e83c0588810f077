package rules

import (
	"path"
	"regexp"
	"strings"

	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/source"
)

// makefile is what a makefile says about work that several jobs could share.
type makefile struct {
	// serial says that it forbids several jobs, and jobs that it asks for them by itself.
	serial, jobs bool
	// objects says that it compiles several files of C or C++, and wraps that its recipes start other build tools.
	objects, wraps bool
}

var (
	// notParallel is the special target without prerequisites: for all of the makefile (GNU make manual, "Disabling
	// Parallelism").
	notParallel = regexp.MustCompile(`(?m)^\.NOTPARALLEL[ \t]*:?[ \t]*$`)
	// ownJobs are flags that a makefile sets, and a make that it starts with jobs.
	ownJobs = regexp.MustCompile(`(?m)^[ \t]*(export[ \t]+)?(GNU)?MAKEFLAGS[ \t]*[+:?]?=.*(-\w*j|--jobs)|(\$[({]MAKE[)}]|\bmake)[ \t][^\n]*(-j|--jobs)`)
	// objectRules are rules and lists for object files: a pattern, a suffix, or files by name.
	objectRules = regexp.MustCompile(`%\.(o|obj|lo)\b|\.(c|cc|cpp|cxx)\.o[ \t]*:|:(%?)\.(c|cc|cpp|cxx)=(%?)\.(o|lo)\b`)
	objectName  = regexp.MustCompile(`[\w/.$(){}-]*\w\.(o|lo|obj)\b`)
	// otherTools are what a makefile starts that is parallel by itself, or has no use for jobs.
	otherTools = regexp.MustCompile(`(?m)^\t.*\b(go (build|install|test|run)|docker|podman|npm|yarn|pnpm|cargo|mvn|gradle|bazel|pip3?|poetry|cmake|ninja|meson)\b`)
	includes   = regexp.MustCompile(`(?m)^[ \t]*-?s?include[ \t]+([^\n#]+)`)
)

const (
	// manyObjects is from how many object files on several jobs pay.
	manyObjects = 3
	// maxIncludes is how many files are read that a makefile includes.
	maxIncludes = 8
)

// readMakefile looks at a makefile of the build context, and at what it includes by name.
func readMakefile(p *rule.Pass, file *source.File) makefile {
	text := string(file.Text)
	dir := path.Dir(file.Path)
	if p.Build.Context != "." && p.Build.Context != "" {
		dir = strings.TrimPrefix(strings.TrimPrefix(dir, p.Build.Context), "/")
	}
	read := 0
	for _, m := range includes.FindAllStringSubmatch(text, -1) {
		for _, name := range strings.Fields(m[1]) {
			if strings.ContainsAny(name, "$*%") || path.IsAbs(name) || read == maxIncludes {
				continue
			}
			read++
			if inner, err := p.ReadFile(path.Join(dir, name)); err == nil {
				text += "\n" + string(inner.Text)
			}
		}
	}
	return parseMakefile(text)
}

func parseMakefile(text string) makefile {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	m := makefile{
		serial:  notParallel.MatchString(text),
		jobs:    ownJobs.MatchString(text),
		objects: objectRules.MatchString(text),
		wraps:   otherTools.MatchString(text),
	}
	if m.objects {
		return m
	}
	names := map[string]bool{}
	for _, name := range objectName.FindAllString(text, -1) {
		names[name] = true
	}
	m.objects = len(names) >= manyObjects
	return m
}

// sconsGains reports whether several jobs would shorten a start of scons, which its SConstruct has not set itself. Where
// that cannot be read nobody knows.
func sconsGains(p *rule.Pass, u *toolUse) answer {
	dir := workDir(u.call)
	if dir == "" {
		return unclear
	}
	found, ok := p.ContextFile(u.by, path.Join(dir, "SConstruct"))
	if !ok {
		return unclear
	}
	file, err := p.ReadFile(found)
	if err != nil {
		return unclear
	}
	if strings.Contains(string(file.Text), "num_jobs") {
		return no
	}
	return yes
}
