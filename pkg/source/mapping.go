package source

import (
	"slices"
	"sort"
)

// Mapping leads from offsets of a derived text back to the file it was made from. A derived text is put together
// from pieces in order: bytes copied from the file, bytes that stand for other bytes of the file (a JSON escape),
// and bytes that the file does not have. The zero value maps the empty text to offset 0.
type Mapping struct {
	pieces []piece
}

// piece says that the bytes of the derived text from text on, length of them, come from size bytes of the file at
// file. Copied bytes have length == size and map one to one; others map as a whole.
type piece struct {
	text, length int
	file, size   int
	copied       bool
}

// Len is the length of the derived text in bytes.
func (m *Mapping) Len() int {
	if len(m.pieces) == 0 {
		return 0
	}
	last := m.pieces[len(m.pieces)-1]
	return last.text + last.length
}

// Copy appends length bytes that are copied from offset file on.
func (m *Mapping) Copy(length, file int) {
	if n := len(m.pieces); n > 0 {
		last := &m.pieces[n-1]
		if last.copied && last.file+last.size == file {
			last.length += length
			last.size += length
			return
		}
	}
	m.pieces = append(m.pieces, piece{text: m.Len(), length: length, file: file, size: length, copied: true})
}

// Replace appends length bytes that stand for the bytes of span. An empty span is a place in the file at which the
// derived text has bytes of its own.
func (m *Mapping) Replace(length int, span Span) {
	m.pieces = append(m.pieces, piece{text: m.Len(), length: length, file: span.Start, size: span.End - span.Start})
}

// Offset is the offset in the file of the derived text's byte at offset. The end of the derived text is the end of
// its last piece.
func (m *Mapping) Offset(offset int) int {
	if len(m.pieces) == 0 {
		return 0
	}
	return m.byteAt(offset).Start
}

// Span is the smallest span of the file that holds the bytes of a span of the derived text. It may hold more than
// those bytes: a continuation and comment lines in between. A span of no width stays one.
func (m *Mapping) Span(s Span) Span {
	if len(m.pieces) == 0 {
		return Span{}
	}
	start := m.byteAt(s.Start).Start
	if s.Empty() {
		return Span{start, start}
	}
	return Span{start, max(start, m.byteAt(s.End-1).End)}
}

// Spans are the spans of the file that make up a span of the derived text, in its order, without what the file has
// in between. Bytes that the file does not have add none.
func (m *Mapping) Spans(s Span) []Span {
	var out []Span
	for i := m.find(s.Start); i < len(m.pieces) && m.pieces[i].text < s.End; i++ {
		p := m.pieces[i]
		span := Span{p.file, p.file + p.size}
		if p.copied {
			span.Start += max(s.Start-p.text, 0)
			span.End -= max(p.text+p.length-s.End, 0)
		}
		if !span.Empty() {
			out = append(out, span)
		}
	}
	return out
}

// Sub is the mapping of the part s of the derived text.
func (m *Mapping) Sub(s Span) Mapping {
	var out Mapping
	for i := m.find(s.Start); i < len(m.pieces) && m.pieces[i].text < s.End; i++ {
		p := m.pieces[i]
		skip := max(s.Start-p.text, 0)
		length := min(p.text+p.length, s.End) - p.text - skip
		if p.copied {
			out.Copy(length, p.file+skip)
			continue
		}
		out.Replace(length, Span{p.file, p.file + p.size})
	}
	if out.pieces == nil && m.pieces != nil {
		at := m.Offset(s.Start)
		out.Replace(0, Span{at, at})
	}
	return out
}

// Append adds the pieces of another mapping.
func (m *Mapping) Append(other Mapping) {
	for _, p := range other.pieces {
		if p.copied {
			m.Copy(p.length, p.file)
			continue
		}
		m.Replace(p.length, Span{p.file, p.file + p.size})
	}
}

// Clone is a copy that can be appended to without changing m.
func (m *Mapping) Clone() Mapping { return Mapping{pieces: slices.Clone(m.pieces)} }

// byteAt is where in the file the byte at offset comes from.
func (m *Mapping) byteAt(offset int) Span {
	i := m.find(offset)
	if i == len(m.pieces) {
		last := m.pieces[i-1]
		return Span{last.file + last.size, last.file + last.size}
	}
	p := m.pieces[i]
	if !p.copied {
		return Span{p.file, p.file + p.size}
	}
	at := p.file + max(offset-p.text, 0)
	return Span{at, at + 1}
}

// find is the index of the piece that holds offset, or the number of pieces.
func (m *Mapping) find(offset int) int {
	return sort.Search(len(m.pieces), func(i int) bool {
		return m.pieces[i].text+m.pieces[i].length > offset
	})
}
