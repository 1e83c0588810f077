package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/loadline-dev/loadline/pkg/build"
	"github.com/loadline-dev/loadline/pkg/report"
	"github.com/loadline-dev/loadline/pkg/rules"
	"github.com/loadline-dev/loadline/pkg/source"
)

func TestParseReadsEveryKey(t *testing.T) {
	text := `
discover: {in: ["**/Dockerfile"], out: ["old/**"]}
budgets: {upload: 50MB, growth: "1MB,10%"}
builds:
  - name: api
    dockerfile: ./services/api/Dockerfile
    stage: runtime
    args: {VERSION: 1.20, DEBUG: true}
    platforms: [linux/amd64, linux/arm64]
    contexts: {shared: libs/shared/, base: "docker-image://alpine"}
    ignore-file: docker/api.dockerignore
    budgets: {upload: 20MB}
rules: {git-directory-uploaded: error}
uplink: 20mbit
registries: [registry.example.com, "10.0.0.1:5000"]
comment: {floor: "200kB,2%"}
`
	got, err := Parse(".loadline.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	upload, own, percent := int64(50_000_000), int64(20_000_000), 10.0
	want := &Config{
		Path:      ".loadline.yaml",
		Discovery: build.Discovery{In: []string{"**/Dockerfile"}, Out: []string{"old/**"}},
		Budgets:   build.Budgets{Upload: &upload, Growth: &build.Growth{Bytes: 1_000_000, Percent: &percent}},
		Builds: []build.Build{{
			Name: "api", Dockerfile: "services/api/Dockerfile", Context: ".", Stage: "runtime",
			Args: map[string]string{"VERSION": "1.20", "DEBUG": "true"}, Platforms: []string{"linux/amd64", "linux/arm64"},
			Contexts:   map[string]string{"shared": "libs/shared", "base": "docker-image://alpine"},
			IgnoreFile: "docker/api.dockerignore", Budgets: build.Budgets{Upload: &own},
			Origin: build.Origin{Path: ".loadline.yaml", Line: 5},
		}},
		Rules: map[string]string{"git-directory-uploaded": "error"}, Uplink: 20_000_000,
		Floor: &report.Floor{Bytes: 200_000, Percent: 2}, Registries: []string{"registry.example.com", "10.0.0.1:5000"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// documents are configurations, with the place and the message of the error that each gives; an empty message says that
// it is accepted. structural marks what a JSON schema cannot see.
var documents = []struct {
	name, text   string
	line, column int
	message      string
	structural   bool
}{
	{name: "an empty file", text: ""},
	{name: "only a comment", text: "# nothing\n"},
	{name: "keys without values", text: "builds:\nbudgets:\nrules:\n"},
	{name: "discovery off", text: "discover: false\n"},
	{name: "a minimal build", text: "builds:\n  - dockerfile: Dockerfile\n"},
	{name: "a registry", text: "registries:\n  - registry.example.com:8443\n"},
	{name: "a registry with a scheme", text: "registries: [https://registry.example.com]\n", line: 1, column: 14, message: "is not a registry: want a host in lower case"},
	{name: "registries that are no list", text: "registries: registry.example.com\n", line: 1, column: 13, message: "list"},
	{name: "no YAML", text: "builds: [\n", line: 1, column: 1, message: "did not find expected node content", structural: true},
	{name: "a tab as indentation", text: "budgets:\n\tupload: 1MB\n", line: 2, column: 1, message: "found character that cannot start any token", structural: true},
	{name: "a list at the top", text: "- a\n", line: 1, column: 1, message: "want a mapping"},
	{name: "an unknown key", text: "budget:\n  upload: 1MB\n", line: 1, column: 1, message: `unknown key "budget", did you mean "budgets"?`},
	{name: "an unknown key that is like none", text: "xyzzy: 1\n", line: 1, column: 1, message: `unknown key "xyzzy", known are`},
	{name: "an unknown key of a build", text: "builds:\n  - dockerfile: D\n    target: x\n", line: 3, column: 5, message: `unknown key "target"`},
	{name: "a key twice", text: "uplink: 1mbit\nuplink: 2mbit\n", line: 2, column: 1, message: `stands here twice`, structural: true},
	{name: "a build without a Dockerfile", text: "builds:\n  - name: x\n", line: 2, column: 5, message: "a build needs a dockerfile"},
	{name: "a size that is none", text: "budgets:\n  upload: huge\n", line: 2, column: 11, message: `"huge" is no size`},
	{name: "a negative size", text: "budgets:\n  upload: -5MB\n", line: 2, column: 11, message: `is no size`},
	{name: "a growth in percent alone", text: "budgets:\n  growth: 10%\n", line: 2, column: 11, message: `a percentage needs a size before it`},
	{name: "a rate that is none", text: "uplink: fast\n", line: 1, column: 9, message: `"fast" is no rate`},
	{name: "a severity that is none", text: "rules:\n  no-dockerignore: fatal\n", line: 2, column: 20, message: "want off, notice, warning or error"},
	{name: "a rule that is none", text: "rules:\n  no-dockerignores: error\n", line: 2, column: 3, message: "there is no rule \"no-dockerignores\", did you mean no-dockerignore?"},
	{name: "a rule that is like none", text: "rules:\n  xyzzy: off\n", line: 2, column: 3, message: "loadline rules lists them"},
	{name: "a path out of the repository", text: "builds:\n  - dockerfile: ../Dockerfile\n", line: 2, column: 17, message: "inside the repository"},
	{name: "an absolute path", text: "builds:\n  - dockerfile: /Dockerfile\n", line: 2, column: 17, message: "inside the repository"},
	{name: "a mapping where a text belongs", text: "builds:\n  - dockerfile: {a: b}\n", line: 2, column: 17, message: "want a text"},
	{name: "a text where a list belongs", text: "builds: Dockerfile\n", line: 1, column: 9, message: "want a list"},
	{name: "an alias", text: "builds:\n  - &b {dockerfile: D}\n  - *b\n", line: 3, column: 5, message: "aliases are not supported", structural: true},
	{name: "a merge key", text: "budgets: &b {upload: 1MB}\nrules:\n  <<: *b\n", line: 3, column: 7, message: "aliases are not supported", structural: true},
	{name: "a malformed glob", text: "discover:\n  in: ['a[b']\n", line: 2, column: 8, message: "malformed", structural: true},
}

func TestEveryErrorHasItsPlace(t *testing.T) {
	for _, d := range documents {
		t.Run(d.name, func(t *testing.T) {
			_, err := Parse(".loadline.yaml", []byte(d.text))
			if d.message == "" {
				if err != nil {
					t.Errorf("refused: %v", err)
				}
				return
			}
			var located *source.Error
			if !errors.As(err, &located) {
				t.Fatalf("got %v, want an error with a place", err)
			}
			if got, want := located.Position(), (source.Position{Line: d.line, Column: d.column}); got != want {
				t.Errorf("the error is at %v, want %v: %v", got, want, err)
			}
			if !strings.Contains(err.Error(), d.message) {
				t.Errorf("got %q, want it to say %q", err, d.message)
			}
			if !strings.Contains(located.Snippet(), "^") {
				t.Errorf("the snippet has no caret:\n%s", located.Snippet())
			}
		})
	}
}

func TestHostileDocumentsAreRefusedQuickly(t *testing.T) {
	bomb := "a: &a [x,x,x,x,x,x,x,x,x]\n"
	for i := range 20 {
		bomb += string(rune('b'+i)) + ": &" + string(rune('b'+i)) + " [" + strings.Repeat("*"+string(rune('a'+i))+",", 9) + "]\n"
	}
	tests := map[string]string{
		"an alias bomb":        bomb,
		"deep nesting":         "rules: " + strings.Repeat("[", 5000) + strings.Repeat("]", 5000),
		"more than a megabyte": strings.Repeat("# x\n", MaxFile/4+1),
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			var located *source.Error
			if _, err := Parse("c", []byte(text)); !errors.As(err, &located) {
				t.Errorf("got %v, want an error with a place", err)
			}
		})
	}
}

var update = flag.Bool("update", false, "rewrite the names of rules in schema.json")

func TestTheSchemaKnowsTheRules(t *testing.T) {
	text, err := os.ReadFile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var list strings.Builder
	for i, name := range rules.Names() {
		if i > 0 {
			list.WriteString(",")
		}
		fmt.Fprintf(&list, "\n          %q", name)
	}
	names := regexp.MustCompile(`(?s)"propertyNames": \{ "enum": \[.*?\] \}`)
	want := names.ReplaceAllString(string(text), `"propertyNames": { "enum": [`+list.String()+"\n        ] }")
	if *update {
		if err := os.WriteFile("schema.json", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(text) != want {
		t.Error("schema.json does not have the names of all rules: go test ./pkg/config -update")
	}
}

func TestTheSchemaAgreesWithParse(t *testing.T) {
	text, err := os.ReadFile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", parsed); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range documents {
		if d.structural {
			continue
		}
		t.Run(d.name, func(t *testing.T) {
			var value any
			if err := yaml.Unmarshal([]byte(d.text), &value); err != nil {
				t.Fatal(err)
			}
			document, err := json.Marshal(value)
			if err != nil {
				t.Fatal(err)
			}
			instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
			if err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(instance); (err == nil) != (d.message == "") {
				t.Errorf("the schema says %v, Parse says %q", err, d.message)
			}
		})
	}
}

func TestTheDocumentationsExamplesAreAccepted(t *testing.T) {
	text, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(text), "```yaml\n")[1:]
	if len(blocks) < 2 {
		t.Fatal("no examples found")
	}
	for _, block := range blocks {
		example, _, _ := strings.Cut(block, "```")
		if _, err := Parse("example.yaml", []byte(example)); err != nil {
			t.Errorf("%v\n%s", err, example)
		}
	}
	for _, key := range []string{"name", "dockerfile", "context", "stage", "args", "platforms", "contexts", "ignore-file"} {
		if !strings.Contains(string(text), "`builds[]."+key+"`") {
			t.Errorf("the table does not explain builds[].%s", key)
		}
	}
}

func TestParsersOfFlags(t *testing.T) {
	percent := 5.0
	if g, err := ParseGrowth(" 1.5MB , 5% "); err != nil || !cmp.Equal(g, build.Growth{Bytes: 1_500_000, Percent: &percent}) {
		t.Errorf("got %v, %v", g, err)
	}
	for text, want := range map[string]int64{"20mbit": 20e6, "1gbit": 1e9, "1.5Mbit/s": 15e5, "100Mbps": 1e8, "800 kbit": 8e5, "9600bit": 9600} {
		if got, err := ParseRate(text); err != nil || got != want {
			t.Errorf("%q is %d, %v, want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "20", "mbit", "-1mbit", "1e99gbit", "0bit"} {
		if got, err := ParseRate(text); err == nil {
			t.Errorf("%q is accepted as %d", text, got)
		}
	}
	for _, text := range []string{"", "MB", "-1MB", "10%", "1MB,", "1MB,5", "1MB,-5%", "1MB,NaN%"} {
		if got, err := ParseGrowth(text); err == nil {
			t.Errorf("%q is accepted as %v", text, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, d := range documents {
		f.Add(d.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, err := Parse("c", []byte(text))
		var located *source.Error
		if err != nil && !errors.As(err, &located) {
			t.Errorf("an error without a place: %v", err)
		}
		if located != nil {
			_ = located.Snippet()
		}
	})
}
