package main

import (
	"context"
	"regexp"
	"slices"
	"strings"
)

// dotnetNames are the repositories of .NET whose tags are kept.
var dotnetNames = []string{"aspnet", "runtime", "runtime-deps", "sdk"}

func writeDotnet(ctx context.Context, data string, c clone) error {
	head, err := c.head(ctx)
	if err != nil {
		return err
	}
	for _, name := range dotnetNames {
		text, err := c.git(ctx, "show", "HEAD:README."+name+".md")
		if err != nil {
			return err
		}
		file := "tags/dotnet-" + name + ".txt"
		if err := write(data, file, table("mcr.microsoft.com/dotnet/"+name, "dotnet/dotnet-docker "+head, parseDotnet(text))); err != nil {
			return err
		}
	}
	return nil
}

// oneArchitecture matches the tags that name an architecture.
var oneArchitecture = regexp.MustCompile(`-(?:amd64|arm64v8|arm32v7)$`)

// parseDotnet reads the table "Linux amd64 Tags" of a README.
func parseDotnet(text string) []group {
	_, rest, _ := strings.Cut(text, "### Linux amd64 Tags")
	rest, _, _ = strings.Cut(rest, "\n#")
	var out []group
	for line := range strings.Lines(rest) {
		cells := strings.Split(line, "|")
		if len(cells) < 3 || strings.HasPrefix(line, "Tags") || strings.HasPrefix(line, "---") {
			continue
		}
		tags := slices.DeleteFunc(list(cells[0]), oneArchitecture.MatchString)
		slices.Sort(tags)
		if len(tags) > 0 {
			out = append(out, group{tags: tags})
		}
	}
	slices.SortFunc(out, func(a, b group) int { return slices.Compare(a.tags, b.tags) })
	return out
}
