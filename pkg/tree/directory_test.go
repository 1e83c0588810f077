//go:build unix

package tree_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"
	"golang.org/x/sys/unix"

	"github.com/loadline-dev/loadline/pkg/tree"
)

// listed is what a walk reports, owners left out.
func listed(t *testing.T, files fsutil.FS, target string) []string {
	t.Helper()
	var out []string
	err := files.Walk(t.Context(), target, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			out = append(out, fmt.Sprintf("%q error %v", p, errors.Unwrap(err)))
			return nil
		}
		kind := d.Type().Type() // fsutil's changes with Info, for sockets
		info, err := d.Info()
		if err != nil {
			return err
		}
		stat := info.Sys().(*types.Stat)
		stat.Uid, stat.Gid = 0, 0
		out = append(out, fmt.Sprintf("%q %s %v %v size=%d time=%d link=%q dev=%d,%d xattrs=%v", p, stat.Path, kind,
			fs.FileMode(stat.Mode), stat.Size, stat.ModTime, stat.Linkname, stat.Devmajor, stat.Devminor, stat.Xattrs))
		return nil
	})
	if err != nil {
		out = append(out, "error "+err.Error())
	}
	return out
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func write(t testing.TB, name, text string) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(name), 0o755))
	must(t, os.WriteFile(name, []byte(text), 0o644))
}

// generate makes a tree of everything that a file system holds.
func generate(t *testing.T, seed int64) string {
	t.Helper()
	root := t.TempDir()
	r := rand.New(rand.NewSource(seed))
	names := []string{"a", "a.txt", "a-b", "b", "ü", "x y", "new\nline", "z", "B", "\x01", "foo", "foo.d"}
	dirs, files := []string{root}, []string{}
	for range 120 {
		dir := dirs[r.Intn(len(dirs))]
		p := filepath.Join(dir, names[r.Intn(len(names))])
		if _, err := os.Lstat(p); err == nil {
			continue
		}
		switch r.Intn(9) {
		case 0, 1, 2:
			write(t, p, strings.Repeat("x", r.Intn(5000)))
			must(t, os.Chmod(p, fs.FileMode(r.Intn(0o1000))|[]fs.FileMode{0, fs.ModeSetuid, fs.ModeSetgid, fs.ModeSticky}[r.Intn(4)]))
			files = append(files, p)
		case 3, 4:
			must(t, os.Mkdir(p, 0o755))
			dirs = append(dirs, p)
		case 5:
			must(t, os.Symlink([]string{"a", "/b", "../../..", "nowhere", "../foo"}[r.Intn(5)], p))
			files = append(files, p)
		case 6:
			must(t, unix.Mkfifo(p, 0o600))
			files = append(files, p)
		case 7:
			if len(files) > 0 {
				must(t, os.Link(files[r.Intn(len(files))], p))
			}
		case 8:
			write(t, p, "attributed")
			if err := unix.Setxattr(p, "user.loadline", []byte("value"), 0); err != nil && !errors.Is(err, unix.ENOTSUP) {
				t.Fatal(err)
			}
			files = append(files, p)
		}
	}
	return root
}

func TestDirectoryWalksAsFsutilDoes(t *testing.T) {
	for seed := range int64(12) {
		root := generate(t, seed)
		want, err := fsutil.NewFS(root)
		must(t, err)
		got, err := tree.Directory(root)
		must(t, err)
		for _, target := range []string{"/", ".", "", "a", "/a/b", "foo", "nowhere", "a/nowhere", "a.txt/x", strings.Repeat("n", 300)} {
			if diff := cmp.Diff(listed(t, want, target), listed(t, got, target)); diff != "" {
				t.Errorf("seed %d, target %q (-fsutil +snapshot):\n%s", seed, target, diff)
			}
		}
		for _, opt := range filters {
			compareFiltered(t, want, got, got, opt)
			compareDeferred(t, want, got, opt)
			compareSubtree(t, root, got, opt)
		}
	}
}

var filters = []*fsutil.FilterOpt{
	{},
	{ExcludePatterns: []string{"a", "!a/b"}},
	{ExcludePatterns: []string{"**/foo", "!**/z"}},
	{ExcludePatterns: []string{"*", "!a", "!b/**"}},
	{FollowPaths: []string{"a"}},
	{FollowPaths: []string{"a*", "foo/b"}},
	{FollowPaths: []string{"*/*"}, ExcludePatterns: []string{"**/*.txt"}},
	{FollowPaths: []string{"a/b/foo", "z", "missing/x"}},
}

