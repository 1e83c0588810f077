package dockerfile

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// meter follows BuildKit's lexer (frontend/dockerfile/shell/lex.go) through a word and counts where that writes. It
// counts at least as much as the lexer writes: every escape character twice, every variable with its name.
type meter struct {
	s      string
	pos    int
	escape byte
	// quotes says whether quotes are special; they are not in heredocs (Lex.SkipProcessQuotes).
	quotes bool
	state  *state
	depth  int
	// deep says that ${ is nested deeper than MaxNesting; what is in there was not measured.
	deep bool
}

// all is the length of the whole word. Where the lexer would fail it gives the word up, or keeps it as it is.
func (m *meter) all() int {
	length, ok := m.until(0)
	if !ok {
		length = add(length, textLength(m.s))
	}
	return length
}

// until is processStopOn: it measures up to stop, which it passes, or up to the end where stop is 0.
func (m *meter) until(stop byte) (length int, ok bool) {
	for m.pos < len(m.s) {
		c := m.s[m.pos]
		n := 0
		switch {
		case stop != 0 && c == stop:
			m.pos++
			return length, true
		case c == '$':
			n, ok = m.dollar()
		case m.quotes && c == '\'':
			n, ok = m.single()
		case m.quotes && c == '"':
			n, ok = m.double()
		default:
			n, ok = m.literal(), true
		}
		length = add(length, n)
		if !ok {
			return length, false
		}
	}
	return length, stop == 0
}

// literal measures one character, or an escape and the character after it.
func (m *meter) literal() int {
	n := 0
	if m.s[m.pos] == m.escape {
		m.pos++
		n = 2
		if m.pos == len(m.s) {
			return n
		}
	}
	_, size := utf8.DecodeRuneInString(m.s[m.pos:])
	m.pos += size
	return n + max(size, 3*boolean(size == 1 && m.s[m.pos-1] >= utf8.RuneSelf))
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}

// single is processSingleQuote.
func (m *meter) single() (length int, ok bool) {
	end := strings.IndexByte(m.s[m.pos+1:], '\'')
	if end < 0 {
		return 0, false
	}
	inner := m.s[m.pos+1 : m.pos+1+end]
	m.pos += end + 2
	return 2 + textLength(inner) + strings.Count(inner, string(rune(m.escape))), true
}

// double is processDoubleQuote.
func (m *meter) double() (length int, ok bool) {
	m.pos++
	length = 2
	for m.pos < len(m.s) {
		c := m.s[m.pos]
		switch {
		case c == '"':
			m.pos++
			return length, true
		case c == '$':
			n, ok := m.dollar()
			length = add(length, n)
			if !ok {
				return length, false
			}
		case c == m.escape && (m.pos+1 == len(m.s) || !strings.ContainsRune(`"$`+string(rune(m.escape)), rune(m.s[m.pos+1]))):
			m.pos++
			length += 2
		default:
			length = add(length, m.literal())
		}
	}
	return length, false
}

// dollar is processDollar.
func (m *meter) dollar() (length int, ok bool) {
	m.pos++
	if m.pos == len(m.s) || m.s[m.pos] != '{' {
		name := m.name()
		if name == "" {
			return 1, true
		}
		return add(len(name)+1, m.state.length(name)), true
	}
	m.pos++
	if m.depth++; m.depth > MaxNesting {
		m.deep = true
		return 0, false
	}
	defer func() { m.depth-- }()
	start := m.pos
	name := m.name()
	value := add(m.state.length(name), 2*(m.pos-start)+8)
	if m.pos == len(m.s) {
		return 0, false
	}
	c := m.s[m.pos]
	m.pos++
	switch c {
	case '}':
		return value, name != ""
	case ':':
		m.pos = min(m.pos+1, len(m.s))
		fallthrough
	case '+', '-', '?', '#', '%':
		word, ok := m.until('}')
		return add(value, word), ok
	case '/':
		return m.replaced(value)
	}
	return 0, false
}

// replaced measures ${name/pattern/replacement} and ${name//pattern/replacement}. The pattern may match between any
// two characters, and the replacement may name the match, by $0, every two characters.
func (m *meter) replaced(value int) (length int, ok bool) {
	everywhere := strings.HasPrefix(m.s[m.pos:], "/")
	if everywhere {
		m.pos++
	}
	pattern, ok := m.until('/')
	if !ok {
		return add(value, pattern), false
	}
	with, ok := m.until('}')
	length = add(add(value, pattern), with)
	if everywhere {
		length = add(length, multiply(2*with, value+1))
	}
	return length, ok
}

// name is processName.
func (m *meter) name() string {
	start := m.pos
	for m.pos < len(m.s) {
		r, size := utf8.DecodeRuneInString(m.s[m.pos:])
		switch {
		case m.pos == start && unicode.IsDigit(r):
			for m.pos < len(m.s) && unicode.IsDigit(r) {
				m.pos += size
				r, size = utf8.DecodeRuneInString(m.s[m.pos:])
			}
			return m.s[start:m.pos]
		case m.pos == start && strings.ContainsRune("@*#?-$!0", r):
			m.pos += size
			return m.s[start:m.pos]
		case !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_':
			return m.s[start:m.pos]
		}
		m.pos += size
	}
	return m.s[start:]
}
