package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/loadline-dev/loadline/pkg/loadline"
)

// buildFlags are the flags of `docker build` that decide what is uploaded.
type buildFlags struct {
	file, target   string
	args, contexts []string
	platforms      []string
	rev, gitDir    string
	format, output string
	images         imageFlags
}

// bind adds the flags to a command, with docker's names and meaning.
func (f *buildFlags) bind(c *cobra.Command, formats string) {
	flags := c.Flags()
	flags.StringVarP(&f.file, "file", "f", "", "name of the Dockerfile (default CONTEXT/Dockerfile; - reads standard input)")
	flags.StringVar(&f.target, "target", "", "stage to build (default the last)")
	flags.StringArrayVar(&f.args, "build-arg", nil, "build argument NAME=VALUE; NAME alone takes the value from the environment")
	flags.StringArrayVar(&f.contexts, "build-context", nil, "named context NAME=DIRECTORY or NAME=REFERENCE")
	flags.StringSliceVar(&f.platforms, "platform", nil, "platforms to build for (default linux/amd64)")
	flags.StringVar(&f.rev, "rev", "", "read this commit instead of the disk; paths are then relative to the repository's root")
	flags.StringVar(&f.gitDir, "git-dir", "", "read a repository without a work tree")
	f.images.bind(c)
	flags.StringVar(&f.format, "format", "text", "format of the answer: "+formats)
	flags.StringVarP(&f.output, "output", "o", "", "write the answer to this file")
}

// single turns the flags into a build.
func (f *buildFlags) single(s streams, context string) (loadline.Single, error) {
	b := loadline.Single{
		Context: context, File: f.file, Stage: f.target, Platforms: f.platforms,
		Rev: f.rev, GitDir: f.gitDir, Stdin: s.in,
		Args: map[string]string{}, Contexts: map[string]string{},
	}
	var err error
	if b.Registry, err = f.images.options(); err != nil {
		return b, err
	}
	for _, arg := range f.args {
		name, value, given := strings.Cut(arg, "=")
		if name == "" {
			return b, &loadline.UsageError{Err: fmt.Errorf("--build-arg %q: want NAME=VALUE", arg)}
		}
		if !given {
			if value = s.getenv(name); value == "" {
				continue // docker, too, leaves out what the environment lacks
			}
		}
		b.Args[name] = value
	}
	for _, named := range f.contexts {
		name, value, ok := strings.Cut(named, "=")
		if !ok || name == "" || value == "" {
			return b, &loadline.UsageError{Err: fmt.Errorf("--build-context %q: want NAME=DIRECTORY", named)}
		}
		b.Contexts[name] = value
	}
	return b, nil
}
