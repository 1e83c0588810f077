package engine

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/loadline-dev/loadline/pkg/build"
	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/transfer"
	"github.com/loadline-dev/loadline/pkg/tree"
)

// TestWhatBuildKitExcludesForOneBuildItExcludesForAll holds that a build which takes over what BuildKit excludes for another
// one is the build that BuildKit itself makes of it.
func TestWhatBuildKitExcludesForOneBuildItExcludesForAll(t *testing.T) {
	const files = `-- Dockerfile --
FROM scratch AS a
COPY . /
FROM scratch
COPY src/*.go docs/ /x/
COPY --from=a / /
-- other.Dockerfile --
FROM scratch
COPY docs /docs
-- .dockerignore --
other
-- src/main.go --
package main
-- docs/a.md --
a
-- docs/b.md --
b
-- large/x --
xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
`
	for _, ignored := range []string{"", "large\n", "**\n!src\n", "docs/b.md\n# x\nsrc\n", "*\n"} {
		all, err := tree.FromTxtar(txtar.Parse([]byte(files)))
		if err != nil {
			t.Fatal(err)
		}
		r := &Repository{Tree: all, Disk: all, Tracked: all, Meter: &transfer.Meter{}, Listings: &rule.Listings{}}
		edited, err := r.edited(map[string][]byte{".dockerignore": []byte(ignored)})
		if err != nil {
			t.Fatal(err)
		}
		var exclude []string
		for i, name := range []string{"other.Dockerfile", "Dockerfile"} {
			b := build.Build{Name: name, Dockerfile: name, Context: "."}
			before, err := r.Analyse(t.Context(), b)
			if err != nil {
				t.Fatal(err)
			}
			want, err := edited.Analyse(t.Context(), b)
			if err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				exclude = want.Plan.Locals[len(want.Plan.Locals)-1].ExcludePatterns
				continue
			}
			got, err := edited.excluding(t.Context(), before, exclude)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(summary(want), summary(got)); diff != "" {
				t.Errorf("with the ignore file %q: %s", ignored, diff)
			}
		}
	}
}

// summary is what two analyses have to have in common.
func summary(s *rule.Subject) map[string]int64 {
	out := map[string]int64{}
	for _, list := range [][]*transfer.Transfer{s.Transfers, s.Disk} {
		for _, t := range list {
			out[t.Key()] += t.Bytes
		}
	}
	for _, u := range s.AllUploads() {
		out[u.IgnorePath] += int64(len(u.Ignore.Lines)) + 1
	}
	for _, src := range s.Plan.Sources {
		out[src.Local+" "+src.Path] = int64(src.Line)
	}
	return out
}
