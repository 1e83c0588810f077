package rules

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/loadline-dev/loadline/pkg/dockerfile"
	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/shell"
	"github.com/loadline-dev/loadline/pkg/source"
)

// step is a command of a RUN, or of a script of the build context that it runs.
type step struct {
	by   *dockerfile.Instruction
	call *shell.Call
}

// toolUse is a start of a tool that can do several things at once.
type toolUse struct {
	step
	tool *jobsTool
	jobs jobs
	// before are the commands of the stage until then, those of the stages that it is built on among them.
	before []step
}

// toolUses are the starts of tools that the build carries out, in the order of the file, but for those whose number of
// jobs nobody knows. A script that several steps run counts once.
func toolUses(p *rule.Pass) []toolUse { return usesIn(p, func(step) {}) }

// usesIn are the tools of the build; each is given every command once, in the order of the file.
func usesIn(p *rule.Pass, each func(step)) []toolUse {
	var out []toolUse
	type place struct {
		file *source.File
		span source.Span
	}
	seen := map[place]bool{}
	all := map[*dockerfile.Stage][]step{}
	for _, stage := range p.Stages {
		all[stage] = stageSteps(p, stage, all)
		inherited := 0
		if stage.Parent != nil {
			inherited = len(all[stage.Parent])
		}
		for n, s := range all[stage] {
			if n >= inherited {
				each(s)
			}
			at := place{s.call.File, s.call.Command.Span}
			if s.call.Background || seen[at] || s.call.Command.Span.Empty() {
				continue
			}
			for t := range jobsTools {
				tool := &jobsTools[t]
				if !tool.is(s.call) {
					continue
				}
				seen[at] = true
				if j := tool.jobs(p, s); j.said != jobsNotKnown {
					out = append(out, toolUse{step: s, tool: tool, jobs: j, before: all[stage][:n:n]})
				}
			}
		}
	}
	return out
}

// stageSteps are the commands of a stage, after those of the stages that it is built on.
func stageSteps(p *rule.Pass, stage *dockerfile.Stage, known map[*dockerfile.Stage][]step) []step {
	var out []step
	if stage.Parent != nil {
		out = slices.Clone(known[stage.Parent])
	}
	for _, i := range stage.Instructions {
		if i.Name != "RUN" {
			continue
		}
		for _, c := range p.Calls(i) {
			out = append(out, step{i, c})
			if !c.IsShell() && !c.Is(".", "source") && !strings.Contains(c.Command.Text, "/") {
				continue
			}
			for _, inner := range p.ScriptCalls(i, c) {
				out = append(out, step{i, inner})
			}
		}
	}
	return out
}

// jobsSaid is what a command says about the number of jobs.
type jobsSaid int

const (
	// jobsNotSaid says nothing, so that the tool's default holds.
	jobsNotSaid jobsSaid = iota
	// jobsNotKnown says something that nobody knows, such as $(nproc).
	jobsNotKnown
	jobsCounted
	jobsUnlimited
)

// jobs is what a command says about the number of jobs, and where.
type jobs struct {
	said  jobsSaid
	count int
	// value is the number as written, in the command.
	value shell.Word
	// variable is the one that says it, with the ENV or ARG that sets it where there is one.
	variable string
	pair     *dockerfile.Pair
	// literal says that $(…) stands in an ENV or ARG, where nothing runs it.
	literal bool
}

// variableIn finds the variable in a word such as -j${JOBS}.
var variableIn = regexp.MustCompile(`\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?"?$`)

// jobs is what a call says: its options count more than its environment.
func (t *jobsTool) jobs(p *rule.Pass, s step) jobs {
	if c := s.call; len(t.off) > 0 && c.HasArg(t.off...) {
		return jobs{said: jobsCounted, count: 1}
	}
	found, maybe := t.option(s.call.Args)
	if found.said == jobsNotSaid {
		if maybe {
			return jobs{said: jobsNotKnown}
		}
		return t.environment(s.call)
	}
	if m := variableIn.FindStringSubmatch(found.value.Raw); m != nil {
		found.variable = m[1]
		found.pair = p.Variables(s.by).Get(m[1]).Pair
	}
	return found
}

// option looks for the option. maybe says that a word which nobody knows may be it.
func (t *jobsTool) option(args []shell.Word) (found jobs, maybe bool) {
	for n, w := range args {
		unknown := strings.HasPrefix(w.Text, string(shell.Unknown)) && !strings.HasPrefix(w.Raw, `"`)
		if n > 0 && (args[n-1].Text == "--build" || args[n-1].Text == "-C") {
			unknown = false
		}
		maybe = maybe || unknown
		if w.Text == "--" && !slices.Contains(t.names, "cmake") { // of cmake's, what follows is for make
			break
		}
		value, ok := optionIn(w, t.flags, t.letters)
		if !ok {
			continue
		}
		if value.Text == "" && !strings.HasSuffix(w.Text, "=") {
			value = shell.Word{}
			if n+1 < len(args) && t.takes(args[n+1]) {
				value = args[n+1]
			}
		}
		found = jobs{said: jobsNotKnown, value: value}
		switch count, err := strconv.Atoi(value.Text); {
		case err == nil && count > 0:
			found.said, found.count = jobsCounted, count
		case value.Text == "" && t.unlimited:
			found.said, found.value = jobsUnlimited, w
		}
	}
	if found.said == jobsUnlimited && hasLoadLimit(args) {
		found.said = jobsNotKnown
	}
	return found, maybe
}

