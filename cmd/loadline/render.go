package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/loadline-dev/loadline/pkg/loadline"
	"github.com/loadline-dev/loadline/pkg/report"
	"github.com/loadline-dev/loadline/pkg/report/annotate"
	"github.com/loadline-dev/loadline/pkg/report/markdown"
	"github.com/loadline-dev/loadline/pkg/report/sarif"
	"github.com/loadline-dev/loadline/pkg/report/term"
)

// reportFormats are the formats of a report. output is where it is written, as far as it is known when it is: a file
// gets no colours.
func reportFormats(s streams, output *string) formats[*report.Report] {
	return formats[*report.Report]{
		"checkstyle": annotate.Checkstyle,
		"github":     annotate.GitHub,
		"gitlab":     annotate.GitLab,
		"json":       report.Write,
		"markdown": func(w io.Writer, r *report.Report) error {
			return markdown.Write(w, r, markdown.Options{})
		},
		"rdjson": annotate.RDJSON,
		"sarif":  sarif.Write,
		"text": func(w io.Writer, r *report.Report) error {
			return term.Write(w, r, term.Options{Color: s.colored() && *output == ""})
		},
	}
}

// lines are the formats of which several can stand one after the other.
var lines = []string{"github", "markdown", "text"}

func newRender(s streams) *cobra.Command {
	var format, output string
	list := reportFormats(s, &output)
	c := &cobra.Command{
		Use:   "render REPORT.json…",
		Short: "Write saved reports in another format",
		Example: "  loadline check --format json -o report.json\n" +
			"  loadline render report.json --format sarif -o loadline.sarif",
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := list.known(format); err != nil {
				return err
			}
			if len(args) > 1 && !slices.Contains(lines, format) {
				return &loadline.UsageError{Err: fmt.Errorf("rendering %d reports as %s: it holds one", len(args), format)}
			}
			reports, err := readReports(args)
			if err != nil {
				return err
			}
			all := formats[[]*report.Report]{format: func(w io.Writer, reports []*report.Report) error {
				return writeAll(w, reports, list[format])
			}}
			return all.write(s, format, output, reports)
		},
	}
	c.Flags().StringVar(&format, "format", "text", "format of the answer: "+list.names())
	c.Flags().StringVarP(&output, "output", "o", "", "write the answer to this file")
	return c
}

func readReports(names []string) ([]*report.Report, error) {
	var reports []*report.Report
	for _, name := range names {
		r, err := readReport(name)
		if err != nil {
			return nil, &loadline.UsageError{Err: fmt.Errorf("%s: %w", name, err)}
		}
		reports = append(reports, r)
	}
	return reports, nil
}

func readReport(name string) (*report.Report, error) {
	info, err := os.Stat(name) // before it is opened: a fifo would wait for its other end
	if err != nil {
		return nil, fmt.Errorf("reading a report: %w", errors.Unwrap(err))
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("reading a report: it is not a file")
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("reading a report: %w", errors.Unwrap(err))
	}
	defer f.Close()
	return report.Read(f)
}

func writeAll(w io.Writer, reports []*report.Report, render func(io.Writer, *report.Report) error) error {
	for i, r := range reports {
		var out bytes.Buffer
		if i > 0 {
			out.WriteString("\n")
		}
		if err := render(&out, r); err != nil {
			return err
		}
		if _, err := w.Write(out.Bytes()); err != nil {
			return err
		}
	}
	return nil
}
