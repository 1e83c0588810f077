package baseimage

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"
)

// Facts answer about images from the tables of the program and, where there is one, a live source. The zero value knows
// the tables alone. It is safe for use by several goroutines.
type Facts struct {
	// Live answers for the registry itself; nil means that nothing is looked up.
	Live Live
	// Today is the day by which an image is past its time; the zero value is the day of the tables, so that the answer
	// is the same on every day.
	Today time.Time

	mu   sync.Mutex
	read tables
}

// Live answers how large an image is now. ok is false where it could not be found out; whoever gave the source knows why.
type Live interface {
	Size(ctx context.Context, ref string) (bytes int64, ok bool)
}

// TableDay is the day of the sources that the tables were generated from, the oldest of them.
func TableDay() time.Time { return time.Date(2026, time.August, 21, 0, 0, 0, 0, time.UTC) }

// today is the day to judge by.
func (f *Facts) today() time.Time {
	if f.Today.IsZero() {
		return TableDay()
	}
	return f.Today
}

// Image is Parse, completed by what the tables say of other tags of the same image, as of TableDay: the version behind
// "lts", the distribution behind "22", the kit behind "tomcat:10".
func (f *Facts) Image(ref string) (Image, bool) {
	img, ok := Parse(ref)
	if !ok {
		return img, false
	}
	return f.complete(img), true
}

// Exists answers whether a tag is known to exist. Tags stay on Docker Hub when they are no longer built
// (official-images, README), so that former ones count. What is not known to exist may exist all the same.
func (f *Facts) Exists(img Image) bool { return f.aliases(img) != nil }

// Variants lists the smaller variants of exactly the same version and flavour that are known to exist, the smallest
// change first: slim, the run-time environment in place of the development kit, chiseled, Alpine. A variant that pins a
// release of its distribution does so as img does. nil means that none is known; of an image that is pinned by digest
// the tag counts.
func (f *Facts) Variants(img Image) []Image {
	img = img.WithTag(img.Tag)
	own := f.aliases(img)
	if own == nil || img.Variant == Windows {
		return nil
	}
	pinned := img.Distribution.Release
	actual := f.complete(img).Distribution.Release
	best := map[cut]Image{}
	for _, g := range f.tags(img).groups {
		if !g.gone.IsZero() && own.gone.IsZero() || slices.Contains(g.tags, img.Tag) {
			continue // one that was taken out is no replacement for one that is there
		}
		for _, tag := range g.tags {
			if !mayShare(img, tag) {
				continue
			}
			other := img.WithTag(tag)
			if !smaller(img, other) {
				continue
			}
			c := cut{other.Variant, other.Java}
			if old, ok := best[c]; !ok || f.closer(img, other, old, pinned, actual) {
				best[c] = other
			}
		}
	}
	var out []Image
	for _, other := range best {
		if sameSystem := other.Distribution.ID == img.Distribution.ID; pinned != "" && sameSystem && other.Distribution.Release != pinned {
			continue
		}
		out = append(out, other)
	}
	slices.SortFunc(out, func(a, b Image) int {
		if n := rank(a) - rank(b); n != 0 {
			return n
		}
		return strings.Compare(a.Tag, b.Tag)
	})
	return out
}

// cut is a way in which an image is cut down.
type cut struct {
	variant Variant
	java    Java
}

// mayShare says quickly that a tag does not have the version or channel of an image: reading thousands takes long.
func mayShare(img Image, tag string) bool {
	if img.Version == "" && img.Channel == "" {
		return tag[0] < '0' || tag[0] > '9'
	}
	return strings.Contains(tag, img.Version) && strings.Contains(tag, img.Channel)
}

// smaller reports whether other is a smaller cut of the same version and flavour.
func smaller(img, other Image) bool {
	if other.Version != img.Version || other.Channel != img.Channel || other.Flavor != img.Flavor {
		return false
	}
	javaSame, javaLess := other.Java == img.Java, img.Java == JDK && other.Java == JRE
	if !javaSame && !javaLess {
		return false
	}
	if other.Variant == img.Variant {
		return javaLess && (other.Distribution.ID == img.Distribution.ID || img.Distribution.ID == "")
	}
	switch img.Variant {
	case Default:
		return other.Variant != Windows
	case Slim, Chiseled, ChiseledExtra:
		return other.Variant != Windows && other.Variant != Default && other.Variant != Slim && other.Variant != ChiseledExtra
	case Alpine:
		return other.Variant == AlpineSlim
	}
	return false
}

// closer reports whether a is nearer than b to what img asks for: it pins the same release, or none as img pins none,
// else the newer release; then the spelling that says as much as img's.
func (f *Facts) closer(img, a, b Image, pinned, actual string) bool {
	points := func(i Image) int {
		same := i.Distribution.ID == img.Distribution.ID
		switch release := i.Distribution.Release; {
		case release == "" && (pinned == "" || !same):
			return 3
		case release == pinned && same:
			return 3
		case release == actual && release != "":
			return 2
		}
		return 0
	}
	if pa, pb := points(a), points(b); pa != pb {
		return pa > pb
	}
	if n := compareVersions(a.Distribution.Release, b.Distribution.Release); n != 0 && points(a) == 0 {
		return n > 0
	}
	words := strings.Count(img.Tag, "-") + 1
	if img.Variant != a.Variant {
		words++
	}
	da, db := abs(strings.Count(a.Tag, "-")+1-words), abs(strings.Count(b.Tag, "-")+1-words)
	if da != db {
		return da < db
	}
	return a.Tag < b.Tag
}

func abs(n int) int { return max(n, -n) }

// rank is how much changes with a variant.
func rank(i Image) int {
	order := []Variant{Default, Slim, ChiseledExtra, Chiseled, Distroless, Alpine, AlpineSlim}
	n := 2 * slices.Index(order, i.Variant)
	if i.Java == JRE {
		n++
	}
	return n
}

// compareVersions compares dotted numbers; what is no number counts as 0.
func compareVersions(a, b string) int {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for n := range max(len(as), len(bs)) {
		if d := number(as, n) - number(bs, n); d != 0 {
			return d
		}
	}
	return 0
}

func number(parts []string, n int) int {
	if n >= len(parts) {
		return 0
	}
	value := 0
	for _, r := range parts[n] {
		if r < '0' || r > '9' || value > 1_000_000 {
			return 0
		}
		value = value*10 + int(r-'0')
	}
	return value
}
