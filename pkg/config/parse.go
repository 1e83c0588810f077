package config

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/loadline-dev/loadline/pkg/baseimage"
	"github.com/loadline-dev/loadline/pkg/build"
	"github.com/loadline-dev/loadline/pkg/engine"
	"github.com/loadline-dev/loadline/pkg/report"
	"github.com/loadline-dev/loadline/pkg/rules"
	"github.com/loadline-dev/loadline/pkg/source"
)

// Parse reads a configuration. An empty file is the zero Config with its path.
//
// Every error is a *source.Error with line, column and snippet: for a text that is no YAML, an unknown or repeated key
// (with the nearest known one), a value of the wrong kind, a size that is none, a path that leads out of the
// repository, an alias, and nesting that no configuration needs.
func Parse(name string, text []byte) (*Config, error) {
	r := &reader{file: source.NewFile(name, text)}
	if len(text) > MaxFile {
		return nil, r.errorAt(1, 1, fmt.Sprintf("the configuration holds more than %d bytes", MaxFile))
	}
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, r.yamlError(err)
	}
	c := &Config{Path: name, Rules: map[string]string{}}
	if len(document.Content) == 0 {
		return c, nil
	}
	if err := r.check(&document, 0); err != nil {
		return nil, err
	}
	return c, r.mapping(document.Content[0], fields{
		"builds":   func(n *yaml.Node) error { return r.builds(n, c) },
		"discover": func(n *yaml.Node) error { return r.discover(n, c) },
		"budgets":  func(n *yaml.Node) error { return r.budgets(n, &c.Budgets) },
		"rules":    func(n *yaml.Node) error { return r.rules(n, c) },
		"uplink": func(n *yaml.Node) error {
			return parsed(r, n, ParseRate, func(rate int64) { c.Uplink = rate })
		},
		"registries": func(n *yaml.Node) error { return r.registries(n, c) },
		"comment":    func(n *yaml.Node) error { return r.comment(n, c) },
	})
}

func (r *reader) builds(n *yaml.Node, c *Config) error {
	return r.sequence(n, func(item *yaml.Node) error {
		b := build.Build{Origin: build.Origin{Path: c.Path, Line: item.Line}}
		err := r.mapping(item, fields{
			"name":        func(n *yaml.Node) error { return r.text(n, &b.Name) },
			"dockerfile":  func(n *yaml.Node) error { return r.path(n, &b.Dockerfile) },
			"context":     func(n *yaml.Node) error { return r.path(n, &b.Context) },
			"stage":       func(n *yaml.Node) error { return r.text(n, &b.Stage) },
			"args":        func(n *yaml.Node) error { return r.texts(n, &b.Args) },
			"platforms":   func(n *yaml.Node) error { return r.list(n, &b.Platforms) },
			"contexts":    func(n *yaml.Node) error { return r.contexts(n, &b) },
			"ignore-file": func(n *yaml.Node) error { return r.path(n, &b.IgnoreFile) },
			"budgets":     func(n *yaml.Node) error { return r.budgets(n, &b.Budgets) },
		})
		if err != nil {
			return err
		}
		if b.Dockerfile == "" {
			return r.errorAt(item.Line, item.Column, "a build needs a dockerfile")
		}
		if b.Context == "" {
			b.Context = "."
		}
		c.Builds = append(c.Builds, b)
		return nil
	})
}

// contexts reads named contexts: directories of the repository, or references that BuildKit fetches.
func (r *reader) contexts(n *yaml.Node, b *build.Build) error {
	if err := r.texts(n, &b.Contexts); err != nil {
		return err
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i], n.Content[i+1]
		if strings.Contains(value.Value, "://") || strings.HasPrefix(value.Value, "git@") {
			continue
		}
		var dir string
		if err := r.path(value, &dir); err != nil {
			return err
		}
		b.Contexts[name.Value] = dir
	}
	return nil
}

func (r *reader) discover(n *yaml.Node, c *Config) error {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!bool" {
		on, err := strconv.ParseBool(n.Value)
		c.Discovery.Off = !on
		if err != nil {
			return r.errorOn(n, "want true, false, or lists in and out")
		}
		return nil
	}
	globs := func(into *[]string) func(*yaml.Node) error {
		return func(n *yaml.Node) error {
			if err := r.list(n, into); err != nil {
				return err
			}
			for i, glob := range *into {
				if err := build.CheckGlob(glob); err != nil {
					return r.errorOn(n.Content[i], err.Error())
				}
			}
			return nil
		}
	}
	return r.mapping(n, fields{"in": globs(&c.Discovery.In), "out": globs(&c.Discovery.Out)})
}

func (r *reader) budgets(n *yaml.Node, b *build.Budgets) error {
	return r.mapping(n, fields{
		"upload": func(n *yaml.Node) error {
			return parsed(r, n, ParseSize, func(size int64) { b.Upload = &size })
		},
		"growth": func(n *yaml.Node) error {
			return parsed(r, n, ParseGrowth, func(g build.Growth) { b.Growth = &g })
		},
	})
}

func (r *reader) rules(n *yaml.Node, c *Config) error {
	if err := r.texts(n, &c.Rules); err != nil {
		return err
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, severity := n.Content[i], n.Content[i+1]
		if names := rules.Names(); !slices.Contains(names, name.Value) {
			return r.errorOn(name, engine.UnknownRule(name.Value, names).Error())
		}
		if !slices.Contains([]string{"off", "notice", "warning", "error"}, severity.Value) {
			return r.errorOn(severity, "want off, notice, warning or error")
		}
	}
	return nil
}

func (r *reader) registries(n *yaml.Node, c *Config) error {
	if err := r.list(n, &c.Registries); err != nil {
		return err
	}
	for i, host := range c.Registries {
		if err := baseimage.CheckHost(host); err != nil {
			return r.errorOn(n.Content[i], err.Error())
		}
	}
	return nil
}

func (r *reader) comment(n *yaml.Node, c *Config) error {
	return r.mapping(n, fields{
		"floor": func(n *yaml.Node) error {
			return parsed(r, n, ParseFloor, func(f report.Floor) { c.Floor = &f })
		},
	})
}

// path reads a path from the repository's root.
func (r *reader) path(n *yaml.Node, into *string) error {
	if err := r.text(n, into); err != nil {
		return err
	}
	p := path.Clean(*into)
	if *into == "" || path.IsAbs(p) || p == ".." || strings.HasPrefix(p, "../") || strings.ContainsAny(p, "\x00\n") {
		return r.errorOn(n, "want a path inside the repository, relative to its root")
	}
	*into = p
	return nil
}

// yamlError places an error of the YAML parser, which says "yaml: line N: …".
func (r *reader) yamlError(err error) error {
	msg := strings.TrimPrefix(err.Error(), "yaml: ")
	var line int
	if _, scanErr := fmt.Sscanf(msg, "line %d:", &line); scanErr == nil {
		_, msg, _ = strings.Cut(msg, ": ")
	}
	var located *source.Error
	if e := r.errorAt(max(line, 1), 1, msg); errors.As(e, &located) {
		located.Span = r.file.Line(max(line, 1))
		return located
	}
	return err
}
