package report

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	generator "github.com/invopop/jsonschema"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

var update = flag.Bool("update", false, "rewrite the generated files")

// generate writes the JSON Schema of a type.
func generate(t *testing.T, v any, title string) []byte {
	t.Helper()
	r := &generator.Reflector{DoNotReference: false, ExpandedStruct: true}
	s := r.Reflect(v)
	s.Title = title
	s.ID = ""
	// A nil pointer is null in JSON; the generator knows only of absence.
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(nullable(text), '\n')
}

// nullable lets the pointers of the types be null.
func nullable(text []byte) []byte {
	for _, def := range []string{"Size", "Side", "Saving"} {
		ref := `"$ref": "#/$defs/` + def + `"`
		for _, name := range []string{"base", "head", "delta", "untracked", "saves"} {
			from := `"` + name + "\": {\n"
			text = replaceNullable(text, from, ref)
		}
	}
	return text
}

func replaceNullable(text []byte, from, ref string) []byte {
	var out []string
	lines := strings.Split(string(text), "\n")
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		out = append(out, line)
		if strings.HasSuffix(line+"\n", from) && i+1 < len(lines) && strings.TrimSpace(lines[i+1]) == ref {
			indent := strings.Repeat(" ", len(lines[i+1])-len(strings.TrimLeft(lines[i+1], " ")))
			out = append(out, indent+`"anyOf": [ { `+ref+` }, { "type": "null" } ]`)
			i++
		}
	}
	return []byte(strings.Join(out, "\n"))
}

func TestSchemasAreFresh(t *testing.T) {
	for name, want := range map[string][]byte{
		"schema.json":        generate(t, &Report{}, Schema),
		"upload.schema.json": generate(t, &UploadReport{}, UploadSchema),
	} {
		if *update {
			if err := os.WriteFile(name, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s is stale, run go test ./pkg/report -update\n%s", name, diff)
		}
	}
}

// validate checks a document against a schema.
func validate(t *testing.T, schema, document []byte) error {
	t.Helper()
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", parsed); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	return compiled.Validate(value)
}
