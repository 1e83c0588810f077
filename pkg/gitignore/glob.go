package gitignore

import "strings"

// token is a part of a pattern.
type token struct {
	kind tokenKind
	// text is a literal without its quoting, or a class between its brackets.
	text string
}

type tokenKind uint8

const (
	literal  tokenKind = iota
	star               // any characters but "/"
	question           // one character but "/"
	class              // one of some characters
	anyDirs            // "**" as a whole name: any number of directories
)

// scan takes a pattern apart as git's wildmatch reads it. ok is false for what matches no path (a trailing backslash, a
// class that does not end), and for POSIX classes, which no other matcher here knows.
func scan(pattern string) (tokens []token, ok bool) {
	add := func(kind tokenKind, text string) { tokens = append(tokens, token{kind, text}) }
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; c {
		case '\\':
			if i++; i == len(pattern) {
				return nil, false
			}
			add(literal, pattern[i:i+1])
		case '*':
			end := i
			for end < len(pattern) && pattern[end] == '*' {
				end++
			}
			whole := (i == 0 || pattern[i-1] == '/') && (end == len(pattern) || pattern[end] == '/')
			if end-i >= 2 && whole {
				add(anyDirs, "")
			} else {
				add(star, "")
			}
			i = end - 1
		case '?':
			add(question, "")
		case '[':
			end := classEnd(pattern, i)
			if end < 0 {
				return nil, false
			}
			add(class, pattern[i+1:end])
			i = end
		default:
			add(literal, pattern[i:i+1])
		}
	}
	return tokens, true
}

// classEnd is the index of the bracket that ends the class which starts at i; -1 where none does, or where the class
// holds what is not compared everywhere in the same way.
func classEnd(pattern string, i int) int {
	j := i + 1
	if j < len(pattern) && (pattern[j] == '!' || pattern[j] == '^') {
		j++
	}
	for first := true; j < len(pattern); first = false {
		switch c := pattern[j]; {
		case c == ']' && !first:
			return j
		case c == ']', c == '[', c == '\\', c == '/', c >= 0x80:
			return -1
		}
		j++
	}
	return -1
}

// translate turns a pattern into the syntax of doublestar, which differs in three points: braces are alternatives,
// "**" at the end matches no directory at all as well, and only "**" as a whole name crosses directories, which scan
// has told apart.
func translate(pattern string) (string, bool) {
	tokens, ok := scan(pattern)
	if !ok {
		return "", false
	}
	var b strings.Builder
	for i, t := range tokens {
		switch t.kind {
		case star:
			b.WriteByte('*')
		case question:
			b.WriteByte('?')
		case anyDirs:
			b.WriteString("**")
			if i == len(tokens)-1 {
				b.WriteString("/*")
			}
		case class:
			b.WriteString("[" + caret(t.text) + "]")
		case literal:
			b.WriteString(quote(t.text, `*?[]{}\`))
		}
	}
	return b.String(), true
}

// quote puts a backslash before a character that has a meaning.
func quote(text, special string) string {
	if strings.Contains(special, text) {
		return `\` + text
	}
	return text
}

// caret turns the "!" that negates a class into "^", which every matcher knows.
func caret(class string) string {
	if rest, ok := strings.CutPrefix(class, "!"); ok {
		return "^" + rest
	}
	return class
}
