package dockerfile

import (
	"path"
	"strings"
)

// LiteralSources are the paths of the build context that the Dockerfile reads in any stage, as far as they are written
// out without variables; "." is all of it. They may have wildcards.
func (f *File) LiteralSources() []string {
	var out []string
	add := func(name string) {
		if name != "" && !strings.ContainsAny(name, "$<\\\"'") && !strings.Contains(name, "://") && !strings.HasPrefix(name, "git@") {
			out = append(out, path.Join(".", path.Join("/", name)))
		}
	}
	for _, instruction := range f.Instructions {
		if _, from := instruction.Flag("from"); from {
			continue
		}
		if _, parents := instruction.Flag("parents"); parents {
			continue // what is read begins at a pivot
		}
		for _, word := range instruction.Sources() {
			add(word.Value)
		}
		for i := range instruction.Mounts {
			m := &instruction.Mounts[i]
			field, ok := m.Field("source", "src")
			if _, from := m.Field("from"); ok && !from && m.Type == "bind" {
				add(field.Value)
			}
		}
	}
	return out
}
