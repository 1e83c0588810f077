//go:build unix

package tree

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/tonistiigi/fsutil"
)

func TestAnExcludedDirectoryIsNotReadBelowItsFirstLevel(t *testing.T) {
	root := t.TempDir()
	for i := range 60 {
		for _, dir := range []string{"node_modules/p%02d/lib", "src%02d/node_modules/p/lib"} {
			if err := os.MkdirAll(filepath.Join(root, fmt.Sprintf(dir, i)), 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	s, err := Directory(root)
	if err != nil {
		t.Fatal(err)
	}
	files, err := fsutil.NewFilterFS(s.Deferred(), &fsutil.FilterOpt{ExcludePatterns: []string{"**/node_modules"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := files.Walk(t.Context(), "/", func(_ string, _ fs.DirEntry, err error) error { return err }); err != nil {
		t.Fatal(err)
	}
	d := s.content.(*disk)
	for i := range 60 {
		for _, p := range []string{fmt.Sprintf("node_modules/p%02d", i), fmt.Sprintf("src%02d/node_modules/p", i)} {
			n, err := d.find(p)
			if err != nil {
				t.Fatal(err)
			}
			if n.list.read.Load() != nil {
				t.Errorf("%s was read", p)
			}
		}
	}
}

func TestOneSnapshotServesSeveralWalksAtOnce(t *testing.T) {
	root := t.TempDir()
	for i := range 200 {
		if err := os.MkdirAll(filepath.Join(root, fmt.Sprintf("a%d/b%d", i%20, i)), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Directory(root)
	if err != nil {
		t.Fatal(err)
	}
	var walks sync.WaitGroup
	for range 4 {
		walks.Go(func() {
			n := 0
			for e := range s.All() {
				if _, ok := s.Lookup(e.Path); ok {
					n++
				}
			}
			if n != 220 {
				t.Errorf("%d entries", n)
			}
		})
	}
	walks.Wait()
}
