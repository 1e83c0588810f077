package rules_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadline-dev/loadline/pkg/rules"
)

func TestThePagesOfRulesAreThoseThatTheirDocumentationMakes(t *testing.T) {
	const dir = "../../docs/rules"
	want := map[string]string{"README.md": rules.Index()}
	for _, r := range rules.All() {
		page, err := rules.Markdown(r)
		if err != nil {
			t.Fatal(err)
		}
		want[r.Name+".md"] = page
	}
	if *update {
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		for name, text := range want {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names, expected []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	for name, text := range want {
		expected = append(expected, name)
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Error(err)
			continue
		}
		if d := cmp.Diff(text, string(got)); d != "" {
			t.Errorf("%s is stale (make docs renews it): -want +got:\n%s", name, d)
		}
	}
	slices.Sort(expected)
	if d := cmp.Diff(expected, names); d != "" {
		t.Errorf("pages: -want +got:\n%s", d)
	}
}
