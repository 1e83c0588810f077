package source

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Printable is s made safe to print on one line: line endings, control characters (an escape sequence starts with
// one), bidirectional marks, characters of no width and bytes that are no UTF-8 become visible escapes such as \n,
// \x1b and \u202e. All other text stays as it is, so the result is for reading and cannot be turned back.
//
// It knows nothing of the format it is printed in: Markdown, HTML and workflow commands have their own escaping.
func Printable(s string) string {
	if isPrintable(s) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		b.WriteString(escape(r, s[i:i+size]))
		i += size
	}
	return b.String()
}

// LogLine is a whole line of output made safe for the log of a GitHub workflow: the runner takes "::" at the start of a
// line, after any white space, and "##[" anywhere in it for commands (actions/runner, ActionCommand.cs, TryParseV2 and
// TryParse). Both are broken up by an escape. The parts of the line have been through Printable.
func LogLine(line string) string {
	line = strings.ReplaceAll(line, "##[", `##\x5b`)
	text := strings.TrimLeftFunc(line, unicode.IsSpace)
	if rest, ok := strings.CutPrefix(text, "::"); ok {
		return line[:len(line)-len(text)] + `:\x3a` + rest
	}
	return line
}

func isPrintable(s string) bool {
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if !visible(r) || (r == utf8.RuneError && size == 1) {
			return false
		}
		i += size
	}
	return true
}

// escape is the character r, which was read from raw, or its visible escape.
func escape(r rune, raw string) string {
	switch {
	case r == utf8.RuneError && len(raw) == 1:
		return fmt.Sprintf(`\x%02x`, raw[0])
	case visible(r):
		return raw
	case r == '\n':
		return `\n`
	case r == '\r':
		return `\r`
	case r == '\t':
		return `\t`
	case r < 0x80:
		return fmt.Sprintf(`\x%02x`, r)
	case r < 0x10000:
		return fmt.Sprintf(`\u%04x`, r)
	}
	return fmt.Sprintf(`\U%08x`, r)
}

// visible says whether a character may be printed as it is. Format characters (bidirectional marks, joiners) and
// line separators are not printable in the sense of unicode.IsPrint; the Hangul fillers and the like are, and
// show nothing. The sixteen plain variation selectors stay, since emoji are written with them.
func visible(r rune) bool {
	if r < 0x80 {
		return r >= 0x20 && r != 0x7F
	}
	if r >= 0xFE00 && r <= 0xFE0F {
		return true
	}
	return unicode.IsPrint(r) && !unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}
