package dockerfile

import (
	"encoding/json"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/loadline-dev/loadline/pkg/source"
)

// reWhitespace is parser.go, reWhitespace.
var reWhitespace = regexp.MustCompile(`[\t\v\f\r ]+`)

// builder collects a word while a text is scanned.
type builder struct {
	from  text
	start int
	b     strings.Builder
	at    source.Mapping
}

// copy appends the character of from that starts at pos. Bytes that are no UTF-8 become U+FFFD, as in
// strings.Builder.WriteRune.
func (w *builder) copy(pos int) {
	r, size := utf8.DecodeRuneInString(w.from.s[pos:])
	if r == utf8.RuneError && size <= 1 {
		w.replace(r, pos, size)
		return
	}
	w.b.WriteRune(r)
	w.at.Append(w.from.at.Sub(source.Span{Start: pos, End: pos + size}))
}

// replace appends r for the size bytes at pos.
func (w *builder) replace(r rune, pos, size int) {
	n, _ := w.b.WriteRune(r)
	w.at.Replace(n, w.from.at.Span(source.Span{Start: pos, End: pos + size}))
}

// word is what was collected, written from w.start to end.
func (w *builder) word(end int) Word {
	out := Word{
		Value:   w.b.String(),
		Span:    w.from.at.Span(source.Span{Start: w.start, End: end}),
		Mapping: w.at,
	}
	w.b, w.at = strings.Builder{}, source.Mapping{}
	return out
}

// splitList is parser's parseStringsWhitespaceDelimited.
func splitList(t text) []Word {
	if t.s == "" {
		return nil
	}
	var out []Word
	start := 0
	for _, gap := range reWhitespace.FindAllStringIndex(t.s, -1) {
		out = append(out, t.sub(start, gap[0]).word())
		start = gap[1]
	}
	return append(out, t.sub(start, len(t.s)).word())
}

// splitQuoted is parser's parseWords: words between white space, with quotes and escapes kept.
func splitQuoted(t text, escape rune) []Word {
	var out []Word
	w := builder{from: t}
	inWord, quote := false, rune(0)
	quoted := false // the word may be empty: it had quotes
	finish := func(pos int) {
		if quoted || w.b.Len() > 0 {
			out = append(out, w.word(pos))
		}
		quoted, inWord = false, false
	}
	for pos := 0; pos < len(t.s); {
		r, size := utf8.DecodeRuneInString(t.s[pos:])
		if !inWord {
			if unicode.IsSpace(r) {
				pos += size
				continue
			}
			inWord, w.start = true, pos
		}
		switch {
		case quote == 0 && unicode.IsSpace(r):
			finish(pos)
			pos += size
			continue
		case quote == 0 && (r == '\'' || r == '"'):
			quote, quoted = r, true
		case quote != 0 && r == quote:
			quote = 0
		}
		if r == escape && quote != '\'' {
			if pos+size == len(t.s) {
				pos += size // an escape character at the end is dropped
				continue
			}
			w.copy(pos)
			pos += size
			_, size = utf8.DecodeRuneInString(t.s[pos:])
		}
		w.copy(pos)
		pos += size
	}
	if inWord {
		finish(len(t.s))
	}
	return out
}

// splitFlags is parser's extractBuilderFlags: the flags at the start of t, and where the arguments start. It goes by
// bytes and takes each for a character, as BuildKit does.
func splitFlags(t text, escape rune) (flags []Word, args int) {
	w := builder{from: t}
	inWord, quoted := false, false
	quote := byte(0)
	for pos := 0; pos < len(t.s); pos++ {
		c := t.s[pos]
		if !inWord {
			if unicode.IsSpace(rune(c)) {
				continue
			}
			if !strings.HasPrefix(t.s[pos:], "--") {
				return flags, pos
			}
			inWord, w.start = true, pos
		}
		switch {
		case quote == 0 && unicode.IsSpace(rune(c)):
			value := w.b.String()
			word := w.word(pos)
			if value == "--" {
				return flags, pos
			}
			if quoted || value != "" {
				flags = append(flags, word)
			}
			inWord, quoted = false, false
			continue
		case quote == 0 && (c == '\'' || c == '"'):
			quote, quoted = c, true
			continue
		case quote != 0 && c == quote:
			quote = 0
			continue
		case rune(c) == escape:
			if pos+1 == len(t.s) {
				continue
			}
			pos++
			c = t.s[pos]
		}
		if c < utf8.RuneSelf {
			w.copy(pos)
			continue
		}
		w.replace(rune(c), pos, 1)
	}
	if inWord && w.b.String() != "--" && (quoted || w.b.Len() > 0) {
		flags = append(flags, w.word(len(t.s)))
	}
	return flags, len(t.s)
}

// splitJSON is the words of a text that is a JSON array of strings; ok is false where it is none.
func splitJSON(t text) (words []Word, ok bool) {
	d := json.NewDecoder(strings.NewReader(t.s))
	for {
		before := int(d.InputOffset())
		token, err := d.Token()
		if err != nil {
			return words, false
		}
		end := int(d.InputOffset())
		switch value := token.(type) {
		case json.Delim:
			if value == ']' {
				return words, true
			}
		case string:
			start := before + strings.IndexByte(t.s[before:end], '"')
			word := t.sub(start, end).word()
			word.Value = value
			word.Mapping = mapJSON(t, start+1, end-1)
			words = append(words, word)
		default:
			return words, false
		}
	}
}

// mapJSON maps the value of the JSON string between its quotes.
func mapJSON(t text, start, end int) source.Mapping {
	var m source.Mapping
	for pos := start; pos < end; {
		r, size := utf8.DecodeRuneInString(t.s[pos:end])
		switch {
		case r == '\\':
			size = jsonEscape(t.s[pos:end])
			var value string
			_ = json.Unmarshal([]byte(`"`+t.s[pos:pos+size]+`"`), &value) // it was valid as a whole
			m.Replace(len(value), t.at.Span(source.Span{Start: pos, End: pos + size}))
		case r == utf8.RuneError && size == 1:
			m.Replace(len(string(r)), t.at.Span(source.Span{Start: pos, End: pos + size}))
		default:
			m.Append(t.at.Sub(source.Span{Start: pos, End: pos + size}))
		}
		pos += size
	}
	if m.Len() == 0 {
		at := t.at.Offset(start)
		m.Replace(0, source.Span{Start: at, End: at})
	}
	return m
}

// jsonEscape is the length of the escape that s starts with; a surrogate pair is one.
func jsonEscape(s string) int {
	if len(s) < 6 || s[1] != 'u' {
		return min(2, len(s))
	}
	var first, pair string
	_ = json.Unmarshal([]byte(`"`+s[:6]+`"`), &first)
	if len(s) >= 12 && s[6] == '\\' && first == string(utf8.RuneError) {
		_ = json.Unmarshal([]byte(`"`+s[:12]+`"`), &pair)
		if utf8.RuneCountInString(pair) == 1 {
			return 12
		}
	}
	return 6
}

// cutWord splits a word at the first "=". ok is false where there is none, and then key is the word.
func cutWord(w Word) (key, value Word, ok bool) {
	at := strings.IndexByte(w.Value, '=')
	if at < 0 {
		return w, Word{}, false
	}
	return subWord(w, 0, at), subWord(w, at+1, len(w.Value)), true
}

func subWord(w Word, start, end int) Word {
	s := source.Span{Start: start, End: end}
	sub := w.Mapping.Sub(s)
	span := w.Mapping.Span(s)
	return Word{Value: w.Value[start:end], Span: span, Mapping: sub}
}
