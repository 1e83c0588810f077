package rules

import (
	"encoding/json"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/loadline-dev/loadline/pkg/dockerfile"
	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/shell"
)

// libraries is what is known of the packages that a build installs for its language, as far as they decide what the image
// has to hold.
type libraries struct {
	// installed says that any are installed.
	installed bool
	// unclear says that some are not known, or known to need compilers or libraries of the distribution.
	unclear bool
	// musl says that every one of them is known to come without machine code, or with code for musl.
	musl bool
	// from are the files that say so.
	from []string
}

func (l *libraries) read(file string) {
	l.installed = true
	if !slices.Contains(l.from, file) {
		l.from = append(l.from, file)
	}
}

func (l *libraries) lost() { l.installed, l.unclear = true, true }

// needyPython are packages of PyPI that are compiled where they are installed, or that need programs and libraries of the
// distribution which buildpack-deps has and slim images lack. Sources: their own installation pages.
var needyPython = []string{
	"annoy", "apache-airflow", "apache-superset", "cairocffi", "cairosvg", "cx-oracle", "dbus-python", "detectron2", "dlib", "dvc",
	"evdev", "face-recognition", "fasttext", "fiona", "flash-attn", "gdal", "gssapi", "hnswlib", "ibm-db", "insightface",
	"kerberos", "lightgbm", "llama-cpp-python", "m2crypto", "mercurial", "mod-wsgi", "mpi4py", "mysql-python", "mysqlclient",
	"netifaces", "open3d", "opencv-contrib-python", "opencv-contrib-python-headless", "opencv-python", "opencv-python-headless",
	"pcapy", "pdf2image", "pillow-simd", "pre-commit", "psycopg", "psycopg-c", "psycopg2", "pyaudio", "pybluez", "pycairo",
	"pycurl", "pyenchant", "pygobject", "pygraphviz", "pyicu", "pyjnius", "pykerberos", "pylibmc", "pyodbc", "pyqt5", "pyqt6",
	"pysqlite3", "python-ldap", "python-magic", "python-prctl", "python-snappy", "pyvips", "pyvista", "rpi-gpio", "rtree", "sasl",
	"scapy", "setuptools-scm", "smbus", "systemd-python", "ta-lib", "ultralytics", "uwsgi", "vtk", "wand", "weasyprint",
	"xformers", "xmlsec",
}

// needsDistribution reports whether a package is one of them, or works with git.
func needsDistribution(name string) bool {
	name = pythonName(name)
	return slices.Contains(needyPython, name) || strings.Contains(name, "git") && !strings.Contains(name, "digit")
}

var requirement = regexp.MustCompile(`^([A-Za-z0-9][A-Za-z0-9._-]*)\s*(\[[^\]]*\])?\s*(?:$|[;=<>!~@ (])`)

// pythonLibraries looks at what the stages that are built install from PyPI.
func pythonLibraries(p *rule.Pass, b rule.BaseImage) libraries {
	l := libraries{musl: true}
	tag := "cp" + strings.Join(strings.Split(b.Version+".", ".")[:2], "")
	for i, c := range p.AllCalls() {
		dir := projectDir(c, "--directory", "--project", "-C")
		switch {
		case pipCommand(c):
			pipLibraries(p, i, c, &l)
		case c.Is("uv") && c.Subcommand("--directory", "--project") == "sync":
			lockedPython(p, i, path.Join(dir, "uv.lock"), tag, &l)
		case c.Is("poetry") && slices.Contains([]string{"install", "sync"}, c.Subcommand("-C", "--directory", "-P", "--project")):
			lockedPython(p, i, path.Join(dir, "poetry.lock"), tag, &l)
		case c.Is("pipenv") && slices.Contains([]string{"install", "sync"}, c.Subcommand()):
			l.musl = false // the lock file does not say for what there are wheels
			pipenvLibraries(p, i, path.Join(c.Dir, "Pipfile.lock"), &l)
		case c.Is("conda", "mamba", "micromamba", "pdm", "hatch", "easy_install", "pipx", "rye", "pixi"),
			c.Is("python", "python3") && len(c.Args) > 0 && path.Base(c.Args[0].Text) == "setup.py":
			l.lost()
		}
	}
	return l
}

// pipCommand reports whether a call is pip install, or uv's.
func pipCommand(c *shell.Call) bool {
	switch {
	case c.Is("python", "python3"):
		return len(c.Args) > 2 && c.Args[0].Text == "-m" && c.Args[1].Text == "pip" && c.Args[2].Text == "install"
	case c.Is("uv"):
		return c.Subcommand() == "pip" && c.HasArg("install", "sync")
	}
	return c.Is("pip", "pip3") && c.HasArg("install")
}

// pipValued are options of pip install with a separate value (pip.pypa.io, "pip install").
var pipValued = []string{
	"-i", "--index-url", "--extra-index-url", "-f", "--find-links", "-t", "--target", "--prefix", "--root", "--python-version", "--only-binary", "--trusted-host",
	"--timeout", "--retries", "--progress-bar", "--cache-dir", "--upgrade-strategy", "-c", "--constraint", "--src", "--log", "--proxy", "--python", "-p",
}

