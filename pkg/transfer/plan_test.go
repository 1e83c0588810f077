package transfer

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/loadline-dev/loadline/pkg/tree"
)

var update = flag.Bool("update", false, "rewrite the expected plans")

// expected is the file of an archive that holds the plan.
const expected = "PLAN"

// TestPlans runs the frontend on the archives of testdata/plan: the comment of each has the flags of docker build, and
// its last file what the daemon would ask for and receive. The same situations are held against a real daemon in
// test/e2e.
func TestPlans(t *testing.T) {
	names, err := filepath.Glob(filepath.Join("testdata", "plan", "*.txtar"))
	if err != nil || len(names) == 0 {
		t.Fatal("no archives", err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			last := &archive.Files[len(archive.Files)-1]
			if last.Name != expected {
				t.Fatalf("the last file is %s, want %s", last.Name, expected)
			}
			files := &txtar.Archive{Files: archive.Files[:len(archive.Files)-1]}
			got := describe(t, request(t, string(archive.Comment), files))
			if *update {
				last.Data = []byte(got)
				if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(string(last.Data), got); diff != "" {
				t.Errorf("the plan differs, run: go test ./pkg/transfer -update\n%s", diff)
			}
		})
	}
}

// request reads the flags: one to a line, lines that begin with "#" aside.
func request(t *testing.T, flags string, files *txtar.Archive) Request {
	t.Helper()
	root, err := tree.FromTxtar(files)
	if err != nil {
		t.Fatal(err)
	}
	req := Request{Context: root, Dockerfile: root, Filename: "Dockerfile", Args: map[string]string{}, Contexts: map[string]NamedContext{}}
	for line := range strings.Lines(flags) {
		line = strings.TrimSpace(line)
		name, value, _ := strings.Cut(line, " ")
		key, rest, _ := strings.Cut(value, "=")
		switch name {
		case "", "#":
		case "--file":
			dir := filepath.Dir(value)
			if req.Dockerfile, err = root.Sub(dir); err != nil {
				t.Fatal(err)
			}
			req.DockerfileDir, req.Filename = dir, filepath.Base(value)
		case "--target":
			req.Stage = value
		case "--build-arg":
			req.Args[key] = rest
		case "--platform":
			req.Platforms = strings.Split(value, ",")
		case "--build-context":
			dir, err := root.Sub(rest)
			if err != nil {
				t.Fatal(err)
			}
			req.Contexts[key] = NamedContext{Tree: dir, Dir: rest}
		case "--ignore":
			req.Ignore = []byte(value)
		default:
			t.Fatalf("no flag %q", name)
		}
	}
	return req
}

// describe is a plan with its measured transfers as text, or its error.
func describe(t *testing.T, req Request) string {
	t.Helper()
	plan, err := NewPlan(t.Context(), req)
	if err != nil {
		return fmt.Sprintf("line %d: %v\n", Line(err), err)
	}
	var out strings.Builder
	var meter Meter
	for _, l := range plan.Locals {
		m, err := meter.Measure(t.Context(), l)
		if err != nil {
			fmt.Fprintf(&out, "%s: %s: %v\n", l.Name, l.Label, err)
			continue
		}
		fmt.Fprintf(&out, "%s: %s: %d bytes, %d of contents, %d files\n", l.Name, l.Label, m.Bytes, m.Payload, m.Files)
		if l.Kind() != ContextLoad {
			continue
		}
		fmt.Fprintf(&out, "  asks for %q, without %q\n", l.FollowPaths, l.ExcludePatterns)
		for _, e := range m.Entries {
			fmt.Fprintf(&out, "  %s\n", e.Path)
		}
	}
	for _, s := range plan.Sources {
		how := "copies"
		if s.Mount {
			how = "mounts"
		}
		fmt.Fprintf(&out, "line %d %s %s of %s\n", s.Line, how, s.Path, s.Local)
	}
	for _, i := range plan.Images {
		fmt.Fprintf(&out, "image %s, known to have no triggers: %t\n", i.Ref, i.Known)
	}
	for _, v := range plan.Undefined {
		fmt.Fprintf(&out, "line %d uses $%s, which is not defined\n", v.Line, v.Name)
	}
	return out.String()
}
