// Package config answers what a repository's .loadline.yaml asks for.
package config

import (
	"github.com/loadline-dev/loadline/pkg/build"
	"github.com/loadline-dev/loadline/pkg/report"
)

// Config is a repository's configuration. The zero value is that of a repository without a file.
type Config struct {
	// Path is the file; empty where there is none.
	Path string
	// Builds are the declared builds, in their order. Names may be empty.
	Builds []build.Build
	// Discovery says which Dockerfiles found by name are taken for builds.
	Discovery build.Discovery
	// Budgets are the default of each build.
	Budgets build.Budgets
	// Rules gives rules a severity: off, notice, warning or error.
	Rules map[string]string
	// Uplink is the rate in bits per second at which upload times are shown; 0 for none.
	Uplink int64
	// Registries are further registries that base images may be looked up in. They count in the base's configuration
	// alone.
	Registries []string
	// Floor is the growth below which a change is not worth a comment; nil for the default.
	Floor *report.Floor
}

// DefaultFloor is the growth below which a change is not worth a comment: 100 kB and 1 %.
func DefaultFloor() report.Floor { return report.Floor{Bytes: 100_000, Percent: 1} }

// MaxFile is the most that a configuration may hold, in bytes.
const MaxFile = 1 << 20
