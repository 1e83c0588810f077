package finding

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
)

// Diff answers what changes in a file, in the form that git apply and patch -p1 read; before is nil for a file that is
// created. It is empty where nothing changes. Names are quoted as git does where need be.
func Diff(name string, before, after []byte) string {
	was, is := "a/"+name, "b/"+name
	header := fmt.Sprintf("diff --git %s %s\n", quoted(was), quoted(is))
	if before == nil {
		header += "new file mode 100644\n"
		was = "/dev/null"
	}
	_, hunks, ok := bytes.Cut(diff.Diff("before", before, "after", after), []byte("\n+++ after\n"))
	if !ok {
		return ""
	}
	return fmt.Sprintf("%s--- %s\n+++ %s\n%s", header, quoted(was), quoted(is), hunks)
}

// quoted is a name as git writes it in a diff (git quote.c, quote_c_style_counted): bytes in octal.
func quoted(name string) string {
	var b strings.Builder
	for _, c := range []byte(name) {
		switch {
		case c == '"' || c == '\\':
			b.WriteString(`\` + string(rune(c)))
		case c < ' ' || c >= 0x7f:
			fmt.Fprintf(&b, `\%03o`, c)
		default:
			b.WriteByte(c)
		}
	}
	if b.Len() == len(name) && !strings.Contains(name, " ") {
		return name
	}
	return `"` + b.String() + `"`
}

// Diff answers what the fix changes, file by file; empty where it cannot be applied.
func (f *Fix) Diff() string {
	files, err := f.Apply()
	if err != nil {
		return ""
	}
	before := map[string][]byte{}
	for _, e := range f.Edits {
		if e.File != nil {
			before[e.Path] = e.File.Text
		}
	}
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(files)) {
		b.WriteString(Diff(name, before[name], files[name]))
	}
	return b.String()
}
