package baseimage_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/loadline-dev/loadline/pkg/baseimage"
)

func parse(t *testing.T, ref string) baseimage.Image {
	t.Helper()
	img, ok := baseimage.Parse(ref)
	if !ok {
		t.Fatalf("%q is no reference", ref)
	}
	return img
}

func TestVariantsAreOfExactlyTheSameVersion(t *testing.T) {
	var facts baseimage.Facts
	for ref, want := range map[string]string{
		"node:22":                                "22-slim 22-alpine",
		"node":                                   "slim alpine",
		"node:lts":                               "lts-slim lts-alpine",
		"node:22-bookworm":                       "22-bookworm-slim 22-alpine",
		"node:22-slim":                           "22-alpine",
		"node:22-alpine":                         "",
		"node:16":                                "16-slim 16-alpine",
		"node:16-buster":                         "16-buster-slim 16-alpine",
		"node:99":                                "",
		"python:3.13":                            "3.13-slim 3.13-alpine",
		"python:3.13-bookworm":                   "3.13-slim-bookworm 3.13-alpine",
		"python:3.8.12":                          "3.8.12-slim 3.8.12-alpine",
		"golang:1.26":                            "1.26-alpine",
		"ruby:3.4":                               "3.4-slim 3.4-alpine",
		"rust":                                   "slim alpine",
		"php:8.4-fpm":                            "8.4-fpm-alpine",
		"php:8.4-apache":                         "",
		"nginx":                                  "alpine alpine-slim",
		"nginx:stable":                           "stable-alpine stable-alpine-slim",
		"nginx:alpine":                           "alpine-slim",
		"debian:bookworm":                        "bookworm-slim",
		"debian:12":                              "12-slim",
		"ubuntu:24.04":                           "",
		"alpine:3.22":                            "",
		"eclipse-temurin:21":                     "21-jre 21-alpine 21-jre-alpine",
		"eclipse-temurin:21-jdk":                 "21-jre 21-jdk-alpine 21-jre-alpine",
		"eclipse-temurin:21-jdk-noble":           "21-jre-noble 21-jdk-alpine 21-jre-alpine",
		"eclipse-temurin:21-jre":                 "21-jre-alpine",
		"eclipse-temurin:21-jdk-alpine":          "21-jre-alpine",
		"openjdk:17":                             "17-slim 17-alpine",
		"elixir:1.18-otp-27":                     "1.18-otp-27-slim 1.18-otp-27-alpine",
		"postgres:17":                            "17-alpine",
		"tomcat:11.0-jdk21":                      "11.0-jre21",
		"owner/node:22":                          "",
		"mcr.microsoft.com/dotnet/aspnet:10.0":   "10.0-noble-chiseled-extra 10.0-noble-chiseled 10.0-azurelinux3.0-distroless 10.0-alpine",
		"mcr.microsoft.com/dotnet/aspnet:8.0":    "8.0-noble-chiseled-extra 8.0-noble-chiseled 8.0-azurelinux3.0-distroless 8.0-alpine",
		"public.ecr.aws/docker/library/redis:8":  "8-alpine",
		"python:3.13-windowsservercore-ltsc2022": "",
		"node:22@sha256:c72861c6705868ed7f08e1cf22ef4f7ba07a82c19a54ba65d931c442d3575889": "22-slim 22-alpine",
	} {
		var tags []string
		for _, v := range facts.Variants(parse(t, ref)) {
			if !facts.Exists(v) || v.Digest != "" {
				t.Errorf("%s: the variant %s", ref, v)
			}
			tags = append(tags, v.Tag)
		}
		if got := strings.Join(tags, " "); got != want {
			t.Errorf("variants of %s: %q, want %q", ref, got, want)
		}
	}
}

func TestTagsAreCompletedByTheirAliases(t *testing.T) {
	var facts baseimage.Facts
	for ref, want := range map[string]struct{ version, release, libc string }{
		"node:22":     {"22", "bookworm", "glibc"},
		"node:lts":    {"24.19.0", "bookworm", "glibc"},
		"python":      {"3.14.7", "trixie", "glibc"},
		"debian":      {"13.6", "trixie", "glibc"},
		"caddy:2":     {"2", "", "musl"},
		"node:99":     {"99", "", "glibc"},
		"ubuntu":      {"26.04", "resolute", "glibc"},
		"composer:2":  {"2", "", ""},
		"owner/app":   {"", "", ""},
		"postgres:16": {"16", "trixie", "glibc"},
	} {
		got, _ := facts.Image(ref)
		if got.Version != want.version || got.Distribution.Codename != want.release || string(got.Libc) != want.libc {
			t.Errorf("%s: version %q, release %q, libc %q, want %+v", ref, got.Version, got.Distribution.Codename, got.Libc, want)
		}
	}
}

