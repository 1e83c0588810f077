//go:build unix

package main

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite the expected output of scripts and of the README")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"loadline": func() {
			os.Exit(run(context.Background(), os.Args[1:], streams{in: os.Stdin, out: os.Stdout, err: os.Stderr, getenv: os.Getenv}))
		},
	})
}

// TestScripts runs the command as a user does, on repositories made by git.
func TestScripts(t *testing.T) { runScripts(t, filepath.Join("testdata", "script")) }

func runScripts(t *testing.T, dir string) {
	t.Helper()
	testscript.Run(t, testscript.Params{
		Dir:           dir,
		UpdateScripts: *update,
		Setup:         laptop,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":  exits,
			"fifo":   fifo,
			"repeat": repeat,
			"deep":   deep,
			"long":   long,
			"mangle": mangle,
		},
	})
}

// laptop is the environment of scripts: nobody's git configuration, and fixed names and dates of commits.
func laptop(env *testscript.Env) error {
	env.Setenv("CI", "")
	env.Setenv("GITHUB_ACTIONS", "")
	env.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	env.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	env.Setenv("GIT_CEILING_DIRECTORIES", env.WorkDir)
	for _, who := range []string{"AUTHOR", "COMMITTER"} {
		env.Setenv("GIT_"+who+"_NAME", "someone")
		env.Setenv("GIT_"+who+"_EMAIL", "someone@example.com")
		env.Setenv("GIT_"+who+"_DATE", "2026-01-01T00:00:00Z")
	}
	return nil
}

// exits runs the command and checks its exit code: exits 2 check --base x.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec("loadline", args[1:]...)
	got := 0
	if err != nil {
		// testscript wraps the error of package exec; its text ends in the code.
		text := strings.TrimPrefix(err.Error(), "exit status ")
		if got, err = strconv.Atoi(text); err != nil {
			ts.Fatalf("running loadline: %v", text)
		}
	}
	if got != want {
		ts.Fatalf("loadline exits with %d, want %d", got, want)
	}
}

// fifo makes a fifo.
func fifo(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(syscall.Mkfifo(ts.MkAbs(args[0]), 0o644))
}

// repeat writes a file that holds a text many times: repeat FILE COUNT TEXT, with \n for a line's end.
func repeat(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Repeat(strings.ReplaceAll(args[2], `\n`, "\n"), n)), 0o644))
}

// deep makes a directory of so many levels with a file at the end, step by step, since the whole path may be longer than
// the system takes: deep DIR LEVELS.
func deep(ts *testscript.TestScript, _ bool, args []string) {
	levels, err := strconv.Atoi(args[1])
	ts.Check(err)
	root, err := os.OpenRoot(ts.MkAbs(args[0]))
	ts.Check(err)
	for range levels {
		name := strings.Repeat("d", 200)
		ts.Check(root.Mkdir(name, 0o755))
		next, err := root.OpenRoot(name)
		ts.Check(err)
		root.Close()
		root = next
	}
	ts.Check(root.WriteFile("file", []byte("x"), 0o644))
	root.Close()
}

// long makes a file at the end of a path of so many characters: long DIR LENGTH.
func long(ts *testscript.TestScript, _ bool, args []string) {
	length, err := strconv.Atoi(args[1])
	ts.Check(err)
	name := strings.Repeat(strings.Repeat("l", 99)+"/", length/100) + strings.Repeat("l", length%100)
	ts.Check(os.MkdirAll(filepath.Dir(filepath.Join(ts.MkAbs(args[0]), name)), 0o755))
	ts.Check(os.WriteFile(filepath.Join(ts.MkAbs(args[0]), name), []byte("x"), 0o644))
}

// mangle makes files with names that mean something to a terminal, a log or Markdown, in data of a directory.
func mangle(ts *testscript.TestScript, _ bool, args []string) {
	dir := filepath.Join(ts.MkAbs(args[0]), "data")
	ts.Check(os.MkdirAll(dir, 0o755))
	for i, name := range []string{
		"line\nbreak", "\x1b[31mred", "\u202etxt.exe", "##[error]x", "::error::x", "%0A::warning::x", "\xff\xfe", "@someone",
		"<img src=x>", "|a|b|", "`code`", "[x](javascript:alert)", "<!-- loadline -->", "\u200bzero", "a\tb", "-->",
	} {
		ts.Check(os.WriteFile(filepath.Join(dir, name), []byte(strings.Repeat("x", 1000*(i+1))), 0o644))
	}
}

const (
	blockBegin = "<!-- BEGIN check shop -->\n"
	blockEnd   = "<!-- END check shop -->"
)

// TestTheReadmeShowsTheRealOutput holds the block of the README against the command it documents.
func TestTheReadmeShowsTheRealOutput(t *testing.T) {
	t.Chdir("../..")
	var out, errs strings.Builder
	code := run(t.Context(), []string{"check", "--base", "testdata/repos/shop/base", "testdata/repos/shop/head"},
		streams{in: strings.NewReader(""), out: &out, err: &errs, getenv: func(string) string { return "" }})
	if code != exitGate || errs.Len() > 0 {
		t.Fatalf("exit code %d: %s", code, &errs)
	}
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(readme), blockBegin)
	_, after, closed := strings.Cut(rest, blockEnd)
	if !ok || !closed {
		t.Fatalf("README.md has no block between %q and %q", blockBegin, blockEnd)
	}
	want := before + blockBegin + "```text\n" + out.String() + "```\n" + blockEnd + after
	if *update {
		if err := os.WriteFile("README.md", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want != string(readme) {
		t.Errorf("the output in README.md is stale, run: go test ./cmd/loadline -update\n%s", &out)
	}
}
