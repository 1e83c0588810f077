//go:build unix

package tree_test

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

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
	latin1 := repository(t)
	for _, name := range []string{"a\xff", "a\xfe", "d\xff/x", "d\xfe/x", "foo/\xfc\xfc/y", "foo/literally \ufffd"} {
		write(t, filepath.Join(latin1, name), name)
	}
	commit(t, latin1)
	return map[string]string{
		"latin1": latin1, "plain": plain, "attributes": attributes, "submodule": submodule, "links": links, "modes": modes, "shop": shop, "empty": empty,
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

func TestWhatSeveralCommitsShareIsAskedForOnce(t *testing.T) {
	dir := repository(t)
	for i := range 30 {
		write(t, filepath.Join(dir, fmt.Sprintf("dir%02d/sub/file", i)), fmt.Sprint(i))
		must(t, os.Symlink("file", filepath.Join(dir, fmt.Sprintf("dir%02d/sub/link%d", i, i%3))))
	}
	first := commit(t, dir)
	write(t, filepath.Join(dir, "dir07/sub/file"), "changed")
	second := commit(t, dir)
	read := func(r *tree.Remote, id string) {
		t.Helper()
		_, err := r.Commit(t.Context(), id)
		must(t, err)
	}

	s, r := serve(t, github.Options{Git: dir})
	read(r, first)
	if n := s.Requests(); n != 2 {
		t.Errorf("%d requests for a commit with links, want one for its paths and one for their targets", n)
	}
	read(r, second)
	read(r, second)
	if n := s.Requests(); n != 3 {
		t.Errorf("%d requests for two commits, want 3", n)
	}

	// A repository of which GitHub tells a part at a time.
	s, r = serve(t, github.Options{Git: dir, TreeLimit: 40})
	read(r, first)
	before := s.Requests()
	read(r, second)
	if n := s.Requests() - before; n != 3 {
		t.Errorf("%d requests for a second commit, want its tree, its root and the one directory that differs:\n%s", n, s.Conversation())
	}
	s, r = serve(t, github.Options{Git: dir, TreeLimit: 40})
	g := open(t, dir)
	known, err := tree.Commit(t.Context(), g, first)
	must(t, err)
	r.UseClone(t.Context(), g)
	r.Share(known)
	read(r, second)
	if n := s.Requests(); n != 3 {
		t.Errorf("%d requests beside a clone, want 3:\n%s", n, s.Conversation())
	}
}

func TestFilesAreReadAheadTogether(t *testing.T) {
	dir := repository(t)
	var paths []string
	for i := range 120 {
		paths = append(paths, fmt.Sprintf("services/%03d/Dockerfile", i))
		write(t, filepath.Join(dir, paths[i]), fmt.Sprintf("FROM scratch\n# %d\n", i))
	}
	write(t, filepath.Join(dir, "binary"), "\x00\xff")
	write(t, filepath.Join(dir, "large"), strings.Repeat("l", 300<<10))
	id := commit(t, dir)
	paths = append(paths, "binary", "large", "absent", "services", "alias/link", "a/link", "services/000/Dockerfile")
	for name, test := range map[string]struct {
		faults []github.Fault
		want   int
	}{
		"together":        {nil, 4 + 2}, // the tree, links, 2 queries, the binary and the large file
		"GraphQL refused": {[]github.Fault{github.Fail(github.GraphQL, 0, 403, "")}, 1 + 1 + 2 + 123},
	} {
		s, r := serve(t, github.Options{Git: dir})
		for _, f := range test.faults {
			s.Inject(f)
		}
		snapshot, err := r.Commit(t.Context(), id)
		must(t, err)
		must(t, snapshot.Prefetch(t.Context(), paths, 1<<20))
		before := s.Requests()
		for _, p := range paths {
			want, wantErr := os.ReadFile(filepath.Join(dir, p))
			got, err := snapshot.ReadFile(p, 1<<20)
			if string(got) != string(want) || (err == nil) != (wantErr == nil) {
				t.Errorf("%s: %d bytes, %v", p, len(got), err)
			}
		}
		if n := s.Requests(); n != before {
			t.Errorf("%s: %d requests for files that were read ahead", name, n-before)
		}
		if before != test.want {
			t.Errorf("%s: %d requests, want %d", name, before, test.want)
		}
	}
	local := head(t, open(t, dir))
	must(t, local.Prefetch(t.Context(), paths, 1<<20))
}

func TestRevisionsOnGitHub(t *testing.T) {
	dir := repository(t)
	first := git(t, dir, "rev-parse", "HEAD")
	git(t, dir, "checkout", "-qb", "feature/x")
	write(t, filepath.Join(dir, "x"), "x")
	topic := commit(t, dir)
	git(t, dir, "branch", "ü/(a)+#1%2e%2e")
	git(t, dir, "checkout", "-q", "main")
	write(t, filepath.Join(dir, "y"), "y")
	second := commit(t, dir)
	s, r := serve(t, github.Options{Git: dir})
	for rev, want := range map[string]string{
		"main": second, "origin/main": second, "feature/x": topic, "ü/(a)+#1%2e%2e": topic, "refs/remotes/origin/feature/x": topic, topic: topic,
	} {
		if got, err := r.Resolve(t.Context(), rev); err != nil || got != want {
			t.Errorf("%s: %s, %v, want %s", rev, got, err, want)
		}
	}
	if got, err := r.MergeBase(t.Context(), "main", topic); err != nil || got != first {
		t.Errorf("merge base %s, %v", got, err)
	}
	if got, err := r.MergeBase(t.Context(), "feature/x", second); err != nil || got != first {
		t.Errorf("merge base %s, %v", got, err)
	}
	if got, err := r.Parents(t.Context(), second); err != nil || len(got) != 1 || got[0] != first {
		t.Errorf("parents %v, %v", got, err)
	}
	absent := strings.Repeat("1", 40)
	asked := s.Requests()
	for _, rev := range []string{absent, "nowhere"} {
		_, err := r.Resolve(t.Context(), rev)
		isUnknown(t, rev, err)
		_, err = r.MergeBase(t.Context(), "main", rev)
		isUnknown(t, rev, err)
	}
	_, err := r.Parents(t.Context(), absent)
	isUnknown(t, absent, err)
	_, err = r.Commit(t.Context(), absent)
	isUnknown(t, absent, err)
	if n := s.Requests() - asked; n != 6 {
		t.Errorf("%d requests", n)
	}
	// What is no name is not asked for.
	asked = s.Requests()
	for _, rev := range []string{"", "..", "a..b", "../../user", "main?x=y", "octo:main", "a b", "-x", "a\nb", "@{u}", "HEAD~1", "/x", "x/", strings.Repeat("a", 300)} {
		_, err := r.Resolve(t.Context(), rev)
		isUnknown(t, rev, err)
		_, err = r.MergeBase(t.Context(), rev, "main")
		isUnknown(t, rev, err)
		_, err = r.Commit(t.Context(), rev)
		isUnknown(t, rev, err)
		_, err = r.Parents(t.Context(), rev)
		isUnknown(t, rev, err)
	}
	if n := s.Requests() - asked; n != 0 {
		t.Errorf("%d requests for what is no name", n)
	}
	if _, err := remote(t, s).Directory(t.Context(), second, "a/nowhere"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a directory that is not there: %v", err)
	}
	if _, err := remote(t, s).Directory(t.Context(), second, "a.txt"); !errors.Is(err, tree.ErrNotDirectory) {
		t.Errorf("a file as directory: %v", err)
	}
	if _, err := tree.NewRemote(api.NewClient(nil), "..", "x").Commit(t.Context(), second); err == nil {
		t.Error("a repository called ../x is read")
	}
}

func isUnknown(t *testing.T, rev string, err error) {
	t.Helper()
	if !errors.Is(err, tree.ErrUnknownRevision) {
		t.Errorf("%q: %v", rev, err)
	}
}

func TestTheMergeThatGitHubTried(t *testing.T) {
	s, r := serve(t, github.Options{})
	base := s.Commit(map[string]string{"a": "a"})
	topic := s.Commit(map[string]string{"a": "a", "b": "b"}, base)
	merge := s.MergeCommit(base, topic)
	pull := github.Pull{Number: 7, Base: base, Head: topic, Merge: merge}
	for _, test := range []struct {
		change    func(*github.Pull)
		want      string
		isPending bool
	}{
		{func(*github.Pull) {}, merge, false},
		{func(p *github.Pull) { p.Mergeable = github.Computing }, merge, true},
		{func(p *github.Pull) { p.Mergeable, p.Merge = github.Computing, "" }, "", true},
		{func(p *github.Pull) { p.Mergeable = github.Conflicts }, merge, false},
		{func(p *github.Pull) { p.Closed = true }, "", false},
	} {
		p := pull
		test.change(&p)
		s.SetPull(p)
		got, isPending, err := r.TestMerge(t.Context(), 7)
		if err != nil || got != test.want || isPending != test.isPending {
			t.Errorf("%+v: %q, %t, %v", p, got, isPending, err)
		}
	}
	_, _, err := r.TestMerge(t.Context(), 8)
	isUnknown(t, "8", err)
}

func TestACallerWhoGivesUpIsHeard(t *testing.T) {
	dir := repository(t)
	s, r := serve(t, github.Options{Git: dir})
	id := git(t, dir, "rev-parse", "HEAD")
	ctx, cancel := context.WithCancel(t.Context())
	snapshot, err := r.Commit(ctx, id)
	must(t, err)
	s.Inject(github.Fault{Kind: github.Slow, Delay: 10 * time.Second})
	time.AfterFunc(50*time.Millisecond, cancel)
	start := time.Now()
	if _, err := snapshot.ReadFile("run.sh", 100); !errors.Is(err, context.Canceled) {
		t.Errorf("reading a file: %v", err)
	}
	if _, err := remote(t, s).Commit(ctx, id); !errors.Is(err, context.Canceled) {
		t.Errorf("reading a commit: %v", err)
	}
	if waited := time.Since(start); waited > 5*time.Second {
		t.Errorf("it took %v", waited)
	}
}

// answers is a GitHub that says what a test wants it to.
func answers(t *testing.T, say func(uri string) string) *tree.Remote {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text := say(r.URL.RequestURI())
		if text == "" {
			w.WriteHeader(http.StatusNotFound)
		}
		_, _ = io.WriteString(w, text)
	}))
	t.Cleanup(s.Close)
	c := api.NewClient(nil)
	base, err := url.Parse(s.URL + "/")
	must(t, err)
	c.BaseURL = base
	return tree.NewRemote(c, "o", "r")
}

