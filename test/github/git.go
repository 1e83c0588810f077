package github

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// repository is a Git repository on disk, bare or not. One process answers for its objects; the server's lock guards it.
type repository struct {
	dir     string
	reader  *exec.Cmd // git cat-file --batch
	ask     io.WriteCloser
	answers *bufio.Reader
}

// initBare makes an empty bare repository, as git init would.
func initBare(dir string) error {
	for _, name := range []string{"objects", "refs/heads"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "config"), []byte("[core]\n\trepositoryformatversion = 0\n\tbare = true\n"), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "HEAD"), []byte("ref: refs/heads/main\n"), 0o644)
}

// command is git without the configuration of this machine; names and times are fixed, so that commits have the same ids
// everywhere.
func (r *repository) command(args ...string) *exec.Cmd {
	cmd := exec.Command("git", append([]string{"-C", r.dir, "-c", "safe.directory=*", "-c", "core.quotePath=false"}, args...)...)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "GIT_NO_LAZY_FETCH=1",
		"GIT_AUTHOR_NAME=octocat", "GIT_AUTHOR_EMAIL=octocat@example.com", "GIT_AUTHOR_DATE=1767323045 +0000",
		"GIT_COMMITTER_NAME=octocat", "GIT_COMMITTER_EMAIL=octocat@example.com", "GIT_COMMITTER_DATE=1767323045 +0000")
	return cmd
}

// run runs git to its end.
func (r *repository) run(stdin string, args ...string) (string, error) {
	cmd := r.command(args...)
	cmd.Stdin = strings.NewReader(stdin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w: %s", args[0], err, bytes.TrimSpace(stderr.Bytes()))
	}
	return string(out), nil
}

// read returns the id, type and content of the object that an expression names; empty if there is none.
func (r *repository) read(expression string) (id, kind, content string) {
	if expression == "" || strings.ContainsAny(expression, "\n\x00") {
		return "", "", ""
	}
	if r.reader == nil {
		if err := r.open(); err != nil {
			panic(err) // there is no git
		}
	}
	if _, err := io.WriteString(r.ask, expression+"\n"); err != nil {
		panic(err)
	}
	head, err := r.answers.ReadString('\n')
	if err != nil {
		panic(err)
	}
	fields := strings.Fields(strings.TrimPrefix(head, expression)) // "EXPRESSION missing", or an id, a type and a size
	if len(fields) != 3 {
		fields = strings.Fields(head)
	}
	if len(fields) != 3 {
		return "", "", ""
	}
	size, err := strconv.Atoi(fields[2])
	if err != nil {
		return "", "", ""
	}
	body := make([]byte, size+1)
	if _, err := io.ReadFull(r.answers, body); err != nil {
		panic(err)
	}
	return fields[0], fields[1], string(body[:size])
}

func (r *repository) open() error {
	cmd := r.command("cat-file", "--batch")
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	r.reader, r.ask, r.answers = cmd, in, bufio.NewReader(out)
	return nil
}

// close ends the process.
func (r *repository) close() {
	if r.reader == nil {
		return
	}
	r.ask.Close()
	r.reader.Wait()
	r.reader = nil
}

// id resolves an expression to an object of a type, empty if there is none.
func (r *repository) id(expression, kind string) string {
	id, _, _ := r.read(expression + "^{" + kind + "}")
	return id
}

// object returns the type and content of an object, false if there is none. Only ids are understood.
func (r *repository) object(id string) (kind, content string, ok bool) {
	if !isID(id) {
		return "", "", false
	}
	_, kind, content = r.read(id)
	return kind, content, kind != ""
}

// isID tells whether a string is a full object id. GitHub's Git endpoints take no abbreviations.
func isID(s string) bool {
	return (len(s) == 40 || len(s) == 64) && strings.Trim(s, "0123456789abcdef") == ""
}

// treeEntry is one line of a tree.
type treeEntry struct {
	mode, kind, id, path string
	size                 int64 // of blobs
}

// tree lists a tree in Git's order; with recursive each directory's entry comes before its content.
func (r *repository) tree(id string, recursive bool) ([]treeEntry, error) {
	args := []string{"ls-tree", "-l", "-z"}
	if recursive {
		args = append(args, "-r", "-t")
	}
	out, err := r.run("", append(args, id)...)
	if err != nil {
		return nil, err
	}
	var list []treeEntry
	for line := range strings.SplitSeq(strings.TrimSuffix(out, "\x00"), "\x00") {
		head, path, ok := strings.Cut(line, "\t")
		fields := strings.Fields(head)
		if !ok || len(fields) != 4 {
			continue // an empty tree
		}
		size, _ := strconv.ParseInt(fields[3], 10, 64)
		list = append(list, treeEntry{fields[0], fields[1], fields[2], path, size})
	}
	return list, nil
}

// File is a file of a commit that a test makes.
type File struct {
	Content string
	Mode    string // 100644 if empty; 100755, 120000 for a symbolic link, 160000 for a submodule whose commit is the content
}

// Commit adds a commit with the given files to the repository, and returns its id, which depends on nothing else. It
// panics if git fails: that is a mistake of the test.
func (s *Server) Commit(files map[string]string, parents ...string) string {
	full := map[string]File{}
	for path, content := range files {
		full[path] = File{Content: content}
	}
	return s.CommitFiles(full, parents...)
}

// CommitFiles is Commit with modes.
func (s *Server) CommitFiles(files map[string]File, parents ...string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	// The branch is new in each process, so that the commit has the given parents only.
	var in strings.Builder
	in.WriteString("commit refs/fake/scratch\nmark :1\ncommitter octocat <octocat@example.com> 1767323045 +0000\ndata 6\ncommit\n")
	for i, parent := range parents {
		fmt.Fprintf(&in, "%s %s\n", map[bool]string{true: "from", false: "merge"}[i == 0], parent)
	}
	if len(parents) > 0 {
		in.WriteString("deleteall\n")
	}
	for _, path := range slices.Sorted(maps.Keys(files)) {
		f := files[path]
		switch f.Mode {
		case "160000":
			fmt.Fprintf(&in, "M 160000 %s %s\n", f.Content, quotePath(path))
		default:
			fmt.Fprintf(&in, "M %s inline %s\ndata %d\n%s\n", mode(f), quotePath(path), len(f.Content), f.Content)
		}
	}
	in.WriteString("get-mark :1\n")
	out, err := s.git.run(in.String(), "fast-import", "--quiet", "--force")
	if err != nil {
		panic(err)
	}
	return strings.TrimSpace(out)
}

func mode(f File) string {
	if f.Mode == "" {
		return "100644"
	}
	return f.Mode
}

// quotePath writes a path as fast-import reads it.
func quotePath(path string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(path) + `"`
}

// MergeCommit adds the test merge of a pull request, with base and head as parents in this order, and returns its id. It
// panics on conflicts.
func (s *Server) MergeCommit(base, head string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	tree, err := s.git.run("", "merge-tree", "--write-tree", "--allow-unrelated-histories", base, head)
	if err != nil {
		panic(err)
	}
	out, err := s.git.run("merge\n", "commit-tree", strings.TrimSpace(tree), "-p", base, "-p", head)
	if err != nil {
		panic(err)
	}
	return strings.TrimSpace(out)
}

// SetRef lets a reference, such as refs/heads/main, point to a commit.
func (s *Server) SetRef(name, commit string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.git.run("", "update-ref", name, commit); err != nil {
		panic(err)
	}
}

// GitDir is the directory of the repository that is served: tests may clone it.
func (s *Server) GitDir() string { return s.options.Git }
