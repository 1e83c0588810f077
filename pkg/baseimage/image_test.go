package baseimage_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadline-dev/loadline/pkg/baseimage"
)

func TestTagsAreTakenApart(t *testing.T) {
	const digest = "sha256:c72861c6705868ed7f08e1cf22ef4f7ba07a82c19a54ba65d931c442d3575889"
	bookworm := baseimage.Distribution{ID: "debian", Release: "12", Codename: "bookworm"}
	alpine := func(release string) baseimage.Distribution {
		return baseimage.Distribution{ID: "alpine", Release: release}
	}
	noble := baseimage.Distribution{ID: "ubuntu", Release: "24.04", Codename: "noble"}
	hub := func(name string, i baseimage.Image) baseimage.Image {
		i.Registry, i.Repository, i.Family = "docker.io", "library/"+name, name
		return i
	}
	for ref, want := range map[string]baseimage.Image{
		"node":              hub("node", baseimage.Image{Tag: "latest", Libc: "glibc"}),
		"node:22":           hub("node", baseimage.Image{Tag: "22", Version: "22", Libc: "glibc"}),
		"node:lts-slim":     hub("node", baseimage.Image{Tag: "lts-slim", Channel: "lts", Variant: "slim", Libc: "glibc"}),
		"node:krypton":      hub("node", baseimage.Image{Tag: "krypton", Channel: "krypton", Libc: "glibc"}),
		"node:22-alpine3.2": hub("node", baseimage.Image{Tag: "22-alpine3.2", Version: "22", Variant: "alpine", Distribution: alpine("3.2"), Libc: "musl"}),
		"node:22-alpine":    hub("node", baseimage.Image{Tag: "22-alpine", Version: "22", Variant: "alpine", Distribution: alpine(""), Libc: "musl"}),
		"docker.io/library/python:3.13.1-slim-bookworm": hub("python", baseimage.Image{
			Tag: "3.13.1-slim-bookworm", Version: "3.13.1", Variant: "slim", Distribution: bookworm, Libc: "glibc",
		}),
		"python:3.15-rc-slim": hub("python", baseimage.Image{Tag: "3.15-rc-slim", Version: "3.15-rc", Variant: "slim", Libc: "glibc"}),
		"python:3-windowsservercore-ltsc2022": hub("python", baseimage.Image{
			Tag: "3-windowsservercore-ltsc2022", Version: "3", Variant: "windows", Distribution: baseimage.Distribution{ID: "windows"},
		}),
		"node@" + digest:         hub("node", baseimage.Image{Digest: digest}),
		"node:22-slim@" + digest: hub("node", baseimage.Image{Tag: "22-slim", Digest: digest, Version: "22", Variant: "slim", Libc: "glibc"}),
		"php:8.3-fpm-alpine3.20": hub("php", baseimage.Image{
			Tag: "8.3-fpm-alpine3.20", Version: "8.3", Flavor: "fpm", Variant: "alpine", Distribution: alpine("3.20"), Libc: "musl",
		}),
		"eclipse-temurin:21": hub("eclipse-temurin", baseimage.Image{Tag: "21", Version: "21", Java: "jdk", Libc: "glibc"}),
		"eclipse-temurin:21-jre-alpine-3.22": hub("eclipse-temurin", baseimage.Image{
			Tag: "21-jre-alpine-3.22", Version: "21", Java: "jre", Variant: "alpine", Distribution: alpine("3.22"), Libc: "musl",
		}),
		"eclipse-temurin:8u502-b07-jdk-noble": hub("eclipse-temurin", baseimage.Image{
			Tag: "8u502-b07-jdk-noble", Version: "8u502-b07", Java: "jdk", Distribution: noble, Libc: "glibc",
		}),
		"amazoncorretto:21-al2023": hub("amazoncorretto", baseimage.Image{
			Tag: "21-al2023", Version: "21", Java: "jdk", Distribution: baseimage.Distribution{ID: "amzn", Release: "2023"}, Libc: "glibc",
		}),
		"openjdk:17-jdk-slim": hub("openjdk", baseimage.Image{Tag: "17-jdk-slim", Version: "17", Java: "jdk", Variant: "slim", Libc: "glibc"}),
		"maven:3.9-eclipse-temurin-21-alpine": hub("maven", baseimage.Image{
			Tag: "3.9-eclipse-temurin-21-alpine", Version: "3.9", Flavor: "eclipse-temurin-21", Java: "jdk", Variant: "alpine",
			Distribution: alpine(""), Libc: "musl",
		}),
		"gradle:8-jdk21":  hub("gradle", baseimage.Image{Tag: "8-jdk21", Version: "8", Java: "jdk", Flavor: "java21", Libc: "glibc"}),
		"tomcat:10-jre17": hub("tomcat", baseimage.Image{Tag: "10-jre17", Version: "10", Java: "jre", Flavor: "java17", Libc: "glibc"}),
		"elixir:1.18-otp-27-slim": hub("elixir", baseimage.Image{
			Tag: "1.18-otp-27-slim", Version: "1.18", Flavor: "otp-27", Variant: "slim", Libc: "glibc",
		}),
		"nginx:stable-alpine3.20-slim": hub("nginx", baseimage.Image{
			Tag: "stable-alpine3.20-slim", Channel: "stable", Variant: "alpine-slim", Distribution: alpine("3.20"), Libc: "musl",
		}),
		"rabbitmq:4-management": hub("rabbitmq", baseimage.Image{Tag: "4-management", Version: "4", Flavor: "management", Libc: "glibc"}),
		"debian":                hub("debian", baseimage.Image{Tag: "latest", Distribution: baseimage.Distribution{ID: "debian"}, Libc: "glibc"}),
		"debian:12.5-slim":      hub("debian", baseimage.Image{Tag: "12.5-slim", Version: "12.5", Variant: "slim", Distribution: bookworm, Libc: "glibc"}),
		"debian:bookworm-20240110": hub("debian", baseimage.Image{
			Tag: "bookworm-20240110", Version: "20240110", Distribution: bookworm, Libc: "glibc",
		}),
		"ubuntu:24.04":  hub("ubuntu", baseimage.Image{Tag: "24.04", Version: "24.04", Distribution: noble, Libc: "glibc"}),
		"ubuntu:noble":  hub("ubuntu", baseimage.Image{Tag: "noble", Distribution: noble, Libc: "glibc"}),
		"alpine:3":      hub("alpine", baseimage.Image{Tag: "3", Version: "3", Distribution: alpine(""), Libc: "musl"}),
		"alpine:3.20.3": hub("alpine", baseimage.Image{Tag: "3.20.3", Version: "3.20.3", Distribution: alpine("3.20"), Libc: "musl"}),
		"rockylinux:9":  hub("rockylinux", baseimage.Image{Tag: "9", Version: "9", Distribution: baseimage.Distribution{ID: "rocky", Release: "9"}, Libc: "glibc"}),
		"busybox:musl":  hub("busybox", baseimage.Image{Tag: "musl", Flavor: "musl", Libc: "musl"}),
		"buildpack-deps:bookworm-curl": hub("buildpack-deps", baseimage.Image{
			Tag: "bookworm-curl", Flavor: "curl", Distribution: bookworm, Libc: "glibc",
		}),
		"mcr.microsoft.com/dotnet/aspnet:9.0-noble-chiseled-extra": {
			Registry: "mcr.microsoft.com", Repository: "dotnet/aspnet", Tag: "9.0-noble-chiseled-extra", Family: "dotnet/aspnet",
			Version: "9.0", Variant: "chiseled-extra", Distribution: noble, Libc: "glibc",
		},
		"gcr.io/distroless/static-debian12:nonroot": {
			Registry: "gcr.io", Repository: "distroless/static-debian12", Tag: "nonroot", Family: "distroless/static",
			Flavor: "nonroot", Variant: "distroless", Distribution: bookworm, Libc: "none",
		},
		"gcr.io/distroless/java21-debian12": {
			Registry: "gcr.io", Repository: "distroless/java21-debian12", Tag: "latest", Family: "distroless/java",
			Version: "21", Variant: "distroless", Distribution: bookworm, Libc: "glibc",
		},
		"nvidia/cuda:12.4.1-cudnn-devel-ubuntu22.04": {
			Registry: "docker.io", Repository: "nvidia/cuda", Tag: "12.4.1-cudnn-devel-ubuntu22.04", Family: "cuda",
			Version: "12.4.1", Flavor: "cudnn-devel", Libc: "glibc",
			Distribution: baseimage.Distribution{ID: "ubuntu", Release: "22.04", Codename: "jammy"},
		},
		"registry.access.redhat.com/ubi9/ubi-minimal:9.4": {
			Registry: "registry.access.redhat.com", Repository: "ubi9/ubi-minimal", Tag: "9.4", Family: "ubi",
			Version: "9.4", Distribution: baseimage.Distribution{ID: "rhel", Release: "9"}, Libc: "glibc",
		},
		"public.ecr.aws/docker/library/redis:7-alpine": {
			Registry: "public.ecr.aws", Repository: "docker/library/redis", Tag: "7-alpine", Family: "redis",
			Version: "7", Variant: "alpine", Distribution: alpine(""), Libc: "musl",
		},
		"ghcr.io/owner/app:1.2-alpine": {Registry: "ghcr.io", Repository: "owner/app", Tag: "1.2-alpine"},
		"builder":                      {Registry: "docker.io", Repository: "library/builder", Tag: "latest"},
		"localhost:5000/node:22":       {Registry: "localhost:5000", Repository: "node", Tag: "22"},
	} {
		got, ok := baseimage.Parse(ref)
		if !ok {
			t.Errorf("Parse(%q) refuses it", ref)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Parse(%q): -want +got\n%s", ref, diff)
		}
	}
}

