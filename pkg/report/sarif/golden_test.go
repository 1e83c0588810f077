package sarif

import (
	"flag"
	"testing"

	"github.com/loadline-dev/loadline/pkg/report/golden"
)

var _ = flag.Bool("update", false, "rewrite the golden files")

func TestSavedReportsAreWrittenAsInTheGoldenFiles(t *testing.T) {
	golden.Check(t, "sarif", Write)
}
