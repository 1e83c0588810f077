// Package baseimage answers what is known about a base image from its reference: the family it belongs to, its version
// and variant, the distribution and C library it carries, which smaller variants of the same version exist, how large
// each is, and whether it is past its time.
//
// Parse reads what the reference itself says. Facts adds what has to be known besides: tables that are part of the
// program, generated from public sources and dated (docs/base-images.md), and, where the caller has one, a live source.
// Nothing is guessed: what neither the reference nor a table says is unknown, and a tag that is in no table has no size.
package baseimage

import (
	"strings"

	"github.com/distribution/reference"
)

// Image is an image reference and what it says of itself. The zero value of a field means that it is not known, unless
// the field says otherwise.
type Image struct {
	// Registry is the host, "docker.io" for Docker Hub, and Repository the path there: "library/node".
	Registry, Repository string
	// Tag is the tag; "latest" where the reference has neither tag nor digest, empty where it has a digest alone.
	Tag string
	// Digest is the digest that pins the image, such as "sha256:…"; empty where nothing does.
	Digest string
	// Family names images that are made alike: the name of an official image ("node"), "dotnet/sdk", "distroless/cc",
	// "cuda". Empty for any other image.
	Family string
	// Version is the version as the tag writes it ("22", "3.13.1", "17.0.2_8"); empty where the tag names none.
	Version string
	// Channel is the word by which the tag names whichever version is the newest of a kind: "lts", "stable", "krypton".
	// Empty where it names none; "latest" is not named.
	Channel string
	// Variant says how the image is cut down.
	Variant Variant
	// Java says whether a Java image holds the development kit or the run-time environment alone.
	Java Java
	// Flavor is what else the tag asks for, joined by hyphens in the order of the tag: "fpm", "otp-27", "management".
	Flavor string
	// Distribution is the system inside.
	Distribution Distribution
	// Libc is the C library that programs of the image are linked with.
	Libc Libc
}

// Variant says how an image is cut down, as far as its tag says so.
type Variant string

// The variants.
const (
	// Default is the image as its makers recommend it.
	Default Variant = ""
	// Slim is the same distribution with fewer packages (tags with "slim").
	Slim Variant = "slim"
	// Alpine is built on Alpine Linux, whose C library is musl.
	Alpine Variant = "alpine"
	// AlpineSlim is Alpine without what the alpine variant adds (nginx).
	AlpineSlim Variant = "alpine-slim"
	// Chiseled is Ubuntu without shell and package manager (.NET); ChiseledExtra has cultures and time zones too.
	Chiseled      Variant = "chiseled"
	ChiseledExtra Variant = "chiseled-extra"
	// Distroless has neither shell nor package manager (gcr.io/distroless and Azure Linux of .NET).
	Distroless Variant = "distroless"
	// Windows needs a Windows host.
	Windows Variant = "windows"
)

// Java says what of Java an image holds.
type Java string

// The kits.
const (
	JDK Java = "jdk"
	JRE Java = "jre"
)

// Libc is a C library.
type Libc string

// The C libraries. The zero value means that it is not known.
const (
	Glibc Libc = "glibc"
	Musl  Libc = "musl"
	// NoLibc is an image without any, for programs that are linked statically.
	NoLibc Libc = "none"
)

// Parse reads an image reference as Docker does. ok is false for what is no reference, for "scratch", which is no image,
// and for a reference with a variable left in it. Stages are not told apart from images: that is the caller's to know.
func Parse(ref string) (image Image, ok bool) {
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil || ref == "scratch" {
		return Image{}, false
	}
	image.Registry, image.Repository = reference.Domain(named), reference.Path(named)
	if tagged, is := named.(reference.Tagged); is {
		image.Tag = tagged.Tag()
	}
	if pinned, is := named.(reference.Digested); is {
		image.Digest = pinned.Digest().String()
	}
	if image.Tag == "" && image.Digest == "" {
		image.Tag = "latest"
	}
	image.Family = family(image.Registry, image.Repository)
	image.readTag()
	return image, true
}

// Name is the image without tag and digest, in the form that people write: "node", "ghcr.io/owner/app".
func (i Image) Name() string {
	name, _ := strings.CutPrefix(i.Registry+"/"+i.Repository, "docker.io/")
	return strings.TrimPrefix(name, "library/")
}

// String is the reference in the form that people write: "node:22-slim", with its digest where it has one.
func (i Image) String() string {
	s := i.Name()
	if i.Tag != "" {
		s += ":" + i.Tag
	}
	if i.Digest != "" {
		s += "@" + i.Digest
	}
	return s
}

// WithTag is the same repository with another tag and without digest.
func (i Image) WithTag(tag string) Image {
	i = Image{Registry: i.Registry, Repository: i.Repository, Family: i.Family, Tag: tag}
	i.readTag()
	return i
}
