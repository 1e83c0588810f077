//go:build unix

package main

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"

	"github.com/loadline-dev/loadline/pkg/publish"
	"github.com/loadline-dev/loadline/pkg/report"
)

// manifest is action.yml.
type manifest struct {
	Name, Description, Author string
	Branding                  struct{ Icon, Color string }
	Inputs, Outputs           yaml.Node
	Runs                      struct {
		Using, Image string
		Args         []string
	}
}

// entry is an input or output of the manifest.
type entry struct {
	name        string
	Description string
	Default     *string
	Required    bool
}

func readManifest(t *testing.T) (manifest, []entry, []entry) {
	t.Helper()
	f, err := os.Open("../../action.yml")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var m manifest
	dec := yaml.NewDecoder(f)
	dec.KnownFields(true)
	if err := dec.Decode(&m); err != nil {
		t.Fatal(err)
	}
	return m, entries(t, m.Inputs), entries(t, m.Outputs)
}

// entries are the keys of a mapping in their order.
func entries(t *testing.T, node yaml.Node) []entry {
	t.Helper()
	var out []entry
	for i := 0; i+1 < len(node.Content); i += 2 {
		e := entry{name: node.Content[i].Value}
		if err := node.Content[i+1].Decode(&e); err != nil {
			t.Fatal(err)
		}
		out = append(out, e)
	}
	return out
}

// tokenDefault is what the runner puts in for the token; the flag has none.
const tokenDefault = "${{ github.token }}"

func TestInputsAndFlagsAreTheSame(t *testing.T) {
	_, inputs, _ := readManifest(t)
	flags := pflag.NewFlagSet("action", pflag.ContinueOnError)
	(&actionFlags{}).bind(flags)
	var names []string
	flags.VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	var want []string
	for _, in := range inputs {
		want = append(want, in.name)
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Fatalf("the inputs of action.yml are not the flags, in their order:\n%s", diff)
	}
	for _, in := range inputs {
		f := flags.Lookup(in.name)
		if in.Default == nil || *in.Default != f.DefValue && !(in.name == "token" && *in.Default == tokenDefault && f.DefValue == "") {
			t.Errorf("%s: the default is %v in action.yml and %q in the command", in.name, in.Default, f.DefValue)
		}
		if in.Description != f.Usage {
			t.Errorf("%s: descriptions differ\naction.yml: %s\ncommand:    %s", in.name, in.Description, f.Usage)
		}
		if in.Required {
			t.Errorf("%s is required: no input is", in.name)
		}
	}
}

func TestOutputsAreThoseThatAreSet(t *testing.T) {
	_, _, outputs := readManifest(t)
	var want []string
	for _, out := range outputs {
		if out.Description == "" {
			t.Errorf("output %s has no description", out.name)
		}
		if out.name != "comment-url" { // set once the comment is made; the table of events holds it
			want = append(want, out.name)
		}
	}
	file := t.TempDir() + "/output"
	size := &report.Size{Bytes: 1}
	t.Chdir(t.TempDir())
	d := &publish.Delivery{ReportFile: "report.json", Reports: []*report.Report{{Upload: report.Upload{Head: size, Base: size, Delta: size}}}}
	d.Local(publish.NewRunner(io.Discard, func(name string) string { return map[string]string{"GITHUB_OUTPUT": file}[name] }))
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range regexp.MustCompile(`(?m)^([a-z-]+)<<`).FindAllStringSubmatch(string(text), -1) {
		got = append(got, m[1])
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestTheManifestSuitsTheMarketplace holds what GitHub asks of an action there
// (docs.github.com, "Publishing actions in GitHub Marketplace" and "Metadata syntax for GitHub Actions").
func TestTheManifestSuitsTheMarketplace(t *testing.T) {
	m, inputs, _ := readManifest(t)
	colors := []string{"white", "black", "yellow", "blue", "green", "orange", "red", "purple", "gray-dark"}
	switch {
	case m.Name == "" || m.Author == "":
		t.Error("name and author are needed")
	case m.Description == "" || len(m.Description) > 125:
		t.Errorf("the description has %d characters", len(m.Description))
	case m.Branding.Icon != "anchor" || !slices.Contains(colors, m.Branding.Color):
		t.Errorf("branding is %+v", m.Branding)
	case m.Runs.Using != "docker" || !slices.Equal(m.Runs.Args, []string{"action"}):
		t.Errorf("it runs %+v", m.Runs)
	case m.Runs.Image != "Dockerfile" && !regexp.MustCompile(`^docker://[^@]+@sha256:[0-9a-f]{64}$`).MatchString(m.Runs.Image):
		t.Errorf("the image is %q, want Dockerfile or one by its digest", m.Runs.Image)
	}
	for _, in := range inputs {
		if strings.ContainsAny(in.Description, "\n|") {
			t.Errorf("the description of %s does not fit into a line of a table", in.name)
		}
	}
}

func TestTheActionsPageIsMadeFromTheManifest(t *testing.T) {
	const name = "../../docs/action.md"
	_, inputs, outputs := readManifest(t)
	in := "| input | default | meaning |\n|---|---|---|\n"
	for _, e := range inputs {
		value := "`" + *e.Default + "`"
		if *e.Default == "" {
			value = ""
		}
		in += fmt.Sprintf("| `%s` | %s | %s |\n", e.name, value, e.Description)
	}
	out := "| output | meaning |\n|---|---|\n"
	for _, e := range outputs {
		out += fmt.Sprintf("| `%s` | %s |\n", e.name, e.Description)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	want := block(t, block(t, string(text), "inputs", in), "outputs", out)
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

// block puts a text between the marks of a block.
func block(t *testing.T, text, name, content string) string {
	t.Helper()
	begin, end := "<!-- BEGIN "+name+" -->\n", "<!-- END "+name+" -->\n"
	before, rest, opened := strings.Cut(text, begin)
	_, after, closed := strings.Cut(rest, end)
	if !opened || !closed {
		t.Fatalf("there is no block between %q and %q", begin, end)
	}
	return before + begin + content + end + after
}
