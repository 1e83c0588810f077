package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/loadline-dev/loadline/pkg/loadline"
	"github.com/loadline-dev/loadline/pkg/publish"
)

// actionFlags are the inputs of the action as they are typed. Their flags have the same names, defaults and descriptions
// as in action.yml, which a test holds.
type actionFlags struct {
	check                           checkFlags
	token, path, builds             string
	comment, commentKey, allowLabel string
	checkRun, annotations           string
	suggestions                     string
	sarifFile, reportFile           string
}

func newAction(s streams, result *outcome) *cobra.Command {
	f := &actionFlags{}
	c := &cobra.Command{
		Use:   "action",
		Short: "Run as a GitHub Action: check, report in the pull request, judge",
		Long: "Run as a step of a GitHub workflow does: check the repository, write the report to the log and the job's summary,\n" +
			"comment on the pull request, and judge. Inputs are read from the environment as the runner sets it (INPUT_…);\n" +
			"a flag goes before its input.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			run := publish.NewRunner(s.out, s.getenv)
			if c.Flags().Changed("token") {
				run.Mask(f.token)
			}
			f.readInputs(c.Flags(), run)
			code, err := publish.Try(func() (int, error) { return runAction(c.Context(), s, run, f) })
			if err != nil {
				code = reportError(run, err)
			}
			result.code = code
			return nil
		},
	}
	f.bind(c.Flags())
	return c
}

// bind adds the flags, in the order of action.yml.
func (f *actionFlags) bind(flags *pflag.FlagSet) {
	flags.SortFlags = false
	flags.StringVar(&f.token, "token", "", "Token for GitHub's API; it is sent to no other host. Empty does without the API: no comment, and a base only where the checkout holds it")
	flags.StringVar(&f.path, "path", "", "Directory to analyse, relative to the working directory (default the whole repository)")
	flags.StringVar(&f.check.options.Config, "config", "", "Configuration file to use for both sides (default .loadline.yaml of each side)")
	flags.StringVar(&f.check.options.Base, "base", "", "Revision or directory to compare with, or none (default the base of the pull request, merge group or push)")
	flags.StringVar(&f.builds, "builds", "", "Globs of the names of the builds to look at, separated by commas or line breaks (default all)")
	flags.StringVar(&f.check.maxUpload, "max-upload", "", "Fail where a build uploads more than SIZE, such as 50MB")
	flags.StringVar(&f.check.maxGrowth, "max-growth", "", "Fail where a build grows by more than SIZE[,PERCENT%], such as 1MB,10%; with both, both must be exceeded")
	flags.StringVar(&f.check.options.FailOn, "fail-on", "none", "Fail on new findings of at least this severity: none, notice, warning or error")
	flags.StringVar(&f.check.uplink, "uplink", "", "Show upload times at this rate, such as 20mbit (default that of the configuration)")
	flags.StringVar(&f.comment, "comment", "changes", "Comment on the pull request: changes (where there is something to say; then it is kept up to date), always, or off")
	flags.StringVar(&f.commentKey, "comment-key", "", "Tells the comments of one job apart, such as those of a matrix or of several steps")
	flags.StringVar(&f.allowLabel, "allow-growth-label", "allow-growth", "Label on the pull request that lets it exceed growth budgets, or off; it is read when the check runs")
	flags.StringVar(&f.checkRun, "check-run", "false", "Also make a check run with annotations on the head commit: true or false")
	flags.StringVar(&f.annotations, "annotations", "true", "Annotate files by workflow commands: true or false")
	flags.StringVar(&f.suggestions, "suggestions", "true", "Offer edits of the lines that a pull request changes as suggestions to commit, beside the comment: true or false")
	flags.StringVar(&f.sarifFile, "sarif-file", "", "Write a SARIF report to this file, for code scanning")
	flags.StringVar(&f.reportFile, "report-file", "", "Write the JSON report to this file; on workflow_run the saved report to publish")
}

// readInputs takes the inputs of flags that are not given. An input that is empty has its default.
func (f *actionFlags) readInputs(flags *pflag.FlagSet, run *publish.Runner) {
	flags.VisitAll(func(flag *pflag.Flag) {
		if value := run.Input(flag.Name); value != "" && !flag.Changed && flag.Name != "help" {
			_ = flag.Value.Set(value) // a text: it takes any
		}
	})
}

// action are the inputs as the work needs them.
type action struct {
	options loadline.CheckOptions
	when    publish.When
	// isChecked asks for a check run, isAnnotated for annotations, isSuggested for suggestions.
	isChecked, isAnnotated, isSuggested bool
}

// parse turns what was typed into options.
func (f *actionFlags) parse(s streams) (action, error) {
	var a action
	var err error
	if a.options, err = f.check.parse(s, []string{f.path}); err != nil {
		return a, err
	}
	a.options.Builds = strings.FieldsFunc(f.builds, func(r rune) bool { return r == ',' || r == '\n' })
	for i := range a.options.Builds {
		a.options.Builds[i] = strings.TrimSpace(a.options.Builds[i])
	}
	a.options.Builds = slices.DeleteFunc(a.options.Builds, func(glob string) bool { return glob == "" })
	if a.when, err = publish.ParseWhen(f.comment); err != nil {
		return a, asInput("comment", err)
	}
	if a.isChecked, err = parseBool(f.checkRun); err != nil {
		return a, asInput("check-run", err)
	}
	if a.isAnnotated, err = parseBool(f.annotations); err != nil {
		return a, asInput("annotations", err)
	}
	if a.isSuggested, err = parseBool(f.suggestions); err != nil {
		return a, asInput("suggestions", err)
	}
	return a, nil
}

// parseBool takes what YAML 1.2 takes for a boolean, and no more.
func parseBool(text string) (bool, error) {
	switch text {
	case "true", "True", "TRUE", "false", "False", "FALSE":
		return strconv.ParseBool(text)
	}
	return false, fmt.Errorf("%q is neither true nor false", text)
}

// asInput makes an error of an input's value an error of usage.
func asInput(name string, err error) error {
	return &loadline.UsageError{Err: fmt.Errorf("%s: %w", name, err)}
}
