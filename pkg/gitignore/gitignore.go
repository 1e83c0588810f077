// Package gitignore answers which paths the .gitignore files of a tree keep out of git, and how the same is said in a
// .dockerignore.
//
// The rules are those of gitignore(5) and of git's dir.c; a fuzz test holds them against git check-ignore. Globs are
// matched by github.com/bmatcuk/doublestar, after they are translated to its syntax.
package gitignore

import (
	"path"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/loadline-dev/loadline/pkg/source"
)

// Line is a line of a .gitignore that holds a pattern.
type Line struct {
	// Number is the line's number, from 1.
	Number int
	// Span is the pattern as written, without trailing spaces.
	Span source.Span
	// Negated says that the line starts with "!" and takes paths in again.
	Negated bool
	// Directory says that the pattern ends in "/" and matches directories only.
	Directory bool
	// Anchored says that the pattern holds a "/" and is matched with the path from the file's directory; else it is
	// matched with each name below it.
	Anchored bool

	// glob is the pattern in the syntax of doublestar, without "!" and the slashes around it; empty where no path can
	// match, or where we cannot say which (POSIX classes).
	glob string
	// raw is the pattern as git has it, without "!" and the slashes around it.
	raw string
}

// File is a parsed .gitignore.
type File struct {
	Source *source.File
	// Dir is the directory that it stands in, relative to the root; "" for the root.
	Dir string
	// Lines are the lines that hold a pattern, in order.
	Lines []Line
}

// MaxLines is the largest number of patterns that are read of one file; the rest is left out. No real file comes near.
const MaxLines = 5_000

// Parse reads the .gitignore at a path relative to the root. Every text is one: what is no pattern matches nothing.
func Parse(name string, text []byte) *File {
	f := &File{Source: source.NewFile(name, text), Dir: strings.TrimPrefix(path.Dir("/"+name), "/")}
	for n := 1; n <= f.Source.Lines() && len(f.Lines) < MaxLines; n++ {
		span := f.Source.Line(n)
		raw := trimSpaces(f.Source.Slice(span))
		if raw == "" || raw[0] == '#' {
			continue
		}
		span.End = span.Start + len(raw)
		f.Lines = append(f.Lines, newLine(n, span, raw))
	}
	return f
}

// trimSpaces takes trailing spaces off that no backslash quotes (dir.c, trim_trailing_spaces).
func trimSpaces(s string) string {
	end := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case ' ':
			continue
		case '\\':
			i++
		}
		end = min(i+1, len(s))
	}
	return s[:end]
}

// newLine takes a pattern apart (dir.c, parse_path_pattern).
func newLine(number int, span source.Span, raw string) Line {
	l := Line{Number: number, Span: span}
	if rest, ok := strings.CutPrefix(raw, "!"); ok {
		l.Negated, raw = true, rest
	}
	if rest, ok := strings.CutSuffix(raw, "/"); ok {
		l.Directory, raw = true, rest
	}
	l.Anchored = strings.Contains(raw, "/")
	l.raw = strings.TrimPrefix(raw, "/")
	glob, ok := translate(l.raw)
	if ok && glob != "" && doublestar.ValidatePattern(glob) {
		l.glob = glob
	}
	return l
}

// Set is the .gitignore files of a tree.
type Set struct {
	byDir map[string]*File
}

// NewSet puts the files of a tree together. Of two files of one directory the last counts.
func NewSet(files []*File) *Set {
	s := &Set{byDir: map[string]*File{}}
	for _, f := range files {
		s.byDir[f.Dir] = f
	}
	return s
}

// Match is the line that decides about a path.
type Match struct {
	File *File
	Line *Line
	// Path is the path that the line matches: the one asked for, or a directory above it.
	Path string
}

// Ignored reports whether git ignores a path that it does not track, relative to the root, and which line says so: the
// last that matches in the nearest file. What is in an ignored directory is ignored, whatever other lines say. Where a
// line that takes paths in again cannot be read, the answer is no: silence is better than a false claim.
func (s *Set) Ignored(p string, isDir bool) (Match, bool) {
	for i, c := range p {
		if c == '/' {
			if m, ignored := s.one(p[:i], true); ignored {
				return m, true
			}
		}
	}
	return s.one(p, isDir)
}

// one decides about a path whose parents are not ignored.
func (s *Set) one(p string, isDir bool) (Match, bool) {
	for dir := parent(p); ; dir = parent(dir) {
		if f := s.byDir[dir]; f != nil {
			for i := len(f.Lines) - 1; i >= 0; i-- {
				l := &f.Lines[i]
				if l.Negated && l.glob == "" {
					return Match{}, false // it may take the path in again
				}
				if l.matches(f.Dir, p, isDir) {
					return Match{File: f, Line: l, Path: p}, !l.Negated
				}
			}
		}
		if dir == "" {
			return Match{}, false
		}
	}
}

// parent is the directory of a path; "" for the root.
func parent(p string) string {
	if i := strings.LastIndexByte(p, '/'); i >= 0 {
		return p[:i]
	}
	return ""
}

// matches reports whether the pattern matches exactly this path.
func (l *Line) matches(dir, p string, isDir bool) bool {
	if l.glob == "" || l.Directory && !isDir {
		return false
	}
	if dir != "" {
		p = strings.TrimPrefix(p, dir+"/")
	}
	if !l.Anchored {
		p = p[strings.LastIndexByte(p, '/')+1:]
	}
	ok, err := doublestar.Match(l.glob, p)
	return ok && err == nil
}
