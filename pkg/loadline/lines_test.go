package loadline

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadline-dev/loadline/pkg/report"
)

func TestChangedLinesAreThoseThatTheBaseLacks(t *testing.T) {
	text := func(s string) []byte { return []byte(strings.ReplaceAll(s, " ", "\n")) }
	long := ""
	for i := range 40 {
		long += fmt.Sprint("x", i, " ")
	}
	tests := []struct {
		name, before, after string
		want                [][2]int
	}{
		{"nothing", "a b ", "a b ", nil},
		{"a new file", "", "a b c ", [][2]int{{1, 3}}},
		{"all is removed", "a b ", "", nil},
		{"a line is edited", "a b c ", "a B c ", [][2]int{{2, 2}}},
		{"a line is removed", "a b c ", "a c ", nil},
		{"lines are added at both ends", "b ", "a b c d ", [][2]int{{1, 1}, {3, 4}}},
		{"far apart", "a " + long + "z ", "A " + long + "Z ", [][2]int{{1, 1}, {42, 42}}},
		{"no line end", "a b", "a c", [][2]int{{2, 2}}},
		{"lines that look like a diff", "@@ ", "@@ +++ --- @@ ", [][2]int{{2, 4}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var want []report.Lines
			for _, l := range test.want {
				want = append(want, report.Lines{Path: "f", First: l[0], Last: l[1]})
			}
			if diff := cmp.Diff(want, addedLines("f", text(test.before), text(test.after))); diff != "" {
				t.Error(diff)
			}
		})
	}
}