func pipLibraries(p *rule.Pass, i *dockerfile.Instruction, c *shell.Call, l *libraries) {
	if c.HasArg("--no-binary") || slices.ContainsFunc(c.Args, func(w shell.Word) bool { return !w.Known || strings.HasPrefix(w.Text, "--no-binary") }) {
		l.lost()
		return
	}
	for n := 0; n < len(c.Args); n++ {
		arg := c.Args[n].Text
		name, isFile := strings.CutPrefix(arg, "--requirement=")
		switch {
		case arg == "-r" || arg == "--requirement":
			if n++; n == len(c.Args) {
				l.lost()
				return
			}
			name, isFile = c.Args[n].Text, true
		case slices.Contains(pipValued, arg):
			n++
			continue
		case slices.Contains([]string{"install", "sync", "pip", "-m"}, arg):
			continue
		case strings.HasPrefix(arg, "-r") && !strings.HasPrefix(arg, "--"):
			name, isFile = arg[2:], true
		case strings.HasPrefix(arg, "-e") || arg == "--editable":
			l.lost()
			return
		case strings.HasPrefix(arg, "-"):
			continue
		}
		if !isFile {
			l.require(arg)
			continue
		}
		if c.Dir == "" && !path.IsAbs(name) {
			l.lost()
			return
		}
		if !path.IsAbs(name) {
			name = path.Join(c.Dir, name)
		}
		found, ok := p.ContextFile(i, name)
		if !ok {
			l.lost()
			return
		}
		l.requirements(p, found, 0)
	}
}

// requirements reads a file of requirements, and those that it names.
func (l *libraries) requirements(p *rule.Pass, name string, depth int) {
	text, err := read(p, name)
	const deepest = 4
	if err != nil || text == "" || depth > deepest || strings.Contains(text, "\\\n") && !strings.Contains(text, "--hash") {
		l.lost()
		return
	}
	l.read(name)
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(strings.TrimSpace(line), " #")
		line = strings.TrimSpace(strings.TrimSuffix(line, "\\"))
		switch {
		case line == "" || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "--hash") || strings.HasPrefix(line, "-c") || strings.HasPrefix(line, "--constraint"):
		case strings.HasPrefix(line, "-r") || strings.HasPrefix(line, "--requirement"):
			other := strings.TrimLeft(strings.TrimPrefix(strings.TrimPrefix(line, "--requirement"), "-r"), " =")
			l.requirements(p, path.Join(path.Dir(name), other), depth+1)
		case strings.HasPrefix(line, "--index-url") || strings.HasPrefix(line, "--extra-index-url") || strings.HasPrefix(line, "-i ") || strings.HasPrefix(line, "--only-binary") || strings.HasPrefix(line, "--trusted-host"):
		default:
			l.require(line)
		}
	}
}

// pythonTools install others, and have wheels for every C library.
var pythonTools = []string{"pip", "pipenv", "poetry", "setuptools", "uv", "virtualenv", "wheel"}

// require takes one requirement. Whether there is a wheel for musl it does not say.
func (l *libraries) require(text string) {
	m := requirement.FindStringSubmatch(text)
	if m != nil && slices.Contains(pythonTools, pythonName(m[1])) {
		return
	}
	l.installed, l.musl = true, false
	if m == nil || strings.Contains(text, "://") || needsDistribution(m[1]) {
		l.lost()
	}
}

// pythonName is the name of a package in its normal form (packaging.python.org, "Name normalization").
func pythonName(name string) string {
	return strings.ToLower(regexp.MustCompile(`[-_.]+`).ReplaceAllString(name, "-"))
}

var (
	lockedName = regexp.MustCompile(`(?m)^name = "([^"]+)"`)
	wheelFile  = regexp.MustCompile(`[A-Za-z0-9_.%+-]+\.whl`)
	otherwise  = regexp.MustCompile(`source = \{ *(git|url|path|directory)|(?m)^type = "(git|url|file|directory)"`)
	itself     = regexp.MustCompile(`source = \{ *(editable|virtual) *=`)
)

// lockedPython reads a lock file of uv or poetry, which lists the wheels of every package. tag is that of the interpreter, such
// as cp313 (packaging.python.org, "Platform compatibility tags").
func lockedPython(p *rule.Pass, i *dockerfile.Instruction, name, tag string, l *libraries) {
	found, ok := p.ContextFile(i, name)
	text := ""
	if ok {
		text, _ = read(p, found)
	}
	packages := strings.Split(text, "[[package]]")
	if len(packages) < 2 {
		l.lost()
		return
	}
	l.read(found)
	for _, one := range packages[1:] {
		m := lockedName.FindStringSubmatch(one)
		if itself.MatchString(one) {
			continue
		}
		wheels := slices.DeleteFunc(wheelFile.FindAllString(one, -1), func(w string) bool { return !fitsInterpreter(w, tag) })
		if m == nil || otherwise.MatchString(one) || len(wheels) == 0 || needsDistribution(m[1]) {
			l.lost()
			return
		}
		l.musl = l.musl && slices.ContainsFunc(wheels, func(w string) bool {
			return strings.HasSuffix(w, "-any.whl") || strings.Contains(w, "musllinux") && strings.Contains(w, "x86_64")
		})
	}
}

// fitsInterpreter reports whether a wheel is for an interpreter on Linux with either C library.
func fitsInterpreter(wheel, tag string) bool {
	if strings.HasSuffix(wheel, "-any.whl") {
		return true
	}
	return strings.HasSuffix(wheel, "x86_64.whl") && strings.Contains(wheel, "linux") &&
		(strings.Contains(wheel, "-"+tag+"-") || strings.Contains(wheel, "-abi3-") || strings.Contains(wheel, "-py3-none-"))
}

func pipenvLibraries(p *rule.Pass, i *dockerfile.Instruction, name string, l *libraries) {
	var lock struct {
		Default, Develop map[string]struct{ Git, Path, File string }
	}
	found, ok := p.ContextFile(i, name)
	if !ok {
		l.lost()
		return
	}
	text, err := read(p, found)
	if err != nil || json.Unmarshal([]byte(text), &lock) != nil {
		l.lost()
		return
	}
	l.read(found)
	for name, from := range lock.Default {
		if from.Git != "" || from.Path != "" || from.File != "" || needsDistribution(name) {
			l.lost()
		}
	}
}
