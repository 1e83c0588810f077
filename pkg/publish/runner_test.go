package publish

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/loadline-dev/loadline/pkg/report/golden"
)

// machine is a runner whose files lie in a directory.
func machine(t testing.TB) (*Runner, *bytes.Buffer, string) {
	t.Helper()
	dir, log := t.TempDir(), &bytes.Buffer{}
	vars := map[string]string{
		"GITHUB_OUTPUT": filepath.Join(dir, "output"), "GITHUB_STEP_SUMMARY": filepath.Join(dir, "summary"), "INPUT_MAX-UPLOAD": " 5MB ",
	}
	return NewRunner(log, func(name string) string { return vars[name] }), log, dir
}

func TestOutputsCannotBeForged(t *testing.T) {
	run, _, dir := machine(t)
	for _, value := range golden.HostileNames()[1:] {
		if err := run.Output("report", value); err == nil && strings.Trim(value, safeInOutputs) != "" {
			t.Errorf("%q passes", value)
		}
	}
	for _, value := range []string{"a\n_GitHubActionsFileCommandDelimeter_\npassed<<x\ntrue\nx", "a b", "$(id)", "`id`", "'", "\"", ";", "&", "|", "<", "ä"} {
		if err := run.Output("report", value); err == nil {
			t.Errorf("%q passes", value)
		}
	}
	if err := run.Output("report", "out/report-1.json"); err != nil {
		t.Error(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "output"))
	if err != nil {
		t.Fatal(err)
	}
	const block = `report<<_GitHubActionsFileCommandDelimeter_\n[` + `A-Za-z0-9_.,:+/#-]*\n_GitHubActionsFileCommandDelimeter_\n`
	if !regexp.MustCompile(`^(?:` + block + `)+$`).Match(text) {
		t.Errorf("the outputs are\n%s", text)
	}
}

func TestARunnerThatCannotBeToldAnythingIsAnErrorAndNoPanic(t *testing.T) {
	dir := t.TempDir()
	run := NewRunner(&bytes.Buffer{}, func(string) string { return dir })
	if err := run.Output("passed", "true"); err == nil {
		t.Error("an output is written into a directory")
	}
	if err := run.Summary("x"); err == nil {
		t.Error("a summary is written into a directory")
	}
	nowhere := NewRunner(&bytes.Buffer{}, func(string) string { return "" })
	if err := nowhere.Output("passed", "true"); err == nil {
		t.Error("an output is written nowhere")
	}
	if err := nowhere.Summary("x"); !IsNotice(err) {
		t.Errorf("no summary is asked for: %v", err)
	}
	broken := NewRunner(failing{}, func(string) string { return "" })
	broken.Line("x")
	broken.Error("x", "f", 1)
	broken.Mask("x")
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestASummaryThatTheRunnerWouldDropIsNotWritten(t *testing.T) {
	run, _, dir := machine(t)
	if err := run.Summary(strings.Repeat("x", maxSummary/2)); err != nil {
		t.Fatal(err)
	}
	if err := run.Summary(strings.Repeat("x", maxSummary/2)); err == nil {
		t.Error("more than the limit is written")
	}
	if info, err := os.Stat(filepath.Join(dir, "summary")); err != nil || info.Size() > maxSummary {
		t.Errorf("%v, %v", info, err)
	}
}

func TestInputsAndErrorsHaveTheirForm(t *testing.T) {
	run, log, _ := machine(t)
	if got := run.Input("max-upload"); got != "5MB" {
		t.Errorf("the input is %q", got)
	}
	run.Error("wrong: 5%", ".loadline.yaml", 3)
	run.Mask("")
	run.Mask("secret")
	if want := "::error file=.loadline.yaml,line=3::wrong: 5%25\n::add-mask::secret\n"; log.String() != want {
		t.Errorf("the log is %q, want %q", log, want)
	}
}

// errorLine is all that an error may be to the runner.
var errorLine = regexp.MustCompile(`^::error(?: file=[^,:]*)?::.*\n$`)

// FuzzRunner holds that no text becomes a workflow command in the log.
func FuzzRunner(f *testing.F) {
	for _, s := range golden.HostileNames() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		log := &bytes.Buffer{}
		run := NewRunner(log, func(string) string { return "" })
		run.Line(s)
		if text := log.String(); strings.Contains(text, "##[") || strings.HasPrefix(strings.TrimSpace(text), "::") || strings.Count(text, "\n") != 1 {
			t.Errorf("the line is %q", text)
		}
		log.Reset()
		run.Error(s, s, 0)
		if text := log.String(); strings.Contains(text, "##[") || !errorLine.MatchString(text) || strings.Contains(text, "\r") {
			t.Errorf("the error is %q", text)
		}
		log.Reset()
		run.Line(Result{Sink: "comment", Note: s}.String())
		if text := log.String(); strings.Contains(text, "##[") || strings.Count(text, "\n") != 1 {
			t.Errorf("the result is %q", text)
		}
	})
}
