package dockerfile

import (
	"bytes"
	"os"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"golang.org/x/tools/txtar"
)

// BenchmarkParse measures what the places cost beside BuildKit's parser, which runs in both.
func BenchmarkParse(b *testing.B) {
	data, err := os.ReadFile("testdata/continuations.txtar")
	if err != nil {
		b.Fatal(err)
	}
	text := txtar.Parse(data).Files[0].Data
	b.Run("buildkit", func(b *testing.B) {
		for b.Loop() {
			result, err := parser.Parse(bytes.NewReader(text))
			if err != nil {
				b.Fatal(err)
			}
			if _, _, err := instructions.Parse(result.AST, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("loadline", func(b *testing.B) {
		for b.Loop() {
			f, err := Parse("Dockerfile", text)
			if err != nil {
				b.Fatal(err)
			}
			if err := CheckExpansion(f, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
}
