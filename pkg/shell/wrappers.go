package shell

import (
	"slices"
	"strings"

	"github.com/loadline-dev/loadline/pkg/dockerfile"
	"github.com/loadline-dev/loadline/pkg/source"
)

// wrapper says how a program that starts another one is written: its options that take a separate value, how many
// operands stand before the other program, and whether assignments may.
type wrapper struct {
	valued      []string
	operands    int
	assignments bool
	repeats     bool
	// word has to follow the name, such as "exec" after bundle; empty for none.
	word string
}

// wrappers are programs that start the program that their arguments name, after their manuals.
var wrappers = map[string]wrapper{
	"sudo":      {valued: []string{"-u", "-g", "-h", "-p", "-C", "-r", "-t", "-T", "-U", "-D", "-R", "--user", "--group", "--chdir"}, assignments: true},
	"doas":      {valued: []string{"-u", "-C"}},
	"env":       {valued: []string{"-u", "--unset", "-C", "--chdir"}, assignments: true},
	"exec":      {valued: []string{"-a"}},
	"command":   {},
	"builtin":   {},
	"nice":      {valued: []string{"-n", "--adjustment"}},
	"ionice":    {valued: []string{"-c", "-n", "--class", "--classdata"}},
	"nohup":     {},
	"setsid":    {},
	"time":      {valued: []string{"-f", "-o", "--format", "--output"}},
	"timeout":   {valued: []string{"-k", "-s", "--kill-after", "--signal"}, operands: 1},
	"stdbuf":    {valued: []string{"-i", "-o", "-e"}},
	"taskset":   {operands: 1},
	"chrt":      {operands: 1},
	"setarch":   {operands: 1},
	"linux32":   {},
	"linux64":   {},
	"ccache":    {},
	"sccache":   {},
	"distcc":    {},
	"fakeroot":  {valued: []string{"-l", "-s", "-i", "-b"}},
	"eatmydata": {},
	"chronic":   {},
	"unbuffer":  {},
	"xvfb-run":  {valued: []string{"-e", "-f", "-n", "-p", "-s", "--server-args", "--server-num", "--error-file", "--auth-file"}},
	"gosu":      {operands: 1},
	"su-exec":   {operands: 1},
	"chroot":    {operands: 1},
	"flock":     {valued: []string{"-w", "-E", "--timeout"}, operands: 1},
	"tini":      {valued: []string{"-p", "-e"}},
	"dumb-init": {valued: []string{"-r", "--rewrite"}},
	"xargs":     {valued: []string{"-I", "-n", "-P", "-L", "-d", "-a", "-s", "-E", "--max-args", "--max-procs", "--max-lines", "--delimiter", "--arg-file", "--replace"}, repeats: true},
	"parallel":  {valued: []string{"-j", "--jobs", "-a", "--arg-file", "--delay", "--timeout", "--retries", "--joblog", "-n", "-N"}, repeats: true},
	"bundle":    {word: "exec"},
	"poetry":    {word: "run"},
	"pipenv":    {word: "run"},
	"pdm":       {word: "run"},
	"rye":       {word: "run"},
	"uv":        {word: "run", valued: []string{"--with", "--python", "-p", "--extra", "--group", "--project", "--directory"}},
	"npx":       {valued: []string{"-p", "--package"}},
	"bunx":      {},
	"mise":      {word: "exec"},
	"asdf":      {word: "exec", operands: 1},
}

// started follows what a command starts, if it is one that starts others.
func (f *follower) started(c *Call, s *state) {
	switch {
	case IsShell(c.Name):
		if w, ok := inlineScript(c.Args); ok {
			f.nested(w, s, c.Name)
		}
	case c.Name == "eval":
		f.nested(joined(c.Args), s, c.Name)
	case c.Name == "su" || c.Name == "runuser":
		if w, ok := c.Option("l", "-c", "--command"); ok {
			f.nested(w, s, c.Name)
		}
	case c.Name == "find":
		f.executed(c, s)
	default:
		if w, ok := wrappers[c.Name]; ok {
			f.wrapped(c, w, s)
		}
	}
}

