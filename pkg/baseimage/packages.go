package baseimage

// Package answers which version of a package the distribution inside an image offers: its own package manager's, or what
// the family is known to carry ("bundler" of ruby). ok is false where that is not known.
func (f *Facts) Package(img Image, name string) (version string, ok bool) { return "", false }
