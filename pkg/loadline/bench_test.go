//go:build unix

package loadline

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tonistiigi/fsutil"
)

// benchFiles is how many files the benchmarks' context has.
const benchFiles = 100_000

// benchRepository is a context of benchFiles files in 2,000 directories. It is made once and kept for further runs.
func benchRepository(b *testing.B) string {
	b.Helper()
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("loadline-bench-context-%d", benchFiles))
	done := filepath.Join(dir, "complete")
	if _, err := os.Stat(done); err == nil {
		return dir
	}
	for i := range benchFiles {
		p := filepath.Join(dir, fmt.Sprintf("pkg%02d", i%40), fmt.Sprintf("mod%02d", i/40%50), fmt.Sprintf("file%05d.go", i))
		if i%50 == 0 || i < 2000 {
			if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
				b.Fatal(err)
			}
		}
		if err := os.WriteFile(p, []byte(p), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	if err := os.WriteFile(done, nil, 0o644); err != nil {
		b.Fatal(err)
	}
	return dir
}

// benchPatterns are n patterns that exclude a little, of the kinds that real ignore files have.
func benchPatterns(n int) []string {
	kinds := []string{"**/node_modules%d", "*.log%d", "dist%d", "**/*.tmp%d", "pkg00/mod%02d", "docs%d/**", "**/.cache%d", "a/b/c%d", "**/test%d/*.snap", "build%d"}
	patterns := make([]string, n)
	for i := range patterns {
		patterns[i] = fmt.Sprintf(kinds[i%len(kinds)], i)
	}
	return patterns
}

// BenchmarkList measures `ls` of COPY . . on 100,000 files as a ratio to fsutil's own filtered walk of them.
func BenchmarkList(b *testing.B) {
	dir := benchRepository(b)
	for _, n := range []int{0, 10, 50} {
		b.Run(fmt.Sprintf("patterns=%d", n), func(b *testing.B) {
			patterns := benchPatterns(n)
			dockerfiles := b.TempDir()
			file := filepath.Join(dockerfiles, "Dockerfile")
			writeFile(b, file, "FROM scratch\nCOPY . .\n")
			writeFile(b, file+".dockerignore", strings.Join(patterns, "\n"))
			var ours, theirs time.Duration
			for b.Loop() {
				start := time.Now()
				walkWithFsutil(b, dir, patterns)
				theirs += time.Since(start)
				start = time.Now()
				if _, err := List(b.Context(), Single{Context: dir, File: file}); err != nil {
					b.Fatal(err)
				}
				ours += time.Since(start)
			}
			b.ReportMetric(float64(ours)/float64(theirs), "of-fsutil")
		})
	}
}

func walkWithFsutil(b *testing.B, dir string, patterns []string) {
	b.Helper()
	disk, err := fsutil.NewFS(dir)
	if err != nil {
		b.Fatal(err)
	}
	filtered, err := fsutil.NewFilterFS(disk, &fsutil.FilterOpt{ExcludePatterns: patterns})
	if err != nil {
		b.Fatal(err)
	}
	err = filtered.Walk(b.Context(), "/", func(_ string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		_, err = entry.Info()
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
}

func writeFile(b *testing.B, name, text string) {
	b.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkBuildsOfOneContext measures `check` of 200 builds of one context as a ratio to one build.
func BenchmarkBuildsOfOneContext(b *testing.B) {
	dir := benchRepository(b)
	single, many := overlayContext(b, dir, 1), overlayContext(b, dir, 200)
	var one, all time.Duration
	for b.Loop() {
		for _, run := range []struct {
			dir string
			sum *time.Duration
		}{{single, &one}, {many, &all}} {
			start := time.Now()
			r, err := Check(b.Context(), CheckOptions{Path: run.dir, Base: "none"})
			if err != nil || len(r.Skipped) > 0 {
				b.Fatal(err, r)
			}
			*run.sum += time.Since(start)
		}
	}
	b.ReportMetric(float64(all)/float64(one), "of-one-build")
}

// overlayContext is the benchmarks' context with n Dockerfiles and an ignore file of its own.
func overlayContext(b *testing.B, dir string, n int) string {
	b.Helper()
	copied := filepath.Join(filepath.Dir(dir), fmt.Sprintf("loadline-bench-builds-%d", n))
	if _, err := os.Stat(copied); err != nil {
		if out, err := exec.Command("cp", "-a", dir, copied).CombinedOutput(); err != nil {
			b.Fatalf("%v: %s", err, out)
		}
	}
	writeFile(b, filepath.Join(copied, ".dockerignore"), strings.Join(benchPatterns(10), "\n"))
	for i := range n {
		writeFile(b, filepath.Join(copied, fmt.Sprintf("Dockerfile.n%03d", i)), "FROM scratch\nCOPY . .\n")
	}
	return copied
}

// BenchmarkPeakMemory measures the most memory that the command holds while it checks 200 builds of 100,000 files, as a
// process of its own.
func BenchmarkPeakMemory(b *testing.B) {
	many := overlayContext(b, benchRepository(b), 200)
	command := filepath.Join(b.TempDir(), "loadline")
	if out, err := exec.Command("go", "build", "-o", command, "../../cmd/loadline").CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	var peak int64
	for b.Loop() {
		cmd := exec.Command(command, "check", "--base", "none", many)
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%v: %s", err, out)
		}
		if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
			peak = max(peak, usage.Maxrss)
		}
	}
	b.ReportMetric(float64(peak)/1024, "peak-MiB")
}
