package publish

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/sethvargo/go-githubactions"

	"github.com/loadline-dev/loadline/pkg/source"
)

// Runner is the machine that runs the job: its log, the step's outputs and the job's summary.
//
// It stands before package githubactions, whose functions panic where a file cannot be written, write a line as it is
// (Infof), and separate outputs by a text that a value could hold.
type Runner struct {
	log    io.Writer
	getenv func(string) string
	action *githubactions.Action
}

// NewRunner answers the machine whose log is w and whose environment getenv reads.
func NewRunner(w io.Writer, getenv func(string) string) *Runner {
	return &Runner{log: w, getenv: getenv, action: githubactions.New(githubactions.WithWriter(w), githubactions.WithGetenv(getenv))}
}

// Input is what the workflow gives an input of the action; empty where it gives none.
func (r *Runner) Input(name string) string { return r.action.GetInput(name) }

// Line writes a line to the log. Whatever it holds, it is no command.
func (r *Runner) Line(text string) {
	// A log that cannot be written to has nobody who would read of it.
	_, _ = fmt.Fprintln(r.log, source.LogLine(source.Printable(text)))
}

// Error writes an error that GitHub shows with the run; file and line may be empty and 0.
func (r *Runner) Error(text, file string, line int) {
	fields := map[string]string{}
	if file != "" {
		fields["file"] = inert(file)
	}
	if line > 0 {
		fields["line"] = fmt.Sprint(line)
	}
	_ = guard(func() { r.action.WithFieldsMap(fields).Errorf("%s", inert(text)) })
}

// Mask keeps a text out of the log from here on.
func (r *Runner) Mask(secret string) {
	if secret != "" {
		_ = guard(func() { r.action.AddMask(secret) })
	}
}

// inert is a text that a workflow command may hold: the package escapes what could end the command, and not "##[", which
// is one anywhere in a line.
func inert(text string) string {
	return strings.ReplaceAll(source.Printable(text), "##[", `##\x5b`)
}

// safeInOutputs are the characters of outputs. Workflows put outputs into scripts, where others could be code; none of
// these means anything to a shell.
const safeInOutputs = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.,:+/#-"

// Output sets an output of the step. A value that could be taken for something else is refused.
func (r *Runner) Output(name, value string) error {
	switch {
	case strings.Trim(value, safeInOutputs) != "":
		return fmt.Errorf("setting the output %s: %q holds more than letters, digits and %s", name, value, "_.,:+/#-")
	case r.getenv("GITHUB_OUTPUT") == "":
		return errors.New("setting an output: GITHUB_OUTPUT is not set")
	}
	return guard(func() { r.action.SetOutput(name, value) })
}

// maxSummary is the most that a step's summary holds, in bytes: of one that holds more the runner shows nothing
// (actions/runner, FileCommandManager.cs, CreateStepSummaryCommand).
const maxSummary = 1 << 20

// Summary adds Markdown to the job's summary.
func (r *Runner) Summary(markdown string) error {
	name := r.getenv("GITHUB_STEP_SUMMARY")
	if name == "" {
		return notice("GITHUB_STEP_SUMMARY is not set")
	}
	info, err := os.Stat(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("writing the summary: %w", err)
	}
	if err == nil && info.Size()+int64(len(markdown))+1 > maxSummary {
		return fmt.Errorf("writing the summary: it would hold more than %d bytes", maxSummary)
	}
	return guard(func() { r.action.AddStepSummary(markdown) })
}

// guard runs a function of package githubactions, which panics where it cannot write.
func guard(do func()) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("telling the runner: %v", p)
		}
	}()
	do()
	return nil
}
