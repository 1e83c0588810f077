package rules

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/loadline-dev/loadline/pkg/dockerfile"
	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/shell"
)

// staticBinaryOnDistributionBase reports programs that need no library and are shipped with a whole distribution.
var staticBinaryOnDistributionBase = rule.Rule{
	Name:     "static-binary-on-distribution-base",
	Title:    "a static program is shipped with a distribution",
	Area:     finding.BaseImage,
	Severity: finding.Notice,
	Needs:    rule.NeedsImages | rule.NeedsScripts | rule.NeedsFiles,
	Run:      runStaticBinaryOnDistributionBase,
}

// distributions are families that are a distribution and nothing else. Alpine and BusyBox are not among them: they are hardly
// larger than what is copied along without them.
var distributions = []string{
	"debian", "ubuntu", "fedora", "centos", "almalinux", "rockylinux", "oraclelinux", "amazonlinux", "photon", "opensuse/leap",
}

// withoutDistribution are packages that a static program needs of a distribution, and that can be copied along.
var withoutDistribution = []string{"ca-certificates", "tzdata", "passwd", "netbase"}

func runStaticBinaryOnDistributionBase(ctx context.Context, p *rule.Pass) error {
	b, ok := p.BaseImage(p.Final)
	if !ok || b.Chosen || len(b.Stages) > 1 || !slices.Contains(distributions, b.Family) || forDevelopment(p) || tooling.MatchString(p.Final.Name) {
		return nil
	}
	program, ok := onlyRuns(p)
	if !ok {
		return nil
	}
	how := ""
	for _, i := range p.Final.Instructions {
		if i.Name != "COPY" || !hasFrom(i) {
			continue
		}
		if how = linkedStatically(p, i, program); how != "" {
			break
		}
	}
	if how == "" {
		return nil
	}
	message := "ships a distribution with " + path.Base(program) + ", which needs none of it: " + how + " links it statically"
	if size, ok := p.Images().Size(ctx, b.Image); ok {
		message += " (" + finding.Bytes(size.Bytes) + " to pull)"
	}
	p.Report(finding.Finding{
		Span: b.Word.Span, Message: message,
		Advice: "Build the image on scratch and copy /etc/ssl/certs/ca-certificates.crt (for TLS), /usr/share/zoneinfo (for time zones) and what else it reads along, " +
			"or on gcr.io/distroless/static, which has them and a user",
	})
	return nil
}

// onlyRuns is the program that the image starts, in exec form, where nothing in the final stage needs a distribution: steps
// that install certificates, make directories and users, and nothing that a shell would have to start later.
func onlyRuns(p *rule.Pass) (program string, ok bool) {
	for _, i := range p.Final.Instructions {
		switch i.Name {
		case "HEALTHCHECK", "SHELL", "ONBUILD":
			return "", false
		case "CMD", "ENTRYPOINT":
			if !i.JSON {
				return "", false
			}
			if i.Name == "ENTRYPOINT" || program == "" {
				program = firstWord(i)
			}
		case "RUN":
			if calls := p.Calls(i); len(calls) == 0 || slices.ContainsFunc(calls, doesMore) {
				return "", false
			}
		}
	}
	return program, path.IsAbs(program)
}

func firstWord(i *dockerfile.Instruction) string {
	if len(i.Words) == 0 {
		return ""
	}
	return path.Clean(i.Words[0].Value)
}

// doesMore reports whether a command does more for the image than what a copy could do.
func doesMore(c *shell.Call) bool {
	if installsPackages(c) {
		return slices.ContainsFunc(c.Operands("-t", "-o", "-c"), func(w shell.Word) bool {
			return !w.Known || w.Text != "install" && w.Text != "add" && !slices.Contains(withoutDistribution, w.Text)
		})
	}
	return !c.Is("apt-get", "apt", "dnf", "yum", "microdnf", "rm", "mkdir", "chmod", "chown", "useradd", "adduser", "groupadd", "addgroup", "update-ca-certificates",
		"set", "true", "touch", "ln", "echo")
}

// linkedStatically names the command that makes what a COPY --from brings to a path, and links it without any library;
// empty where that is not known.
func linkedStatically(p *rule.Pass, copied *dockerfile.Instruction, program string) string {
	from, _ := copied.Flag("from")
	stage := p.Dockerfile.Stage(from.Value.Value, copied.Stage.Index)
	dest, ok := copied.Dest()
	if stage == nil || !ok || len(copied.Sources()) != 1 {
		return ""
	}
	src, to := copied.Sources()[0].Value, dest.Value
	if !path.IsAbs(to) {
		to = path.Join(p.Workdir(copied), to)
	}
	if strings.HasSuffix(dest.Value, "/") || dest.Value == "." {
		to = path.Join(to, path.Base(src))
	}
	if path.Clean(to) != program && path.Join(to, path.Base(src)) != program {
		return ""
	}
	how := ""
	for _, i := range stage.Instructions {
		if i.Name != "RUN" {
			continue
		}
		for _, c := range p.Calls(i) {
			switch {
			case c.Is("go") && c.HasArg("build", "install"):
				if v := c.Env("CGO_ENABLED"); !v.Known || v.Text != "0" {
					return ""
				}
				how = "go build with CGO_ENABLED=0"
			case c.Is("cargo") && c.HasArg("build", "install"):
				target, ok := c.Option("", "--target")
				if !ok || !target.Known || !strings.HasSuffix(target.Text, "-linux-musl") || !strings.Contains(src, target.Text) {
					return ""
				}
				how = "the target " + target.Text
			case c.Is("gcc", "g++", "cc", "c++", "clang", "make", "cmake", "ninja", "meson"):
				return ""
			}
		}
	}
	return how
}
