package source

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
)

// Edit replaces the bytes of a span. A span of no width inserts.
type Edit struct {
	Span
	NewText string
}

// ErrEdit is what a set of edits that cannot be applied is an instance of.
var ErrEdit = errors.New("edits do not fit")

// CheckEdits says whether edits can be applied to a text of size bytes: each within the text, no two that overlap,
// and no two insertions at one place (their order would be arbitrary). It returns an ErrEdit where they cannot.
func CheckEdits(size int, edits []Edit) error {
	sorted := sortEdits(edits)
	for i, e := range sorted {
		if e.Start < 0 || e.End < e.Start || e.End > size {
			return fmt.Errorf("%w: bytes %d to %d of a text of %d", ErrEdit, e.Start, e.End, size)
		}
		if i == 0 {
			continue
		}
		last := sorted[i-1]
		if e.Start < last.End || e.Span == last.Span {
			return fmt.Errorf("%w: bytes %d to %d overlap bytes %d to %d", ErrEdit, last.Start, last.End, e.Start, e.End)
		}
	}
	return nil
}

// Apply returns a copy of text with the edits made. No edits give an equal copy. The order of edits does not
// matter. It returns an ErrEdit where CheckEdits does.
func Apply(text []byte, edits []Edit) ([]byte, error) {
	if err := CheckEdits(len(text), edits); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	at := 0
	for _, e := range sortEdits(edits) {
		out.Write(text[at:e.Start])
		out.WriteString(e.NewText)
		at = e.End
	}
	out.Write(text[at:])
	return out.Bytes(), nil
}

func sortEdits(edits []Edit) []Edit {
	sorted := slices.Clone(edits)
	slices.SortStableFunc(sorted, func(a, b Edit) int {
		if a.Start != b.Start {
			return a.Start - b.Start
		}
		return a.End - b.End
	})
	return sorted
}
