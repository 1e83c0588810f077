package report

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func grown(path string, size int64) Change { return Change{Path: path, Head: &size} }

func TestRollupNamesFilesWhereTheyAreFewAndDirectoriesWhereTheyAreMany(t *testing.T) {
	many := []Change{grown("README.md", 10)}
	for i := range 50 {
		many = append(many, grown(fmt.Sprintf("api/vendor/x/f%02d.go", i), 100), grown(fmt.Sprintf("web/src/f%02d.ts", i), 10))
	}
	tests := []struct {
		name    string
		changes []Change
		n       int
		want    []Bundle
	}{
		{"nothing", nil, 5, nil},
		{"few files", []Change{grown("a/b", 1), grown("c", 2)}, 5, []Bundle{{Path: "c", Growth: 2, Files: 1}, {Path: "a/b", Growth: 1, Files: 1}}},
		{"many files", many, 5, []Bundle{
			{Path: "api/vendor/x/", Growth: 5000, Files: 50}, {Path: "web/src/", Growth: 500, Files: 50}, {Path: "README.md", Growth: 10, Files: 1},
		}},
		{"one file accounts for its directory", []Change{grown("d/big", 1000), grown("d/s1", 1), grown("d/s2", 1)}, 1, []Bundle{{Path: "d/big", Growth: 1000, Files: 1}}},
		{"a directory without a heavy entry", []Change{grown("d/a", 10), grown("d/b", 10), grown("d/c", 10)}, 2, []Bundle{{Path: "d/", Growth: 30, Files: 3}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := Build{Changed: test.changes}
			if diff := cmp.Diff(test.want, b.Rollup(test.n)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
