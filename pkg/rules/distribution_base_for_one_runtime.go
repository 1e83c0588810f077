package rules

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/shell"
)

// distributionBaseForOneRuntime reports images that begin with a whole distribution for the sake of one runtime, or of
// nothing that a smaller image of the same makers lacks.
var distributionBaseForOneRuntime = rule.Rule{
	Name:     "distribution-base-for-one-runtime",
	Title:    "a whole distribution is the base for one runtime",
	Area:     finding.BaseImage,
	Severity: finding.Notice,
	Needs:    rule.NeedsImages | rule.NeedsScripts | rule.NeedsFiles,
	Run:      runDistributionBaseForOneRuntime,
}

// oneRuntime is a runtime that distributions package and that has an official image.
type oneRuntime struct {
	what     string
	packages *regexp.Regexp
	instead  string
}

var oneRuntimes = []oneRuntime{
	{"Python", regexp.MustCompile(`^(python3?(\.\d+)?(-minimal|-pip|-venv|-setuptools|-wheel|-distutils)?|py3-pip)$`), "python:3.13-slim"},
	{"Node.js", regexp.MustCompile(`^(nodejs|npm|yarn(pkg)?)$`), "node:22-slim"},
	{"Java", regexp.MustCompile(`^((openjdk-\d+|default)-jre(-headless)?|java-[\w.]+-openjdk(-headless)?|openjdk\d+-jre(-headless)?)$`), "eclipse-temurin:21-jre"},
	{"nginx", regexp.MustCompile(`^nginx(-light|-core|-full)?$`), "nginx"},
	{"Ruby", regexp.MustCompile(`^(ruby(\d+(\.\d+)?)?|ruby-bundler|bundler)$`), "ruby:3.4-slim"},
}

// besides are packages that images of runtimes have as well, or that are for fetching something.
var besides = []string{
	"ca-certificates", "curl", "wget", "tzdata", "gnupg", "gnupg2", "apt-transport-https", "locales", "lsb-release", "software-properties-common", "openssl",
}

// fullUBI matches Red Hat's universal base image in its largest form.
var fullUBI = regexp.MustCompile(`^registry\.(?:access\.redhat\.com|redhat\.io)/(ubi(?:8|9|10))(?:/ubi)?(?:[:@]|$)`)

func runDistributionBaseForOneRuntime(_ context.Context, p *rule.Pass) error {
	if forDevelopment(p) || aside(p) || tooling.MatchString(p.Final.Name) || !startsProgram(p) {
		return nil
	}
	if p.Final.Parent == nil {
		name := p.Dockerfile.Expand(p.Final.Base.Value, p.Variables(p.Final.From))
		if m := fullUBI.FindStringSubmatch(name.Text); name.Known && m != nil {
			reportUBI(p, m[1])
			return nil
		}
	}
	b, ok := p.BaseImage(p.Final)
	if !ok || b.Chosen || len(b.Stages) > 1 || !slices.Contains(distributions, b.Family) {
		return nil
	}
	list, seen := startedBy(p, b)
	names, all := installedPackages(list)
	if !seen || !all || slices.ContainsFunc(list, func(s started) bool { return s.by.Name == "RUN" && compiledResult(s.call) != "" }) {
		return nil
	}
	var found *oneRuntime
	for _, name := range names {
		if slices.Contains(besides, name) || name == "install" || name == "add" || name == "update" {
			continue
		}
		i := slices.IndexFunc(oneRuntimes, func(r oneRuntime) bool { return r.packages.MatchString(name) })
		if i < 0 || found != nil && found != &oneRuntimes[i] {
			return nil
		}
		found = &oneRuntimes[i]
	}
	if found == nil || copiesFromElsewhere(p, b) {
		return nil
	}
	p.Report(finding.Finding{
		Span:    b.Word.Span,
		Message: "builds on a whole distribution and installs nothing but " + found.what + ", which its packages bring in anew for each image",
		Advice: "Build on the official image, such as " + found.instead + ": its layers are shared, and its releases are not bound to the distribution's. " +
			"Check the version that the program needs",
	})
	return nil
}

// reportUBI reports the full image where no step installs or starts anything: ubi-minimal and ubi-micro have the same C
// library (Red Hat, "Types of container images").
func reportUBI(p *rule.Pass, name string) {
	for _, i := range p.Final.Instructions {
		switch i.Name {
		case "RUN":
			if slices.ContainsFunc(p.Calls(i), func(c *shell.Call) bool {
				return !c.Is("mkdir", "chmod", "chown", "ln", "useradd", "groupadd", "rm", "touch")
			}) {
				return
			}
		case "CMD", "ENTRYPOINT":
			if !i.JSON || strings.HasSuffix(firstWord(i), ".sh") {
				return
			}
		case "HEALTHCHECK":
			return
		}
	}
	p.Report(finding.Finding{
		Span:    p.Final.Base.Span,
		Message: "builds on the full " + name + ", of which no step uses anything",
		Advice: "Try " + name + "/" + name + "-minimal or " + name + "/" + name + "-micro, which have the same C library, and check which commands the program " +
			"starts when it runs",
	})
}
