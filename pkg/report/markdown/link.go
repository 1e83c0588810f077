package markdown

import (
	"fmt"
	"net/url"
	"path"
	"strings"

	"github.com/loadline-dev/loadline/pkg/source"
)

// place is a line of a file, or the whole file where line is 0, with a link to it where it can be seen.
func (p *page) place(name string, line int) string {
	if name == "" {
		return ""
	}
	text := name
	if line > 0 {
		text = fmt.Sprintf("%s:%d", name, line)
	}
	address := p.address(name, line)
	if address == "" {
		return code(text)
	}
	return `<a href="` + address + `">` + code(text) + "</a>"
}

// maxLinked is the longest path that is linked, in bytes.
const maxLinked = 500

// address is where a file of head is seen; empty where that is not known. A path cannot lead out of the repository's
// files.
func (p *page) address(name string, line int) string {
	inside := strings.TrimPrefix(path.Join("/", p.root, name), "/")
	if p.files == "" || inside == "" || len(inside) > maxLinked || source.Printable(inside) != inside || strings.Contains(name, "..") {
		return ""
	}
	parts := strings.Split(inside, "/")
	for i, part := range parts {
		parts[i] = escapeSegment(part)
	}
	at := strings.TrimSuffix(p.files, "/") + "/" + strings.Join(parts, "/")
	if line > 0 {
		at += fmt.Sprintf("#L%d", line)
	}
	return at
}

// escapeSegment escapes what url.PathEscape leaves, since it has a meaning in HTML or where GitHub looks for mentions.
func escapeSegment(s string) string {
	return strings.NewReplacer("&", "%26", "'", "%27", "@", "%40", ":", "%3A", "$", "%24").Replace(url.PathEscape(s))
}
