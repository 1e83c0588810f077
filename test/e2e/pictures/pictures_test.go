package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"
)

// require skips a test where something is missing, unless LOADLINE_REQUIRE=e2e makes that a failure.
func require(t *testing.T) {
	t.Helper()
	err := missing(here())
	switch {
	case err == nil:
	case os.Getenv("LOADLINE_REQUIRE") == "e2e":
		t.Fatalf("LOADLINE_REQUIRE=e2e: %v", err)
	default:
		t.Skip(err)
	}
}

// TestThePicturesOfTheReadmeAreOfThisVersion runs the action again and holds what it sends against what the committed
// pictures were made of, then looks at the pages.
func TestThePicturesOfTheReadmeAreOfThisVersion(t *testing.T) {
	require(t)
	r, err := runAction(t.Context(), root(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	pages, err := pictures(t.Context(), root(), r)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("made of the same pages", func(t *testing.T) { checkManifest(t, pages) })
	b, err := open(t.Context(), here(), pages)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.close)
	for _, p := range pages {
		for _, scheme := range []string{"light", "dark"} {
			t.Run(p.name+" "+scheme, func(t *testing.T) { b.check(t, scheme, p.name) })
		}
	}
}

func checkManifest(t *testing.T, pages []picture) {
	text, err := os.ReadFile(filepath.Join(images(), manifest))
	if err != nil {
		t.Fatal(err)
	}
	var committed map[string]entry
	if err := json.Unmarshal(text, &committed); err != nil {
		t.Fatal(err)
	}
	now := map[string]entry{}
	for _, p := range pages {
		for _, scheme := range []string{"light", "dark"} {
			name := p.name + "-" + scheme + ".png"
			shot, err := os.ReadFile(filepath.Join(images(), name))
			if err != nil {
				t.Fatal(err)
			}
			now[name] = entry{p.hash(scheme), hash(shot)}
		}
	}
	if diff := cmp.Diff(committed, now); diff != "" {
		t.Errorf("the pictures are not of this version; run: make pictures\n%s", diff)
	}
}

// check looks at a page at several widths: nothing reaches over its edge, with all details closed and with all open; and
// what is told apart by colour can be read.
func (b *browser) check(t *testing.T, scheme, name string) {
	for _, width := range []int64{width, 1012, 400} {
		if err := b.show(scheme, name, width); err != nil {
			t.Fatal(err)
		}
		for _, state := range []string{"closed", "open"} {
			if state == "open" {
				b.openDetails(t, name)
			}
			if over := evaluate[[]string](t, b.ctx, overflowing); len(over) > 0 && !b.scrolls(t, width) {
				t.Errorf("%d wide, details %s: these reach over the edge: %s", width, state, strings.Join(over, ", "))
			}
		}
	}
	if faint := evaluate[[]string](t, b.ctx, faintText); len(faint) > 0 {
		t.Errorf("too little contrast: %s", strings.Join(faint, ", "))
	}
}

// scrolls reports that a page is that of a telephone, on which GitHub lets a wide table scroll; the page itself must not.
func (b *browser) scrolls(t *testing.T, width int64) bool {
	t.Helper()
	return width < 500 && evaluate[int64](t, b.ctx, "document.documentElement.scrollWidth") <= width
}

// openDetails clicks on each summary, and expects its section to open.
func (b *browser) openDetails(t *testing.T, name string) {
	t.Helper()
	n := evaluate[int](t, b.ctx, `document.querySelectorAll("details").length`)
	if n == 0 && name != "annotations" {
		t.Error("there are no details")
	}
	for i := range n {
		evaluate[bool](t, b.ctx, fmt.Sprintf(`document.querySelectorAll("summary")[%d].click(), true`, i))
		if height := evaluate[float64](t, b.ctx, fmt.Sprintf(`(d => d.open ? d.getBoundingClientRect().height - d.querySelector("summary").getBoundingClientRect().height : 0)(document.querySelectorAll("details")[%d])`, i)); height <= 0 {
			t.Errorf("section %d does not open", i)
		}
	}
}

func evaluate[T any](t *testing.T, ctx context.Context, script string) T {
	t.Helper()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](script))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// overflowing are the elements that are wider than what is around them.
const overflowing = `[...document.querySelectorAll("html, main, .box, article, table, aside")]
	.filter(e => e.scrollWidth > e.clientWidth + 1)
	.map(e => e.tagName.toLowerCase() + " (" + e.scrollWidth + " in " + e.clientWidth + ")")`

