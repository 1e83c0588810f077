//go:build unix

package tree_test

import (
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	api "github.com/google/go-github/v60/github"

	"github.com/google/go-cmp/cmp"

	"github.com/loadline-dev/loadline/pkg/tree"
	"github.com/loadline-dev/loadline/test/github"
)

// serve puts a repository on a GitHub of the tests, which is held against the published contract when the test ends.
func serve(t *testing.T, o github.Options) (*github.Server, *tree.Remote) {
	t.Helper()
	s := github.Start(t, o)
	t.Cleanup(func() {
		for _, v := range s.Violations() {
			t.Error("violation:", v)
		}
	})
	return s, remote(t, s)
}

func remote(t *testing.T, s *github.Server) *tree.Remote {
	t.Helper()
	c := api.NewClient(nil).WithAuthToken(s.Token())
	base, err := url.Parse(s.URL() + "/")
	must(t, err)
	c.BaseURL = base
	owner, repo, _ := strings.Cut(s.Repository(), "/")
	return tree.NewRemote(c, owner, repo)
}

// oddities are repositories with what is seldom in one.
func oddities(t *testing.T) map[string]string {
	t.Helper()
	plain := repository(t)

	attributes := repository(t)
	write(t, filepath.Join(attributes, ".gitattributes"), "*.bin filter=lfs\n*.bat text eol=crlf\n*.u16 working-tree-encoding=UTF-16\n*.png -text eol=crlf\n")
	write(t, filepath.Join(attributes, "a/.gitattributes"), "*.bin -filter\nc.* ident\n[attr]own eol=crlf\n")
	pointer := "version https://git-lfs.github.com/spec/v1\noid sha256:" + strings.Repeat("a", 64) + "\nsize 123456789\n"
	for _, name := range []string{"m.bin", "a/m.bin", "a/b/m.bin", "foo/m.bin"} {
		write(t, filepath.Join(attributes, name), pointer)
	}
	write(t, filepath.Join(attributes, "x.u16"), "\xff\xfet\x00")
	for _, name := range []string{"x.bat", "x.png", "no.bin", "a/c.id", "foo/x.bat"} {
		write(t, filepath.Join(attributes, name), "text\n")
	}
	must(t, os.Symlink("../.gitattributes", filepath.Join(attributes, "foo/.gitattributes")))
	commit(t, attributes)

	submodule := repository(t)
	git(t, submodule, "submodule", "--quiet", "add", plain, "dir/mod")
	commit(t, submodule)

	links := repository(t)
	for i := range 150 {
		must(t, os.Symlink(fmt.Sprintf("../a-%d", i), filepath.Join(links, "foo", fmt.Sprintf("link%d", i))))
	}
	must(t, os.Symlink("a\xffb", filepath.Join(links, "latin1")))
	must(t, os.Symlink("/etc/passwd", filepath.Join(links, "out")))
	commit(t, links)

	modes := repository(t)
	blob := git(t, modes, "hash-object", "-w", "a.txt")
	write(t, filepath.Join(modes, "long"), strings.Repeat("l", 5000))
	long := git(t, modes, "hash-object", "-w", "long")
	raw := filepath.Join(t.TempDir(), "tree")
	write(t, raw, object("100664", "group", blob)+object("100600", "own", blob)+object("120000", "z", long)+object("40000", "zz", git(t, modes, "rev-parse", "HEAD:foo")))
	root := git(t, modes, "hash-object", "-w", "-t", "tree", "--literally", raw)
	git(t, modes, "update-ref", "HEAD", git(t, modes, "commit-tree", "-m", "odd", root))

	shop := t.TempDir()
	git(t, shop, "init", "-q")
	must(t, os.CopyFS(shop, os.DirFS("../../testdata/repos/shop/head")))
	commit(t, shop)

	empty := t.TempDir()
	git(t, empty, "init", "-q")
	git(t, empty, "commit", "-q", "--allow-empty", "-m", "empty")
	return map[string]string{
		"plain": plain, "attributes": attributes, "submodule": submodule, "links": links, "modes": modes, "shop": shop, "empty": empty,
	}
}

// object is an entry of a tree as git stores it.
func object(mode, name, id string) string {
	raw, err := hex.DecodeString(id)
	if err != nil {
		panic(err) // git wrote it
	}
	return mode + " " + name + "\x00" + string(raw)
}

func entries(s *tree.Snapshot) []tree.Entry { return slices.Collect(s.All()) }

func TestACommitReadFromGitHubEqualsTheSameOfAClone(t *testing.T) {
	for name, dir := range oddities(t) {
		id := git(t, dir, "rev-parse", "HEAD")
		g := open(t, dir)
		want := head(t, g)
		for options, o := range map[string]github.Options{
			"":           {},
			"enterprise": {APIPath: "/api/v3", GraphQLPath: "/api/graphql"},
			"truncated":  {TreeLimit: 3},
		} {
			t.Run(name+" "+options, func(t *testing.T) {
				o.Git = dir
				_, r := serve(t, o)
				got, err := r.Commit(t.Context(), id)
				must(t, err)
				same(t, want, got)
				for e := range want.All() {
					if !e.Mode.IsDir() || e.Note == tree.Submodule || name != "attributes" {
						continue
					}
					wantSub, err := want.Sub(e.Path)
					must(t, err)
					gotSub, err := r.Directory(t.Context(), id, e.Path)
					must(t, err)
					same(t, wantSub, gotSub)
				}
				shared := remote(t, github.Start(t, o))
				shared.Share(want)
				got, err = shared.Commit(t.Context(), id)
				must(t, err)
				same(t, want, got)
			})
		}
	}
}

// same compares two snapshots: their paths, what is known of them, and their contents.
func same(t *testing.T, want, got *tree.Snapshot) {
	t.Helper()
	if diff := cmp.Diff(entries(want), entries(got)); diff != "" {
		t.Fatalf("(-git +GitHub):\n%s", diff)
	}
	for e := range want.All() {
		if e.Mode&fs.ModeType != 0 {
			continue
		}
		w, wantErr := want.ReadFile(e.Path, 1<<20)
		g, gotErr := got.ReadFile(e.Path, 1<<20)
		if string(w) != string(g) || (wantErr == nil) != (gotErr == nil) {
			t.Errorf("%q: %q, %v, want %q, %v", e.Path, g, gotErr, w, wantErr)
		}
	}
}
