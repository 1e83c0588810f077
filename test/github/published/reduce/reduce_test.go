package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWhatVanishedIsAnError(t *testing.T) {
	for name, c := range map[string]struct {
		reduce   func([]byte) ([]byte, error)
		in, want string
	}{
		"an operation":              {reduceOpenAPI, `{"paths": {"/rate_limit": {"post": {}}}}`, `no operation "get /rate_limit"`},
		"a type":                    {reduceGraphQL, "type Query { id: ID }", "no type Actor"},
		"a schema of a payload":     {reduceWebhookSchemas, `{"definitions": {}}`, "lack merge_group$checks_requested"},
		"an example of a payload":   {reduceWebhookExamples, `[]`, "no example of merge_group.checks_requested"},
		"everything: it is no JSON": {reduceOpenAPI, `<html>`, "invalid character"},
	} {
		if _, err := c.reduce([]byte(c.in)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

func TestReferencesAreFollowedAndProseGoes(t *testing.T) {
	doc, err := decode([]byte(`{"components": {"schemas": {
		"a": {"description": "prose", "properties": {"description": {"type": "string", "description": "prose"}, "b": {"$ref": "#/components/schemas/b"}}},
		"b": {"items": {"$ref": "#/components/schemas/a"}, "example": 5, "x-more": 1},
		"c": {}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	r := references{from: doc.object("components"), to: object{}}
	if err := r.follow(object{"$ref": "#/components/schemas/a"}); err != nil {
		t.Fatal(err)
	}
	got, err := compact(r.to)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"schemas":{"a":{"properties":{"b":{"$ref":"#/components/schemas/b"},"description":{"type":"string"}}},"b":{"items":{"$ref":"#/components/schemas/a"}}}}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if err := r.take("#/components/schemas/d"); err == nil {
		t.Error("a reference to nothing is no error")
	}
}

// TestTheFilesAreOfTheVersionsNamedHere fails when a version was changed here and the files were not made anew.
func TestTheFilesAreOfTheVersionsNamedHere(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "sources.json"))
	if err != nil {
		t.Fatal(err)
	}
	var sources []source
	if err := json.Unmarshal(text, &sources); err != nil {
		t.Fatal(err)
	}
	if len(sources) != len(parts) {
		t.Fatalf("got %d files, want %d", len(sources), len(parts))
	}
	for i, p := range parts {
		s := sources[i]
		if s.File != p.out || s.Package != p.pkg || s.Version != p.version || s.Entry != p.file || len(s.SHA256) != 64 {
			t.Errorf("got %+v, run: make openapi", s)
		}
		if _, err := os.Stat(filepath.Join("..", p.out)); err != nil {
			t.Error(err)
		}
	}
}
