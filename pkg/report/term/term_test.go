package term

import (
	"bytes"
	"strings"
	"testing"

	"github.com/loadline-dev/loadline/pkg/report/golden"
	"github.com/loadline-dev/loadline/pkg/source"
)

func TestColorsAreWrittenOnlyWhenAskedFor(t *testing.T) {
	for _, color := range []bool{false, true} {
		var out bytes.Buffer
		if err := Write(&out, golden.Hostile(1, "x"), Options{Color: color}); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(out.String(), "\x1b["); got != color {
			t.Errorf("colours asked for: %t, written: %t", color, got)
		}
	}
}

// FuzzWrite holds that no text of a repository reaches the terminal or the runner as anything but text.
func FuzzWrite(f *testing.F) {
	for _, s := range golden.HostileNames() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var out bytes.Buffer
		if err := Write(&out, golden.Hostile(1, s), Options{}); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(out.String()) {
			line = strings.TrimSuffix(line, "\n")
			if source.Printable(line) != line || source.LogLine(line) != line {
				t.Errorf("a line is %q", line)
			}
		}
	})
}
