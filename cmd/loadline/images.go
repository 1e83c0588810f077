package main

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/loadline-dev/loadline/pkg/baseimage"
	"github.com/loadline-dev/loadline/pkg/baseimage/registry"
	"github.com/loadline-dev/loadline/pkg/loadline"
)

// imageFlags say whether and where base images are looked up.
type imageFlags struct {
	resolve bool
	hosts   []string
}

func (f *imageFlags) bind(c *cobra.Command) {
	flags := c.Flags()
	flags.BoolVar(&f.resolve, "resolve-images", false, "look base images up in their registries: sizes, environment and ONBUILD triggers (needs the network)")
	flags.StringArrayVar(&f.hosts, "registry", nil, "with --resolve-images, a further registry that may be asked, such as registry.example.com")
}

// options are those of a look-up; nil where nothing is looked up.
func (f *imageFlags) options() (*registry.Options, error) {
	for _, host := range f.hosts {
		if err := baseimage.CheckHost(host); err != nil {
			return nil, asFlag("--registry", err)
		}
	}
	if !f.resolve {
		if len(f.hosts) > 0 {
			return nil, &loadline.UsageError{Err: errors.New("--registry does nothing without --resolve-images")}
		}
		return nil, nil
	}
	o := &registry.Options{Hosts: f.hosts, Proxy: registry.EnvironmentProxy}
	if dir, err := os.UserCacheDir(); err == nil { // else there is no cache
		o.CacheDir = filepath.Join(dir, "loadline")
	}
	return o, nil
}
