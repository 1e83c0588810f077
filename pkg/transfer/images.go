package transfer

import (
	_ "embed"
	"encoding/json"
	"slices"
	"strings"

	"github.com/containerd/platforms"
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

// dockerConfig is the part of Docker's image configuration that the frontend reads (moby/docker-image-spec).
type dockerConfig struct {
	ocispecs.Platform
	Config struct {
		Env        []string `json:"Env,omitempty"`
		OnBuild    []string `json:"OnBuild,omitempty"`
		WorkingDir string   `json:"WorkingDir,omitempty"`
	} `json:"config"`
	RootFS ocispecs.RootFS `json:"rootfs"`
}

// imageConfig is the configuration that the frontend gets. That of an image which was not looked up has the right
// platform, and neither environment nor triggers.
func imageConfig(platform ocispecs.Platform, given ImageConfig) ([]byte, error) {
	config := dockerConfig{Platform: platform, RootFS: ocispecs.RootFS{Type: "layers"}}
	config.Config.Env, config.Config.OnBuild, config.Config.WorkingDir = given.Env, given.Triggers, given.WorkingDir
	return json.Marshal(config)
}

// imageKey is the image that is asked for. One that lies in a directory is told apart from those of registries.
func imageKey(ref string, opt sourceresolver.Opt) (ImageKey, ocispecs.Platform) {
	platform := ocispecs.Platform{OS: "linux", Architecture: "amd64"}
	ref = normalizedRef(ref)
	switch {
	case opt.OCILayoutOpt != nil:
		ref = LayoutPrefix + ref
		if opt.OCILayoutOpt.Platform != nil {
			platform = *opt.OCILayoutOpt.Platform
		}
	case opt.ImageOpt != nil && opt.ImageOpt.Platform != nil:
		platform = *opt.ImageOpt.Platform
	}
	return ImageKey{Ref: ref, Platform: platforms.FormatAll(platforms.Normalize(platform))}, platform
}

// LayoutPrefix begins the reference of an image that lies in a directory, and not in a registry.
const LayoutPrefix = "oci-layout://"

// normalizedRef gives a reference its familiar form with a tag or digest; what is no reference stays as it is.
func normalizedRef(ref string) string {
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return ref
	}
	return reference.FamiliarString(reference.TagNameOnly(named))
}
