package rules

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/loadline-dev/loadline/pkg/dockerfile"
	"github.com/loadline-dev/loadline/pkg/rule"
)

// release is a release of a distribution that the tag of an image names.
type release struct {
	// tag matches it in an image with its tag.
	tag *regexp.Regexp
	// xz is the version of xz that it has.
	xz string
}

// releases are those that have an xz before 5.6.0, of February 2024, with which compression became parallel by default.
// Sources: https://packages.debian.org/search?keywords=xz-utils, https://launchpad.net/ubuntu/+source/xz-utils. Alpine is
// told by its number; see alpineTag.
var releases = []release{
	{regexp.MustCompile(`(^|/)debian:10\b|[:-]buster\b`), "5.2.4"},
	{regexp.MustCompile(`(^|/)debian:11\b|[:-]bullseye\b`), "5.2.5"},
	{regexp.MustCompile(`(^|/)debian:12\b|[:-]bookworm\b`), "5.4.1"},
	{regexp.MustCompile(`(^|/)ubuntu:18\.04\b|[:-]bionic\b|ubuntu-?18\.04\b`), "5.2.2"},
	{regexp.MustCompile(`(^|/)ubuntu:20\.04\b|[:-]focal\b|ubuntu-?20\.04\b`), "5.2.4"},
	{regexp.MustCompile(`(^|/)ubuntu:22\.04\b|[:-]jammy\b|ubuntu-?22\.04\b`), "5.2.5"},
	{regexp.MustCompile(`(^|/)ubuntu:24\.04\b|[:-]noble\b|ubuntu-?24\.04\b`), "5.4.5"},
}

// alpineTag finds the release of Alpine in an image with its tag, and lastAlpine is the last one with an xz before 5.6: that
// of December 2023.
var alpineTag = regexp.MustCompile(`(?:^|/)alpine:3\.(\d+)\b|alpine-?3\.(\d+)\b`)

const lastAlpine = 19

// oldXz is the version of xz in a stage whose image is of a release that surely has one before 5.6.
func oldXz(p *rule.Pass, s *dockerfile.Stage) (version string, ok bool) {
	stage := root(s)
	v := p.Dockerfile.Expand(stage.Base.Value, p.Variables(stage.From))
	if !v.Known {
		return "", false
	}
	image := strings.ToLower(v.Text)
	for _, r := range releases {
		if r.tag.MatchString(image) {
			return r.xz, true
		}
	}
	if m := alpineTag.FindStringSubmatch(image); m != nil {
		if minor, err := strconv.Atoi(m[1] + m[2]); err == nil && minor <= lastAlpine {
			return "of Alpine 3." + strconv.Itoa(minor), true
		}
	}
	return "", false
}
