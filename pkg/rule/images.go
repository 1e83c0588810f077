package rule

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/distribution/reference"

	"github.com/loadline-dev/loadline/pkg/baseimage"
	"github.com/loadline-dev/loadline/pkg/dockerfile"
)

// BaseImage is an image that a stage is built on, and where the Dockerfile names it.
type BaseImage struct {
	baseimage.Image
	// Stages lead from the stage that was asked for to the one whose FROM names the image; at least one.
	Stages []*dockerfile.Stage
	// Word is what that FROM names, before variables are expanded.
	Word dockerfile.Word
	// Chosen says that the whole name is a variable: which image it is, whoever builds may choose.
	Chosen bool
}

// based is what BaseImage answered.
type based struct {
	image BaseImage
	ok    bool
}

// Images are what is known of base images: the tables of the program and, for Pass.ImageSizes alone, their registries.
func (p *Pass) Images() *baseimage.Facts {
	p.must(NeedsImages)
	return p.subject.Images
}

// BaseImage is the image that a stage is finally built on, through the stages that it is built on. ok is false where that
// is not known, and for whatever the tables know nothing of: scratch, an image of no known family, one that is named by its
// digest alone, a name with a variable that nobody gives a value, and one that a named context replaces.
func (p *Pass) BaseImage(s *dockerfile.Stage) (image BaseImage, ok bool) {
	p.must(NeedsImages)
	known, asked := p.subject.based[s]
	if !asked {
		known.image, known.ok = p.subject.baseImage(s)
		p.subject.based[s] = known
	}
	return known.image, known.ok
}

func (s *Subject) baseImage(stage *dockerfile.Stage) (BaseImage, bool) {
	var b BaseImage
	for stage != nil {
		if s.isReplaced(stage.Name) {
			return b, false
		}
		b.Stages, b.Word = append(b.Stages, stage), stage.Base
		if stage.Parent != nil {
			stage = stage.Parent
			continue
		}
		name := s.File.Expand(stage.Base.Value, s.variables(stage.From))
		if !name.Known || s.isReplaced(name.Text) {
			return b, false
		}
		if parent := s.File.Stage(name.Text, stage.Index); parent != nil {
			stage = parent // a variable names it
			continue
		}
		image, ok := s.Images.Image(name.Text)
		b.Image, b.Chosen = image, oneVariable.MatchString(stage.Base.Value)
		return b, ok && image.Family != "" && image.Tag != ""
	}
	return b, false
}

// oneVariable matches a word that is a variable, with a default or without.
var oneVariable = regexp.MustCompile(`^"?\$(?:\w+|\{[^{}]*\})"?$`)

// isReplaced reports whether a named context stands in for a stage or an image (dockerfile2llb, namedContext): its name is
// that of the stage, or the image's with its tag or without where that is latest.
func (s *Subject) isReplaced(name string) bool {
	if name == "" {
		return false
	}
	for context := range s.Build.Contexts {
		context, _, _ = strings.Cut(context, "::") // NAME::PLATFORM
		if strings.EqualFold(context, name) || familiar(context) == familiar(name) {
			return true
		}
	}
	return false
}

func familiar(name string) string {
	named, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		return name
	}
	return reference.FamiliarString(reference.TagNameOnly(named))
}

// DefaultPlatform reports whether the build is for linux/amd64, among others or alone: sizes are those of images for it.
func (p *Pass) DefaultPlatform() bool {
	list := p.subject.Request.Platforms
	return len(list) == 0 || slices.Contains(list, "linux/amd64")
}

// maxAsking is how long registries may be asked for the sizes of one build's images.
const maxAsking = 20 * time.Second

// ImageSizes answer how much is pulled for one image and for another, in bytes for linux/amd64: both from their registries
// where those are asked and answer, else both from the tables. ok is false where one of them is not known; of an image that
// is pinned by digest the tag's size does not count. Registries take time: it is for what is about to be reported.
func (p *Pass) ImageSizes(ctx context.Context, a, b baseimage.Image) (sizeA, sizeB baseimage.Size, ok bool) {
	p.must(NeedsImages)
	s := p.subject
	if live := s.Images.Live; live != nil && s.asking < maxAsking {
		start := time.Now()
		limited, cancel := context.WithTimeout(ctx, maxAsking-s.asking)
		defer cancel()
		sizeA, ok = s.Images.Size(limited, a)
		if ok && sizeA.Source == baseimage.Registry {
			sizeB, ok = s.Images.Size(limited, b)
		}
		s.asking += time.Since(start)
		if ok && sizeA.Source == baseimage.Registry && sizeB.Source == baseimage.Registry {
			return sizeA, sizeB, true
		}
	}
	sizeA, ok = s.Images.Listed(pinned(a))
	if !ok {
		return sizeA, sizeB, false
	}
	sizeB, ok = s.Images.Listed(pinned(b))
	return sizeA, sizeB, ok
}

// pinned is an image without its tag where it has a digest: the tag may mean another one by now.
func pinned(i baseimage.Image) baseimage.Image {
	if i.Digest != "" {
		i.Tag = ""
	}
	return i
}
