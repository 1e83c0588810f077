// Package source answers where something is in a text file: spans, positions, snippets with carets, edits, and
// the way back from derived text (a joined RUN line, a heredoc) to the file it came from.
//
// Offsets are bytes and serve edits; positions are lines and characters and serve people. It imports the
// standard library only.
package source

import (
	"bytes"
	"sort"
	"unicode/utf8"
)

// MaxText is the largest text file, in bytes, that Loadline reads from a repository (a Dockerfile, an ignore file,
// a configuration). Whoever reads such a file refuses a larger one before it is parsed.
const MaxText = 1 << 20

// byteOrderMark is U+FEFF in UTF-8. At the start of a file it is no character of the first line.
var byteOrderMark = []byte{0xEF, 0xBB, 0xBF}

// Span is a half-open range of byte offsets. A span of no width is a place of insertion.
type Span struct {
	Start, End int
}

// Empty says whether the span has no width.
func (s Span) Empty() bool { return s.End <= s.Start }

// Contains says whether other lies within s.
func (s Span) Contains(other Span) bool { return s.Start <= other.Start && other.End <= s.End }

// Position is a place as people name it: a line and a column in characters, both counted from 1.
// The zero value means that the place is unknown.
type Position struct {
	Line, Column int
}

// File is a text with a name. It must not be changed once it is made.
type File struct {
	// Path is how messages name the file, from the repository root.
	Path string
	// Text is the file's bytes as they are, a byte order mark and every line ending included.
	Text []byte
	// starts are the offsets at which lines start.
	starts []int
}

// NewFile returns a file over text, which it keeps and does not copy.
func NewFile(path string, text []byte) *File {
	starts := []int{0}
	if bytes.HasPrefix(text, byteOrderMark) {
		starts[0] = len(byteOrderMark)
	}
	for i, b := range text {
		if b == '\n' {
			starts = append(starts, i+1)
		}
	}
	return &File{Path: path, Text: text, starts: starts}
}

// Lines is the number of lines, at least 1. A text that ends in a line ending has an empty last line, as editors
// show it.
func (f *File) Lines() int { return len(f.starts) }

// Line is the span of a line, counted from 1, without its line ending (LF or CRLF) and without a byte order mark.
// A line that does not exist is the empty span at the nearer end of the text.
func (f *File) Line(line int) Span {
	if line < 1 {
		return Span{f.starts[0], f.starts[0]}
	}
	if line > len(f.starts) {
		return Span{len(f.Text), len(f.Text)}
	}
	start, end := f.starts[line-1], len(f.Text)
	if line < len(f.starts) {
		end = f.starts[line] - 1
		if end > start && f.Text[end-1] == '\r' {
			end--
		}
	}
	return Span{start, end}
}

// Slice is the text of a span. What lies outside of the file is left out.
func (f *File) Slice(s Span) string {
	s = f.clamp(s)
	return string(f.Text[s.Start:s.End])
}

// Position is the line and column of an offset. An offset outside of the text is taken to its nearer end, one
// within a line ending to the end of the line, one within a character to its start. A byte that is no UTF-8 counts as one character.
func (f *File) Position(offset int) Position {
	offset = min(max(offset, f.starts[0]), len(f.Text))
	line := sort.SearchInts(f.starts, offset+1)
	span := f.Line(line)
	column := 1
	for at := span.Start; at < span.End; column++ {
		_, size := utf8.DecodeRune(f.Text[at:span.End])
		if at += size; at > offset {
			break
		}
	}
	return Position{Line: line, Column: column}
}

// Offset is the byte offset of a position. ok is false where the file has no such place; the column just after the
// last character of a line is one.
func (f *File) Offset(p Position) (offset int, ok bool) {
	if p.Line < 1 || p.Line > len(f.starts) || p.Column < 1 {
		return 0, false
	}
	span := f.Line(p.Line)
	offset = span.Start
	for range p.Column - 1 {
		if offset >= span.End {
			return 0, false
		}
		_, size := utf8.DecodeRune(f.Text[offset:span.End])
		offset += size
	}
	return offset, true
}

// Range is the span between two positions. ok is false where either is not in the file or they are reversed.
func (f *File) Range(start, end Position) (span Span, ok bool) {
	a, okStart := f.Offset(start)
	b, okEnd := f.Offset(end)
	if !okStart || !okEnd || b < a {
		return Span{}, false
	}
	return Span{a, b}, true
}

func (f *File) clamp(s Span) Span {
	start := min(max(s.Start, 0), len(f.Text))
	return Span{start, min(max(s.End, start), len(f.Text))}
}
