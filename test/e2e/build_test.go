package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// build is one docker build of a case, in the terms of the command's flags. Directories are relative to root.
type build struct {
	root      string
	File      string
	Context   string
	Target    string
	Args      map[string]string
	Contexts  map[string]string
	Platforms []string
	// environment is the command's, beside that of the tests.
	environment []string
}

func (b build) context() string {
	if b.Context == "" {
		return "."
	}
	return b.Context
}

func (b build) file() string {
	if b.File == "" {
		return filepath.Join(b.context(), "Dockerfile")
	}
	return b.File
}

// prediction is the part of loadline.upload/v1 that is compared.
type prediction struct {
	Upload struct {
		Bytes int64 `json:"bytes"`
	} `json:"upload"`
	Transfers []struct {
		Label string `json:"label"`
		Bytes int64  `json:"bytes"`
	} `json:"transfers"`
}

// predict asks the command what the build uploads, by step. Flags come before the context.
func (b build) predict(t *testing.T, flags ...string) map[string][]int64 {
	t.Helper()
	args := append([]string{"ls", "--format", "json", "--summary"}, flags...)
	if b.File != "" {
		args = append(args, "--file", b.File)
	}
	if b.Target != "" {
		args = append(args, "--target", b.Target)
	}
	for _, name := range slices.Sorted(maps.Keys(b.Args)) {
		args = append(args, "--build-arg", name+"="+b.Args[name])
	}
	for _, name := range slices.Sorted(maps.Keys(b.Contexts)) {
		args = append(args, "--build-context", name+"="+b.Contexts[name])
	}
	for _, platform := range b.Platforms {
		args = append(args, "--platform", platform)
	}
	cmd := exec.Command(env.loadline, append(args, b.context())...)
	cmd.Dir, cmd.Env = b.root, append(os.Environ(), b.environment...)
	out, err := cmd.Output()
	if err != nil {
		stderr := ""
		if exit, ok := err.(*exec.ExitError); ok { //nolint:errorlint // Output returns it unwrapped
			stderr = string(exit.Stderr)
		}
		t.Fatalf("%s: %v\n%s", strings.Join(cmd.Args, " "), err, stderr)
	}
	var p prediction
	if err := json.Unmarshal(out, &p); err != nil {
		t.Fatal(err)
	}
	got := map[string][]int64{}
	var sum int64
	for _, transfer := range p.Transfers {
		got[transfer.Label] = append(got[transfer.Label], transfer.Bytes)
		sum += transfer.Bytes
	}
	if sum != p.Upload.Bytes {
		t.Errorf("the transfers add up to %d, upload.bytes is %d", sum, p.Upload.Bytes)
	}
	return got
}

// text shows transfers in a stable form.
func text(transfers map[string][]int64) string {
	var lines []string
	for label, list := range transfers {
		for _, bytes := range list {
			lines = append(lines, fmt.Sprintf("%12d  %s", bytes, label))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n") + "\n"
}

// tree describes the files of a case. The value of a path says what it is:
//
//	-> target     a symbolic link        => path    a hard link
//	#N            a file of N bytes      |          a fifo
//	0755:content  a file with a mode     @k=v:…     a file with an extended attribute
//	anything else is the content of a file. A path that ends in / is a directory.
type tree map[string]string

func (files tree) write(t *testing.T, root string) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if !strings.HasPrefix(files[name], "=> ") {
			if err := write(filepath.Join(root, name), name, files[name]); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if target, ok := strings.CutPrefix(files[name], "=> "); ok {
			if err := os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.Link(filepath.Join(root, target), filepath.Join(root, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func write(p, name, value string) error {
	if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
		return err
	}
	if strings.HasSuffix(name, "/") {
		return os.MkdirAll(p, 0o755)
	}
	if target, ok := strings.CutPrefix(value, "-> "); ok {
		return os.Symlink(target, p)
	}
	if value == "|" {
		return syscall.Mkfifo(p, 0o644)
	}
	if size, ok := strings.CutPrefix(value, "#"); ok {
		if n, err := strconv.Atoi(size); err == nil {
			return os.WriteFile(p, []byte(strings.Repeat("0123456789abcde\n", n/16+1)[:n]), 0o644)
		}
	}
	if rest, ok := strings.CutPrefix(value, "@"); ok {
		attribute, content, _ := strings.Cut(rest, ":")
		key, v, _ := strings.Cut(attribute, "=")
		if err := os.WriteFile(p, []byte(content), 0o644); err != nil {
			return err
		}
		return unix.Setxattr(p, key, []byte(v), 0)
	}
	mode, content := os.FileMode(0o644), value
	if octal, rest, ok := strings.Cut(value, ":"); ok && len(octal) >= 4 && strings.Trim(octal, "01234567") == "" {
		n, err := strconv.ParseUint(octal, 8, 32)
		if err != nil {
			return err
		}
		mode, content = os.FileMode(n), rest
	}
	if err := os.WriteFile(p, []byte(content), 0o644); err != nil {
		return err
	}
	return syscall.Chmod(p, uint32(mode))
}

// commit makes a repository of a directory and commits everything in it.
func commit(t *testing.T, root string) {
	t.Helper()
	for _, args := range [][]string{
		{"init", "-q", "-b", "main"}, {"add", "-A", "-f"}, {"commit", "-q", "--allow-empty", "-m", "case"},
	} {
		cmd := exec.Command("git", args...)
		cmd.Dir = root
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1",
			"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}
