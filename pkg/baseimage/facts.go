package baseimage

import (
	"context"
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
}

// Live answers how large an image is now. ok is false where it could not be found out; whoever gave the source knows why.
type Live interface {
	Size(ctx context.Context, ref string) (bytes int64, ok bool)
}

// Size is how much is pulled for an image: the compressed layers for linux/amd64.
type Size struct {
	// Bytes is the newest figure, in bytes.
	Bytes int64
	// Low and High are the smallest and the largest figure of the tag that the tables hold; equal to Bytes where there
	// is one figure.
	Low, High int64
	// Date is the day on which the image of the figure was made; the zero value for a live figure.
	Date time.Time
	// Source says where the figure is from: "docker-library/repo-info", or "registry" for a live one.
	Source string
}

// Deprecation says that an image is past its time.
type Deprecation struct {
	// Subject is what is past its time: "openjdk", "node 18", "debian 10 (buster)".
	Subject string
	// Kind says in which way.
	Kind DeprecationKind
	// Since is the day; the zero value where no day is stated.
	Since time.Time
	// Successor names what to use instead: "eclipse-temurin", "debian 13"; may be empty.
	Successor string
	// Source is the address of the statement.
	Source string
}

// DeprecationKind says in which way an image is past its time.
type DeprecationKind string

// The kinds.
const (
	// ImageDeprecated means that its makers tell to use another image.
	ImageDeprecated DeprecationKind = "image-deprecated"
	// VersionEnded means that the version of the language or program gets no more fixes.
	VersionEnded DeprecationKind = "version-ended"
	// ReleaseEnded means that the release of the distribution gets no more fixes.
	ReleaseEnded DeprecationKind = "release-ended"
	// NotRebuilt means that no image of the version is built any more, as the tags of the official images show.
	NotRebuilt DeprecationKind = "not-rebuilt"
)

// Image is Parse, completed by what the tables say of the tag: the version behind "lts", the distribution behind "22".
func (f *Facts) Image(ref string) (Image, bool) { return Parse(ref) }

// Size answers how large an image is; ok is false where that is not known.
func (f *Facts) Size(ctx context.Context, img Image) (size Size, ok bool) { return Size{}, false }

// Variants lists the smaller variants of exactly the same version that are known to exist, the smallest change first:
// slim, then the run-time environment, then alpine. nil means that none is known.
func (f *Facts) Variants(img Image) []Image { return nil }

// Deprecated answers whether an image is past its time, and why.
func (f *Facts) Deprecated(img Image) (d Deprecation, ok bool) { return Deprecation{}, false }

// Package answers which version of a package the distribution inside an image offers: its own package manager's, or what
// the family is known to carry ("bundler" of ruby). ok is false where that is not known.
func (f *Facts) Package(img Image, name string) (version string, ok bool) { return "", false }
