package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/loadline"
	"github.com/loadline-dev/loadline/pkg/report"
	"github.com/loadline-dev/loadline/pkg/rules"
	"github.com/loadline-dev/loadline/pkg/source"
)

func newFix(s streams) *cobra.Command {
	var o loadline.FixOptions
	var write bool
	c := &cobra.Command{
		Use:   "fix [PATH]",
		Short: "Show the edits that mend what the rules find, or make them",
		Long: "Show as a diff the edits that mend what the rules find, all together. Every edit was applied to a copy first:\n" +
			"all builds can still be analysed and find what their instructions name. With --write the files are changed.",
		Example: "  loadline fix | git apply\n" +
			"  loadline fix --rule git-directory-uploaded --write",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: directories,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.Path = args[0]
			}
			o.Environment = loadline.ReadEnvironment(s.getenv)
			fixed, err := loadline.Fix(c.Context(), o)
			if err != nil {
				return err
			}
			if write {
				if err := fixed.Write(); err != nil {
					return err
				}
				return writeMended(s.out, fixed)
			}
			if err := writeDiff(s.out, fixed); err != nil {
				return err
			}
			return writeLeft(s.err, fixed)
		},
	}
	c.Flags().BoolVar(&write, "write", false, "change the files")
	c.Flags().StringArrayVar(&o.Rules, "rule", nil, "mend only what this rule finds")
	c.Flags().StringArrayVar(&o.Builds, "build", nil, "look only at builds whose name matches this glob")
	c.Flags().StringVar(&o.Config, "config", "", "configuration file (default .loadline.yaml)")
	_ = c.RegisterFlagCompletionFunc("rule", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return rules.Names(), cobra.ShellCompDirectiveNoFileComp
	})
	return c
}

// writeDiff writes the edits in the form that git apply and patch -p1 read.
func writeDiff(w io.Writer, f *loadline.Fixed) error {
	for _, file := range f.Files {
		if _, err := io.WriteString(w, finding.Diff(file.Path, file.Before, file.After)); err != nil {
			return err
		}
	}
	return nil
}

func writeMended(w io.Writer, f *loadline.Fixed) error {
	for i := range f.Findings {
		if _, err := fmt.Fprintln(w, source.LogLine("mended: "+f.Findings[i].Line())); err != nil {
			return err
		}
	}
	for _, file := range f.Files {
		if _, err := fmt.Fprintln(w, source.LogLine("written: "+source.Printable(file.Path))); err != nil {
			return err
		}
	}
	return writeLeft(w, f)
}

// writeLeft says what another run mends.
func writeLeft(w io.Writer, f *loadline.Fixed) error {
	if n := len(f.Left); n > 0 {
		_, err := fmt.Fprintf(w, "%s left, whose edits overlap these: run it again\n", report.Count(int64(n), "finding"))
		return err
	}
	return nil
}
