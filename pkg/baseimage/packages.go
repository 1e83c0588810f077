package baseimage

import (
	"strings"
)

// Package answers which version of a tool the distribution inside an image offers through its package manager, or the
// image itself carries: "bundler" and "rubygems" of ruby, or what the family is named for. The name is the tool's own
// ("xz", "zstd", "make", "cmake", "ninja"), and the version is the upstream one. ok is false where that is not known.
//
// Of the distribution behind a tag such as "node:22" the tables know what it was on TableDay.
func (f *Facts) Package(img Image, name string) (version string, ok bool) {
	img = f.complete(img)
	if name == img.Family && img.Version != "" && !isDistribution(img.Family) {
		return strings.TrimPrefix(img.Version, "v"), true
	}
	packages := f.packages()
	for release := img.Version; release != ""; release = shorter(release) {
		if version, ok = packages[packageKey{img.Family, release, name}]; ok {
			return version, true
		}
	}
	version, ok = packages[packageKey{img.Distribution.ID, img.Distribution.Release, name}]
	return version, ok
}

// shorter is a version without its last number.
func shorter(version string) string {
	return version[:max(0, strings.LastIndexByte(version, '.'))]
}

// packageKey names a tool in a release of a distribution or family.
type packageKey struct{ subject, release, name string }

// packages are the versions of the table.
func (f *Facts) packages() map[packageKey]string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.read.packages == nil {
		f.read.packages = readPackages()
	}
	return f.read.packages
}

// readPackages reads the table: subject, release, tool, version, day, source.
func readPackages() map[packageKey]string {
	text, err := data.ReadFile("data/packages.txt")
	if err != nil {
		panic("baseimage: " + err.Error()) // it is part of the program
	}
	out := map[packageKey]string{}
	for line := range records(string(text)) {
		f := strings.Fields(line)
		out[packageKey{f[0], f[1], f[2]}] = f[3]
	}
	return out
}
