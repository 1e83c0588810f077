package baseimage

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Size is how much is pulled for an image: its compressed layers for linux/amd64.
type Size struct {
	// Bytes is the newest figure, in bytes. Where the source gives a range, it is the middle.
	Bytes int64
	// Low and High are the smallest and the largest figure that the tables hold for the tag within a year of the newest;
	// equal to Bytes where there is one figure.
	Low, High int64
	// Date is the day on which the image of the newest figure was made; the zero value for a live figure.
	Date time.Time
	// Source says where the figure is from: "docker-library/repo-info", or "registry" for a live one.
	Source string
}

// Registry is the Source of a live figure.
const Registry = "registry"

// Size answers how large an image is: live where there is a live source that answers, else from the tables. ok is false
// where that is not known: for an image that is in no table, and for a digest without a tag that no table has. Of an
// image that has both, the tag's figure is answered, unless a table has the digest.
func (f *Facts) Size(ctx context.Context, img Image) (size Size, ok bool) {
	if f.Live != nil {
		if bytes, ok := f.Live.Size(ctx, img.String()); ok {
			return Size{Bytes: bytes, Low: bytes, High: bytes, Source: Registry}, true
		}
	}
	return f.Listed(img)
}

// Listed is Size by the tables alone.
func (f *Facts) Listed(img Image) (size Size, ok bool) {
	figures := f.figures(tableName(img))
	if img.Digest != "" {
		for _, g := range figures {
			if g.digest == img.Digest {
				return sum([]figure{g}), true
			}
		}
	}
	tags := []string{img.Tag}
	if g := f.aliases(img); g != nil {
		tags = g.tags
	}
	figures = slices.DeleteFunc(slices.Clone(figures), func(g figure) bool { return !slices.Contains(tags, g.tag) })
	if len(figures) == 0 || img.Tag == "" {
		return Size{}, false
	}
	return sum(figures), true
}

// sum puts the figures of one tag together.
func sum(figures []figure) Size {
	newest := slices.MaxFunc(figures, func(a, b figure) int { return cmp.Or(a.date.Compare(b.date), cmp.Compare(a.high, b.high)) })
	s := Size{
		Bytes: (newest.low + newest.high) / 2, Low: newest.low, High: newest.high, Date: newest.date, Source: newest.source,
	}
	for _, g := range figures {
		if g.date.AddDate(1, 0, 0).Before(newest.date) {
			continue // a moving tag is another image by now
		}
		s.Low, s.High = min(s.Low, g.low), max(s.High, g.high)
	}
	return s
}

// figures are the observed sizes of a family.
func (f *Facts) figures(name string) []figure {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.read.sizes == nil {
		f.read.sizes = readSizes()
	}
	return f.read.sizes[name]
}

// readSizes reads the observed sizes by family: "family:tag bytes[-bytes] day digest source".
func readSizes() map[string][]figure {
	text, err := data.ReadFile("data/sizes.txt")
	if err != nil {
		panic("baseimage: " + err.Error()) // it is part of the program
	}
	out := map[string][]figure{}
	for line := range records(string(text)) {
		fields := strings.Fields(line)
		name, tag, _ := strings.Cut(fields[0], ":")
		low, high, isRange := strings.Cut(fields[1], "-")
		if !isRange {
			high = low
		}
		g := figure{tag: tag, date: day(fields[2]), digest: fields[3], source: fields[4], low: bytes(low), high: bytes(high)}
		out[name] = append(out[name], g)
	}
	return out
}

func bytes(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		panic("baseimage: data/sizes.txt: " + err.Error()) // it is part of the program, and tested
	}
	return n
}