// faintText are the texts whose contrast with what is behind them is below that of the accessibility guidelines (WCAG 2.2,
// 1.4.3: 4.5 to 1), but for a little that GitHub's own style needs: its links in code have 4.34.
const faintText = `(() => {
	const parse = c => (c.match(/[\d.]+/g) || []).map(Number)
	const over = (a, b) => { const f = a.length > 3 ? a[3] : 1; return [0, 1, 2].map(i => a[i] * f + b[i] * (1 - f)) }
	const light = c => { const [r, g, b] = c.map(v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b }
	const back = e => { const c = parse(getComputedStyle(e).backgroundColor); return e.parentElement ? over(c, back(e.parentElement)) : over(c, [255, 255, 255]) }
	const out = []
	for (const e of document.querySelectorAll("main *")) {
		if (![...e.childNodes].some(n => n.nodeType == 3 && n.data.trim())) continue
		const b = back(e), a = light(over(parse(getComputedStyle(e).color), b)), c = light(b)
		const ratio = (Math.max(a, c) + 0.05) / (Math.min(a, c) + 0.05)
		if (ratio < 4.3) out.push(e.textContent.trim().slice(0, 40) + " (" + ratio.toFixed(2) + ")")
	}
	return out
})()`

// TestWhatGitHubTakesAwayIsGone holds the filter against what GitHub lets through and what not.
func TestWhatGitHubTakesAwayIsGone(t *testing.T) {
	require(t)
	for _, test := range []struct{ name, markdown, want string }{
		{"a table", "| a |\n|--:|\n| 1&nbsp;kB |\n", "<table>\n<thead>\n<tr>\n<th align=\"right\">a</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td align=\"right\">1\u00a0kB</td>\n</tr>\n</tbody>\n</table>\n"},
		{"details", "<details><summary>s</summary>\n\nx\n\n</details>\n", "<details><summary>s</summary>\n<p>x</p>\n</details>\n"},
		{"a marker", "<!-- loadline:v1 key=1 -->\nx\n", "\n<p>x</p>\n"},
		{"a script", "<script>alert(1)</script>x\n", "&lt;script&gt;alert(1)&lt;/script&gt;x\n"},
		{"a handler", "<img src=\"https://example.com/x.png\" onerror=\"alert(1)\">\n", "<img src=\"https://example.com/x.png\">\n"},
		{"a style", "<p style=\"color:red\" class=\"c\">x</p>\n", "<p>x</p>\n"},
		{"a link that runs", "<a href=\"javascript:alert(1)\">x</a>\n", "<p>x</p>\n"},
		{"a link", "<a href=\"https://github.com/o/r/blob/1/D#L5\"><code>D&#58;5</code></a>\n", "<p><a href=\"https://github.com/o/r/blob/1/D#L5\"><code>D:5</code></a></p>\n"},
		{"a break", "a\nb\n", "<p>a<br/>\nb</p>\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := render(t.Context(), test.markdown, true)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestAnnotationsAreReadAsTheRunnerReadsThem unescapes once, and takes nothing for a command that is not one.
func TestAnnotationsAreReadAsTheRunnerReadsThem(t *testing.T) {
	log := "text\n::error file=a%2Cb,line=3,title=t%3A u::50 %25 more%0Anext\n::group::x\n ::warning::y\n::notice::z\n"
	want := []annotation{
		{Level: "error", File: "a,b", Line: 3, Title: "t: u", Message: "50 % more\nnext"},
		{Level: "notice", Message: "z"},
	}
	if diff := cmp.Diff(want, annotations(log)); diff != "" {
		t.Error(diff)
	}
}

// TestEachFileIsShownOnce also where annotations of other files stand between its own.
func TestEachFileIsShownOnce(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a", "b"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x\ny\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	files, err := annotated(dir, []annotation{{File: "a", Line: 2}, {File: "b", Line: 1}, {File: "a", Line: 1}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range files {
		for _, l := range f.Lines {
			got = append(got, fmt.Sprintf("%s:%d has %d", f.Path, l.Number, len(l.Notes)))
		}
	}
	if diff := cmp.Diff([]string{"a:1 has 1", "a:2 has 1", "b:1 has 1", "b:2 has 0"}, got); diff != "" {
		t.Error(diff)
	}
}
