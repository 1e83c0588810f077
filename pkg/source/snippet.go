package source

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// tabWidth is how many cells a tab fills at most in a snippet.
	tabWidth = 4
	// snippetWidth is the number of cells of a line that a snippet shows; a longer line is cut around the span.
	snippetWidth = 120
	// snippetLead is how many cells of a cut line stay before the span.
	snippetLead = 30
)

// Snippet shows the line on which a span starts with the span underlined, as plain text without a final line
// ending and safe to print:
//
//	   |
//	12 | COPY . .
//	   | ^~~~
//
// Of a span over several lines the first is shown, underlined to its end. A span of no width gets one caret. Tabs
// become spaces, wide characters are underlined at their width, and what could do harm on a terminal is escaped as
// by Printable. A line of more than 120 cells is cut around the span.
func (f *File) Snippet(s Span) string {
	s = f.clamp(s)
	number := f.Position(s.Start).Line
	line := f.Line(number)
	start := min(max(s.Start, line.Start), line.End)
	end := max(min(s.End, line.End), start)

	text, from, to := layOut(f.Text[line.Start:line.End], start-line.Start, end-line.Start)
	underline := strings.Repeat(" ", from) + "^" + strings.Repeat("~", max(to-from-1, 0))
	gutter := fmt.Sprint(number)
	blank := strings.Repeat(" ", len(gutter))
	return strings.Join([]string{
		blank + " |",
		strings.TrimRight(gutter+" | "+text, " "),
		blank + " | " + underline,
	}, "\n")
}

// cell is one character as a snippet shows it.
type cell struct {
	text  string
	width int
}

// layOut is a line as it is shown, and the cells at which the bytes start and end are found in it.
func layOut(line []byte, start, end int) (text string, from, to int) {
	var cells []cell
	column, first, last := 0, -1, -1
	for i := 0; i < len(line); {
		if i >= start && first < 0 {
			first = len(cells)
		}
		if i >= end && last < 0 {
			last = len(cells)
		}
		r, size := utf8.DecodeRune(line[i:])
		c := draw(r, string(line[i:i+size]), column)
		cells = append(cells, c)
		column += c.width
		i += size
	}
	if first < 0 {
		first = len(cells)
	}
	if last < 0 {
		last = len(cells)
	}
	return cut(cells, first, last, column)
}

func draw(r rune, raw string, column int) cell {
	if r == '\t' {
		n := tabWidth - column%tabWidth
		return cell{strings.Repeat(" ", n), n}
	}
	text := escape(r, raw)
	if text != raw {
		return cell{text, len(text)}
	}
	return cell{text, width(r)}
}

// cut joins the cells around [first,last) to at most snippetWidth columns.
func cut(cells []cell, first, last, total int) (text string, from, to int) {
	begin, stop := 0, len(cells)
	if total > snippetWidth {
		begin = first
		for lead := 0; begin > 0 && lead < snippetLead; {
			begin--
			lead += cells[begin].width
		}
		stop = begin
		for shown := 0; stop < len(cells) && shown < snippetWidth; stop++ {
			shown += cells[stop].width
		}
	}
	var b strings.Builder
	column := 0
	if begin > 0 {
		b.WriteString("…")
		column = 1
	}
	from, to = column, column
	for i := begin; i < stop; i++ {
		b.WriteString(cells[i].text)
		column += cells[i].width
		if i < first {
			from = column
		}
		if i < last {
			to = column
		}
	}
	if stop < len(cells) {
		b.WriteString("…")
	}
	return b.String(), from, max(from, to)
}

// width is the number of terminal cells of a visible character: 0 for combining marks, 2 for wide ones.
func width(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me):
		return 0
	case unicode.Is(wide, r):
		return 2
	}
	return 1
}
