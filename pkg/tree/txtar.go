package tree

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/docker/go-units"
	"golang.org/x/tools/txtar"
)

// FromTxtar is a tree written down in a test. A file of the archive is a file with that content; a name that ends in a
// slash is an empty directory. The file "tree" lists more paths, one a line: PATH SIZE [MODE], such as
// "models/weights.bin 1.2GB 0755", with zero bytes for content; "PATH -> TARGET", a symbolic link; "PATH/", a directory.
// Lines that are empty or start with # do not count. A path with spaces is quoted as in Go.
func FromTxtar(a *txtar.Archive) (*Snapshot, error) {
	t := &texts{data: map[string][]byte{}}
	var entries []Entry
	seen := map[string]bool{}
	add := func(e Entry, dir bool) error {
		name := strings.TrimSuffix(e.Path, "/")
		if name == "" || name == "." || path.Clean("/"+name) != "/"+name || strings.Contains(name, "\x00") {
			return fmt.Errorf("the path %q is not clean", e.Path)
		}
		if seen[name] {
			return fmt.Errorf("the path %q is there twice", name)
		}
		seen[name] = true
		if dir {
			e.Mode |= fs.ModeDir
		}
		e.Path = name
		entries = append(entries, e)
		return nil
	}
	for _, f := range a.Files {
		if f.Name == "tree" {
			listed, err := parseTree(string(f.Data))
			if err != nil {
				return nil, fmt.Errorf("reading the archive: %w", err)
			}
			for _, e := range listed {
				if err := add(e, e.Mode.IsDir()); err != nil {
					return nil, fmt.Errorf("reading the archive: %w", err)
				}
			}
			continue
		}
		e := Entry{Path: f.Name, Mode: 0o644, Size: int64(len(f.Data))}
		isDir := strings.HasSuffix(f.Name, "/")
		if isDir {
			e.Mode, e.Size = 0o755, 0
		}
		if err := add(e, isDir); err != nil {
			return nil, fmt.Errorf("reading the archive: %w", err)
		}
		t.data[f.Name] = f.Data
	}
	for _, e := range entries {
		for dir := parent(e.Path); dir != ""; dir = parent(dir) {
			for i := range entries {
				if entries[i].Path == dir && !entries[i].Mode.IsDir() {
					return nil, fmt.Errorf("reading the archive: %q is in %q, which is not a directory", e.Path, dir)
				}
			}
		}
	}
	return &Snapshot{content: newMemory(entries, t), id: unique("txtar")}, nil
}

// parseTree reads the section "tree".
func parseTree(text string) ([]Entry, error) {
	var entries []Entry
	number := 0
	for line := range strings.SplitSeq(text, "\n") {
		number++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		e, err := parseTreeLine(line)
		if err != nil {
			return nil, fmt.Errorf("tree:%d: %w", number, err)
		}
		entries = append(entries, e)
	}
	return entries, nil
}

func parseTreeLine(line string) (Entry, error) {
	name, rest, err := cutPath(line)
	if err != nil {
		return Entry{}, err
	}
	if target, ok := strings.CutPrefix(rest, "->"); ok {
		target, _, err = cutPath(strings.TrimSpace(target))
		if err != nil || target == "" {
			return Entry{}, fmt.Errorf("the link %q has no target", name)
		}
		return Entry{Path: name, Mode: fs.ModeSymlink | 0o777, Size: int64(len(target)), Link: target}, nil
	}
	fields := strings.Fields(rest)
	if strings.HasSuffix(name, "/") {
		if len(fields) > 0 {
			return Entry{}, fmt.Errorf("the directory %q has a size", name)
		}
		return Entry{Path: name, Mode: fs.ModeDir | 0o755}, nil
	}
	pointer, fields, err := cutPointer(fields)
	if err != nil {
		return Entry{}, err
	}
	if len(fields) == 0 || len(fields) > 2 {
		return Entry{}, fmt.Errorf("want PATH SIZE [MODE] [lfs=SIZE] or PATH -> TARGET: %q", line)
	}
	size, err := units.FromHumanSize(fields[0])
	if err != nil || size < 0 {
		return Entry{}, fmt.Errorf("%q is no size", fields[0])
	}
	e := Entry{Path: name, Mode: 0o644, Size: size}
	if pointer > 0 {
		e.Note, e.RealSize = LFSPointer, pointer
	}
	if len(fields) == 2 {
		mode, err := strconv.ParseUint(fields[1], 8, 32)
		if err != nil || mode > 0o777 {
			return Entry{}, fmt.Errorf("%q is no mode", fields[1])
		}
		e.Mode = fs.FileMode(mode)
	}
	return e, nil
}

// cutPath takes a path, which may be quoted, off a line.
func cutPath(line string) (string, string, error) {
	if !strings.HasPrefix(line, `"`) {
		name, rest, _ := strings.Cut(line, " ")
		return name, strings.TrimSpace(rest), nil
	}
	quoted, err := strconv.QuotedPrefix(line)
	if err != nil {
		return "", "", fmt.Errorf("%q is badly quoted", line)
	}
	name, err := strconv.Unquote(quoted)
	return name, strings.TrimSpace(line[len(quoted):]), err
}

// texts are the contents of a txtar; a file without any holds zero bytes.
type texts struct{ data map[string][]byte }

func (t *texts) open(e Entry) (io.ReadCloser, error) {
	if data, ok := t.data[e.Path]; ok {
		return io.NopCloser(bytes.NewReader(data)), nil
	}
	return io.NopCloser(io.LimitReader(zeros{}, e.Size)), nil
}

func (t *texts) subID(id string, _ Entry, p string) string { return id + "/" + p }

// zeros reads as zero bytes without end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// cutPointer takes "lfs=SIZE" off the end of the fields: the size that a git LFS pointer states; 0 where there is none.
func cutPointer(fields []string) (size int64, rest []string, err error) {
	if len(fields) == 0 {
		return 0, fields, nil
	}
	last := len(fields) - 1
	text, ok := strings.CutPrefix(fields[last], "lfs=")
	if !ok {
		return 0, fields, nil
	}
	size, err = units.FromHumanSize(text)
	if err != nil || size <= 0 {
		return 0, nil, fmt.Errorf("%q is no size", text)
	}
	return size, fields[:last], nil
}
