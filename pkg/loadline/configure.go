package loadline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"

	"github.com/loadline-dev/loadline/pkg/build"
	"github.com/loadline-dev/loadline/pkg/compare"
	"github.com/loadline-dev/loadline/pkg/config"
	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/report"
	"github.com/loadline-dev/loadline/pkg/source"
)

// configName is where a repository keeps its configuration.
const configName = ".loadline.yaml"

// configure reads the side's configuration and finds its builds.
func (s *side) configure(ctx context.Context, file string) error {
	if err := s.parseConfig(file); err != nil {
		return &UsageError{Err: err}
	}
	return s.discover(ctx)
}

// configureAs configures the base, which may be nil. One whose configuration cannot be read is not this change's to mend:
// its builds are taken as head's configuration has them.
func (s *side) configureAs(ctx context.Context, file string, head *side) (notices []string) {
	if s == nil {
		return nil
	}
	err := s.configure(ctx, file)
	if err == nil {
		return nil
	}
	s.config, s.builds = head.config, head.builds
	return []string{fmt.Sprintf("the base's configuration cannot be read, head's is used: %v", err)}
}

func (s *side) parseConfig(file string) error {
	s.config = &config.Config{}
	name, text, err := s.readConfig(file)
	if err != nil || name == "" {
		return err
	}
	c, err := config.Parse(name, text)
	if err != nil {
		return err
	}
	s.config = c
	return nil
}

// discover finds the builds of the side, as its configuration has them.
func (s *side) discover(ctx context.Context) error {
	found, left, err := build.Discover(s.tree.All(), s.config.Discovery)
	if err != nil {
		return &UsageError{Err: err}
	}
	s.leftOut = left
	if s.builds, err = build.Combine(s.config.Builds, found); err != nil {
		return &UsageError{Err: err}
	}
	return s.prefetch(ctx, filesOf(s.builds)) // those that have another name than Dockerfile
}

// readConfig reads the configuration; an empty name says that there is none.
func (s *side) readConfig(file string) (name string, text []byte, err error) {
	if file == "" {
		text, err = s.tree.ReadFile(configName, config.MaxFile)
		if errors.Is(err, fs.ErrNotExist) {
			return "", nil, nil
		}
		if err != nil {
			return "", nil, fmt.Errorf("reading %s: %w", configName, plain(err))
		}
		return configName, text, nil
	}
	if s.configPath != "" { // nothing is checked out
		if text, err = s.tree.ReadFile(s.configPath, config.MaxFile); err != nil {
			return "", nil, fmt.Errorf("reading the configuration %s in %s: %w", source.Printable(s.configPath), s.meta.Commit, plain(err))
		}
		return s.configPath, text, nil
	}
	info, err := os.Stat(file) // before it is opened: a fifo would wait for its other end
	if err != nil {
		return "", nil, fmt.Errorf("reading the configuration: %w", err)
	}
	if !info.Mode().IsRegular() {
		return "", nil, fmt.Errorf("reading the configuration: %s is not a file", file)
	}
	f, err := os.Open(file)
	if err != nil {
		return "", nil, fmt.Errorf("reading the configuration: %w", err)
	}
	defer f.Close()
	// Parse refuses what is longer.
	if text, err = io.ReadAll(io.LimitReader(f, config.MaxFile+1)); err != nil {
		return "", nil, fmt.Errorf("reading the configuration: %w", err)
	}
	return filepath.ToSlash(file), text, nil
}

// limits are what the gate uses: the budgets of the base's configuration where it has one, so that a change cannot
// raise its own limit, else head's; the command line goes before both.
func (c *check) limits() (compare.Limits, error) {
	from := c.head
	if c.base != nil && c.base.config.Path != "" {
		from = c.base
		if !sameBudgets(c.base, c.head) {
			c.notices = append(c.notices, "this change edits the budgets of .loadline.yaml; those of the base count until it is merged")
		}
	}
	l := compare.Limits{Default: from.config.Budgets, Builds: map[string]build.Budgets{}}
	if from == c.base {
		maps.Copy(l.Builds, c.budgets) // not by name: another name raises no limit
	} else {
		for _, b := range from.builds {
			l.Builds[b.Name] = b.Budgets
		}
	}
	c.override(&l)
	severity, err := finding.ParseSeverity(c.options.FailOn)
	if c.options.FailOn == "" {
		return l, nil
	}
	if err != nil {
		return l, &UsageError{Err: fmt.Errorf("--fail-on: %w", err)}
	}
	l.FailOn = severity
	return l, nil
}

// override puts the budgets of the command line in place of the configured ones, kind by kind.
func (c *check) override(l *compare.Limits) {
	upload, growth := c.options.MaxUpload, c.options.MaxGrowth
	if upload != nil {
		l.Default.Upload = upload
	}
	if growth != nil {
		l.Default.Growth = growth
	}
	for name, b := range l.Builds {
		if upload != nil {
			b.Upload = nil
		}
		if growth != nil {
			b.Growth = nil
		}
		l.Builds[name] = b
	}
}

// sameBudgets compares the budgets of two sides by what they limit.
func sameBudgets(base, head *side) bool {
	if !base.config.Budgets.Equal(head.config.Budgets) {
		return false
	}
	budgets := map[string]build.Budgets{}
	for _, b := range head.builds {
		budgets[b.Name] = b.Budgets
	}
	for _, b := range base.builds {
		other, ok := budgets[b.Name]
		if ok && !b.Budgets.Equal(other) {
			return false
		}
	}
	return true
}

// floor is the growth below which a change is not worth a comment.
func (c *check) floor() report.Floor {
	if c.head.config.Floor != nil {
		return *c.head.config.Floor
	}
	return config.DefaultFloor()
}