const (
	helloID = "b6fc4c620b67d95f953a5c1c1230aaab5db5a1b0" // of the blob "hello"
	byeID   = "0abaeaa9932cc3322604c196b22c4db5c33aa548" // of "bye"
	oneID   = "1111111111111111111111111111111111111111"
)

func TestContentsThatAreNotTheObjectsAreRefused(t *testing.T) {
	for name, test := range map[string]struct {
		size          int
		raw, byGraph  string
		want, wantErr string
	}{
		"right":                   {5, "hello", "", "hello", ""},
		"other content":           {5, "hellO", "", "", "the content is another one"},
		"longer than listed":      {4, "hello", "", "", "the content is another one"},
		"GraphQL":                 {5, "", "hello", "hello", ""},
		"GraphQL, other content":  {5, "hello", "hellO", "hello", ""},
		"other content from both": {5, "HELLO", "hellO", "", "the content is another one"},
		"gone":                    {5, "", "", "", "GitHub has no object"},
		"more than is ever read":  {1 << 30, "hello", "hello", "", "is too large"},
	} {
		t.Run(name, func(t *testing.T) {
			r := answers(t, func(path string) string {
				switch {
				case strings.Contains(path, "/git/trees/"):
					return fmt.Sprintf(`{"tree":[{"path":"f","mode":"100644","type":"blob","sha":"%s","size":%d},{"path":"g","mode":"100644","type":"blob","sha":"%s","size":7}]}`,
						helloID, test.size, oneID)
				case strings.Contains(path, "graphql") && test.byGraph != "":
					return fmt.Sprintf(`{"data":{"repository":{"b0":{"isBinary":false,"isTruncated":false,"text":%q},"b1":null}}}`, test.byGraph)
				case strings.HasSuffix(path, "/git/blobs/"+helloID):
					return test.raw
				}
				return ""
			})
			s, err := r.Commit(t.Context(), oneID)
			must(t, err)
			_ = s.Prefetch(t.Context(), []string{"f", "g"}, 100)
			got, err := s.ReadFile("f", 1<<40)
			if string(got) != test.want || (err == nil) != (test.wantErr == "") || err != nil && !strings.Contains(err.Error(), test.wantErr) {
				t.Errorf("%q, %v, want %q, %s", got, err, test.want, test.wantErr)
			}
			if errors.Is(err, fs.ErrNotExist) {
				t.Errorf("a file that cannot be read counts as one that is not there: %v", err)
			}
		})
	}
}

