//go:build unix

package tree_test

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/tonistiigi/fsutil"

	"github.com/loadline-dev/loadline/pkg/tree"
)

// large is a tree of 100,000 files, with 200 more directories that the ignore patterns name. It is made once and kept.
func large(b *testing.B) string {
	b.Helper()
	root := filepath.Join(os.TempDir(), "loadline-bench-100k")
	done := filepath.Join(root, ".git", "loadline-complete")
	if _, err := os.Stat(done); err == nil {
		return root
	}
	must(b, os.RemoveAll(root))
	for d := range 2500 {
		dir := filepath.Join(root, fmt.Sprintf("part%02d/pkg%03d", d%50, d/10), fmt.Sprintf("sub%d", d%10))
		must(b, os.MkdirAll(dir, 0o755))
		for f := range 40 {
			must(b, os.WriteFile(filepath.Join(dir, fmt.Sprintf("file%02d.go", f)), []byte(dir), 0o644))
		}
	}
	git(b, root, "init", "-q")
	commit(b, root)
	must(b, os.WriteFile(done, nil, 0o644))
	return root
}

// patterns are ignore patterns of which few match: every path is tried against all.
func patterns(n int) []string {
	var out []string
	for i := range n {
		out = append(out, []string{"**/*.log%d", "node_modules%d", "part%02d/pkg000/tmp", "**/cache%d", "build%d/*"}[i%5])
		out[i] = fmt.Sprintf(out[i], i)
	}
	return append(out, ".git")
}

func BenchmarkDirectoryFiltered(b *testing.B) {
	root := large(b)
	for _, n := range []int{0, 10, 50} {
		b.Run(fmt.Sprintf("%d patterns", n), func(b *testing.B) {
			var ours, theirs time.Duration
			opt := &fsutil.FilterOpt{ExcludePatterns: patterns(n)}
			for b.Loop() {
				start := time.Now()
				disk, err := fsutil.NewFS(root)
				must(b, err)
				want := count(b, disk, opt)
				theirs += time.Since(start)
				start = time.Now()
				s, err := tree.Directory(root)
				must(b, err)
				if got := completed(b, s, opt); got != want {
					b.Fatalf("%d paths, fsutil has %d", got, want)
				}
				ours += time.Since(start)
			}
			b.ReportMetric(float64(ours)/float64(theirs), "of-fsutil")
		})
	}
}

func count(b *testing.B, files fsutil.FS, opt *fsutil.FilterOpt) int {
	b.Helper()
	filtered, err := fsutil.NewFilterFS(files, opt)
	must(b, err)
	n := 0
	must(b, filtered.Walk(b.Context(), "/", func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		n++
		_, err = d.Info()
		return err
	}))
	return n
}

func completed(b *testing.B, s *tree.Snapshot, opt *fsutil.FilterOpt) int {
	b.Helper()
	filtered, err := fsutil.NewFilterFS(s.Deferred(), opt)
	must(b, err)
	var paths []string
	must(b, filtered.Walk(b.Context(), "/", func(p string, _ fs.DirEntry, err error) error {
		paths = append(paths, p)
		return err
	}))
	stats, err := s.Complete(b.Context(), paths)
	must(b, err)
	return len(stats)
}

func BenchmarkDirectorySequential(b *testing.B) {
	root := large(b)
	var ours, theirs time.Duration
	opt := &fsutil.FilterOpt{ExcludePatterns: []string{".git"}}
	for b.Loop() {
		start := time.Now()
		disk, err := fsutil.NewFS(root)
		must(b, err)
		count(b, disk, opt)
		theirs += time.Since(start)
		start = time.Now()
		s, err := tree.Directory(root)
		must(b, err)
		count(b, s, opt)
		ours += time.Since(start)
	}
	b.ReportMetric(float64(ours)/float64(theirs), "of-fsutil")
}

func BenchmarkCommit(b *testing.B) {
	root := large(b)
	g, err := tree.OpenGit(b.Context(), root)
	must(b, err)
	defer g.Close()
	var ours, theirs time.Duration
	for b.Loop() {
		start := time.Now()
		must(b, exec.Command("git", "-C", root, "ls-tree", "-r", "-l", "-z", "HEAD").Run())
		theirs += time.Since(start)
		start = time.Now()
		_, err := tree.Commit(b.Context(), g, "HEAD")
		must(b, err)
		ours += time.Since(start)
	}
	b.ReportMetric(float64(ours)/float64(theirs), "of-ls-tree")
}
