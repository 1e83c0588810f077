//go:build unix

package tree

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

const listing40 = "0123456789abcdef0123456789abcdef01234567"

func FuzzParseList(f *testing.F) {
	f.Add("100644 blob " + listing40 + "      12\ta b\x00040000 tree " + listing40 + "       -\td\x00160000 commit " + listing40 + "\tm\x00")
	f.Add("100644 blob " + listing40 + "     BAD\tx\x00")
	f.Fuzz(func(t *testing.T, text string) {
		entries, err := parseList(strings.NewReader(text))
		slowly, slowErr := parseList(iotest.OneByteReader(strings.NewReader(text)))
		if (err == nil) != (slowErr == nil) || err == nil && cmp.Diff(entries, slowly) != "" {
			t.Fatalf("in one piece %v, %v; byte by byte %v, %v", entries, err, slowly, slowErr)
		}
		if err != nil {
			return
		}
		if strings.Count(text, "\x00") != len(entries) {
			t.Fatalf("%d entries of %q", len(entries), text)
		}
		for _, e := range entries {
			if e.Size < 0 || checkPath(e.Path) != nil {
				t.Fatalf("%+v", e)
			}
		}
	})
}

func TestHostilePathsOfATreeAreRefused(t *testing.T) {
	for _, p := range []string{"../a", "a/../b", ".git/config", "a/.GIT/hooks", "", "/a", "a//b", "."} {
		if _, err := parseList(strings.NewReader("100644 blob " + listing40 + " 1\t" + p + "\x00")); err == nil {
			t.Errorf("%q is taken", p)
		}
	}
}

func FuzzParsePointer(f *testing.F) {
	f.Add([]byte("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 12\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if size, ok := parsePointer(data); ok && size < 0 {
			t.Fatal(size)
		}
	})
}

func TestWalkOrderPutsContentsBeforeTheNextSibling(t *testing.T) {
	want := []string{"a", "a/b", "a/b/c", "a/z", "a-b", "a.txt", "ab"}
	got := slices.Clone(want)
	slices.Sort(got)
	slices.SortFunc(got, compareWalk)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// endless is the listing of a tree that holds the same tree again and again.
type endless struct{ block []byte }

func (e endless) Read(p []byte) (int, error) {
	return copy(p, e.block[:len(e.block)/len(record)*len(record)]), nil
}

const record = "100644 blob " + listing40 + "       1\ta\x00"

func TestAListingWithoutEndIsRefused(t *testing.T) {
	_, err := parseList(endless{[]byte(strings.Repeat(record, 3000))})
	if !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
}
