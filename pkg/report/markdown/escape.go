package markdown

import (
	"html"
	"strings"

	"github.com/loadline-dev/loadline/pkg/source"
)

// maxShown is how many characters of an untrusted string are shown.
const maxShown = 200

// code shows an untrusted string in Markdown: as an HTML code element, in which neither mentions nor links nor Markdown
// have a meaning (html-pipeline's mention filter passes over code; backticks cannot be used, since a name may hold
// them). Control and bidirectional characters are made visible, and a long text is cut in its middle.
func code(s string) string {
	return "<code>" + plain(s) + "</code>"
}

// plain is code without the element, for text between other untrusted text.
func plain(s string) string {
	runes := []rune(source.Printable(s))
	if len(runes) > maxShown {
		half := maxShown/2 - 1
		runes = append(append(runes[:half:half], '…'), runes[len(runes)-half:]...)
	}
	return escaper.Replace(html.EscapeString(string(runes)))
}

// escaper takes the meaning from what Markdown reads inside of HTML and of table cells.
var escaper = strings.NewReplacer(
	"|", "&#124;", "`", "&#96;", "*", "&#42;", "_", "&#95;", "~", "&#126;", "[", "&#91;", "]", "&#93;",
	"\\", "&#92;", "@", "&#64;", "#", "&#35;", ":", "&#58;", "!", "&#33;", "$", "&#36;",
)
