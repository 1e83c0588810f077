//go:build unix

package publish

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// workspace makes a directory with what a pull request could bring, beside one with a file that is not its own.
func workspace(t *testing.T) (secret string) {
	t.Helper()
	dir := t.TempDir()
	secret = filepath.Join(dir, "secret")
	inside := filepath.Join(dir, "workspace")
	for _, d := range []string{inside, filepath.Join(inside, "real"), filepath.Join(inside, ".git"), filepath.Join(dir, "outside")} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, target := range map[string]string{
		"link": secret, "relative": "../secret", "out": "../outside", "git": ".git", "proc": "/proc/self/environ",
	} {
		if err := os.Symlink(target, filepath.Join(inside, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{secret, filepath.Join(inside, ".git", "config"), filepath.Join(inside, "file")} {
		if err := os.WriteFile(file, []byte("kept"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(inside, "fifo"), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Chdir(inside)
	return secret
}

func TestFilesAreWrittenThroughNoSymbolicLink(t *testing.T) {
	secret := workspace(t)
	tests := []struct{ name, want string }{
		{"report.json", ""},
		{"new/dir/report.json", ""},
		{"real/report.json", ""},
		{"file", ""},
		{"fifo", ""}, // replaced: nobody waits for its other end
		{"link", ""}, // replaced
		{"relative", ""},
		{"out/report.json", "out is not a directory"},
		{"git/config", "git is not a directory"},
		{"real", "it is a directory"},
		{"real/../../outside/report.json", ""}, // a path that the workflow names
		{"file/report.json", "file is not a directory"},
		{"../absent/report.json", "no such file or directory"},
	}
	for _, test := range tests {
		err := WriteFile(test.name, []byte("new"))
		if test.want == "" {
			if text, readErr := os.ReadFile(test.name); err != nil || readErr != nil || string(text) != "new" {
				t.Errorf("%s: %v, %v, %q", test.name, err, readErr, text)
			}
			if info, _ := os.Lstat(test.name); info != nil && !info.Mode().IsRegular() {
				t.Errorf("%s is %v", test.name, info.Mode())
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %s", test.name, err, test.want)
		}
	}
	for _, file := range []string{secret, ".git/config"} {
		if text, err := os.ReadFile(file); err != nil || string(text) != "kept" {
			t.Errorf("%s holds %q, %v", file, text, err)
		}
	}
	left, err := filepath.Glob("*/.loadline-*")
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestSavedReportsAreReadThroughNoSymbolicLink(t *testing.T) {
	workspace(t)
	for name, want := range map[string]string{
		"file": "", "../secret": "", "link": "it is not a file", "relative": "it is not a file", "proc": "it is not a file", "git/config": "git is not a directory",
		"fifo": "it is not a file", "real": "it is not a file", "absent": "no such file or directory",
	} {
		f, err := OpenFile(name)
		if want == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if text, err := io.ReadAll(f); err != nil || string(text) != "kept" {
				t.Errorf("%s: %q, %v", name, text, err)
			}
			f.Close()
			continue
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
}
