package gitignore

import (
	"path"
	"strings"
)

// Dockerignore is the pattern of a .dockerignore in context that keeps the same paths out; context is a directory
// relative to the root, "" for the root. Where a line matches directories only, the pattern keeps out files of that name
// as well: a .dockerignore cannot tell them apart.
//
// ok is false where there is no such pattern: the line matches nothing in the context, says it in a way that a
// .dockerignore cannot, or takes paths in again.
func (l *Line) Dockerignore(f *File, context string) (pattern string, ok bool) {
	if l.Negated || l.glob == "" {
		return "", false
	}
	tokens, ok := scan(l.raw)
	if !ok {
		return "", false
	}
	glob, ok := moby(tokens)
	if !ok || strings.Contains("/"+glob+"/", "//") || strings.HasPrefix(glob, "#") || strings.HasPrefix(glob, "!") || strings.TrimSpace(glob) != glob {
		return "", false
	}
	below, inside := relative(f.Dir, context)
	from, above := relative(context, f.Dir)
	switch {
	case inside && l.Anchored:
		return path.Join(below, glob), true
	case inside:
		return path.Join(below, "**", glob), true
	case above && (!l.Anchored || strings.HasPrefix(glob, "**/")):
		return path.Join("**", strings.TrimPrefix(glob, "**/")), true
	}
	rest, found := strings.CutPrefix(glob, from+"/")
	return rest, above && found
}

// relative is dir as seen from root, and whether it lies in it.
func relative(dir, root string) (string, bool) {
	switch {
	case root == "":
		return dir, true
	case dir == root:
		return "", true
	}
	return strings.CutPrefix(dir, root+"/")
}

// moby writes a pattern in the syntax of a .dockerignore, which has no braces, and in which two stars cross directories
// wherever they stand (github.com/moby/patternmatcher).
func moby(tokens []token) (string, bool) {
	var b strings.Builder
	for i, t := range tokens {
		switch t.kind {
		case star:
			if i > 0 && tokens[i-1].kind == star {
				continue
			}
			b.WriteByte('*')
		case question:
			b.WriteByte('?')
		case anyDirs:
			b.WriteString("**")
		case class:
			if !plainClass(t.text) {
				return "", false
			}
			b.WriteString("[" + t.text + "]")
		case literal:
			if t.text == `\` {
				return "", false // it is a slash where BuildKit's client runs on Windows
			}
			b.WriteString(quote(t.text, `*?[]`))
		}
	}
	return b.String(), true
}

// plainClass reports whether a class means the same everywhere: a negated one of patternmatcher crosses directories, and
// a dash or caret as a character of its own is not read alike.
func plainClass(class string) bool {
	return !strings.ContainsAny(class, "!^") && !strings.HasPrefix(class, "-") && !strings.HasSuffix(class, "-")
}

// Witness is a path, relative to the root, that git ignores because of the line: a file of that name, or one in a
// directory of that name. ok is false where none can be made up, or where another line says otherwise.
func (s *Set) Witness(f *File, l *Line) (p string, ok bool) {
	if l.Negated || l.glob == "" {
		return "", false
	}
	tokens, ok := scan(l.raw)
	if !ok {
		return "", false
	}
	var b strings.Builder
	for _, t := range tokens {
		switch t.kind {
		case star, question, anyDirs:
			b.WriteByte('x')
		case class:
			c, ok := member(t.text)
			if !ok {
				return "", false
			}
			b.WriteByte(c)
		case literal:
			b.WriteString(t.text)
		}
	}
	p = path.Join(f.Dir, b.String())
	if l.Directory || !strings.Contains(path.Base(p), ".") {
		p += "/x"
	}
	m, ignored := s.Ignored(p, false)
	return p, ignored && m.File == f && m.Line.Number == l.Number
}

// member is a character of a class: of one such as [Bb] that in lower case, as most directories are called.
func member(class string) (byte, bool) {
	if rest := strings.TrimLeft(class, "!^"); rest != class {
		for c := byte('a'); c <= 'z'; c++ {
			if !strings.ContainsRune(rest, rune(c)) && !strings.Contains(rest, "-") {
				return c, true
			}
		}
		return 0, false
	}
	if class == "" {
		return 0, false
	}
	if lower := class[0] | 0x20; lower >= 'a' && lower <= 'z' && strings.IndexByte(class, lower) >= 0 {
		return lower, true
	}
	return class[0], true
}