// takes reports whether the word behind the option is its value.
func (t *jobsTool) takes(w shell.Word) bool {
	if !t.optional {
		return !strings.HasPrefix(w.Text, "-")
	}
	return !w.Known || w.Text != "" && w.Text[0] >= '0' && w.Text[0] <= '9'
}

// hasLoadLimit reports whether make waits for the load of the machine to go down.
func hasLoadLimit(args []shell.Word) bool {
	return slices.ContainsFunc(args, func(w shell.Word) bool {
		return strings.HasPrefix(w.Text, "-l") || strings.HasPrefix(w.Text, "--load-average") || strings.HasPrefix(w.Text, "--max-load")
	})
}

// optionIn is the value that stands in the same word as one of an option's names.
func optionIn(w shell.Word, names []string, letters string) (shell.Word, bool) {
	c := shell.Call{Args: []shell.Word{w}}
	return c.Option(letters, names...)
}

// environment is what a call's environment says.
func (t *jobsTool) environment(c *shell.Call) jobs {
	for _, name := range t.offVariables {
		if v := c.Env(name); v.Is("false", "0", "no") {
			return jobs{said: jobsCounted, count: 1, variable: name, pair: v.Pair}
		}
	}
	for _, name := range t.numbers {
		v := c.Env(name)
		if !v.Defined {
			continue
		}
		count, err := strconv.Atoi(v.Text)
		switch {
		case v.Known && v.Text == "":
		case !v.Known || err != nil || count <= 0:
			return jobs{said: jobsNotKnown}
		default:
			return jobs{said: jobsCounted, count: count, variable: name, pair: v.Pair}
		}
	}
	for _, name := range t.options {
		if j := optionsIn(name, c.Env(name)); j.said != jobsNotSaid {
			return j
		}
	}
	return jobs{}
}

// jobsOption finds the option in the text of a variable such as MAKEFLAGS, whose first word needs no dash.
var jobsOption = regexp.MustCompile(`(?:^|\s)(?:-?[bBdeikmnrRsSvwt]*j|--jobs)[= ]?(\S*)`)

func optionsIn(name string, v dockerfile.Value) jobs {
	if !v.Defined {
		return jobs{}
	}
	if !v.Known {
		return jobs{said: jobsNotKnown}
	}
	m := jobsOption.FindStringSubmatch(v.Text)
	if m == nil {
		return jobs{}
	}
	found := jobs{said: jobsNotKnown, variable: name, pair: v.Pair}
	count, err := strconv.Atoi(m[1])
	switch {
	case err == nil && count > 0:
		found.said, found.count = jobsCounted, count
	case strings.Contains(v.Text, " -l") || strings.Contains(v.Text, "--load-average"):
	case m[1] == "" || strings.HasPrefix(m[1], "-"):
		found.said = jobsUnlimited
	case v.Pair != nil && (strings.HasPrefix(m[1], "$(") || strings.HasPrefix(m[1], "`")):
		// ENV and ARG run no command. make takes $(nproc) for a variable of its own, which is empty, and is left with -j.
		found.said, found.literal = jobsUnlimited, strings.HasPrefix(m[1], "$(") && strings.HasSuffix(m[1], ")")
		if !found.literal {
			found.said = jobsNotKnown
		}
	}
	return found
}

// explains matches a comment that gives a reason for a number of jobs.
var explains = regexp.MustCompile(`(?i)\b(memory|oom|ram|out of mem\w*|races?|flak\w+|parallel\w*|serial\w*|threads?|concurren\w+|jobs?|single|deadlock\w*|hangs?|kill\w*|cpus?|cores?)\b|-j`)

// commentsBack is how many lines above a command may explain it.
const commentsBack = 5

// explained reports whether a comment above a command, above the step, or behind it, gives a reason for its number of jobs.
func explained(p *rule.Pass, u toolUse) bool {
	if saysWhy(u.call.File, u.call.File.Position(u.call.Command.Span.Start).Line) {
		return true
	}
	if u.jobs.pair != nil && saysWhy(p.Dockerfile.Source, p.Dockerfile.Source.Position(u.jobs.pair.Span.Start).Line) {
		return true
	}
	return saysWhy(p.Dockerfile.Source, u.by.StartLine)
}

func saysWhy(file *source.File, line int) bool {
	for n := line; n > 0 && n >= line-commentsBack; n-- {
		text := file.Slice(file.Line(n))
		if n == line {
			if i := strings.Index(text, " #"); i >= 0 && explains.MatchString(text[i:]) {
				return true
			}
			continue
		}
		if !strings.HasPrefix(strings.TrimSpace(text), "#") {
			break
		}
		if explains.MatchString(text) {
			return true
		}
	}
	return false
}
