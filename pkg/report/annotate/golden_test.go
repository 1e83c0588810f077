package annotate

import (
	"flag"
	"testing"

	"github.com/loadline-dev/loadline/pkg/report/golden"
)

var _ = flag.Bool("update", false, "rewrite the golden files")

func TestSavedReportsAreWrittenAsInTheGoldenFiles(t *testing.T) {
	golden.Check(t, "github.txt", GitHub)
	golden.Check(t, "rdjson", RDJSON)
	golden.Check(t, "checkstyle.xml", Checkstyle)
	golden.Check(t, "gitlab.json", GitLab)
}
