//go:build unix

package tree_test

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/loadline-dev/loadline/pkg/tree"
)

const archive = `
-- tree --
# path, size, mode
models/weights.bin 1.2GB
bin/run 23B 0755
bin/link -> ../models/weights.bin
"two words" 4KB
empty/
-- Dockerfile --
FROM scratch
-- dir/ --
`

func TestTxtarGivesSizesModesAndLinks(t *testing.T) {
	s, err := tree.FromTxtar(txtar.Parse([]byte(archive)))
	must(t, err)
	var got []tree.Entry
	for e := range s.All() {
		got = append(got, e)
	}
	want := []tree.Entry{
		{Path: "Dockerfile", Mode: 0o644, Size: 13},
		{Path: "bin", Mode: fs.ModeDir | 0o755},
		{Path: "bin/link", Mode: fs.ModeSymlink | 0o777, Size: 21, Link: "../models/weights.bin"},
		{Path: "bin/run", Mode: 0o755, Size: 23},
		{Path: "dir", Mode: fs.ModeDir | 0o755},
		{Path: "empty", Mode: fs.ModeDir | 0o755},
		{Path: "models", Mode: fs.ModeDir | 0o755},
		{Path: "models/weights.bin", Mode: 0o644, Size: 1_200_000_000},
		{Path: "two words", Mode: 0o644, Size: 4000},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if data, err := s.ReadFile("Dockerfile", 100); err != nil || string(data) != "FROM scratch\n" {
		t.Errorf("Dockerfile: %q, %v", data, err)
	}
}

func TestTxtarRefusesWhatIsNoTree(t *testing.T) {
	for _, line := range []string{
		"../a 1B", "a/../b 1B", "/a 1B", "a", "a 1B 9", "a 1B 01000", "a -1B", "a 1B 0644 x", "a ->", "a 1B\na 2B", "a 1B\na/b 1B", `"a 1B`, "d/ 1B",
	} {
		if _, err := tree.FromTxtar(txtar.Parse([]byte("-- tree --\n" + line + "\n"))); err == nil {
			t.Errorf("%q is taken", line)
		}
	}
}

func FuzzTxtar(f *testing.F) {
	f.Add(archive)
	f.Add("-- tree --\na -> b\nb -> a\n")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := tree.FromTxtar(txtar.Parse([]byte(text)))
		if err != nil {
			return
		}
		for e := range s.All() {
			found, ok := s.Lookup(e.Path)
			if !ok || cmp.Diff(e, found) != "" || strings.Contains("/"+e.Path+"/", "/../") {
				t.Fatalf("%+v is listed, Lookup has %+v", e, found)
			}
			if e.Mode&fs.ModeSymlink != 0 {
				_, _ = s.ReadFile(e.Path, 10) // ends, whatever it answers
			}
		}
	})
}