func compareFiltered(t *testing.T, want, got fsutil.FS, s *tree.Snapshot, opt *fsutil.FilterOpt) {
	t.Helper()
	w, err := fsutil.NewFilterFS(want, opt)
	must(t, err)
	g, err := fsutil.NewFilterFS(got, opt)
	must(t, err)
	if diff := cmp.Diff(listed(t, fsutil.WithHardlinkReset(w), "/"), listed(t, fsutil.WithHardlinkReset(g), "/")); diff != "" {
		t.Errorf("%+v (-fsutil +snapshot):\n%s", opt, diff)
	}
}

func compareDeferred(t *testing.T, want fsutil.FS, s *tree.Snapshot, opt *fsutil.FilterOpt) {
	t.Helper()
	w, err := fsutil.NewFilterFS(want, opt)
	must(t, err)
	g, err := fsutil.NewFilterFS(s.Deferred(), opt)
	must(t, err)
	var wanted []*types.Stat
	must(t, fsutil.WithHardlinkReset(w).Walk(t.Context(), "/", func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		stat := info.Sys().(*types.Stat)
		stat.Uid, stat.Gid = 0, 0
		wanted = append(wanted, stat)
		return nil
	}))
	var paths []string
	must(t, g.Walk(t.Context(), "/", func(p string, _ fs.DirEntry, err error) error {
		paths = append(paths, p)
		return err
	}))
	found, err := s.Complete(t.Context(), paths)
	must(t, err)
	if len(found) != len(wanted) {
		t.Fatalf("%+v: %d paths, fsutil has %d", opt, len(found), len(wanted))
	}
	for i := range found {
		if found[i].String() != wanted[i].String() {
			t.Errorf("%+v: %v, fsutil has %v", opt, found[i], wanted[i])
		}
	}
}

func compareSubtree(t *testing.T, root string, s *tree.Snapshot, opt *fsutil.FilterOpt) {
	t.Helper()
	for _, dir := range []string{"a", "b", "foo"} {
		if e, ok := s.Lookup(dir); !ok || !e.Mode.IsDir() {
			continue
		}
		want, err := fsutil.NewFS(filepath.Join(root, dir))
		must(t, err)
		got, err := s.Sub(dir)
		must(t, err)
		compareFiltered(t, want, got, got, opt)
		compareDeferred(t, want, got, opt)
	}
}

func TestSkippingEndsWhereFsutilEndsIt(t *testing.T) {
	root := generate(t, 3)
	want, err := fsutil.NewFS(root)
	must(t, err)
	got, err := tree.Directory(root)
	must(t, err)
	for _, answer := range []error{fs.SkipDir, fs.SkipAll, fs.ErrNotExist, errors.New("stop")} {
		for at := range 60 {
			run := func(files fsutil.FS) []string {
				var out []string
				err := files.Walk(context.Background(), "/", func(p string, _ fs.DirEntry, err error) error {
					out = append(out, p)
					if len(out) == at+1 {
						return answer
					}
					return err
				})
				return append(out, fmt.Sprint(err))
			}
			if diff := cmp.Diff(run(want), run(got)); diff != "" {
				t.Fatalf("%v at %d:\n%s", answer, at, diff)
			}
		}
	}
}

func TestSocketIsSentAsAFile(t *testing.T) {
	root := t.TempDir()
	t.Chdir(root)
	listener, err := net.Listen("unix", "s")
	must(t, err)
	defer listener.Close()
	want, err := fsutil.NewFS(root)
	must(t, err)
	got, err := tree.Directory(root)
	must(t, err)
	if diff := cmp.Diff(listed(t, want, "/"), listed(t, got, "/")); diff != "" {
		t.Error(diff)
	}
	if _, err := got.ReadFile("s", 10); !errors.Is(err, tree.ErrNotRegular) {
		t.Errorf("reading a socket: %v", err)
	}
}

