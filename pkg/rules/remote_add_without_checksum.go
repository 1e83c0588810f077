package rules

import (
	"context"
	"net/url"
	"path"
	"regexp"
	"strings"

	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/rule"
)

// remoteAddWithoutChecksum reports ADD of a fixed address without --checksum.
var remoteAddWithoutChecksum = rule.Rule{
	Name:     "remote-add-without-checksum",
	Title:    "a remote file is asked for again in every build",
	Area:     finding.RemoteFiles,
	Severity: finding.Notice,
	Run:      runRemoteAddWithoutChecksum,
}

func runRemoteAddWithoutChecksum(_ context.Context, p *rule.Pass) error {
	for i := range p.Instructions("ADD") {
		if _, ok := i.Flag("checksum"); ok {
			continue
		}
		for _, w := range i.Sources() {
			v := p.Dockerfile.Expand(w.Value, p.Variables(i))
			if !v.Known || !isFixedAddress(v.Text) {
				continue
			}
			p.Report(finding.Finding{
				Span:    w.Span,
				Message: "asks the server for " + lastPart(v.Text) + " in every build, since no checksum says what it holds",
				Advice:  "Give ADD the digest that the publisher states, as --checksum=sha256:…, so that the builder need not ask",
			})
		}
	}
	return nil
}

// moving matches the parts of an address whose content changes on purpose.
var moving = regexp.MustCompile(`(?i)(^|[/._=-])(latest|stable|current|master|main|head|trunk|nightly|snapshot|edge|dev|continuous|rolling)([/._?&-]|$)`)

// version matches a part of an address that names one release, or one commit.
var version = regexp.MustCompile(`\d+\.\d+|[0-9a-f]{12,}|\d{6,}|v\d+`)

// isFixedAddress reports whether an address is that of a file whose content does not change: it names a release. A Git
// repository has a commit or branch instead of a checksum.
func isFixedAddress(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return false
	}
	if strings.HasSuffix(u.Path, ".git") || u.Fragment != "" {
		return false
	}
	rest := u.Path + "?" + u.RawQuery
	return version.MatchString(rest) && !moving.MatchString(rest)
}

func lastPart(address string) string {
	u, err := url.Parse(address)
	if err != nil || path.Base(u.Path) == "/" || path.Base(u.Path) == "." {
		return "the file"
	}
	return path.Base(u.Path)
}
