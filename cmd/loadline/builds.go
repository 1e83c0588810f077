package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/loadline-dev/loadline/pkg/loadline"
	"github.com/loadline-dev/loadline/pkg/report"
	"github.com/loadline-dev/loadline/pkg/source"
)

func newBuilds(s streams) *cobra.Command {
	var o loadline.CheckOptions
	var format, output string
	list := formats[*loadline.Inventory]{
		"json": report.WriteJSON[*loadline.Inventory],
		"text": writeInventory,
	}
	c := &cobra.Command{
		Use:               "builds [PATH]",
		Short:             "List the builds found and where, and what was left out and why",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: directories,
		RunE: func(c *cobra.Command, args []string) error {
			if err := list.known(format); err != nil {
				return err
			}
			if len(args) == 1 {
				o.Path = args[0]
			}
			o.Environment = loadline.ReadEnvironment(s.getenv)
			v, err := loadline.Builds(c.Context(), o)
			if err != nil {
				return err
			}
			return list.write(s, format, output, v)
		},
	}
	c.Flags().StringVar(&o.Head, "head", "", "revision to look at, or worktree (default: HEAD in CI, else the tracked files on disk)")
	c.Flags().StringVar(&o.Config, "config", "", "configuration file (default .loadline.yaml)")
	c.Flags().StringVar(&format, "format", "text", "format of the answer: "+list.names())
	c.Flags().StringVarP(&output, "output", "o", "", "write the answer to this file")
	return c
}

// writeInventory lists builds, then what was left out.
func writeInventory(w io.Writer, v *loadline.Inventory) error {
	if _, err := fmt.Fprintf(w, "%s\n", report.Count(int64(len(v.Builds)), "build")); err != nil {
		return err
	}
	for _, b := range v.Builds {
		line := "  " + source.Printable(b.Name)
		if b.Dockerfile != b.Name {
			line += "  " + source.Printable(b.Dockerfile)
		}
		if b.Context != "" {
			line += "  context " + source.Printable(b.Context)
		}
		if b.Origin.Line > 0 {
			line += fmt.Sprintf("  (%s:%d)", source.Printable(b.Origin.Path), b.Origin.Line)
		}
		if _, err := fmt.Fprintln(w, source.LogLine(line)); err != nil {
			return err
		}
	}
	if len(v.LeftOut) > 0 {
		if _, err := fmt.Fprintln(w, "left out"); err != nil {
			return err
		}
	}
	for _, l := range v.LeftOut {
		if _, err := fmt.Fprintln(w, source.LogLine("  "+source.Printable(l.Path)+": "+source.Printable(l.Reason))); err != nil {
			return err
		}
	}
	return nil
}
