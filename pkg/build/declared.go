package build

import (
	"fmt"
	"slices"
)

// Combine puts the declared builds of a configuration beside the discovered ones. A declared Dockerfile replaces its
// discovered build. The result is sorted by name; names are unique.
//
// Errors name the two lines of the configuration that use one name.
func Combine(declared, discovered []Build) ([]Build, error) {
	named := map[string]Build{}
	taken := map[string]bool{}
	all := make([]Build, 0, len(declared)+len(discovered))
	for _, b := range declared {
		taken[b.Dockerfile] = true
		if b.Name == "" {
			b.Name = defaultName(b)
		}
		if first, ok := named[b.Name]; ok {
			return nil, fmt.Errorf("%s:%d: a build is called %q already, in line %d: give one of them another name",
				b.Origin.Path, b.Origin.Line, b.Name, first.Origin.Line)
		}
		named[b.Name] = b
		all = append(all, b)
	}
	for _, b := range discovered {
		if taken[b.Dockerfile] {
			continue
		}
		if first, ok := named[b.Name]; ok {
			return nil, fmt.Errorf("%s:%d: the build called %q is made from %s, and there is a Dockerfile of that path: give it another name",
				first.Origin.Path, first.Origin.Line, b.Name, first.Dockerfile)
		}
		all = append(all, b)
	}
	slices.SortFunc(all, func(a, b Build) int {
		switch {
		case a.Name < b.Name:
			return -1
		case a.Name > b.Name:
			return 1
		}
		return 0
	})
	return all, nil
}

// defaultName is the Dockerfile's path, with the stage where one is given.
func defaultName(b Build) string {
	if b.Stage == "" {
		return b.Dockerfile
	}
	return b.Dockerfile + ":" + b.Stage
}

// Select keeps the builds whose name matches one of the globs; no globs keep all.
func Select(builds []Build, globs []string) []Build {
	if len(globs) == 0 {
		return builds
	}
	return slices.DeleteFunc(slices.Clone(builds), func(b Build) bool {
		return !slices.Contains(globs, b.Name) && !matches(globs, b.Name)
	})
}
