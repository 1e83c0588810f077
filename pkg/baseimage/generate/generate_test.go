package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

const infoExample = "## `node:22-slim`\n\n```console\n$ docker pull node@sha256:" + zeros + "\n```\n\n" +
	"-\tManifest MIME: `application/vnd.oci.image.index.v1+json`\n-\tPlatforms: 2\n\t-\tlinux; amd64\n\t-\tlinux; arm64 variant v8\n\n" +
	"### `node:22-slim` - linux; amd64\n\n```console\n$ docker pull node@sha256:" + ones + "\n```\n\n" +
	"-\tTotal Size: **79.9 MB (79893445 bytes)**  \n\t(compressed transfer size, not on-disk size)\n\n" +
	"```dockerfile\n# Fri, 18 Sep 2026 00:00:00 GMT\nRUN a\n# Sat, 19 Sep 2026 00:48:24 GMT\nCMD [\"node\"]\n```\n\n" +
	"-\tLayers:\n\t-\t`sha256:" + zeros + "`  \n\t\tSize: 28.2 MB (28238443 bytes)  \n\n" +
	"### `node:22-slim` - linux; arm64 variant v8\n\n```console\n$ docker pull node@sha256:" + zeros + "\n```\n\n" +
	"-\tTotal Size: **1.0 MB (1000000 bytes)**  \n\n```dockerfile\n# Sun, 20 Sep 2026 00:00:00 GMT\n```\n"

const (
	zeros = "0000000000000000000000000000000000000000000000000000000000000000"
	ones  = "1111111111111111111111111111111111111111111111111111111111111111"
)

func TestRepoInfoIsReadForAMD64(t *testing.T) {
	got, err := readRepoInfo(fstest.MapFS{
		"repos/node/remote/22-slim.md": {Data: []byte(infoExample)},
		"repos/node/local/22-slim.md":  {Data: []byte(infoExample)},
		"README.md":                    {Data: []byte("# Info\n")},
	})
	want := []figure{{"node:22-slim", "79893445", "2026-09-19", "sha256:" + ones, repoInfoSource}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(figure{})); err != nil || diff != "" {
		t.Errorf("%v -want +got\n%s", err, diff)
	}
}

