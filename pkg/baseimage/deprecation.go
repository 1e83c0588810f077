package baseimage

import (
	"slices"
	"strings"
	"time"
)

// Deprecation says that an image is past its time.
type Deprecation struct {
	// Subject is what is past its time: "openjdk", "node 18", "debian 10 (buster)".
	Subject string
	// Kind says in which way.
	Kind DeprecationKind
	// Since is the day after which there are no more fixes, or on which the last tag was taken out; the zero value where
	// no day is stated.
	Since time.Time
	// Successor names what to use instead: "eclipse-temurin"; empty where the makers name nothing.
	Successor string
	// Source is the address of the statement.
	Source string
}

// DeprecationKind says in which way an image is past its time.
type DeprecationKind string

// The kinds, in the order in which Deprecated looks for them.
const (
	// ImageDeprecated means that its makers tell to use another image.
	ImageDeprecated DeprecationKind = "image-deprecated"
	// VersionEnded means that the version of the language or program gets no more fixes.
	VersionEnded DeprecationKind = "version-ended"
	// ReleaseEnded means that the release of the distribution gets no more fixes.
	ReleaseEnded DeprecationKind = "release-ended"
	// NotRebuilt means that the official images no longer build any image of the version.
	NotRebuilt DeprecationKind = "not-rebuilt"
)

// Deprecated answers whether an image is past its time on Facts.Today, and why; the first reason of those that
// DeprecationKind lists. ok is false where it is not, and where that is not known.
func (f *Facts) Deprecated(img Image) (d Deprecation, ok bool) {
	img = f.complete(img)
	if d, ok = f.imageDeprecated(img); ok {
		return d, true
	}
	if d, ok = f.versionEnded(img); ok {
		return d, true
	}
	if d, ok = f.releaseEnded(img); ok {
		return d, true
	}
	return f.notRebuilt(img)
}

// imageDeprecated looks at the images whose pages on Docker Hub say so.
func (f *Facts) imageDeprecated(img Image) (Deprecation, bool) {
	for _, d := range deprecatedImages {
		if d.name != img.Family {
			continue
		}
		if img.Family == "openjdk" && (strings.Contains(img.Version, "-ea") || strings.Contains(img.Version, "-rc")) {
			continue // early access builds go on (docker-library/docs, openjdk/deprecated.md)
		}
		return Deprecation{
			Subject: d.name, Kind: ImageDeprecated, Since: day(d.since), Successor: d.successor,
			Source: "https://hub.docker.com/_/" + d.name,
		}, true
	}
	return Deprecation{}, false
}

// versionEnded looks at the version of the language or program.
func (f *Facts) versionEnded(img Image) (Deprecation, bool) {
	product := img.Family
	if strings.HasPrefix(product, "dotnet/") {
		product = "dotnet"
	}
	if isDistribution(img.Family) || img.Version == "" {
		return Deprecation{}, false
	}
	l, ok := f.ended(product, img.Version)
	if !ok {
		return Deprecation{}, false
	}
	return Deprecation{Subject: product + " " + l.cycle, Kind: VersionEnded, Since: l.end, Source: l.source}, true
}

// releaseEnded looks at the release of the distribution.
func (f *Facts) releaseEnded(img Image) (Deprecation, bool) {
	d := img.Distribution
	if d.Release == "" {
		return Deprecation{}, false
	}
	l, ok := f.ended(d.ID, d.Release)
	if !ok {
		return Deprecation{}, false
	}
	subject := d.ID + " " + l.cycle
	if d.Codename != "" {
		subject += " (" + d.Codename + ")"
	}
	return Deprecation{Subject: subject, Kind: ReleaseEnded, Since: l.end, Source: l.source}, true
}

// ended finds the release that a version belongs to, if it has ended: the one with the longest name that the version
// begins with. A version that names several releases, such as python:2, has ended when the last of them has.
func (f *Facts) ended(product, version string) (lifecycle, bool) {
	version = strings.TrimPrefix(version, "v")
	if before, _, ok := strings.Cut(version, "u"); ok { // Java: 8u502-b07
		version = before
	}
	var found *lifecycle
	var several []lifecycle
	all := f.lifecycles(product)
	for n, l := range all {
		switch {
		case within(version, l.cycle) && (found == nil || len(l.cycle) > len(found.cycle)):
			found = &all[n]
		case within(l.cycle, version):
			several = append(several, l)
		}
	}
	if found != nil {
		return *found, f.past(*found)
	}
	last := lifecycle{cycle: version}
	for _, l := range several {
		if !f.past(l) {
			return lifecycle{}, false
		}
		if l.end.After(last.end) {
			last.end, last.source = l.end, l.source
		}
	}
	return last, len(several) > 0
}

func (f *Facts) past(l lifecycle) bool { return !l.end.IsZero() && l.end.Before(f.today()) }

// within reports whether a version belongs to a release: 3.8.12 to 3.8, but not to 3.
func within(version, cycle string) bool {
	rest, ok := strings.CutPrefix(version, cycle)
	return ok && (rest == "" || strings.ContainsRune(".-_+", rune(rest[0])))
}

