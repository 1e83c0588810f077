package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/chromedp/chromedp"
)

// The pictures' width, and how many of their pixels make one of the page.
const (
	width = 800
	scale = 2
)

// browser is Chromium, and a server with the pages.
type browser struct {
	ctx    context.Context //nolint:containedctx // chromedp keeps the browser in it
	server *httptest.Server
	close  func()
}

// styles are where npm puts GitHub's style.
const styles = "node_modules/github-markdown-css/github-markdown-"

// missing says what a picture needs and this machine lacks.
func missing(here string) error {
	for _, program := range []string{"chromium", "cmark-gfm"} {
		if _, err := exec.LookPath(program); err != nil {
			return fmt.Errorf("%s is not installed", program)
		}
	}
	if _, err := os.Stat(filepath.Join(here, styles+"light.css")); err != nil {
		return errors.New("github-markdown-css is not installed: run npm ci in test/e2e/pictures")
	}
	return nil
}

// open starts the browser. here is the directory of this program's source.
func open(ctx context.Context, here string, pages []picture) (*browser, error) {
	b := &browser{server: httptest.NewServer(handler(here, pages))}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath("chromium"), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WindowSize(width, 600),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("force-color-profile", "srgb"), chromedp.Flag("font-render-hinting", "none"),
		chromedp.WSURLReadTimeout(2*time.Minute))
	allocator, stop := chromedp.NewExecAllocator(ctx, options...)
	tab, cancel := chromedp.NewContext(allocator)
	b.ctx = tab
	b.close = func() {
		cancel()
		stop()
		b.server.Close()
	}
	if err := chromedp.Do(tab, chromedp.Navigate("about:blank")); err != nil {
		b.close()
		return nil, fmt.Errorf("starting chromium: %w", err)
	}
	return b, nil
}

// handler serves /SCHEME/PAGE and the styles that belong to it.
func handler(here string, pages []picture) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		scheme, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		switch {
		case name == "markdown.css":
			http.ServeFile(w, r, filepath.Join(here, styles+scheme+".css"))
		case name == "page.css":
			w.Header().Set("Content-Type", "text/css")
			for _, file := range []string{scheme + ".css", "page.css"} {
				text, _ := templates.ReadFile(path.Join("page", file))
				_, _ = w.Write(text)
			}
		default:
			for _, p := range pages {
				if name == p.name {
					_, _ = w.Write([]byte(p.html))
				}
			}
		}
	})
}

// show opens a page in a window of a width.
func (b *browser) show(scheme, name string, width int64) error {
	err := chromedp.Do(b.ctx, chromedp.EmulateViewport(width, 100, chromedp.EmulateScale(scale)),
		chromedp.Navigate(b.server.URL+"/"+scheme+"/"+name), chromedp.WaitReady("main"))
	if err != nil {
		return fmt.Errorf("showing %s: %w", name, err)
	}
	return nil
}

// photograph answers a picture of a page.
func (b *browser) photograph(scheme, name string) ([]byte, error) {
	if err := b.show(scheme, name, width); err != nil {
		return nil, err
	}
	shot, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		return nil, fmt.Errorf("photographing %s: %w", name, err)
	}
	return small(shot)
}

// small writes a picture with a palette of its most frequent colours; what letters have at their edges takes the nearest.
func small(shot []byte) ([]byte, error) {
	in, err := png.Decode(bytes.NewReader(shot))
	if err != nil {
		return nil, err
	}
	counts := map[color.RGBA]int{}
	each(in, func(_, _ int, c color.RGBA) { counts[c]++ })
	colours := slices.SortedFunc(maps.Keys(counts), func(a, b color.RGBA) int {
		return cmp.Or(counts[b]-counts[a], cmp.Compare(number(a), number(b)))
	})
	var palette color.Palette
	for _, c := range colours[:min(len(colours), 256)] {
		palette = append(palette, c)
	}
	index := map[color.RGBA]uint8{}
	for _, c := range colours {
		index[c] = uint8(palette.Index(c)) //nolint:gosec // below 256
	}
	out := image.NewPaletted(in.Bounds(), palette)
	each(in, func(x, y int, c color.RGBA) { out.SetColorIndex(x, y, index[c]) })
	var buf bytes.Buffer
	err = (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&buf, out)
	return buf.Bytes(), err
}

func each(in image.Image, do func(x, y int, c color.RGBA)) {
	b := in.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			r, g, b, a := in.At(x, y).RGBA()
			do(x, y, color.RGBA{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8), uint8(a >> 8)}) //nolint:gosec // 8 bits are left
		}
	}
}

// number orders colours.
func number(c color.RGBA) uint32 { return uint32(c.R)<<16 | uint32(c.G)<<8 | uint32(c.B) }
