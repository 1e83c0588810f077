package tree

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// asked are the attributes by which a checkout differs from what git stores (gitattributes(5)).
var asked = []string{"filter", "text", "eol", "working-tree-encoding", "ident"}

// maxAttributes is the most that a .gitattributes may hold to be looked at, in bytes.
const maxAttributes = 1 << 20

// annotate marks LFS pointers and blobs that a checkout converts, where a .gitattributes speaks of them.
func annotate(ctx context.Context, from store, entries []Entry) error {
	var files []int
	for i := range entries {
		e := &entries[i]
		if base(e.Path) == ".gitattributes" && e.Mode.IsRegular() {
			if e.Note == Absent {
				return nil // what they say cannot be known; git would fetch them
			}
			if e.Size <= maxAttributes {
				files = append(files, i)
			}
		}
	}
	speaks := false
	err := from.readAll(ctx, entries, files, func(_ *Entry, data []byte) {
		for _, word := range []string{"filter=lfs", "eol=crlf", "working-tree-encoding", "ident"} {
			speaks = speaks || bytes.Contains(data, []byte(word))
		}
	})
	if err != nil || !speaks {
		return err
	}
	var paths strings.Builder
	for i := range entries {
		if e := &entries[i]; e.Mode.IsRegular() && e.Note == 0 {
			paths.WriteString(e.Path)
			paths.WriteByte(0)
		}
	}
	attributes, err := from.attributes(ctx, entries, files, paths.String())
	if err != nil {
		return err
	}
	var pointers []int
	for i := range entries {
		a, ok := attributes[entries[i].Path]
		switch {
		case !ok:
		case a.lfs && entries[i].Size < longestPointer:
			pointers = append(pointers, i)
		case a.converted:
			entries[i].Note = Converted
		}
	}
	return from.readAll(ctx, entries, pointers, func(e *Entry, data []byte) {
		if size, ok := parsePointer(data); ok {
			e.Note, e.RealSize = LFSPointer, size
		}
	})
}

// attribute is what the attributes of one path come to.
type attribute struct{ lfs, converted, isBinary bool }

// attributes asks git for the attributes of paths, each of which ends with a zero byte. An index of its own holds the
// files that they are taken from, and nothing else: git looks for no other path in it.
func (g *Git) attributes(ctx context.Context, entries []Entry, files []int, paths string) (map[string]attribute, error) {
	dir, err := os.MkdirTemp("", "loadline-index-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	index := "GIT_INDEX_FILE=" + filepath.Join(dir, "index")
	var info strings.Builder
	for _, i := range files {
		fmt.Fprintf(&info, "100644 %s\t%s\x00", entries[i].Object, entries[i].Path)
	}
	cmd := gitCommand(ctx, g.dir(), g.arguments("update-index", "-z", "--index-info")...)
	cmd.Env = append(cmd.Env, index)
	cmd.Stdin = strings.NewReader(info.String())
	if _, err := output(cmd); err != nil {
		return nil, fmt.Errorf("reading attributes: %w", err)
	}
	cmd = gitCommand(ctx, g.dir(), g.arguments(append([]string{"check-attr", "--cached", "-z", "--stdin"}, asked...)...)...)
	cmd.Env = append(cmd.Env, index)
	cmd.Stdin = strings.NewReader(paths)
	out, err := output(cmd)
	if err != nil {
		return nil, fmt.Errorf("reading attributes: %w", err)
	}
	return parseAttributes(string(out)), nil
}

// parseAttributes reads the output of git check-attr -z: "PATH\0ATTRIBUTE\0VALUE\0" again and again.
func parseAttributes(out string) map[string]attribute {
	found := map[string]attribute{}
	fields := strings.Split(out, "\x00")
	for ; len(fields) >= 3; fields = fields[3:] {
		p, name, value := fields[0], fields[1], fields[2]
		if value == "unspecified" {
			continue
		}
		a := found[p]
		switch name {
		case "filter":
			a.lfs = value == "lfs"
		case "text":
			a.isBinary = value == "unset"
		case "eol":
			a.converted = a.converted || value == "crlf" && !a.isBinary
		case "working-tree-encoding":
			a.converted = a.converted || value != "unset" && !strings.EqualFold(value, "utf-8") && !strings.EqualFold(value, "utf8")
		case "ident":
			a.converted = a.converted || value == "set"
		}
		found[p] = a
	}
	return found
}

// longestPointer is the size that an LFS pointer stays under, in bytes (git-lfs docs/spec.md).
const longestPointer = 1024

// parsePointer answers the size that a git LFS pointer states (git-lfs docs/spec.md).
func parsePointer(data []byte) (int64, bool) {
	text := string(data)
	if !strings.HasPrefix(text, "version https://git-lfs.github.com/spec/v1\n") && !strings.HasPrefix(text, "version https://hawser.github.com/spec/v1\n") {
		return 0, false
	}
	for line := range strings.SplitSeq(text, "\n") {
		if value, ok := strings.CutPrefix(line, "size "); ok {
			size, err := strconv.ParseInt(value, 10, 64)
			return size, err == nil && size >= 0
		}
	}
	return 0, false
}