func TestWhatGraphQLSaysInsteadOfAnAnswer(t *testing.T) {
	for name, test := range map[string]struct {
		answer   string
		raw      int
		hasError bool
	}{
		"a rate limit":           {`{"data":null,"errors":[{"type":"RATE_LIMITED","message":"API rate limit exceeded"}]}`, 0, true},
		"a refusal":              {`{"data":{"repository":null},"errors":[{"type":"FORBIDDEN","message":"Resource not accessible by integration"}]}`, 2, false},
		"an error of its own":    {`{"data":{"repository":{"b0":null,"b1":{"text":"hello"}}},"errors":[{"message":"timeout"}]}`, 1, false},
		"nothing":                {`{}`, 2, false},
		"no JSON":                {`<html>`, 0, true},
		"a binary":               {`{"data":{"repository":{"b0":{"isBinary":true,"text":null},"b1":{"isBinary":false,"isTruncated":true,"text":"hel"}}}}`, 2, false},
		"an object of that name": {`{"data":{"repository":{"b0":[],"b1":7}}}`, 2, false},
	} {
		t.Run(name, func(t *testing.T) {
			var raw atomic.Int32
			r := answers(t, func(uri string) string {
				switch {
				case strings.Contains(uri, "/git/trees/"):
					return `{"tree":[{"path":"f","mode":"100644","type":"blob","sha":"` + helloID + `","size":5},` +
						`{"path":"g","mode":"100644","type":"blob","sha":"` + byeID + `","size":3}]}`
				case strings.HasSuffix(uri, "graphql"):
					return test.answer
				}
				raw.Add(1)
				return map[bool]string{true: "hello", false: "bye"}[strings.HasSuffix(uri, helloID)]
			})
			s, err := r.Commit(t.Context(), oneID)
			must(t, err)
			err = s.Prefetch(t.Context(), []string{"g", "f"}, 100)
			if (err != nil) != test.hasError || int(raw.Load()) != test.raw {
				t.Errorf("%v, %d requests for one file each, want %d", err, raw.Load(), test.raw)
			}
		})
	}
}