// notRebuilt looks at whether any image of the version's line is still built.
func (f *Facts) notRebuilt(img Image) (Deprecation, bool) {
	g := f.aliases(img)
	if g == nil || g.gone.IsZero() || img.Channel != "" || g.gone.After(f.today()) {
		return Deprecation{}, false
	}
	own := line(img.Family, img.Version)
	if own == "" {
		return Deprecation{}, false
	}
	last := g.gone
	for _, other := range f.tags(img).groups {
		for _, tag := range other.tags {
			if !strings.Contains(tag, own) || line(img.Family, img.WithTag(tag).Version) != own {
				continue
			}
			if other.gone.IsZero() {
				return Deprecation{}, false
			}
			if other.gone.After(last) {
				last = other.gone
			}
		}
	}
	return Deprecation{
		Subject: img.Family + " " + own, Kind: NotRebuilt, Since: last,
		Source: "https://github.com/docker-library/official-images/commits/master/library/" + img.Family,
	}, true
}

// lifecycles are the releases of a product.
func (f *Facts) lifecycles(product string) []lifecycle {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.read.lifecycles == nil {
		f.read.lifecycles = readLifecycles()
	}
	return f.read.lifecycles[product]
}

// Maintained lists what may be used instead of an image that Deprecated speaks of: images that are made in the same way and
// still are, of what gets fixes on Facts.Today, the longest maintained first. nil where none is known.
func (f *Facts) Maintained(img Image, d Deprecation) []Image {
	switch {
	case d.Kind == ImageDeprecated:
		return f.successors(img, d)
	case d.Kind == NotRebuilt:
		return f.newest(img)
	case d.Kind == ReleaseEnded && !isDistribution(img.Family):
		return f.onMaintained(img)
	}
	product := img.Family
	if id := distributionFamilies[product]; id != "" {
		product = id
	} else if strings.HasPrefix(product, "dotnet/") {
		product = "dotnet"
	}
	var out []Image
	for _, l := range f.maintained(product) {
		version := l.cycle
		if product == "dotnet" && !strings.Contains(version, ".") {
			version += ".0"
		}
		if compareVersions(version, img.Version) <= 0 && img.Version != "" {
			continue // nobody goes back
		}
		if other, ok := f.alike(img, version, ""); ok {
			out = append(out, other)
		}
	}
	return out
}

// onMaintained is an image of the same version on releases of its distribution that get fixes.
func (f *Facts) onMaintained(img Image) []Image {
	var out []Image
	for _, l := range f.maintained(f.complete(img).Distribution.ID) {
		for version := img.Version; version != ""; version = shorter(version) {
			if line(img.Family, version) == "" && version != img.Version {
				break // it would be another line of releases
			}
			if other, ok := f.alike(img, version, l.cycle); ok {
				out = append(out, other)
				break
			}
		}
	}
	return out
}

// newest is the image of the newest version.
func (f *Facts) newest(img Image) []Image {
	var best []Image
	for _, g := range f.tags(img).groups {
		if !g.gone.IsZero() {
			continue
		}
		for _, tag := range g.tags {
			other := img.WithTag(tag)
			if other.Channel != "" || line(img.Family, other.Version) != other.Version || !madeAlike(img, other) {
				continue
			}
			if best == nil || compareVersions(other.Version, best[0].Version) > 0 || other.Version == best[0].Version && len(tag) < len(best[0].Tag) {
				best = []Image{other}
			}
		}
	}
	return best
}

// alike is an image of another version that is made in the same way and still is; on a release of its distribution, where
// one is named. Of several tags it has the shortest.
func (f *Facts) alike(img Image, version, release string) (best Image, ok bool) {
	table := f.tags(img)
	if table == nil {
		return Image{}, false
	}
	for _, g := range table.groups {
		if !g.gone.IsZero() {
			continue
		}
		for _, tag := range g.tags {
			if !strings.HasPrefix(tag, version) || ok && len(tag) >= len(best.Tag) {
				continue
			}
			other := img.WithTag(tag)
			if other.Version == version && other.Channel == "" && madeAlike(img, other) && (release == "" || other.Distribution.Release == release) {
				best, ok = other, true
			}
		}
	}
	return best, ok
}

func madeAlike(a, b Image) bool {
	return a.Variant == b.Variant && a.Flavor == b.Flavor && a.Java == b.Java
}

// successors is the image that the makers name, of the same version where that is known to exist.
func (f *Facts) successors(img Image, d Deprecation) []Image {
	next, ok := Parse(d.Successor)
	if !ok {
		return nil
	}
	version := img.Version
	if end := strings.IndexAny(version, ".u-_+"); end > 0 {
		version = version[:end]
	}
	named := next.WithTag(version)
	named.Java, named.Variant = img.Java, img.Variant
	for _, variant := range []Variant{img.Variant, Default} {
		named.Variant = variant
		if other, ok := f.alike(named, version, ""); ok && version != "" {
			return []Image{other}
		}
	}
	next.Tag = ""
	return []Image{next}
}

// maintained are the releases of a product that get fixes, the longest maintained first.
func (f *Facts) maintained(product string) []lifecycle {
	list := slices.DeleteFunc(slices.Clone(f.lifecycles(product)), f.past)
	slices.SortStableFunc(list, func(a, b lifecycle) int {
		if a.end.IsZero() != b.end.IsZero() {
			if a.end.IsZero() {
				return -1 // no end is stated yet
			}
			return 1
		}
		return b.end.Compare(a.end)
	})
	return list
}
