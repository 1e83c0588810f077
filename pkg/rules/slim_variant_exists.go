package rules

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/loadline-dev/loadline/pkg/baseimage"
	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/source"
)

// slimVariantExists reports images that are built on the full image of a language and need nothing that the slim one lacks.
var slimVariantExists = rule.Rule{
	Name:     "slim-variant-exists",
	Title:    "the base image has a slim variant with all that is needed",
	Area:     finding.BaseImage,
	Severity: finding.Notice,
	Needs:    smallerNeeds,
	Run:      func(ctx context.Context, p *rule.Pass) error { return runSmallerBase(ctx, p, baseimage.Slim) },
}

// smallerNeeds is what has to be looked at before another variant is named.
const smallerNeeds = rule.NeedsImages | rule.NeedsScripts | rule.NeedsFiles | rule.NeedsUpload

// runSmallerBase reports the image of the build where the better of its smaller variants is of a kind.
func runSmallerBase(ctx context.Context, p *rule.Pass, kind baseimage.Variant) error {
	b, ok := isApplication(p)
	if _, serves := webServers[b.Family]; !ok || !serves && !slices.Contains([]string{"node", "python", "ruby"}, b.Family) || hasVariants(p) {
		return nil
	}
	s, ok := smallerBase(ctx, p, b, kind)
	if !ok {
		return nil
	}
	advice := fmt.Sprintf("Build on %s", named(s.image))
	if b.Digest != "" {
		advice += ", pinned by its own digest"
	}
	p.Report(finding.Finding{
		Span:    b.Word.Span,
		Message: fmt.Sprintf("builds on %s, %s to pull; %s has %s", named(b.Image), finding.Bytes(s.full.Bytes), named(s.image), finding.Bytes(s.smaller.Bytes)),
		Advice:  advice + ". " + s.checked,
	})
	return nil
}

// hasVariants reports whether the repository has the image in several variants, so that this one is meant to be the full one.
func hasVariants(p *rule.Pass) bool {
	dir, file := path.Split(p.Build.Dockerfile)
	parent, name := path.Split(strings.TrimSuffix(dir, "/"))
	for _, variant := range []string{"alpine", "slim"} {
		for _, other := range []string{
			dir + file + "." + variant, dir + file + "-" + variant, dir + variant + "." + file, dir + variant + "/" + file,
			parent + variant + "/" + file, parent + name + "-" + variant + "/" + file,
		} {
			if _, ok := p.Repository().Lookup(other); ok && other != p.Build.Dockerfile {
				return true
			}
		}
	}
	return false
}

// smaller is a smaller variant that an image could be built on.
type smaller struct {
	image         baseimage.Image
	full, smaller baseimage.Size
	// checked says what was looked at, and what was not.
	checked string
}

// worthPulling is from which difference on another variant is worth the work, in bytes.
const worthPulling = 20_000_000

// smallerBase is the smaller variant of an image's base that is of a kind, where it is the best that nothing stands
// against, as far as can be seen: slim, or Alpine where that is clearly smaller still and everything that is known to fail
// with musl is known to be absent. ok is false where it is not, or its size is not known.
func smallerBase(ctx context.Context, p *rule.Pass, b rule.BaseImage, kind baseimage.Variant) (best smaller, ok bool) {
	var slim, alpine smaller
	for _, v := range p.Images().Variants(b.Image) {
		switch {
		case v.Java != b.Java:
		case v.Variant == baseimage.Slim:
			slim.image = v
		case v.Variant == baseimage.Alpine:
			alpine.image = v
		}
	}
	fits := func(s *smaller, check func(*rule.Pass, rule.BaseImage) (string, bool)) bool {
		if s.image.Tag == "" || p.Images().Live == nil && !s.measure(ctx, p, b) {
			return false
		}
		if s.checked, ok = check(p, b); !ok {
			return false
		}
		return s.full.Bytes > 0 || s.measure(ctx, p, b)
	}
	if kind == baseimage.Slim {
		ok = fits(&slim, fitsSlim) && !(fits(&alpine, fitsAlpine) && clearlySmaller(alpine.smaller.Bytes, slim.smaller.Bytes))
		return slim, ok
	}
	ok = fits(&alpine, fitsAlpine) &&
		(slim.image.Tag == "" || fits(&slim, fitsSlim) && clearlySmaller(alpine.smaller.Bytes, slim.smaller.Bytes))
	return alpine, ok
}

// measure reports whether the variant is known to be worth it.
func (s *smaller) measure(ctx context.Context, p *rule.Pass, b rule.BaseImage) bool {
	var ok bool
	s.full, s.smaller, ok = p.ImageSizes(ctx, b.Image, s.image)
	return ok && s.full.Bytes-s.smaller.Bytes >= worthPulling
}

// clearlySmaller reports whether Alpine is worth another C library: a third less than slim, and 10 MB.
func clearlySmaller(alpine, slim int64) bool {
	const least = 10_000_000
	return slim-alpine >= least && alpine <= slim/3*2
}

// fitsSlim says what was looked at, and whether nothing of it needs what the slim variant lacks.
func fitsSlim(p *rule.Pass, b rule.BaseImage) (checked string, ok bool) {
	l, ok := languageLibraries(p, b)
	if !ok || !startsProgram(p) {
		return "", false
	}
	list, seen := startedBy(p, b)
	if !seen || needsFullTool(b, list) != "" || b.Family == "node" && !scriptsAreSlim(p, list) || copiesFromElsewhere(p, b) && !l.installed {
		return "", false
	}
	return "No command of the image needs a compiler, git, curl or another tool that it lacks" + l.evidence(", and no package of %s is known to") +
		"; programs that the application starts by itself are not seen", true
}

// languageLibraries are what the build installs for the language of its base image; ok is false where some of that is not
// known to do without compilers, and for other images.
func languageLibraries(p *rule.Pass, b rule.BaseImage) (l libraries, ok bool) {
	switch b.Family {
	case "python":
		l = pythonLibraries(p, b)
	case "node":
		l = nodeLibraries(p)
	case "ruby":
		for _, c := range p.AllCalls() {
			l.unclear = l.unclear || c.Is("bundle", "bundler", "gem", "rake", "rails") // most gems with code are compiled
		}
	default:
		return l, false
	}
	return l, !l.unclear
}

// evidence names the files that say what is installed; empty for none.
func (l *libraries) evidence(format string) string {
	if len(l.from) == 0 {
		return ""
	}
	const shown = 2
	var names []string
	for _, f := range l.from[:min(shown, len(l.from))] {
		names = append(names, source.Printable(f))
	}
	return fmt.Sprintf(format, strings.Join(names, " and "))
}
