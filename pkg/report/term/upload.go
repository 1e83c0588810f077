package term

import (
	"fmt"
	"io"

	"github.com/mattn/go-runewidth"

	"github.com/loadline-dev/loadline/pkg/report"
	"github.com/loadline-dev/loadline/pkg/source"
)

// WriteUpload writes what one `docker build` would upload: the files in the order of sending, then the transfers as
// BuildKit prints them, then their sum.
func WriteUpload(w io.Writer, u *report.UploadReport, o Options) error {
	p := newPrinter(w, o)
	listed := false
	for _, t := range u.Transfers {
		for _, e := range t.Entries {
			listed = true
			p.line(runewidth.FillLeft(report.Bytes(e.Size), 9), "  ", source.Printable(e.Path), p.faint(from(t.Name)))
		}
	}
	if listed {
		p.line()
	}
	for _, t := range u.Transfers {
		p.line(runewidth.FillLeft(report.Bytes(t.Bytes), 9), "  ", source.Printable(t.Label), p.faint("  "+report.Count(t.Files, "file")))
	}
	p.line(p.bold(runewidth.FillLeft(report.Bytes(u.Upload.Bytes), 9)), "  ", p.bold("to upload"),
		fmt.Sprintf(": %s, %s bytes", report.Count(u.Upload.Files, "file"), report.Group(u.Upload.Bytes)))
	for _, text := range u.Assumptions {
		p.line(p.faint("assumed: " + source.Printable(text)))
	}
	if err := p.w.Flush(); err != nil {
		return fmt.Errorf("writing text: %w", err)
	}
	return nil
}

// from marks the files that do not come from the build context.
func from(name string) string {
	if name == "context" {
		return ""
	}
	return "  (" + source.Printable(name) + ")"
}
