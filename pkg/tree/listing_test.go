//go:build unix

package tree

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

const (
	someBlob = `{"path":"%s","mode":"100644","type":"blob","sha":"0123456789abcdef0123456789abcdef01234567","size":1}`
	someTree = `{"path":"%s","mode":"040000","type":"tree","sha":"89abcdef0123456789abcdef0123456789abcdef"}`
)

func listed(entries ...string) string { return `{"tree":[` + strings.Join(entries, ",") + `]}` }

func blob(path string) string   { return fmt.Sprintf(someBlob, path) }
func folder(path string) string { return fmt.Sprintf(someTree, path) }

func TestAListingThatNoCheckoutCouldLayDownIsRefused(t *testing.T) {
	for name, text := range map[string]string{
		"no JSON":                 "<html>",
		"nothing":                 "",
		"no tree":                 `{}`,
		"null":                    `{"tree":null}`,
		"no list":                 `{"tree":{}}`,
		"a path up":               listed(blob("../x")),
		"a path up, inside":       listed(folder("a"), blob("a/../x")),
		"a dot":                   listed(blob(".")),
		"no path":                 listed(blob("")),
		"an absolute path":        listed(blob("/etc/passwd")),
		"a path that ends in /":   listed(folder("a"), blob("a/")),
		"two slashes":             listed(folder("a"), blob("a//b")),
		"git's own":               listed(blob(".git")),
		"git's own, loud":         listed(folder("a"), folder("a/.GIT"), blob("a/.GIT/config")),
		"a zero byte":             listed(blob(`a\u0000b`)),
		"twice":                   listed(blob("a"), blob("a")),
		"a file and a directory":  listed(blob("a"), folder("a")),
		"a file in a file":        listed(blob("a"), blob("a/b")),
		"a file in no directory":  listed(blob("a/b")),
		"no size":                 listed(strings.Replace(blob("a"), `,"size":1`, "", 1)),
		"a size below zero":       listed(strings.Replace(blob("a"), `"size":1`, `"size":-1`, 1)),
		"half a size":             listed(strings.Replace(blob("a"), `"size":1`, `"size":0.5`, 1)),
		"a size beyond numbers":   listed(strings.Replace(blob("a"), `"size":1`, `"size":99999999999999999999`, 1)),
		"a short id":              listed(strings.Replace(blob("a"), "0123", "", 1)),
		"an id that climbs":       listed(strings.Replace(blob("a"), "0123456789abcdef0123456789abcdef01234567", "../../../../user", 1)),
		"an unknown mode":         listed(strings.Replace(blob("a"), "100644", "060000", 1)),
		"a mode of another type":  listed(strings.Replace(blob("a"), "100644", "040000", 1)),
		"an unknown type":         listed(strings.Replace(blob("a"), `"blob"`, `"tag"`, 1)),
		"a directory with a size": `{"tree":[` + strings.Replace(folder("a"), `"tree"`, `"blob"`, 1) + `]}`,
	} {
		if l, err := parseListing([]byte(text)); err == nil {
			t.Errorf("%s: %+v", name, l)
		}
	}
}

func TestAListingInAnyOrderIsRead(t *testing.T) {
	l, err := parseListing([]byte(listed(blob("b/c"), blob("a"), folder("b"))))
	if err != nil || len(l.dirs[""]) != 2 || len(l.dirs["b"]) != 1 {
		t.Errorf("%+v, %v", l, err)
	}
}

func TestATruncatedListingIsBelievedWhereTheObjectIDIsRight(t *testing.T) {
	inner := []child{{name: "x", mode: "100644", kind: "blob", id: listing40}, {name: "x.d", mode: "040000", kind: "tree", id: listing40}}
	id := treeID(inner, hexSHA1)
	l := &treeAnswer{
		dirs:  map[string][]child{"": {{name: "a", kind: "tree", id: id}}, "a": {inner[1], inner[0]}, "b": inner[:1]},
		trees: map[string]string{"a": id, "b": id[1:] + "0"}, isTruncated: true,
	}
	known := l.complete(listing40)
	if len(known) != 1 || known[id] == nil {
		t.Errorf("%v", known)
	}
}

func TestTheIDOfATreeIsGits(t *testing.T) {
	// git hash-object -t tree /dev/null, in both formats (git t/oid-info/hash-info).
	for _, empty := range []string{"4b825dc642cb6eb9a060e54bf8d69288fbee4904", "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321"} {
		if got := treeID(nil, len(empty)); got != empty {
			t.Errorf("%s, want %s", got, empty)
		}
	}
}

func FuzzParseListing(f *testing.F) {
	f.Add(listed(folder("a"), blob("a/b"), blob("c")))
	f.Add(listed(blob(`a\ufffd`), blob(`a\ufffd`), folder("d")))
	f.Add(`{"tree":[],"truncated":true}`)
	f.Fuzz(func(t *testing.T, text string) {
		l, err := parseListing([]byte(text))
		if err != nil {
			return
		}
		var answer treeJSON
		if err := json.Unmarshal([]byte(text), &answer); err != nil {
			t.Fatal(err)
		}
		n := 0
		for dir, children := range l.dirs {
			if _, ok := l.trees[dir]; !ok && dir != "" {
				t.Errorf("%q is no directory", dir)
			}
			seen := map[string]bool{}
			for _, c := range children {
				n++
				p := join(dir, c.name)
				if seen[c.name] || c.size < 0 || strings.Contains(c.name, "/") || checkPath(p) != nil || !utf8.ValidString(p) {
					t.Errorf("%q holds %+v", dir, c)
				}
				seen[c.name] = true
			}
		}
		if n > len(answer.Tree) {
			t.Errorf("%d entries of %d", n, len(answer.Tree))
		}
		_ = l.complete(listing40)
		r := NewRemote(nil, "o", "r")
		r.learn(l, listing40)
		e := &expansion{remote: r}
		if err := e.add(listing40, "", all); err != nil && !errors.Is(err, ErrTooLarge) {
			t.Error(err)
		}
		m := newMemory(e.list, nil)
		for i, end := range m.ends {
			if end < 1 || i+int(end) > len(m.entries) {
				t.Errorf("entry %d ends after %d", i, end)
			}
		}
	})
}

// BenchmarkParseListing reads the longest answer that GitHub gives: 100,000 entries.
func BenchmarkParseListing(b *testing.B) {
	var entries []string
	for d := range 100 {
		entries = append(entries, folder(fmt.Sprintf("directory%02d", d)))
		for f := range 999 {
			entries = append(entries, blob(fmt.Sprintf("directory%02d/file-with-a-name-%03d.txt", d, f)))
		}
	}
	text := []byte(listed(entries...))
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		l, err := parseListing(text)
		if err != nil {
			b.Fatal(err)
		}
		r := NewRemote(nil, "o", "r")
		r.learn(l, listing40)
		e := &expansion{remote: r}
		if err := e.add(listing40, "", all); err != nil || len(e.list) != len(entries) {
			b.Fatal(err, len(e.list))
		}
	}
}