func TestImagesPastTheirTimeAreKnown(t *testing.T) {
	facts := baseimage.Facts{}
	for ref, want := range map[string]string{
		"openjdk:17":                          "image-deprecated openjdk 2022-07-31 eclipse-temurin",
		"openjdk:28-ea":                       "",
		"centos:7":                            "image-deprecated centos 2024-06-30 ",
		"python:2":                            "version-ended python 2 2020-01-01 ",
		"python:2.7-slim":                     "version-ended python 2.7 2020-01-01 ",
		"python:3":                            "",
		"python:3.8":                          "version-ended python 3.8 2024-10-07 ",
		"python:3.13":                         "",
		"node:18":                             "version-ended node 18 2025-04-30 ",
		"node:18.20.1-alpine":                 "version-ended node 18 2025-04-30 ",
		"node:22":                             "",
		"node:lts":                            "",
		"node":                                "",
		"golang:1.20":                         "version-ended golang 1.20 2024-02-06 ",
		"golang:1.26":                         "",
		"php:7-fpm":                           "version-ended php 7 2022-11-28 ",
		"debian:buster":                       "release-ended debian 10 (buster) 2024-06-30 ",
		"debian:bookworm":                     "",
		"alpine:3.16":                         "release-ended alpine 3.16 2024-05-23 ",
		"alpine:3":                            "",
		"ubuntu:18.04":                        "release-ended ubuntu 18.04 (bionic) 2023-05-31 ",
		"ubuntu:24.04":                        "",
		"ruby:3.4-alpine3.16":                 "release-ended alpine 3.16 2024-05-23 ",
		"nginx:1.18":                          "not-rebuilt nginx 1.18 2021-04-21 ",
		"rust:1.60":                           "",
		"owner/app:1":                         "",
		"mcr.microsoft.com/dotnet/aspnet:6.0": "version-ended dotnet 6 2024-11-12 ",
		"eclipse-temurin:8u502-b07-jdk-noble": "",
	} {
		d, ok := facts.Deprecated(parse(t, ref))
		got := ""
		if ok {
			got = strings.Join([]string{string(d.Kind), d.Subject, d.Since.Format(time.DateOnly), d.Successor}, " ")
			if !strings.HasPrefix(d.Source, "https://") {
				t.Errorf("%s: the source is %q", ref, d.Source)
			}
		}
		if got != want {
			t.Errorf("%s: %q, want %q", ref, got, want)
		}
	}
}

func TestWhatEndsLaterIsNotPastItsTimeToday(t *testing.T) {
	img := parse(t, "alpine:3.21")
	if d, ok := (&baseimage.Facts{}).Deprecated(img); ok {
		t.Errorf("on the day of the tables: %+v", d)
	}
	later := &baseimage.Facts{Today: time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)}
	d, ok := later.Deprecated(img)
	want := baseimage.Deprecation{
		Subject: "alpine 3.21", Kind: baseimage.ReleaseEnded, Since: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC),
		Source: "https://endoflife.date/alpine-linux",
	}
	if diff := cmp.Diff(want, d); !ok || diff != "" {
		t.Errorf("the day after: %v -want +got\n%s", ok, diff)
	}
}

