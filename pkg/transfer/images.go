package transfer

import (
	_ "embed"
	"encoding/json"
	"slices"
	"strings"

	"github.com/distribution/reference"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// official lists Docker Official Images whose published tags carry no ONBUILD triggers, one name a line.
// The tags of those that once had a variant with triggers are told apart by "onbuild" in the tag
// (docker-library/official-images removed these variants; old tags remain).
//
//go:embed official.txt
var official string

// knownWithoutTriggers reports whether ref is an official image known to have no ONBUILD triggers.
func knownWithoutTriggers(ref string) bool {
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil || reference.Domain(named) != "docker.io" {
		return false
	}
	name, ok := strings.CutPrefix(reference.Path(named), "library/")
	if !ok {
		return false
	}
	if tagged, ok := named.(reference.Tagged); ok && strings.Contains(tagged.Tag(), "onbuild") {
		return false
	}
	return slices.Contains(strings.Fields(official), name)
}

// stubConfig is the configuration that stands in for an image's own: the right platform, and neither environment nor
// triggers. Looking the real one up needs the network.
func stubConfig(opt sourceresolver.Opt) ([]byte, error) {
	platform := ocispecs.Platform{OS: "linux", Architecture: "amd64"}
	if opt.ImageOpt != nil && opt.ImageOpt.Platform != nil {
		platform = *opt.ImageOpt.Platform
	}
	if opt.OCILayoutOpt != nil && opt.OCILayoutOpt.Platform != nil {
		platform = *opt.OCILayoutOpt.Platform
	}
	return json.Marshal(ocispecs.Image{
		Platform: platform,
		RootFS:   ocispecs.RootFS{Type: "layers"},
	})
}

// normalizedRef gives a reference its familiar form with a tag or digest; what is no reference stays as it is.
func normalizedRef(ref string) string {
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return ref
	}
	return reference.FamiliarString(reference.TagNameOnly(named))
}
