package markdown

import (
	"flag"
	"io"
	"testing"

	"github.com/loadline-dev/loadline/pkg/report"
	"github.com/loadline-dev/loadline/pkg/report/golden"
)

// files is where head's files are seen.
const files = "https://github.com/octo-org/app/blob/1111111111111111111111111111111111111111"

var _ = flag.Bool("update", false, "rewrite the golden files")

func TestSavedReportsAreWrittenAsInTheGoldenFiles(t *testing.T) {
	golden.Check(t, "md", func(w io.Writer, r *report.Report) error { return Write(w, r, Options{Files: files}) })
}
