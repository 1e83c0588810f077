package baseimage

import (
	_ "embed"
	"slices"
	"strings"
)

// official are the names of the Docker Official Images, past and present, one a line (docker-library/official-images,
// library/). Generated.
//
//go:embed data/official.txt
var official string

// family names the family of a repository; empty for one that belongs to none that is known.
func family(registry, repository string) string {
	switch registry {
	case "docker.io":
		if name, ok := strings.CutPrefix(repository, "library/"); ok {
			return officialName(name)
		}
		if repository == "nvidia/cuda" {
			return "cuda"
		}
	case "public.ecr.aws": // copies made by Docker (docs.aws.amazon.com, "Amazon ECR public gallery", docker/library)
		if name, ok := strings.CutPrefix(repository, "docker/library/"); ok {
			return officialName(name)
		}
	case "mirror.gcr.io": // a cache of Docker Hub (cloud.google.com, "Pull cached Docker Hub images")
		if name, ok := strings.CutPrefix(repository, "library/"); ok {
			return officialName(name)
		}
	case "nvcr.io":
		if repository == "nvidia/cuda" {
			return "cuda"
		}
	case "mcr.microsoft.com":
		return microsoft(repository)
	case "gcr.io":
		if name, ok := strings.CutPrefix(repository, "distroless/"); ok {
			return distroless(name)
		}
	case "registry.access.redhat.com", "registry.redhat.io":
		if ubiRelease.MatchString(repository) {
			return "ubi"
		}
	}
	return ""
}

func officialName(name string) string {
	if slices.Contains(strings.Fields(official), name) {
		return name
	}
	return ""
}

// microsoft names the families of .NET (dotnet/dotnet-docker, README) and Playwright.
func microsoft(repository string) string {
	if name, ok := strings.CutPrefix(repository, "dotnet/"); ok {
		name = strings.TrimPrefix(name, "nightly/")
		if slices.Contains([]string{"sdk", "aspnet", "runtime", "runtime-deps"}, name) {
			return "dotnet/" + name
		}
	}
	if repository == "playwright" {
		return "playwright"
	}
	return ""
}

// distroless names the families of GoogleContainerTools/distroless (README, "What images are available?").
func distroless(name string) string {
	name = distrolessRelease.ReplaceAllString(name, "")
	for _, known := range []string{"static", "base-nossl", "base", "cc", "java-base", "java", "nodejs", "python3"} {
		rest, ok := strings.CutPrefix(name, known)
		if ok && (rest == "" || numericWord.MatchString(rest)) {
			return "distroless/" + strings.TrimSuffix(known, "3")
		}
	}
	return ""
}

// defaultsToJDK reports whether a tag that names neither means the development kit (official-images, library/: tags
// without a kit stand beside those with "jdk").
func defaultsToJDK(family string) bool {
	return slices.Contains([]string{
		"amazoncorretto", "azul-zulu", "eclipse-temurin", "gradle", "groovy", "maven", "openjdk", "sapmachine",
	}, family)
}

// glibcByDefault reports whether all tags of a family that do not name Alpine Linux have been built on a distribution
// with glibc, whichever it was: Debian, Ubuntu, Oracle Linux, Amazon Linux (the Dockerfiles that official-images refers
// to; dotnet/dotnet-docker, README).
func glibcByDefault(family string) bool {
	return slices.Contains([]string{
		"amazoncorretto", "azul-zulu", "buildpack-deps", "cassandra", "cuda", "dart", "dotnet/aspnet", "dotnet/runtime",
		"dotnet/runtime-deps", "dotnet/sdk", "eclipse-temurin", "elixir", "erlang", "gcc", "golang", "gradle", "groovy",
		"haproxy", "haskell", "httpd", "ibm-semeru-runtimes", "jetty", "jruby", "julia", "mariadb", "maven", "memcached",
		"mongo", "mysql", "nginx", "node", "openjdk", "perl", "php", "playwright", "postgres", "pypy", "python", "r-base",
		"rabbitmq", "redis", "ruby", "rust", "sapmachine", "swift", "tomcat", "tomee",
	}, family) || strings.HasPrefix(family, "distroless/")
}
