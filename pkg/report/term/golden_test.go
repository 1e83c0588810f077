package term

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadline-dev/loadline/pkg/report"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestSavedReportsAreWrittenAsInTheGoldenFiles writes the reports of pkg/report/testdata.
func TestSavedReportsAreWrittenAsInTheGoldenFiles(t *testing.T) {
	names, err := filepath.Glob(filepath.Join("..", "testdata", "*.json"))
	if err != nil || len(names) == 0 {
		t.Fatal("no saved reports", err)
	}
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			f, err := os.Open(name)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			r, err := report.Read(f)
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			if err := Write(&out, r, Options{}); err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", strings.TrimSuffix(filepath.Base(name), ".json")+".txt")
			if *update {
				if err := os.WriteFile(golden, out.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), out.String()); diff != "" {
				t.Errorf("%s differs, run: go test ./pkg/report/... -update\n%s", golden, diff)
			}
		})
	}
}