func TestWhatIsNoReferenceIsNoImage(t *testing.T) {
	for _, ref := range []string{"", "scratch", "$BASE", "node:$VERSION", "Node:22", "node:22:1", "../node", "node:", "a b", "node@sha256:12"} {
		if got, ok := baseimage.Parse(ref); ok {
			t.Errorf("Parse(%q) = %+v, want none", ref, got)
		}
	}
}

func TestReferencesAreWrittenAsPeopleDo(t *testing.T) {
	for ref, want := range map[string]string{
		"docker.io/library/node:22-slim": "node:22-slim",
		"owner/app":                      "owner/app:latest",
		"quay.io/owner/app:1":            "quay.io/owner/app:1",
		"index.docker.io/library/node":   "node:latest",
	} {
		got, ok := baseimage.Parse(ref)
		if !ok || got.String() != want {
			t.Errorf("Parse(%q).String() = %q, %v, want %q", ref, got.String(), ok, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, ref := range []string{
		"node:22-slim", "nginx:alpine3.20-slim", "gcr.io/distroless/java21-debian12:nonroot", "php:8-fpm-alpine-3.2",
		"eclipse-temurin:8u502-b07-jdk-alpine-", "maven:3-eclipse-temurin-21", "nvidia/cuda:1-devel-ubuntu22.04", "alpine:-", "ubi9:1",
	} {
		f.Add(ref)
	}
	var facts baseimage.Facts
	f.Fuzz(func(t *testing.T, ref string) {
		img, ok := baseimage.Parse(ref)
		if !ok {
			return
		}
		again, ok := baseimage.Parse(img.String())
		if !ok {
			t.Fatalf("%q became %q, which is no reference", ref, img)
		}
		if diff := cmp.Diff(img, again); diff != "" {
			t.Errorf("%q became %q: -first +second\n%s", ref, img, diff)
		}
		for _, v := range facts.Variants(img) {
			if v.Tag == img.Tag || v.Repository != img.Repository {
				t.Errorf("%s has the variant %s", img, v)
			}
		}
	})
}
