// Command generate writes the tables of package baseimage from public sources. Each mode rewrites its own files:
//
//	go run ./pkg/baseimage/generate tags -official-images CLONE -dotnet CLONE
//	go run ./pkg/baseimage/generate lifecycles -endoflife CLONE
//	go run ./pkg/baseimage/generate sizes [-repo-info DIR] [-registry [-image NAME:TAG]…]
//
// CLONE is a clone, bare or not, of docker-library/official-images, dotnet/dotnet-docker or
// endoflife-date/endoflife.date; DIR is a checkout, or a part of one, of docker-library/repo-info.
// The dates in the tables are those of the sources: the same sources give the same files.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return errors.New("want tags, lifecycles or sizes")
	}
	flags := flag.NewFlagSet("generate "+args[0], flag.ContinueOnError)
	data := flags.String("data", filepath.Join("pkg", "baseimage", "data"), "directory of the tables")
	switch args[0] {
	case "tags":
		library := flags.String("official-images", "", "clone of docker-library/official-images")
		dotnet := flags.String("dotnet", "", "clone of dotnet/dotnet-docker")
		if err := flags.Parse(args[1:]); err != nil {
			return err
		}
		return writeTags(ctx, *data, *library, *dotnet)
	case "sizes":
		var o sizeOptions
		flags.StringVar(&o.repoInfo, "repo-info", "", "checkout, or a part of one, of docker-library/repo-info")
		flags.BoolVar(&o.registry, "registry", false, "ask the registries for every tag that the table has")
		flags.Func("image", "with -registry, a further NAME:TAG to ask for (repeatable)", func(ref string) error {
			o.images = append(o.images, ref)
			return nil
		})
		if err := flags.Parse(args[1:]); err != nil {
			return err
		}
		return writeSizes(ctx, *data, o)
	case "lifecycles":
		clone := flags.String("endoflife", "", "clone of endoflife-date/endoflife.date")
		if err := flags.Parse(args[1:]); err != nil {
			return err
		}
		return writeLifecycles(ctx, *data, *clone)
	}
	return fmt.Errorf("unknown mode %q", args[0])
}

// clone is a git repository to read from.
type clone string

// git runs a git command in the clone and returns what it prints.
func (c clone) git(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", append([]string{"-c", "safe.directory=*", "-C", string(c)}, args...)...)
	out, err := cmd.Output()
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		return "", fmt.Errorf("git %s: %w: %s", strings.Join(args, " "), err, failed.Stderr)
	}
	return string(out), err
}

// head names the commit that is read and its day: "37079fb336f5 2026-08-21".
func (c clone) head(ctx context.Context) (string, error) {
	out, err := c.git(ctx, "log", "-1", "--format=%h %cs", "--abbrev=12")
	return strings.TrimSpace(out), err
}

// write writes a table.
func write(dir, name, text string) error {
	file := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(text), 0o644)
}
