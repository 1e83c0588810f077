package build

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/loadline-dev/loadline/pkg/tree"
)

// workflow is a workflow of one job with these steps.
func workflow(steps string) string {
	return "-- .github/workflows/ci.yml --\non: push\njobs:\n  build:\n    steps:\n" + steps
}

func TestGitContextsAreThoseThatNobodyBuildsFromAPath(t *testing.T) {
	const action = "      - uses: docker/build-push-action@v6\n"
	at := func(line int) Origin { return Origin{Path: ".github/workflows/ci.yml", Line: line} }
	tests := []struct {
		name, files string
		want        map[string]Origin
	}{
		{"no workflows", "-- a --\n", map[string]Origin{}},
		{"without inputs", workflow(action), map[string]Origin{"Dockerfile": at(5)}},
		{"with a file", workflow(action + "        with:\n          file: docker/api.Dockerfile\n"), map[string]Origin{"docker/api.Dockerfile": at(5)}},
		{"the default context's directory", workflow(action + "        with:\n          context: \"{{defaultContext}}:web\"\n"), map[string]Origin{"web/Dockerfile": at(5)}},
		{"a path", workflow(action + "        with:\n          context: .\n"), map[string]Origin{}},
		{"both", workflow(action + action + "        with: {context: .}\n"), map[string]Origin{}},
		{"another Dockerfile from a path", workflow(action + action + "        with: {context: web}\n"), map[string]Origin{"Dockerfile": at(5)}},
		{"a file from the root of a path", workflow(action + action + "        with: {context: web, file: ./Dockerfile}\n"), map[string]Origin{}},
		{"an expression for the file", workflow(action + "        with:\n          file: ${{ matrix.file }}\n"), map[string]Origin{}},
		{"an expression for a path", workflow(action + action + "        with:\n          context: ${{ matrix.dir }}\n"), nil},
		{"an alias", workflow(action + action + "        with:\n          context: *x\n"), map[string]Origin{}},
		{"a script that builds", workflow(action + "      - run: docker build .\n"), nil},
		{"bake", workflow(action + "      - uses: docker/bake-action@v6\n"), nil},
		{"another remote", workflow(action + "        with: {context: \"https://github.com/o/r.git\"}\n"), map[string]Origin{}},
		{"no workflow", "-- .github/workflows/ci.yml --\n[1, 2\n", map[string]Origin{}},
		{"odd shapes", "-- .github/workflows/ci.yml --\njobs: [a]\n-- .github/workflows/b.yaml --\njobs: {a: {steps: {b: c}}}\n", map[string]Origin{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, err := tree.FromTxtar(txtar.Parse([]byte(test.files)))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, GitContexts(s)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func FuzzGitContexts(f *testing.F) {
	f.Add("jobs:\n  a:\n    steps:\n    - uses: docker/build-push-action@v6\n      with: {context: x}\n")
	f.Add("a: &a [*a]\njobs: *a\n")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := tree.FromTxtar(&txtar.Archive{Files: []txtar.File{{Name: ".github/workflows/x.yml", Data: []byte(text)}}})
		if err != nil {
			return
		}
		GitContexts(s)
	})
}

func TestRemoteStepsNameTheInputContext(t *testing.T) {
	const text = `jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
      - uses: docker/setup-buildx-action@v3
        with: {driver: cloud}
      - uses: docker/build-push-action@v6
        with: {file: é.Dockerfile, context: "./ü", push: true}
      - run: make
      - uses: docker/build-push-action@v6
        with: {context: late}
  b: &b
    runs-on: ubuntu-latest
    steps: [{uses: actions/checkout@v5}, {uses: depot/build-push-action@v1, with: {context: .}}]
  c: *b
`
	s, err := tree.FromTxtar(&txtar.Archive{Files: []txtar.File{{Name: ".github/workflows/x.yml", Data: []byte(text)}}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range RemoteSteps(s) {
		got = append(got, fmt.Sprintf("%s of %s to %s: %q", r.Dockerfile, r.Context, r.Builder, r.File.Slice(r.Span)))
	}
	want := []string{`é.Dockerfile of ü to Docker Build Cloud: "\"./ü\""`, `Dockerfile of . to Depot: "."`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func FuzzRemoteSteps(f *testing.F) {
	f.Add("jobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n    - uses: actions/checkout@v5\n    - uses: depot/build-push-action@v1\n      with: {context: x, file: [a]}\n")
	f.Add("jobs: {a: {runs-on: ubuntu-1, steps: [{uses: actions/checkout}, {uses: depot/build-push-action, with: {context: |-\n   a\n   b}}]}}\n")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := tree.FromTxtar(&txtar.Archive{Files: []txtar.File{{Name: ".github/workflows/x.yml", Data: []byte(text)}}})
		if err != nil {
			return
		}
		for _, r := range RemoteSteps(s) {
			if r.Span.Start < 0 || r.Span.Start > r.Span.End || r.Span.End > len(r.File.Text) {
				t.Errorf("%+v of %d bytes", r.Span, len(r.File.Text))
			}
		}
	})
}

func TestScriptsThatOnlyTellTheRunnerSomething(t *testing.T) {
	for script, want := range map[string]bool{
		"":                                   true,
		"# make\n\necho hi\n":                true,
		"echo \"a=b\" >> \"$GITHUB_OUTPUT\"": true,
		"echo \"a=$(git rev-parse --short HEAD)\" >>$GITHUB_ENV 2>/dev/null": true,
		"VERSION=$(date +%Y)\nexport X=${VERSION}":                           true,
		"V=\"a b\" # why":    true,
		"make":               false,
		"echo hi; make":      false,
		"echo hi && make":    false,
		"set -e; make":       false,
		"setup.sh":           false,
		"CC=clang make":      false,
		"V=$(make version)":  false,
		"echo hi > version":  false,
		"echo hi | tee v":    false,
		"if true; then make": false,
		"echo `make`":        false,
	} {
		if got := onlyTells(script); got != want {
			t.Errorf("%q: %v", script, got)
		}
	}
}
