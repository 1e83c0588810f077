package engine

import (
	"maps"
	"slices"

	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/source"
)

// Merge applies the first fix of each finding, all together, and returns the new text of each file that changes, by path.
// Fixes are independent of each other, as commits with one parent are: equal edits are made once, insertions at one place
// stand one after the other, and a fix that overlaps an earlier one is left out and its finding returned.
func Merge(findings []finding.Finding) (files map[string][]byte, left []finding.Finding) {
	m := merging{edits: map[string][]finding.Edit{}}
	for _, f := range findings {
		if len(f.Fixes) > 0 && !m.add(f.Fixes[0]) {
			left = append(left, f)
		}
	}
	files = map[string][]byte{}
	for _, path := range slices.Sorted(maps.Keys(m.edits)) {
		var text []byte
		if file := m.edits[path][0].File; file != nil {
			text = file.Text
		}
		changed, err := source.Apply(text, joined(m.edits[path]))
		if err != nil {
			continue // add has checked it
		}
		files[path] = changed
	}
	return files, left
}

// merging is a set of edits that fit together.
type merging struct {
	edits map[string][]finding.Edit
}

// add adds the edits of a fix, all of them or none.
func (m *merging) add(fix finding.Fix) bool {
	next := map[string][]finding.Edit{}
	for _, e := range fix.Edits {
		list, ok := next[e.Path]
		if !ok {
			list = slices.Clone(m.edits[e.Path])
		}
		if !slices.ContainsFunc(list, func(old finding.Edit) bool { return old.Edit == e.Edit }) {
			list = append(list, e)
		}
		next[e.Path] = list
	}
	for _, list := range next {
		size := 0
		if list[0].File != nil {
			size = len(list[0].File.Text)
		}
		for _, e := range list {
			if (e.File == nil) != (list[0].File == nil) || e.File != nil && string(e.File.Text) != string(list[0].File.Text) {
				return false
			}
		}
		if source.CheckEdits(size, joined(list)) != nil {
			return false
		}
	}
	maps.Copy(m.edits, next)
	return true
}

// joined are the edits with insertions at one place made into one.
func joined(list []finding.Edit) []source.Edit {
	var out []source.Edit
	for _, e := range list {
		i := slices.IndexFunc(out, func(old source.Edit) bool { return old.Span == e.Span && e.Span.Empty() })
		if i < 0 {
			out = append(out, e.Edit)
			continue
		}
		out[i].NewText += e.NewText
	}
	return out
}
