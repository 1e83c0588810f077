// Package golden holds the output formats of a report against golden files. Only tests use it.
package golden

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadline-dev/loadline/pkg/report"
)

// Reports reads the saved reports of pkg/report/testdata, by name. The caller lies one directory below pkg/report.
func Reports(t *testing.T) map[string]*report.Report {
	t.Helper()
	names, err := filepath.Glob(filepath.Join("..", "testdata", "*.json"))
	if err != nil || len(names) == 0 {
		t.Fatal("no saved reports", err)
	}
	out := map[string]*report.Report{}
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		r, err := report.Read(f)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		out[strings.TrimSuffix(filepath.Base(name), ".json")] = r
	}
	return out
}

// Check writes every saved report and compares with testdata/NAME.EXTENSION; with the flag -update it writes that file.
func Check(t *testing.T, extension string, write func(io.Writer, *report.Report) error) {
	t.Helper()
	for name, r := range Reports(t) {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			if err := write(&out, r); err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", name+"."+extension)
			if flag.Lookup("update").Value.String() == "true" {
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
