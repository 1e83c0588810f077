// Command fakegithub runs the GitHub of the tests as a process of its own, for containers and by hand.
//
//	go run ./test/github/fakegithub -git DIR [-address HOST:PORT] [-options FILE] [-setup FILE]
//
// It prints the address of the API and runs until it is interrupted. GET /_report says what happened, POST /_setup takes
// another setup. The files are JSON of github.Options and github.Setup.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"

	"github.com/loadline-dev/loadline/test/github"
)

func main() {
	git := flag.String("git", ".", "directory of the Git repository whose objects are served")
	address := flag.String("address", "127.0.0.1:0", "where to listen")
	options := flag.String("options", "", "file with github.Options as JSON")
	setup := flag.String("setup", "", "file with github.Setup as JSON")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *git, *address, *options, *setup); err != nil {
		fmt.Fprintln(os.Stderr, "fakegithub:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, git, address, options, setup string) error {
	var o github.Options
	if options != "" {
		text, err := os.ReadFile(options)
		if err != nil {
			return err
		}
		if err := json.Unmarshal(text, &o); err != nil {
			return fmt.Errorf("reading %s: %w", options, err)
		}
	}
	o.Git = git
	s, err := github.Listen(o, address)
	if err != nil {
		return err
	}
	defer s.Close()
	if setup != "" {
		if err := arrange(s, setup); err != nil {
			return err
		}
	}
	fmt.Println(s.URL())
	<-ctx.Done()
	return nil
}

func arrange(s *github.Server, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	var setup github.Setup
	if err := github.Decode(f, &setup); err != nil {
		return err
	}
	s.Arrange(setup)
	return nil
}
