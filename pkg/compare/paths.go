package compare

import (
	"slices"
	"strings"

	"github.com/loadline-dev/loadline/pkg/report"
	"github.com/loadline-dev/loadline/pkg/transfer"
)

// difference lists the paths of one local directory that are uploaded on one side only, or with another size or other
// contents. Several transfers of one directory, of several platforms or of an ignore file, count as one set of paths.
func (c *comparer) difference(name string, base, head []*transfer.Transfer) []report.Change {
	key := [2]string{keys(base), keys(head)}
	if key[0] == key[1] {
		return nil
	}
	found, ok := c.differences[key]
	if !ok {
		found = difference(name, paths(base), paths(head))
		c.differences[key] = found
	}
	return slices.Clone(found)
}

func keys(list []*transfer.Transfer) string {
	all := make([]string, 0, len(list))
	for _, t := range list {
		all = append(all, t.Key())
	}
	return strings.Join(all, "\x03")
}

// paths are the entries sent, by path; directories have no contents and are left out.
func paths(list []*transfer.Transfer) map[string]*transfer.Entry {
	n := 0
	for _, t := range list {
		n += len(t.Entries)
	}
	out := make(map[string]*transfer.Entry, n)
	for _, t := range list {
		for i := range t.Entries {
			if e := &t.Entries[i]; !e.Mode.IsDir() {
				out[e.Path] = e
			}
		}
	}
	return out
}

func difference(name string, base, head map[string]*transfer.Entry) []report.Change {
	var out []report.Change
	for p, h := range head {
		b, both := base[p]
		if !both {
			out = append(out, report.Change{Path: p, Transfer: name, Head: &h.Payload})
			continue
		}
		otherContents := h.Object != "" && b.Object != "" && h.Object != b.Object
		if h.Payload != b.Payload || otherContents {
			out = append(out, report.Change{Path: p, Transfer: name, Base: &b.Payload, Head: &h.Payload})
		}
	}
	for p, b := range base {
		if _, both := head[p]; !both {
			out = append(out, report.Change{Path: p, Transfer: name, Base: &b.Payload})
		}
	}
	return out
}
