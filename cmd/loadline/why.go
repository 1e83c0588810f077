package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/loadline-dev/loadline/pkg/loadline"
	"github.com/loadline-dev/loadline/pkg/report"
	"github.com/loadline-dev/loadline/pkg/source"
)

func newWhy(s streams) *cobra.Command {
	var flags buildFlags
	list := formats[[]loadline.Reason]{"json": report.WriteJSON[[]loadline.Reason], "text": writeReasons}
	c := &cobra.Command{
		Use:   "why [docker build flags] CONTEXT FILE…",
		Short: "Say which instruction pulls a path into the upload, or which ignore line keeps it out",
		Example: "  loadline why . node_modules\n" +
			"  loadline why -f docker/Dockerfile . docs/picture.png",
		Args: cobra.MinimumNArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			if err := list.known(flags.format); err != nil {
				return err
			}
			b, err := flags.single(s, args[0])
			if err != nil {
				return err
			}
			reasons, err := loadline.Why(c.Context(), b, args[1:])
			if err != nil {
				return err
			}
			return list.write(s, flags.format, flags.output, reasons)
		},
	}
	flags.bind(c, list.names())
	return c
}

// writeReasons answers one path after the other: the verdict, then what decides it.
func writeReasons(w io.Writer, reasons []loadline.Reason) error {
	for _, r := range reasons {
		verdict := "not uploaded"
		if r.Uploaded {
			verdict = fmt.Sprintf("uploaded: %s in %s", report.Bytes(r.Size.Bytes), report.Count(r.Size.Files, "file"))
		}
		if _, err := fmt.Fprintln(w, source.LogLine(source.Printable(r.Path)+": "+verdict)); err != nil {
			return err
		}
		lines := []string{}
		for _, i := range r.Pulls {
			how := "pulled in by"
			if !r.Uploaded {
				how = "asked for by"
			}
			lines = append(lines, how+" "+place(i))
		}
		if r.Ignored != nil {
			lines = append(lines, "kept out by "+place(*r.Ignored))
		}
		if r.Note != "" {
			lines = append(lines, r.Note)
		}
		for _, line := range lines {
			if _, err := fmt.Fprintln(w, source.LogLine("  "+line)); err != nil {
				return err
			}
		}
	}
	return nil
}

func place(i report.Instruction) string {
	return fmt.Sprintf("%s:%d  %s", source.Printable(i.Path), i.Line, source.Printable(i.Text))
}