func TestDeepTreeGivesTheClientsError(t *testing.T) {
	root := t.TempDir()
	t.Chdir(root)
	name := strings.Repeat("d", 200)
	for range 30 {
		must(t, os.Mkdir(name, 0o755))
		must(t, os.Chdir(name))
	}
	must(t, os.Chdir(root))
	want, err := fsutil.NewFS(root)
	must(t, err)
	got, err := tree.Directory(root)
	must(t, err)
	stop := func(files fsutil.FS) error {
		return files.Walk(t.Context(), "/", func(_ string, _ fs.DirEntry, err error) error { return err })
	}
	if w, g := stop(want), stop(got); !errors.Is(w, unix.ENAMETOOLONG) || !errors.Is(g, unix.ENAMETOOLONG) {
		t.Errorf("fsutil: %v; snapshot: %v", w, g)
	}
}

func TestReadFileTellsWhyItCannot(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, "d/file"), "text")
	for link, target := range map[string]string{
		"good": "d/file", "up": "d/../good", "abs": "/d/file", "out": "../../etc/passwd", "root": "/etc/passwd",
		"ring": "ring2", "ring2": "ring", "dangling": "nowhere", "dir": "d",
	} {
		must(t, os.Symlink(target, filepath.Join(root, link)))
	}
	must(t, unix.Mkfifo(filepath.Join(root, "fifo"), 0o600))
	s, err := tree.Directory(root)
	must(t, err)
	for name, want := range map[string]error{
		"d": tree.ErrDirectory, "dir": tree.ErrDirectory, "fifo": tree.ErrNotRegular, "out": tree.ErrOutside,
		"root": tree.ErrOutside, "ring": tree.ErrLoop, "nowhere": fs.ErrNotExist, "dangling": fs.ErrNotExist,
		"d/file/x": fs.ErrNotExist, "good": nil, "up": nil, "abs": nil, "dir/file": nil, "../d/file": nil,
	} {
		data, err := s.ReadFile(name, 4)
		if !errors.Is(err, want) || err == nil && string(data) != "text" {
			t.Errorf("%s: %q, %v; want %v", name, data, err, want)
		}
		if want == tree.ErrOutside && errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: a link out of the tree counts as missing", name)
		}
	}
	if _, err := s.ReadFile("good", 3); !errors.Is(err, tree.ErrTooLarge) {
		t.Errorf("over the limit: %v", err)
	}
	if _, err := s.Sub("root"); !errors.Is(err, tree.ErrOutside) {
		t.Errorf("Sub of a link out of the tree: %v", err)
	}
	if _, err := s.Sub(".."); err == nil {
		t.Error("Sub leads out of the tree")
	}
	if sub, err := s.Sub("dir"); err != nil {
		t.Error(err)
	} else if _, ok := sub.Lookup("file"); !ok {
		t.Error("a linked directory is not followed")
	}
	if _, err := tree.Directory(filepath.Join(root, "d/file")); !errors.Is(err, tree.ErrNotDirectory) {
		t.Errorf("a file as a directory: %v", err)
	}
	if _, err := tree.Directory(filepath.Join(root, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no directory: %v", err)
	}
}

func TestPathOf3000CharactersWorks(t *testing.T) {
	root := t.TempDir()
	long := strings.Repeat(strings.Repeat("n", 249)+"/", 12) + "file"
	write(t, filepath.Join(root, long), "text")
	s, err := tree.Directory(root)
	must(t, err)
	if data, err := s.ReadFile(long, 10); err != nil || string(data) != "text" {
		t.Errorf("%q, %v", data, err)
	}
	if got := listed(t, s, "/"); len(got) != 13 {
		t.Errorf("%d paths", len(got))
	}
}

func TestUnreadableDirectoryIsReportedAsFsutilDoes(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root reads every directory")
	}
	root := t.TempDir()
	write(t, filepath.Join(root, "closed/file"), "")
	must(t, os.Chmod(filepath.Join(root, "closed"), 0o100))
	t.Cleanup(func() { _ = os.Chmod(filepath.Join(root, "closed"), 0o755) })
	want, err := fsutil.NewFS(root)
	must(t, err)
	got, err := tree.Directory(root)
	must(t, err)
	if diff := cmp.Diff(listed(t, want, "/"), listed(t, got, "/")); diff != "" {
		t.Error(diff)
	}
}
