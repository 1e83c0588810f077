//go:build unix

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// badInput is where the scripts lie that docs/bad-input.md lists.
var badInput = filepath.Join("testdata", "script", "bad")

// TestBadInput runs the command on everything that docs/bad-input.md lists.
func TestBadInput(t *testing.T) { runScripts(t, badInput) }

// TestTheTableOfBadInputIsTheListOfScripts holds docs/bad-input.md against the scripts it is made from: the first two
// lines of each, and the exit codes that it expects of the command.
func TestTheTableOfBadInputIsTheListOfScripts(t *testing.T) {
	const name = "../../docs/bad-input.md"
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- BEGIN table -->\n", "<!-- END table -->\n"
	before, rest, opened := strings.Cut(string(text), begin)
	_, after, closed := strings.Cut(rest, end)
	if !opened || !closed {
		t.Fatalf("%s has no block between %q and %q", name, begin, end)
	}
	want := before + begin + badInputTable(t) + end + after
	if *update {
		if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("%s is stale, run: go test ./cmd/loadline -update\n%s", name, diff)
	}
}

func badInputTable(t *testing.T) string {
	t.Helper()
	scripts, err := filepath.Glob(filepath.Join(badInput, "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	header := regexp.MustCompile(`\A# Input: (.+)\n# Answer: (.+)\n`)
	exit := regexp.MustCompile(`(?m)^exits (\d)`)
	table := "| input | answer | exit codes |\n|---|---|---|\n"
	for _, script := range scripts {
		text, err := os.ReadFile(script)
		if err != nil {
			t.Fatal(err)
		}
		m := header.FindSubmatch(text)
		var codes []string
		for _, code := range exit.FindAllSubmatch(text, -1) {
			codes = append(codes, string(code[1]))
		}
		if m == nil || len(codes) == 0 {
			t.Fatalf("%s does not begin with its input and answer, or expects no exit code", script)
		}
		slices.Sort(codes)
		name := filepath.Base(script)
		table += fmt.Sprintf("| [%s](../cmd/loadline/testdata/script/bad/%s) | %s | %s |\n",
			m[1], name, m[2], strings.Join(slices.Compact(codes), ", "))
	}
	return table
}
