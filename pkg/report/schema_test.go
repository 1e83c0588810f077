package report

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"reflect"
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
	r := &generator.Reflector{ExpandedStruct: true}
	s := r.Reflect(v)
	s.Title = title
	s.ID = ""
	s.Properties.Set("schema", &generator.Schema{Const: title})
	root := reflect.TypeOf(v).Elem()
	nullable(s, root)
	for name, def := range s.Definitions {
		nullable(def, named(root, name))
		if status, ok := def.Properties.Get("status"); ok {
			status.Enum = []any{Added, Removed, Changed, Unchanged, Absolute}
		}
	}
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(text, '\n')
}

// nullable lets the pointers of a struct be null: the generator knows only of absence.
func nullable(s *generator.Schema, t reflect.Type) {
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Type.Kind() != reflect.Pointer {
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if property, ok := s.Properties.Get(name); ok {
			s.Properties.Set(name, &generator.Schema{AnyOf: []*generator.Schema{property, {Type: "null"}}})
		}
	}
}

// named is the struct of that name among the types that t is made of.
func named(t reflect.Type, name string) reflect.Type {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return named(t.Elem(), name)
	case reflect.Struct:
		if t.Name() == name {
			return t
		}
		for i := range t.NumField() {
			if found := named(t.Field(i).Type, name); found != nil {
				return found
			}
		}
	}
	return nil
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