func TestAComparisonWhoseSecondPageTellsLess(t *testing.T) {
	r := answers(t, func(uri string) string {
		if strings.Contains(uri, "page=2") {
			return `{"commits":[]}`
		}
		return `{"merge_base_commit":{"sha":"` + oneID + `"}}`
	})
	if got, err := r.MergeBase(t.Context(), "main", "topic"); err != nil || got != oneID {
		t.Errorf("%s, %v", got, err)
	}
	r = answers(t, func(string) string { return `{"merge_base_commit":{"sha":"../x"}}` })
	if got, err := r.MergeBase(t.Context(), "main", "topic"); err == nil {
		t.Error(got)
	}
}

func TestTheDayOfACommitAtGitHubIsItsOwn(t *testing.T) {
	for _, c := range []struct{ committer, want string }{
		{`,"committer":{"date":"2024-03-01T23:30:00-02:00"}`, "2024-03-02"},
		{`,"committer":{"date":"yesterday"}`, ""},
		{"", ""},
	} {
		r := answers(t, func(string) string { return `{"tree":{"sha":"` + oneID + `"},"parents":[]` + c.committer + `}` })
		commit := strings.Repeat("2", 40)
		if got, ok := r.Day(commit); ok {
			t.Errorf("%v of a commit that was not read", got)
		}
		if _, err := r.Parents(t.Context(), commit); err != nil {
			t.Fatal(err)
		}
		got, ok := r.Day(commit)
		if c.want == "" && ok || c.want != "" && (!ok || got.Format(time.DateOnly) != c.want) {
			t.Errorf("%s: %v, %t", c.committer, got, ok)
		}
	}
}

func TestEndlessTreesEnd(t *testing.T) {
	const commit = `{"tree":{"sha":"` + oneID + `"},"parents":[]}`
	holding := func(name, id string, isTruncated bool) string {
		return fmt.Sprintf(`{"tree":[{"path":"%s","mode":"040000","type":"tree","sha":"%s"}],"truncated":%t}`, name, id, isTruncated)
	}
	other := func(uri string) string { // a new tree in each
		id, _, _ := strings.Cut(uri[strings.LastIndexByte(uri, '/')+1:], "?")
		return fmt.Sprintf("%x", sha1.Sum([]byte(id)))
	}
	for name, test := range map[string]struct {
		recursive, flat func(uri string) string
		want            error
	}{
		"itself": {
			func(string) string { return holding("a", oneID, true) }, func(string) string { return holding("a", oneID, false) },
			tree.ErrTooLarge,
		},
		"always another": {
			func(uri string) string { return holding("a", other(uri), true) }, func(uri string) string { return holding("a", other(uri), false) },
			tree.ErrTooManyRequests,
		},
		"the same again and again": {
			func(string) string { return holding("a", oneID, true) },
			func(uri string) string {
				var all []string
				for i := range 100 {
					all = append(all, fmt.Sprintf(`{"path":"%d","mode":"040000","type":"tree","sha":"%s"}`, i, other(uri)))
				}
				return `{"tree":[` + strings.Join(all, ",") + `]}`
			},
			tree.ErrTooManyRequests,
		},
		"a directory that is never told": {
			func(uri string) string { return holding("a", other(uri), true) }, func(uri string) string { return holding("a", other(uri), true) },
			tree.ErrTooLarge,
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := answers(t, func(uri string) string {
				switch {
				case strings.Contains(uri, "/git/commits/"):
					return commit
				case strings.HasSuffix(uri, "?recursive=1"):
					return test.recursive(uri)
				}
				return test.flat(uri)
			})
			if s, err := r.Commit(t.Context(), strings.Repeat("2", 40)); !errors.Is(err, test.want) {
				t.Errorf("%v, %v", s, err)
			}
		})
	}
}
