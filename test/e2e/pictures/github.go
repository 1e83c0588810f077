package main

import (
	"context"
	"fmt"
	"os/exec"
	"strings"

	"github.com/microcosm-cc/bluemonday"
)

// render makes HTML of Markdown as GitHub does: with the parser that GitHub wrote, in comments with every line break kept,
// and then only what GitHub lets through.
func render(ctx context.Context, markdown string, inComment bool) (string, error) {
	args := []string{"--unsafe", "--github-pre-lang"}
	for _, extension := range []string{"table", "strikethrough", "autolink", "tagfilter", "tasklist"} {
		args = append(args, "--extension", extension)
	}
	if inComment {
		args = append(args, "--hardbreaks")
	}
	cmd := exec.CommandContext(ctx, "cmark-gfm", args...)
	cmd.Stdin = strings.NewReader(markdown)
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("rendering Markdown: %w", err)
	}
	return allowlist().Sanitize(string(out)), nil
}

// allowlist is what GitHub lets through, after the filter that it has published (html-pipeline,
// lib/html_pipeline/sanitization_filter.rb).
func allowlist() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements(
		"h1", "h2", "h3", "h4", "h5", "h6", "br", "b", "i", "strong", "em", "a", "pre", "code", "img", "tt", "div", "ins",
		"del", "sup", "sub", "p", "picture", "ol", "ul", "table", "thead", "tbody", "tfoot", "blockquote", "dl", "dt", "dd",
		"kbd", "q", "samp", "var", "hr", "ruby", "rt", "rp", "li", "tr", "td", "th", "s", "strike", "summary", "details",
		"caption", "figure", "figcaption", "abbr", "bdo", "cite", "dfn", "mark", "small", "source", "span", "time", "wbr")
	p.AllowAttrs("align", "title", "width", "height", "dir", "lang", "open", "start", "colspan", "rowspan", "alt", "name", "id").Globally()
	p.AllowAttrs("href").OnElements("a")
	p.AllowAttrs("src").OnElements("img")
	p.AllowAttrs("srcset", "media").OnElements("source")
	p.AllowAttrs("cite").OnElements("blockquote", "del", "ins", "q")
	p.AllowURLSchemes("http", "https", "mailto")
	p.AllowRelativeURLs(true)
	p.RequireNoFollowOnLinks(false)
	return p
}
