package rules

import (
	"slices"
	"strings"

	"github.com/loadline-dev/loadline/pkg/dockerfile"
	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/shell"
)

// tool is a program that uses one processor unless it is told otherwise. The table below is all that the rules about
// parallelism know of programs.
type tool struct {
	// name is how messages call it, and is how a call of it is recognised.
	name string
	is   func(c *shell.Call) bool
	// options are the names of the option that sets the number of jobs, letters the program's one-letter options that take no
	// value; see shell.Call.Option.
	options []string
	letters string
	// env are variables that set the number of jobs.
	env []string
	// works reports whether a call has work that several processors can share; nil means always.
	works func(p *rule.Pass, i *dockerfile.Instruction, c *shell.Call) bool
	// jobs is what is inserted behind the word at index at (0 is the program, -1 the last) to use all processors; %s is the
	// number. prefix is what is inserted before the program instead, where jobs is empty. Both empty: no fix.
	jobs   string
	at     int
	prefix string
	// severity is lower than the rule's where it matters less; 0 for the rule's own.
	severity finding.Severity
	// source is where its default and its option are documented.
	source string
}

// processors is the number of processors, in a shell. coreutils and busybox have nproc.
const processors = `$(nproc)`

var singleThreaded = []tool{
	{
		name: "make", is: func(c *shell.Call) bool { return c.Is("make", "gmake") },
		options: []string{"-j", "--jobs"}, letters: "BbdeiknpqrRsStvw", env: []string{"MAKEFLAGS", "GNUMAKEFLAGS"},
		works: makeWorks, jobs: " -j%s", source: "GNU make manual, Parallel Execution",
	},
	{
		name: "cmake --build", is: func(c *shell.Call) bool { return c.Is("cmake") && c.HasArg("--build") },
		options: []string{"-j", "--parallel"}, env: []string{"CMAKE_BUILD_PARALLEL_LEVEL", "MAKEFLAGS"},
		works: cmakeWorks, jobs: " -- -j%s", at: -1, source: "cmake(1), Build a Project: the native tool's default",
	},
	{
		name: "scons", is: func(c *shell.Call) bool { return c.Is("scons") },
		options: []string{"-j", "--jobs"}, letters: "cbdeHhikmnpqQsuUvw", env: []string{"SCONSFLAGS"},
		works: sconsWorks, jobs: " -j%s", source: "SCons/Script/SConsOptions.py: num_jobs is 1",
	},
	{
		name: "docker-php-ext-install", is: func(c *shell.Call) bool { return c.Is("docker-php-ext-install") },
		options: []string{"-j", "--jobs"}, works: phpExtensionsWork, jobs: " -j%s",
		source: "docker-library/php docker-php-ext-install: j=1",
	},
	{
		name: "pecl install", is: func(c *shell.Call) bool { return c.Is("pecl") && c.Subcommand("-d") == "install" },
		env: []string{"MAKEFLAGS", "MAKE"}, prefix: `MAKEFLAGS="-j%s" `, severity: finding.Notice,
		source: "PEAR/Builder.php: it runs make, or the command in MAKE",
	},
}

// toolOf is the entry of a call; nil where the table has none.
func toolOf(c *shell.Call) *tool {
	for i := range singleThreaded {
		if singleThreaded[i].is(c) {
			return &singleThreaded[i]
		}
	}
	return nil
}

// told reports whether a call says how many jobs to run, or may say so in a word or variable that nobody knows.
func (t *tool) told(c *shell.Call) bool {
	if _, ok := c.Option(t.letters, t.options...); ok && len(t.options) > 0 {
		return true
	}
	for _, w := range c.Args {
		text := strings.TrimPrefix(w.Text, "-")
		if !w.Known && strings.HasPrefix(text, string(shell.Unknown)) || behindDashes(c, w) && strings.HasPrefix(w.Text, "-j") {
			return true
		}
	}
	return slices.ContainsFunc(t.env, func(name string) bool {
		v := c.Env(name)
		return v.Defined && (!v.Known || name != "MAKEFLAGS" && name != "GNUMAKEFLAGS" && v.Text != "" || strings.Contains(v.Text, "j"))
	})
}

// behindDashes reports whether a word stands behind "--", where it is an option of what the program starts.
func behindDashes(c *shell.Call, w shell.Word) bool {
	i := slices.IndexFunc(c.Args, func(a shell.Word) bool { return a.Text == "--" })
	j := slices.IndexFunc(c.Args, func(a shell.Word) bool { return a.Span == w.Span })
	return i >= 0 && j > i
}

// earlier are the calls of the same instruction before one.
func earlier(p *rule.Pass, i *dockerfile.Instruction, c *shell.Call) []*shell.Call {
	list := p.Calls(i)
	return list[:max(slices.Index(list, c), 0)]
}

// sconsWorks reports whether scons may run several jobs and is not told so in its own file.
func sconsWorks(p *rule.Pass, i *dockerfile.Instruction, c *shell.Call) bool {
	if c.HasArg("-c", "--clean", "-h", "--help", "--version") {
		return false
	}
	for _, name := range []string{"SConstruct", "sconstruct", "Sconstruct"} {
		if found, ok := p.ContextFile(i, c.Dir+"/"+name); ok {
			if f, err := p.ReadFile(found); err == nil && strings.Contains(string(f.Text), "num_jobs") {
				return false
			}
		}
	}
	return c.Dir != ""
}

// smallExtensions are extensions of PHP that compile in seconds.
var smallExtensions = []string{
	"bcmath", "bz2", "calendar", "ctype", "dba", "exif", "ffi", "filter", "gettext", "iconv", "mysqli", "opcache", "pcntl", "pdo", "pdo_mysql",
	"pdo_pgsql", "pdo_sqlite", "pgsql", "posix", "session", "shmop", "simplexml", "sockets", "sysvmsg", "sysvsem", "sysvshm", "tokenizer", "xml",
	"xmlreader", "xmlwriter", "zip",
}

// phpExtensionsWork reports whether one of the extensions takes longer than a moment.
func phpExtensionsWork(_ *rule.Pass, _ *dockerfile.Instruction, c *shell.Call) bool {
	return slices.ContainsFunc(c.Operands("-j"), func(w shell.Word) bool { return w.Known && !slices.Contains(smallExtensions, w.Text) })
}