func TestWhatRepoInfoLacksGivesNothing(t *testing.T) {
	for name, text := range map[string]string{
		"no digest": strings.ReplaceAll(infoExample, ones, "11"),
		"no size":   strings.Replace(infoExample, "79893445", "many", 1),
		"no day":    strings.NewReplacer("18 Sep 2026", "32 Sep 2026", "19 Sep 2026", "x").Replace(infoExample),
		"no amd64":  strings.ReplaceAll(infoExample, "linux; amd64", "linux; s390x"),
	} {
		if got := parseRepoInfo(text); got != nil {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func FuzzRepoInfo(f *testing.F) {
	f.Add(infoExample)
	f.Add("### `a:b` - linux; amd64\n$ docker pull a@sha256:" + ones + "\n-\tTotal Size: **1 B (1 bytes)**\n# Mon, 01 Jan 2024 00:00:00 GMT\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, got := range parseRepoInfo(text) {
			again, err := parseLines(formatFigures([]figure{got}))
			if err != nil || len(again) != 1 || again[0] != got {
				t.Errorf("%+v became %+v, %v", got, again, err)
			}
		}
	})
}

// parseLines reads a table back.
func parseLines(text string) ([]figure, error) {
	file, err := os.CreateTemp("", "sizes")
	if err != nil {
		return nil, err
	}
	defer os.Remove(file.Name())
	if _, err := file.WriteString(text); err != nil {
		return nil, err
	}
	if err := file.Close(); err != nil {
		return nil, err
	}
	return readFigures(file.Name())
}

func TestFiguresAreSortedAndStandOnce(t *testing.T) {
	got := formatFigures([]figure{
		{"node:22", "2", "2026-02-01", "b", "x"}, {"node:22", "1", "2026-01-01", "a", "x"}, {"alpine:3", "3", "2026-01-01", "c", "x"},
		{"node:22", "1", "2026-01-01", "a", "y"},
	})
	want := sizesHeader + "alpine:3 3 2026-01-01 c x\nnode:22 1 2026-01-01 a x\nnode:22 2 2026-02-01 b x\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestLibraryFilesAreReadForAMD64(t *testing.T) {
	const text = `# generated
Maintainers: A <a@example.com> (@a),
             B <b@example.com> (@b)
GitRepo: https://example.com/x.git

Tags: 1.2.3-trixie, 1.2-trixie
SharedTags: 1.2.3, 1.2,
 1, latest
Architectures: amd64, arm64v8
Directory: 1/trixie

# a comment
Tags: 1.2.3-windowsservercore-ltsc2022
SharedTags: 1.2.3, 1.2
Architectures: windows-amd64

Tags: 1.2.3-alpine
`
	var got []string
	for _, e := range parseLibrary(text) {
		got = append(got, strings.Join(e.tags, " "))
	}
	want := []string{"1.2.3-trixie 1.2-trixie 1.2.3 1.2 1 latest", "1.2.3-alpine"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if got := parseLibrary("Architectures: arm64v8\n\nTags: 1\n"); got != nil {
		t.Errorf("with another default: %v", got)
	}
}

func TestDotnetTagsAreReadFromTheTable(t *testing.T) {
	const text = `## Full Tag Listing

### Linux amd64 Tags

Tags | Dockerfile | OS Version
---- | ---------- | ----------
9.0.1-noble-amd64, 9.0-noble-amd64, 9.0.1-noble, 9.0-noble, 9.0 | [Dockerfile](x) | Ubuntu 24.04
9.0.1-noble-chiseled, 9.0-noble-chiseled | [Dockerfile](x) | Ubuntu 24.04

### Linux arm64 Tags

Tags | Dockerfile | OS Version
---- | ---------- | ----------
9.0.1-arm64 | [Dockerfile](x) | Ubuntu 24.04
`
	var got []string
	for _, g := range parseDotnet(text) {
		got = append(got, strings.Join(g.tags, " "))
	}
	want := []string{"9.0 9.0-noble 9.0.1-noble", "9.0-noble-chiseled 9.0.1-noble-chiseled"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestLifecyclesEndOnTheLastDay(t *testing.T) {
	const text = `---
title: Debian
permalink: /debian
releases:
  - releaseCycle: "12"
    eol: 2026-07-11
    eoes: 2028-06-30
  - releaseCycle: "11"
    eol: 2024-08-14
  - releaseCycle: "14"
    eol: false
---
Text.
`
	got, err := lifecycles("debian", text)
	want := "debian 12 2028-06-30 https://endoflife.date/debian\ndebian 11 2024-08-14 https://endoflife.date/debian\ndebian 14 - https://endoflife.date/debian\n"
	if err != nil || got != want {
		t.Errorf("%v\n%s", err, cmp.Diff(want, got))
	}
	if got, err = lifecycles("ubuntu", text); err != nil || !strings.HasPrefix(got, "ubuntu 12 2026-07-11 ") {
		t.Errorf("support that is sold counts: %v %s", err, got)
	}
}

func TestFormerTagsKeepTheirDayAndCompany(t *testing.T) {
	got := table("x", "source", collect(
		map[string]group{"1": {"2024-01-02", []string{"1", "1-a"}}, "1-a": {"2024-01-02", []string{"1", "1-a"}}, "2": {"2024-01-02", []string{"2"}}},
		map[string][]string{"3": {"3", "latest"}, "latest": {"3", "latest"}},
	))
	lines := strings.Split(strings.TrimSpace(got), "\n")
	want := []string{"- 3 latest", "2024-01-02 1 1-a", "2024-01-02 2"}
	if diff := cmp.Diff(want, lines[2:]); diff != "" || !slices.ContainsFunc(lines, func(l string) bool { return strings.Contains(l, "do not edit") }) {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestTagsAreFollowedThroughHistory(t *testing.T) {
	dir := t.TempDir()
	git := func(day string, args ...string) {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=a", "-c", "user.email=a@example.com"}, args...)...)
		cmd.Env = append(os.Environ(), "GIT_COMMITTER_DATE="+day+"T12:00:00Z", "GIT_AUTHOR_DATE="+day+"T12:00:00Z", "GIT_CONFIG_GLOBAL=/dev/null")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	commit := func(day string, files map[string]string) {
		t.Helper()
		for name, text := range files {
			if err := os.MkdirAll(filepath.Join(dir, "library"), 0o755); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(dir, "library", name)
			if text == "" {
				if err := os.Remove(file); err != nil {
					t.Fatal(err)
				}
				continue
			}
			if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		git(day, "add", "-A")
		git(day, "commit", "-qm", day)
	}
	git("2018-01-01", "init", "-q")
	commit("2018-01-01", map[string]string{"node": "Tags: 8, 8-jessie\n", "centos": "Tags: 7, latest\n"})
	commit("2018-06-01", map[string]string{"node": "Tags: 10, 10-stretch\n"})
	commit("2020-01-01", map[string]string{"node": "Tags: 12, 12-buster, latest\n\nTags: 12-slim, slim\n"})
	commit("2021-01-01", map[string]string{"node": "Tags: 14, 14-buster, latest\n\nTags: 14.0.0-rc\n\nTags: slim, 14-slim\n", "centos": ""})
	commit("2022-01-01", map[string]string{"node": "Tags: 14, 14-buster, latest\n\nTags: slim, 14-slim\n"})
	groups, err := clone(dir).groups(t.Context(), "node")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(table("node", "s", groups)), "\n")[2:]
	want := []string{"- 14 14-buster latest", "- 14-slim slim", "2020-01-01 10 10-stretch", "2021-01-01 12 12-buster", "2021-01-01 12-slim"}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("node: -want +got\n%s", diff)
	}
	groups, err = clone(dir).groups(t.Context(), "centos")
	if lines := strings.Split(strings.TrimSpace(table("centos", "s", groups)), "\n")[2:]; err != nil || len(lines) != 1 || lines[0] != "2021-01-01 7 latest" {
		t.Errorf("centos: %v %q", err, lines)
	}
	names, err := clone(dir).names(t.Context())
	if diff := cmp.Diff([]string{"centos", "node"}, names); err != nil || diff != "" {
		t.Errorf("names: %v -want +got\n%s", err, diff)
	}
}
