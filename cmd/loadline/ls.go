package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/loadline-dev/loadline/pkg/loadline"
	"github.com/loadline-dev/loadline/pkg/report"
	"github.com/loadline-dev/loadline/pkg/report/term"
)

func newList(s streams) *cobra.Command {
	var flags buildFlags
	var summary bool
	list := formats[*report.UploadReport]{
		"json": func(w io.Writer, r *report.UploadReport) error { return report.WriteUpload(w, r) },
		"text": func(w io.Writer, r *report.UploadReport) error {
			return term.WriteUpload(w, r, term.Options{Color: s.colored() && flags.output == ""})
		},
	}
	c := &cobra.Command{
		Use:   "ls [docker build flags] CONTEXT",
		Short: "List exactly what `docker build` would upload",
		Example: "  loadline ls .\n" +
			"  loadline ls -f docker/Dockerfile --target runtime --build-arg VERSION=1.2 .\n" +
			"  loadline ls --rev v1.2.3 --summary .",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: directories,
		RunE: func(c *cobra.Command, args []string) error {
			if err := list.known(flags.format); err != nil {
				return err
			}
			b, err := flags.single(s, args[0])
			if err != nil {
				return err
			}
			r, err := loadline.List(c.Context(), b)
			if err != nil {
				return err
			}
			if summary {
				r.DropEntries()
			}
			return list.write(s, flags.format, flags.output, r)
		},
	}
	flags.bind(c, list.names())
	c.Flags().BoolVar(&summary, "summary", false, "leave the list of files out")
	return c
}

// directories completes an argument with directories.
func directories(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}