// wrapped follows the program that a wrapper's arguments name.
func (f *follower) wrapped(c *Call, w wrapper, s *state) {
	args := c.Args
	if w.word != "" {
		if len(args) == 0 || args[0].Text != w.word {
			return
		}
		args = args[1:]
	}
	if c.Name == "command" && len(args) > 0 && (args[0].Text == "-v" || args[0].Text == "-V") {
		return
	}
	inner := s.fork()
	inner.through = append(slices.Clone(s.through), c.Name)
	inner.repeated = s.repeated || w.repeats
	inner.depth++
	operands := w.operands
	for len(args) > 0 {
		word := args[0]
		switch {
		case word.Text == "--":
			args = args[1:]
			for ; operands > 0 && len(args) > 0; operands-- {
				args = args[1:]
			}
			f.command(args, inner)
			return
		case strings.HasPrefix(word.Text, "-") && len(word.Text) > 1:
			args = args[1:]
			if slices.Contains(w.valued, word.Text) && len(args) > 0 {
				args = args[1:]
			}
		case w.assignments && isAssignment(word.Text):
			name, value, _ := strings.Cut(word.Text, "=")
			inner.env = inner.env.With(name, dockerfile.Value{Text: value, Known: word.Known, Defined: true})
			args = args[1:]
		case operands > 0:
			operands--
			args = args[1:]
		default:
			f.command(args, inner)
			return
		}
	}
}

func isAssignment(s string) bool {
	name, _, ok := strings.Cut(s, "=")
	return ok && name != "" && strings.IndexFunc(name, func(r rune) bool {
		return r != '_' && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && (r < '0' || r > '9')
	}) < 0
}

// executed follows find's -exec.
func (f *follower) executed(c *Call, s *state) {
	for i, w := range c.Args {
		if w.Text != "-exec" && w.Text != "-execdir" && w.Text != "-ok" {
			continue
		}
		end := i + 1
		for end < len(c.Args) && c.Args[end].Text != ";" && c.Args[end].Text != "+" {
			end++
		}
		inner := s.fork()
		inner.through = append(slices.Clone(s.through), c.Name)
		inner.repeated = true
		inner.depth++
		f.command(c.Args[i+1:end], inner)
	}
}

// IsShell reports whether a program's name is that of a shell of the sh family.
func IsShell(name string) bool {
	switch name {
	case "sh", "ash", "bash", "dash", "ksh", "mksh", "zsh":
		return true
	}
	return false
}

// inlineScript is the script of a shell's -c, which may be one of several letters: -exc.
func inlineScript(args []Word) (Word, bool) {
	inline := false
	for i := 0; i < len(args); i++ {
		t := args[i].Text
		switch {
		case t == "-o" || t == "+o" || t == "-O":
			i++
		case strings.HasPrefix(t, "--"):
		case len(t) > 1 && (t[0] == '-' || t[0] == '+'):
			inline = inline || strings.Contains(t, "c")
			if strings.HasSuffix(t, "o") {
				i++
			}
		default:
			return args[i], inline
		}
	}
	return Word{}, false
}

// readsInput reports whether a shell reads its script from standard input.
func readsInput(words []Word) bool {
	for _, w := range words[1:] {
		if !strings.HasPrefix(w.Text, "-") {
			return false
		}
		if !strings.HasPrefix(w.Text, "--") && strings.Contains(w.Text, "c") {
			return false
		}
	}
	return true
}

// joined is the words of eval as one script.
func joined(words []Word) Word {
	var out Word
	out.Known = true
	for i, w := range words {
		if i > 0 {
			out.Text += " "
			out.Mapping.Replace(1, source.Span{Start: w.Span.Start, End: w.Span.Start})
		}
		out.Text += w.Text
		out.Mapping.Append(w.Mapping)
		out.Known = out.Known && w.Known
	}
	return out
}
