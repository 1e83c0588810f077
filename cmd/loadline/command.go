package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/loadline-dev/loadline/pkg/loadline"
	"github.com/loadline-dev/loadline/pkg/publish"
	"github.com/loadline-dev/loadline/pkg/source"
)

// Exit codes. They are part of the command's contract.
const (
	exitPassed   = 0 // the gate passed
	exitGate     = 1 // the gate failed
	exitUsage    = 2 // wrong usage or configuration
	exitAnalysis = 3 // could not analyse
)

// streams are the command's connections to the world, so that tests can give it others.
type streams struct {
	in       io.Reader
	out, err io.Writer
	getenv   func(string) string
	clock    publish.Clock // nil is the system's
}

// outcome is the exit code that a subcommand arrives at besides an error.
type outcome struct{ code int }

// run runs the command with the given arguments and returns its exit code. Standard output is only the answer.
func run(ctx context.Context, args []string, s streams) int {
	result := &outcome{}
	root := newRoot(s, result)
	root.SetArgs(args)
	root.SetIn(s.in)
	root.SetOut(s.out)
	root.SetErr(s.err)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return result.code
	}
	printError(s, err)
	return exitCode(err)
}

// exitCode is the code that the command ends with for an error.
func exitCode(err error) int {
	if usage := (*loadline.UsageError)(nil); errors.As(err, &usage) {
		return exitUsage
	}
	return exitAnalysis
}

func newRoot(s streams, result *outcome) *cobra.Command {
	root := &cobra.Command{
		Use:   "loadline",
		Short: "Show what a Docker build will upload, before it is built",
		Long: "Loadline computes what BuildKit would upload for every build of a repository, to the byte, without building,\n" +
			"and compares it with the base branch.",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
		Version:       version(),
	}
	root.SetVersionTemplate("{{.Name}} {{.Version}}\n")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &loadline.UsageError{Err: err} })
	root.AddCommand(newCheck(s, result), newList(s), newWhy(s), newBuilds(s), newFix(s), newRender(s), newAction(s, result), newPublish(s),
		newRules(s), newExplain(s))
	for _, c := range root.Commands() {
		c.Args = asUsage(c.Args)
	}
	root.Args = asUsage(root.Args)
	return root
}

// asUsage makes an argument that a command does not take an error of usage.
func asUsage(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if err := check(c, args); err != nil {
			return &loadline.UsageError{Err: err}
		}
		return nil
	}
}

// printError prints an error once, with the place in the file where there is one.
func printError(s streams, err error) {
	fmt.Fprintln(s.err, source.LogLine("loadline: "+source.Printable(err.Error())))
	if located := (*source.Error)(nil); errors.As(err, &located) {
		for line := range strings.Lines(located.Snippet()) {
			fmt.Fprintln(s.err, source.LogLine(strings.TrimSuffix(line, "\n")))
		}
	}
}

// colored reports whether the answer is for a person at a terminal who wants colours (https://no-color.org).
func (s streams) colored() bool {
	return s.terminal(s.out) && s.getenv("NO_COLOR") == "" && s.getenv("TERM") != "dumb"
}

func (s streams) terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
