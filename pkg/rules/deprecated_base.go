package rules

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/loadline-dev/loadline/pkg/baseimage"
	"github.com/loadline-dev/loadline/pkg/dockerfile"
	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/source"
)

// deprecatedBase reports stages that are built on what gets no more fixes.
var deprecatedBase = rule.Rule{
	Name:     "deprecated-base",
	Title:    "the base image gets no more fixes",
	Area:     finding.BaseImage,
	Severity: finding.Notice,
	Needs:    rule.NeedsImages,
	Run:      runDeprecatedBase,
}

func runDeprecatedBase(_ context.Context, p *rule.Pass) error {
	if forDevelopment(p) || aside(p) {
		return nil
	}
	for _, s := range p.Stages {
		b, ok := p.BaseImage(s)
		if !ok || len(b.Stages) > 1 { // it is said where FROM names it
			continue
		}
		d, ok := pastItsTime(p, b)
		if !ok || onPurpose(p, b, d) || d.Kind == baseimage.NotRebuilt && !isFinal(p, s) {
			continue // a tool that builds does its work as well in an old image
		}
		p.Report(finding.Finding{
			Span:    b.Word.Span,
			Message: fmt.Sprintf("builds on %s: %s", named(b.Image), whatEnded(d)),
			Advice:  useInstead(p.Images().Maintained(b.Image, d)),
		})
	}
	return nil
}

// isFinal reports whether the final stage is built on a stage, or is it.
func isFinal(p *rule.Pass, s *dockerfile.Stage) bool {
	b, ok := p.BaseImage(p.Final)
	return ok && slices.Contains(b.Stages, s)
}

// How long ago something has to have ended: who moves on does not do so on the day. That a version is no longer built is less:
// its makers have gone on to the next one.
const (
	gracePeriod = 60 * 24 * time.Hour
	goneFor     = 365 * 24 * time.Hour
)

// pastItsTime says why an image gets no more fixes; ok is false where it does, and where that is not certain.
func pastItsTime(p *rule.Pass, b rule.BaseImage) (d baseimage.Deprecation, ok bool) {
	facts := p.Images()
	d, ok = facts.Deprecated(b.Image)
	grace := gracePeriod
	if d.Kind == baseimage.NotRebuilt {
		grace = goneFor
	}
	if !ok || b.Chosen || d.Since.Add(grace).After(today(facts)) {
		return d, false
	}
	said := b.WithTag(b.Tag) // what the tag itself says, and not what it means now
	switch d.Kind {
	case baseimage.VersionEnded, baseimage.NotRebuilt:
		return d, b.Digest == "" || said.Version != ""
	case baseimage.ReleaseEnded:
		return d, said.Distribution.Release != "" || b.Digest == "" && d.Since.Before(baseimage.TableDay())
	}
	return d, true
}

func today(f *baseimage.Facts) time.Time {
	if f.Today.IsZero() {
		return baseimage.TableDay()
	}
	return f.Today
}

// pathWord matches the parts of paths and names of stages.
var pathWord = regexp.MustCompile(`[a-z]*[0-9][0-9.]*|[a-z]+`)

// onPurpose reports whether the Dockerfile or the stage is named after what has ended: an image for testing or packaging
// on just that.
func onPurpose(p *rule.Pass, b rule.BaseImage, d baseimage.Deprecation) bool {
	subject := strings.Fields(strings.NewReplacer("(", "", ")", "").Replace(d.Subject)) // debian 10 buster
	version := ""
	if len(subject) > 1 {
		version = subject[1]
	}
	place := strings.ToLower(p.Build.Dockerfile + " " + b.Stages[0].Name)
	return slices.ContainsFunc(pathWord.FindAllString(place, -1), func(word string) bool {
		word = strings.TrimSuffix(word, ".")
		letters := strings.TrimRight(word, ".0123456789")
		digits := strings.TrimPrefix(word, letters)
		return slices.Contains(subject[min(2, len(subject)):], word) || // buster
			version != "" && (digits == version || digits == strings.ReplaceAll(version, ".", "") && digits != word) || // 3.7, py37
			letters != "" && (letters == b.Distribution.ID || letters == b.Family && d.Kind == baseimage.ImageDeprecated)
	})
}

// named is an image as messages name it.
func named(i baseimage.Image) string {
	i.Digest = ""
	return source.Printable(i.String())
}

// whatEnded says why there are no more fixes.
func whatEnded(d baseimage.Deprecation) string {
	since := ""
	if !d.Since.IsZero() {
		since = " since " + d.Since.Format(time.DateOnly)
	}
	switch d.Kind {
	case baseimage.ImageDeprecated:
		if d.Successor == "" {
			return "its makers have given it up, and there have been no fixes" + since
		}
		return "its makers tell to use another image, and there have been no fixes" + since
	case baseimage.NotRebuilt:
		return "images of " + d.Subject + " have not been built" + since
	}
	text := d.Subject + " has had no fixes" + since
	if strings.HasPrefix(d.Subject, "ubuntu ") {
		text += ", but for subscribers"
	}
	return text
}

// useInstead is the advice about images that are maintained; the first two of them.
func useInstead(list []baseimage.Image) string {
	if len(list) == 0 {
		return "Build on an image that is maintained"
	}
	var names []string
	for _, i := range list[:min(2, len(list))] {
		names = append(names, named(i))
	}
	return "Build on an image that is maintained, such as " + strings.Join(names, " or ")
}
