package rule_test

import (
	"context"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/loadline-dev/loadline/pkg/baseimage"
	"github.com/loadline-dev/loadline/pkg/build"
	"github.com/loadline-dev/loadline/pkg/engine"
	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/transfer"
	"github.com/loadline-dev/loadline/pkg/tree"
)

// pass is a run over a Dockerfile of a rule that needs images.
func pass(t *testing.T, text string, b build.Build, facts *baseimage.Facts) *rule.Pass {
	t.Helper()
	files, err := tree.FromTxtar(&txtar.Archive{Files: []txtar.File{{Name: "Dockerfile", Data: []byte(text)}, {Name: "dir/a"}}})
	if err != nil {
		t.Fatal(err)
	}
	b.Name, b.Dockerfile, b.Context = "Dockerfile", "Dockerfile", "."
	r := &engine.Repository{Tree: files, Meter: &transfer.Meter{}, Images: facts}
	s, err := r.Analyse(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	return rule.NewPass(&rule.Rule{Name: "any", Needs: rule.NeedsImages}, s, rule.Sink{})
}

func TestABaseImageIsFoundThroughStagesAndArguments(t *testing.T) {
	for _, c := range []struct {
		name, text string
		build      build.Build
		want, word string
		stages     int
		chosen     bool
	}{
		{name: "named", text: "FROM node:22\n", want: "node:22", word: "node:22", stages: 1},
		{name: "latest", text: "FROM node\n", want: "node:latest", word: "node", stages: 1},
		{name: "through stages", text: "FROM node:22 AS a\nFROM a AS b\nFROM b\n", want: "node:22", word: "node:22", stages: 3},
		{name: "the stage of the build", text: "FROM node:22 AS a\nFROM python:3.13\n", build: build.Build{Stage: "a"}, want: "node:22", word: "node:22", stages: 1},
		{name: "a default", text: "ARG V=22\nFROM node:${V}-slim\n", want: "node:22-slim", word: "node:${V}-slim", stages: 1},
		{name: "a default within", text: "ARG V\nFROM node:${V:-20}\n", build: build.Build{Args: map[string]string{"V": "22"}}, want: "node:22", word: "node:${V:-20}", stages: 1},
		{name: "an argument", text: "ARG V=22\nFROM node:$V\n", build: build.Build{Args: map[string]string{"V": "24"}}, want: "node:24", word: "node:$V", stages: 1},
		{name: "all of it", text: "ARG BASE=node:22\nFROM ${BASE}\n", want: "node:22", word: "${BASE}", stages: 1, chosen: true},
		{name: "a stage by a variable", text: "ARG BASE=a\nFROM node:22 AS a\nFROM $BASE\n", want: "node:22", word: "node:22", stages: 2},
		{name: "a copy of an official image", text: "FROM public.ecr.aws/docker/library/node:22\n", want: "public.ecr.aws/docker/library/node:22", word: "public.ecr.aws/docker/library/node:22", stages: 1},
		{name: "a tag with a digest", text: "FROM node:22@sha256:" + strings.Repeat("a", 64) + "\n", want: "node:22@sha256:" + strings.Repeat("a", 64), word: "node:22@sha256:" + strings.Repeat("a", 64), stages: 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := pass(t, c.text, c.build, nil)
			got, ok := p.BaseImage(p.Final)
			if !ok || got.String() != c.want || got.Word.Value != c.word || len(got.Stages) != c.stages || got.Chosen != c.chosen {
				t.Errorf("%s of the word %q through %d stages, chosen %t, ok %t; want %+v", got, got.Word.Value, len(got.Stages), got.Chosen, ok, c)
			}
			if text := p.Dockerfile.Source.Slice(got.Word.Span); text != c.word {
				t.Errorf("the span covers %q", text)
			}
		})
	}
}

func TestABaseImageThatIsNotKnownIsNone(t *testing.T) {
	for _, c := range []struct {
		name, text string
		build      build.Build
	}{
		{name: "scratch", text: "FROM scratch\nCOPY dir /\n"},
		{name: "a digest alone", text: "FROM node@sha256:" + strings.Repeat("a", 64) + "\n"},
		{name: "somebody's image", text: "FROM ghcr.io/owner/node:22\n"},
		{name: "an official name elsewhere", text: "FROM registry.example.com/library/node:22\n"},
		{name: "a value that stands in for one", text: "ARG V\nFROM node:14-$V\n", build: build.Build{Args: map[string]string{"V": build.Unspecified}}},
		{name: "an argument that whoever builds has to give", text: "ARG V\nFROM node:14$V\n"},
		{name: "an image that a named context replaces", text: "FROM node:22\n", build: build.Build{Contexts: map[string]string{"node:22": "dir"}}},
		{name: "an image that another replaces", text: "FROM node\n", build: build.Build{Contexts: map[string]string{"docker.io/library/node": "docker-image://alpine"}}},
		{name: "a stage that a named context replaces", text: "FROM node:22 AS a\nFROM a\n", build: build.Build{Contexts: map[string]string{"A": "docker-image://alpine"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := pass(t, c.text, c.build, nil)
			if got, ok := p.BaseImage(p.Final); ok {
				t.Errorf("got %s", got)
			}
		})
	}
}

// registries is a live source that knows the sizes of some references.
type registries struct {
	sizes map[string]int64
	asked []string
}

func (r *registries) Size(_ context.Context, ref string) (int64, bool) {
	r.asked = append(r.asked, ref)
	n, ok := r.sizes[ref]
	return n, ok
}

func TestImageSizesAreFromOneSource(t *testing.T) {
	pinned := "node:22@sha256:" + strings.Repeat("a", 64)
	for _, c := range []struct {
		name, a, b string
		live       map[string]int64
		ok         bool
		source     string
	}{
		{"the tables", "node:24-bookworm", "node:24-bookworm-slim", nil, true, "docker-library/repo-info"},
		{"registries", "node:24-bookworm", "node:24-bookworm-slim", map[string]int64{"node:24-bookworm": 400, "node:24-bookworm-slim": 80}, true, baseimage.Registry},
		{"a registry that knows one", "node:24-bookworm", "node:24-bookworm-slim", map[string]int64{"node:24-bookworm": 400}, true, "docker-library/repo-info"},
		{"an image that only registries know", "node:24.1.2", "node:24.1.2-slim", map[string]int64{"node:24.1.2": 400, "node:24.1.2-slim": 80}, true, baseimage.Registry},
		{"an image that nobody knows", "node:24.1.2", "node:24.1.2-slim", nil, false, ""},
		{"a digest that nobody knows", pinned, "node:22-slim", nil, false, ""},
		{"a digest that its registry knows", pinned, "node:22-slim", map[string]int64{pinned: 400, "node:22-slim": 80}, true, baseimage.Registry},
	} {
		t.Run(c.name, func(t *testing.T) {
			facts := &baseimage.Facts{}
			live := &registries{sizes: c.live}
			if c.live != nil {
				facts.Live = live
			}
			p := pass(t, "FROM "+c.a+"\n", build.Build{}, facts)
			b, ok := p.BaseImage(p.Final)
			if !ok {
				t.Fatal("no base image")
			}
			if len(live.asked) > 0 {
				t.Errorf("registries are asked too early: %q", live.asked)
			}
			other, _ := baseimage.Parse(c.b)
			x, y, ok := p.ImageSizes(t.Context(), b.Image, other)
			if ok != c.ok || ok && (x.Source != c.source || y.Source != c.source || x.Bytes <= y.Bytes) {
				t.Errorf("%+v and %+v, ok %t", x, y, ok)
			}
		})
	}
}
