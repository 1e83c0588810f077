package main

import (
	"github.com/spf13/cobra"

	"github.com/loadline-dev/loadline/pkg/build"
	"github.com/loadline-dev/loadline/pkg/config"
	"github.com/loadline-dev/loadline/pkg/loadline"
)

// checkFlags are the flags of check as they are typed.
type checkFlags struct {
	options              loadline.CheckOptions
	maxUpload, maxGrowth string
	uplink               string
	images               imageFlags
	format, output       string
}

func newCheck(s streams, result *outcome) *cobra.Command {
	var flags checkFlags
	list := reportFormats(s, &flags.output)
	c := &cobra.Command{
		Use:   "check [PATH]",
		Short: "Measure every build of a repository, compare with the base, and judge",
		Long: "Measure what every build of a repository uploads, compare it with the base, and fail on a budget.\n" +
			"PATH is the directory to analyse (default: the repository around the working directory).",
		Example: "  loadline check\n" +
			"  loadline check --base origin/main --max-growth 1MB,10%\n" +
			"  loadline check --base none --format json -o report.json services/api",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: directories,
		RunE: func(c *cobra.Command, args []string) error {
			if err := list.known(flags.format); err != nil {
				return err
			}
			o, err := flags.parse(s, args)
			if err != nil {
				return err
			}
			bar := newProgress(s)
			o.Progress = bar.update
			r, err := loadline.Check(c.Context(), o)
			bar.clear()
			if err != nil {
				return err
			}
			result.code = loadline.ExitCode(r)
			return list.write(s, flags.format, flags.output, r)
		},
	}
	flags.bind(c, list.names())
	return c
}

// bind adds the flags to the command.
func (f *checkFlags) bind(c *cobra.Command, formats string) {
	flags := c.Flags()
	flags.StringVar(&f.options.Base, "base", "", "revision or directory to compare with, or none (default: the base of the pull request, or the merge base with the default branch)")
	flags.StringVar(&f.options.Head, "head", "", "revision to judge, or worktree (default: HEAD in CI, else the tracked files on disk)")
	flags.StringArrayVar(&f.options.Builds, "build", nil, "look only at builds whose name matches this glob")
	flags.StringVar(&f.maxUpload, "max-upload", "", "fail where a build uploads more than SIZE, such as 50MB")
	flags.StringVar(&f.maxGrowth, "max-growth", "", "fail where a build grows by more than SIZE[,PERCENT%]; with both, both must be exceeded")
	flags.StringVar(&f.options.FailOn, "fail-on", "none", "fail on new findings of at least this severity: none, notice, warning, error")
	flags.StringVar(&f.uplink, "uplink", "", "show upload times at this rate, such as 20mbit")
	f.images.bind(c)
	flags.StringVar(&f.options.Config, "config", "", "configuration file (default .loadline.yaml at the root of each side)")
	flags.StringVar(&f.format, "format", "text", "format of the answer: "+formats)
	flags.StringVarP(&f.output, "output", "o", "", "write the answer to this file")
}

// parse turns what was typed into options.
func (f *checkFlags) parse(s streams, args []string) (loadline.CheckOptions, error) {
	o := f.options
	o.Environment = loadline.ReadEnvironment(s.getenv)
	if len(args) == 1 {
		o.Path = args[0]
	}
	var err error
	if o.Registry, err = f.images.options(); err != nil {
		return o, err
	}
	if f.maxUpload != "" {
		var size int64
		if size, err = config.ParseSize(f.maxUpload); err != nil {
			return o, asFlag("--max-upload", err)
		}
		o.MaxUpload = &size
	}
	if f.maxGrowth != "" {
		var growth build.Growth
		if growth, err = config.ParseGrowth(f.maxGrowth); err != nil {
			return o, asFlag("--max-growth", err)
		}
		o.MaxGrowth = &growth
	}
	if f.uplink != "" {
		if o.Uplink, err = config.ParseRate(f.uplink); err != nil {
			return o, asFlag("--uplink", err)
		}
	}
	return o, nil
}
