package rules

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/loadline-dev/loadline/pkg/baseimage"
	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/source"
)

// jdkAtRunTime reports images that carry Java's development kit and run a program that was compiled before.
var jdkAtRunTime = rule.Rule{
	Name:     "jdk-at-run-time",
	Title:    "the image has a JDK where a program only runs",
	Area:     finding.BaseImage,
	Severity: finding.Notice,
	Needs:    rule.NeedsImages | rule.NeedsScripts | rule.NeedsFiles,
	Run:      runJDKAtRunTime,
}

// jdkTools are programs that only the development kit has, and those that need it.
var jdkTools = []string{
	"javac", "javadoc", "jlink", "jdeps", "jpackage", "jshell", "jcmd", "jmap", "jstack", "jstat", "jinfo", "jhsdb", "jar", "jarsigner", "jdb",
	"mvn", "mvnw", "gradle", "gradlew", "sbt", "ant", "native-image", "kotlinc", "scalac", "groovyc", "lein", "clojure", "clj", "bazel",
}

// jdkPackage matches packages of distributions that are a development kit (Debian, Ubuntu, Fedora, Alpine).
var jdkPackage = regexp.MustCompile(`^((openjdk-\d+|default|temurin-\d+|java-\d+-amazon-corretto|zulu-?\d+)-jdk(-headless)?|java-[\w.]+-openjdk-devel|openjdk\d+(-jdk)?|java-\d+-amazon-corretto-devel)$`)

func runJDKAtRunTime(ctx context.Context, p *rule.Pass) error {
	if forDevelopment(p) || tooling.MatchString(p.Final.Name) || !startsProgram(p) {
		return nil
	}
	b, based := p.BaseImage(p.Final)
	if !based {
		b.Stages = append(b.Stages, p.Final)
	}
	list, _ := startedBy(p, b)
	java := false
	for _, s := range list {
		if s.call.Is(jdkTools...) {
			return nil
		}
		java = java || s.call.Is("java") && s.by.Name != "RUN"
	}
	if based && java && b.Java == baseimage.JDK {
		reportJDK(ctx, p, b)
		return nil
	}
	for _, s := range list {
		if s.by.Name != "RUN" || !installsPackages(s.call) || s.call.File != p.Dockerfile.Source {
			continue
		}
		for _, w := range s.call.Operands() {
			if name, _, _ := strings.Cut(w.Text, "="); w.Known && jdkPackage.MatchString(name) {
				p.Report(finding.Finding{
					Span:    w.Span,
					Message: "installs " + source.Printable(name) + " into the image, whose compiler no step and no command of it uses",
					Advice:  "Install the run-time environment alone (" + runtimePackage(name) + "), unless the program compiles when it runs",
				})
				return nil
			}
		}
	}
	return nil
}

// runtimePackage is the package beside a development kit that only runs programs.
func runtimePackage(jdk string) string {
	switch {
	case strings.Contains(jdk, "-jdk"):
		return strings.Replace(strings.TrimSuffix(jdk, "-headless"), "-jdk", "-jre-headless", 1)
	case strings.HasSuffix(jdk, "-devel"):
		return strings.TrimSuffix(jdk, "-devel") + "-headless"
	}
	return jdk + "-jre-headless"
}

// reportJDK reports the base image where its makers have one without the kit.
func reportJDK(ctx context.Context, p *rule.Pass, b rule.BaseImage) {
	tag := strings.Replace(b.Tag, "jdk", "jre", 1)
	if tag == b.Tag {
		tag += "-jre"
	}
	jre := b.WithTag(tag)
	if !p.Images().Exists(jre) {
		return
	}
	message := "runs a program on a JDK, whose compiler no step and no command uses"
	if with, without, ok := p.ImageSizes(ctx, b.Image, jre); ok && without.Bytes < with.Bytes {
		message += fmt.Sprintf(": %s are pulled in place of %s", finding.Bytes(with.Bytes), finding.Bytes(without.Bytes))
	}
	p.Report(finding.Finding{
		Span: b.Word.Span, Message: message,
		Advice: "Build the image on " + source.Printable(jre.Name()+":"+tag) + ", or on a runtime of the modules that it needs, made with jlink",
	})
}
