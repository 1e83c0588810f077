package loadline

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/loadline-dev/loadline/pkg/baseimage"
	"github.com/loadline-dev/loadline/pkg/baseimage/registry"
	"github.com/loadline-dev/loadline/pkg/build"
	"github.com/loadline-dev/loadline/pkg/dockerfile"
	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/transfer"
)

// maxRounds is how often triggers of base images may name further images, which are then looked up too.
const maxRounds = 4

// newResolver prepares to look base images up; nil options mean that nothing is looked up. further are registries of the
// base's own configuration.
func newResolver(o *registry.Options, further []string) (*registry.Resolver, error) {
	if o == nil {
		return nil, nil
	}
	with := *o
	with.Hosts = slices.Concat(o.Hosts, further)
	r, err := registry.New(with)
	if err != nil {
		return nil, &UsageError{Err: err}
	}
	return r, nil
}

// imageFacts are what rules may know of base images, the same on both sides. What is past its time is judged by the day of
// head's commit, so that it stays the same for a commit: a change is not told what only time has brought.
func (r *repository) imageFacts(ctx context.Context, c *check) *baseimage.Facts {
	if !c.rules.Needs().Has(rule.NeedsImages) {
		return nil
	}
	facts := &baseimage.Facts{Today: r.day(ctx, c.head)}
	if c.images != nil {
		facts.Live = c.images
	}
	return facts
}

// day is that of a side's commit; the zero value where it is not known.
func (r *repository) day(ctx context.Context, s *side) time.Time {
	commit := s.meta.Commit
	if s.meta.Source == sourceTracked {
		commit = "HEAD"
	}
	var day time.Time
	var err error
	switch {
	case commit == "":
		return time.Time{}
	case r.remote != nil && s.meta.Source == sourceGitHub:
		day, _ = r.remote.Day(commit)
	case r.git != nil:
		day, err = r.git.Day(ctx, commit)
	}
	if err != nil {
		return time.Time{}
	}
	return day
}

// registries are those that the base's configuration adds, as its own tree has it: neither head's nor a file that the
// change may have written can send requests anywhere.
func (c *check) registries() []string {
	if c.base == nil || !c.base.ownConfig {
		return nil
	}
	return c.base.config.Registries
}

// lookUp replaces the plan by one for which the base images were looked up, and keeps the reason for each that could not
// be.
func (u *upload) lookUp(ctx context.Context, r *registry.Resolver, req transfer.Request, name string) error {
	req.Configs = map[transfer.ImageKey]transfer.ImageConfig{}
	u.failures = map[transfer.ImageKey]string{}
	var known []dockerfile.BaseImage
	for range maxRounds {
		wanted := slices.DeleteFunc(slices.Clone(u.plan.Images), func(i transfer.Image) bool {
			return i.Resolved || u.failures[i.ImageKey] != "" || !inRegistry(i.Ref)
		})
		if len(wanted) == 0 {
			return nil
		}
		answers := askAll(ctx, r, wanted)
		for n, a := range answers {
			key := wanted[n].ImageKey
			image := dockerfile.BaseImage{Ref: key.Ref, Env: a.config.Env, Triggers: a.config.Triggers}
			err := a.err
			if err == nil {
				err = image.Check()
			}
			if err != nil {
				u.failures[key] = err.Error()
				continue
			}
			known = append(known, image)
			req.Configs[key] = a.config
		}
		plan, err := u.planWith(ctx, req, name, known)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			// The build would fail with these images. That is not to be told from a registry that lies, and what is
			// known without them is still worth reporting.
			for _, i := range wanted {
				u.failures[i.ImageKey] = fmt.Sprintf("the build fails with its configuration: %v", err)
			}
			return nil
		}
		u.plan = plan
	}
	return nil
}

// planWith runs BuildKit's frontend with the configurations of base images, once it is known that it can.
func (u *upload) planWith(ctx context.Context, req transfer.Request, name string, images []dockerfile.BaseImage) (*transfer.Plan, error) {
	if err := dockerfile.CheckExpansion(u.file, req.Args, images...); err != nil {
		return nil, err
	}
	return newPlan(ctx, req, u.file, name)
}

// inRegistry reports whether an image lies in a registry: not in a directory, and not one that stands in for another.
func inRegistry(ref string) bool {
	return !strings.HasPrefix(ref, transfer.LayoutPrefix) && !strings.Contains(ref, build.Unspecified)
}

// answer is what a registry says of one image.
type answer struct {
	config transfer.ImageConfig
	err    error
}

// askAll looks images up, several at a time.
func askAll(ctx context.Context, r *registry.Resolver, images []transfer.Image) []answer {
	answers := make([]answer, len(images))
	var group errgroup.Group
	for n, i := range images {
		group.Go(func() error {
			_, text, err := r.Config(ctx, i.Ref, i.Platform)
			if err == nil {
				answers[n].config, err = parseImageConfig(text)
			}
			answers[n].err = err
			return nil
		})
	}
	_ = group.Wait()
	return answers
}

// parseImageConfig reads the part of a configuration that decides what a build uploads.
func parseImageConfig(text []byte) (transfer.ImageConfig, error) {
	var image struct {
		Config struct {
			Env        []string
			OnBuild    []string
			WorkingDir string
		} `json:"config"`
	}
	if err := json.Unmarshal(text, &image); err != nil {
		return transfer.ImageConfig{}, fmt.Errorf("its configuration cannot be read: %w", err)
	}
	c := image.Config
	return transfer.ImageConfig{Env: c.Env, Triggers: c.OnBuild, WorkingDir: c.WorkingDir}, nil
}
