package markdown

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/loadline-dev/loadline/pkg/source"
)

// maxShown is how many characters of an untrusted string are shown.
const maxShown = 200

// code shows an untrusted string in Markdown: as an HTML code element, in which neither mentions nor references have a
// meaning (html-pipeline's filters pass over code; escaping "@" alone does not stop a mention, since they look at the
// rendered text). Backticks cannot be used, since a name may hold them. Control and bidirectional characters are made
// visible, and a long text is cut in its middle.
func code(s string) string {
	return "<code>" + escape(source.Printable(s)) + "</code>"
}

func escape(printable string) string {
	runes := []rune(printable)
	if len(runes) > maxShown {
		half := maxShown/2 - 1
		runes = append(append(runes[:half:half], '…'), runes[len(runes)-half:]...)
	}
	return escaper.Replace(string(runes))
}

// escaper takes the meaning from what HTML, and Markdown inside of HTML elements and table cells, read. A colon and
// "www." are where GitHub's autolinks begin.
var escaper = strings.NewReplacer(
	"&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "'", "&#39;",
	"|", "&#124;", "`", "&#96;", "*", "&#42;", "_", "&#95;", "~", "&#126;", "[", "&#91;", "]", "&#93;",
	"\\", "&#92;", "@", "&#64;", "#", "&#35;", ":", "&#58;", "!", "&#33;", "$", "&#36;", "www.", "&#119;ww.",
)

// word matches what has no meaning as it stands: a word or a number of our own sentences. Seven hexadecimal characters
// may be a commit.
var (
	word = regexp.MustCompile(`^\(?(?:[A-Za-z]+(?:['-][A-Za-z]+)*|[+-]?[0-9]{1,6}(?:\.[0-9]{1,3})?|%)[).,;:?]*$`)
	hash = regexp.MustCompile(`^[0-9a-f]{7,}$`)
)

// sentence shows a text that is ours in its words and the repository's in its names: words stay as they are, and
// whatever could have a meaning becomes code.
func sentence(s string) string {
	words := strings.Split(source.Printable(s), " ")
	var out []string
	for i := 0; i < len(words); {
		if isPlain(words[i]) {
			out = append(out, strings.ReplaceAll(words[i], "'", "&#39;"))
			i++
			continue
		}
		end := i + 1
		for end < len(words) && !isPlain(words[end]) {
			end++
		}
		out = append(out, codeOf(strings.Join(words[i:end], " ")))
		i = end
	}
	return strings.Join(out, " ")
}

func isPlain(w string) bool {
	return word.MatchString(w) && !hash.MatchString(strings.Trim(w, "().,;:?"))
}

// codeOf leaves the punctuation of the sentence outside of the element.
func codeOf(s string) string {
	name := strings.TrimRight(s, ").,;:?")
	if name == "" { // a path may be "." itself
		_, first := utf8.DecodeRuneInString(s)
		name = s[:first]
	}
	return "<code>" + escape(name) + "</code>" + strings.ReplaceAll(s[len(name):], ":", "&#58;")
}
