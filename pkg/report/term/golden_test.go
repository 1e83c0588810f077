package term

import (
	"flag"
	"io"
	"testing"

	"github.com/loadline-dev/loadline/pkg/report"
	"github.com/loadline-dev/loadline/pkg/report/golden"
)

var _ = flag.Bool("update", false, "rewrite the golden files")

func TestSavedReportsAreWrittenAsInTheGoldenFiles(t *testing.T) {
	golden.Check(t, "txt", func(w io.Writer, r *report.Report) error { return Write(w, r, Options{}) })
}
