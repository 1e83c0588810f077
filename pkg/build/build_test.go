package build

import (
	"io/fs"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadline-dev/loadline/pkg/tree"
)

func entries(paths ...string) []tree.Entry {
	list := make([]tree.Entry, 0, len(paths))
	for _, p := range paths {
		list = append(list, tree.Entry{Path: p, Mode: 0o644})
	}
	return list
}

func TestNamesSayWhatIsADockerfile(t *testing.T) {
	tests := []struct {
		path, reason string
		looks        bool
	}{
		{"Dockerfile", "", true},
		{"dockerfile", "", true},
		{"Containerfile", "", true},
		{"svc/Dockerfile.alpine", "", true},
		{"svc/api.Dockerfile", "", true},
		{"svc/api.containerfile", "", true},
		{"svc/Dockerfile-fpm", "", true},
		{"Dockerfile.dockerignore", "", false},
		{"Dockerfile.md", "", false},
		{"dockerfile_test.exs", "", false},
		{"lint-dockerfiles.sh", "", false},
		{"my-dockerfiles", "", false},
		{"Dockerfile.j2", "template", true},
		{"Dockerfile.template", "template", true},
		{"Dockerfile~", "backup copy", true},
		{"vendor/x/Dockerfile", "vendored (vendor/)", true},
		{"lib/zstd-1.5.7/contrib/docker/Dockerfile", "vendored (lib/zstd-1.5.7/)", true},
		{"docker/ubuntu-24.04/Dockerfile", "", true},
		{"libs/php-8.4/Dockerfile.prod", "vendored (libs/php-8.4/)", true},
		{"a/testdata/Dockerfile", "test fixture (testdata/)", true},
	}
	for _, test := range tests {
		t.Run(test.path, func(t *testing.T) {
			looks, reason := Discovery{}.judge(test.path)
			if looks != test.looks || reason != test.reason {
				t.Errorf("got %v %q, want %v %q", looks, reason, test.looks, test.reason)
			}
		})
	}
}

func TestDiscoverOffersTheOwnDirectoryFirstAndTheRootLast(t *testing.T) {
	builds, left, err := Discover(slices.Values(entries("a/b/Dockerfile", "README.md", "vendor/Dockerfile")), Discovery{})
	if err != nil {
		t.Fatal(err)
	}
	want := []Build{{
		Name: "a/b/Dockerfile", Dockerfile: "a/b/Dockerfile", Candidates: []string{"a/b", "a", "."},
		Origin: Origin{Path: "a/b/Dockerfile"},
	}}
	if diff := cmp.Diff(want, builds); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]LeftOut{{Path: "vendor/Dockerfile", Reason: "vendored (vendor/)"}}, left); diff != "" {
		t.Error(diff)
	}
}

func TestGlobsTakeAndLeaveOut(t *testing.T) {
	files := entries("Dockerfile", "vendor/x/Dockerfile", "old/Dockerfile", "images/base.df")
	tests := []struct {
		name string
		d    Discovery
		want []string
	}{
		{"off finds nothing", Discovery{Off: true}, nil},
		{"out leaves out", Discovery{Out: []string{"old/**"}}, []string{"Dockerfile"}},
		{"in takes what names speak against", Discovery{In: []string{"vendor/**/Dockerfile", "images/*.df"}}, []string{"images/base.df", "vendor/x/Dockerfile"}},
		{"out goes before in", Discovery{In: []string{"**/Dockerfile"}, Out: []string{"vendor/**", "old/**"}}, []string{"Dockerfile"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			builds, _, err := Discover(slices.Values(files), test.d)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, b := range builds {
				got = append(got, b.Name)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	if _, _, err := Discover(slices.Values(files), Discovery{In: []string{"a[b"}}); err == nil {
		t.Error("a malformed glob is accepted")
	}
}

func TestOnlyFilesAndLinksAreDockerfiles(t *testing.T) {
	list := []tree.Entry{
		{Path: "Dockerfile", Mode: fs.ModeDir | 0o755}, {Path: "a/Dockerfile", Mode: fs.ModeNamedPipe}, {Path: "b/Dockerfile", Mode: fs.ModeSymlink},
	}
	builds, _, err := Discover(slices.Values(list), Discovery{})
	if err != nil || len(builds) != 1 || builds[0].Name != "b/Dockerfile" {
		t.Errorf("got %v, %v", builds, err)
	}
}

func TestADeclaredBuildReplacesTheDiscoveredOne(t *testing.T) {
	declared := []Build{
		{Dockerfile: "Dockerfile", Stage: "a", Origin: Origin{Path: ".loadline.yaml", Line: 2}},
		{Dockerfile: "Dockerfile", Stage: "b", Origin: Origin{Path: ".loadline.yaml", Line: 4}},
	}
	discovered := []Build{{Name: "Dockerfile", Dockerfile: "Dockerfile"}, {Name: "x/Dockerfile", Dockerfile: "x/Dockerfile"}}
	builds, err := Combine(declared, discovered)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, b := range builds {
		names = append(names, b.Name)
	}
	if diff := cmp.Diff([]string{"Dockerfile:a", "Dockerfile:b", "x/Dockerfile"}, names); diff != "" {
		t.Error(diff)
	}
	if got := Select(builds, []string{"Dockerfile:*"}); len(got) != 2 {
		t.Errorf("the glob selects %d builds, want 2", len(got))
	}
	declared[1].Stage = "a"
	if _, err := Combine(declared, nil); err == nil {
		t.Error("two builds of one name are accepted")
	}
}