func TestWhatIsMaintainedIsMadeInTheSameWay(t *testing.T) {
	var facts baseimage.Facts
	for ref, want := range map[string]string{
		"node:14.4.0-alpine3.12":                 "node:26-alpine node:24-alpine node:22-alpine",
		"node:18-bookworm-slim":                  "node:26-slim node:24-slim node:22-slim",
		"php:8.0.9-fpm-alpine":                   "php:8.5-fpm-alpine php:8.4-fpm-alpine php:8.3-fpm-alpine php:8.2-fpm-alpine",
		"eclipse-temurin:24-jre":                 "eclipse-temurin:25-jre eclipse-temurin:26-jre",
		"mcr.microsoft.com/dotnet/sdk:6.0":       "mcr.microsoft.com/dotnet/sdk:10.0 mcr.microsoft.com/dotnet/sdk:9.0 mcr.microsoft.com/dotnet/sdk:8.0",
		"debian:stretch-slim":                    "debian:13-slim debian:12-slim debian:11-slim",
		"public.ecr.aws/docker/library/alpine:3": "",
		"public.ecr.aws/docker/library/node:16":  "public.ecr.aws/docker/library/node:26 public.ecr.aws/docker/library/node:24 public.ecr.aws/docker/library/node:22",
		"openjdk:11-jre-slim":                    "eclipse-temurin:11-jre",
		"openjdk:8u265-jdk-alpine":               "eclipse-temurin:8-alpine",
		"openjdk":                                "eclipse-temurin",
		"vault:1.13":                             "hashicorp/vault",
		"centos:7":                               "",
		"golang:1-buster":                        "golang:1-trixie golang:1-bookworm",
		"nginx:1.19.7-alpine":                    "nginx:1.31-alpine",
		"python:3.13.1-alpine3.20":               "python:3.13-alpine3.24 python:3.13-alpine3.23",
	} {
		img := parse(t, ref)
		d, ok := facts.Deprecated(img)
		var got []string
		if ok {
			for _, other := range facts.Maintained(img, d) {
				got = append(got, other.String())
			}
		}
		if text := strings.Join(got, " "); text != want {
			t.Errorf("%s: %q, want %q", ref, text, want)
		}
	}
}

func TestSizesHaveTheirDate(t *testing.T) {
	var facts baseimage.Facts
	size, ok := facts.Size(t.Context(), parse(t, "node:22.23-slim"))
	want := baseimage.Size{
		Bytes: 79893445, Low: 79350916, High: 79893445, Date: time.Date(2026, 9, 19, 0, 0, 0, 0, time.UTC),
		Source: "docker-library/repo-info",
	}
	if diff := cmp.Diff(want, size); !ok || diff != "" {
		t.Errorf("%v -want +got\n%s", ok, diff)
	}
	pinned := "node@sha256:592806c161f33b1c2ab3ca78d9c6a6fa28c4790b1e6ccc518f0573d377a8ee73"
	if size, ok := facts.Size(t.Context(), parse(t, pinned)); !ok || size.Bytes != 79350916 {
		t.Errorf("by digest: %+v, %v", size, ok)
	}
	for _, ref := range []string{"node:99", "owner/app", "node:22.1.0-slim", strings.Replace(pinned, "592", "593", 1)} {
		if size, ok := facts.Size(t.Context(), parse(t, ref)); ok {
			t.Errorf("%s has the size %+v", ref, size)
		}
	}
}

func TestToolsHaveTheVersionOfTheirRelease(t *testing.T) {
	var facts baseimage.Facts
	for _, c := range []struct{ ref, name, want string }{
		{"debian:bookworm", "xz", "5.4.1"}, {"debian:13-slim", "xz", "5.8.1"}, {"node:22", "xz", "5.4.1"}, {"python:3.13", "xz", "5.8.1"},
		{"node:22-alpine3.20", "xz", "5.6.2"}, {"alpine:3.19.1", "xz", "5.4.5"}, {"ubuntu:24.04", "zstd", "1.5.5"}, {"ubuntu:noble", "cmake", "3.28.3"},
		{"gcc:14-bookworm", "ninja", "1.11.1"}, {"ruby:2.7", "bundler", "2.1.4"}, {"ruby:3.4.1-slim", "bundler", "2.6.2"}, {"ruby:3.4.9", "bundler", "2.6.9"},
		{"ruby:3.4-bookworm", "rubygems", "3.6.9"}, {"ruby:4.0", "rubygems", "4.0.16"}, {"maven:3.9.9-eclipse-temurin-21", "maven", "3.9.9"},
		{"golang", "golang", "1.27.0"}, {"debian:bookworm", "bundler", "2.3.15"},
		{"debian:sid", "xz", ""}, {"alpine:edge", "xz", ""}, {"alpine:3", "xz", ""}, {"alpine", "xz", ""}, {"owner/app", "xz", ""}, {"debian:12", "debian", ""}, {"ubuntu:24.10", "xz", ""},
	} {
		got, ok := facts.Package(parse(t, c.ref), c.name)
		if got != c.want || ok != (c.want != "") {
			t.Errorf("%s of %s: %q, %v, want %q", c.name, c.ref, got, ok, c.want)
		}
	}
}

func BenchmarkVariants(b *testing.B) {
	var facts baseimage.Facts
	img, _ := baseimage.Parse("node:16.13")
	facts.Variants(img)
	for b.Loop() {
		facts.Variants(img)
	}
}
