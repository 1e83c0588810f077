// Command corpus runs Loadline over public repositories and prints tables of what it says, to be read by a person.
//
//	go run ./test/corpus -clones DIR -corpus open.json builds   every build at the pinned commits: analysed, or skipped and why
//	go run ./test/corpus -clones DIR -corpus open.json commits  the listed commits: the change found against the one expected
//	go run ./test/corpus -clones DIR -corpus open.json -judgements test/corpus/judgements.yaml findings  all findings against what people say
//
// DIR holds bare clones as OWNER+NAME/repo, OWNER/NAME or OWNER/NAME.git. The corpus is a JSON file of repositories
// with pinned commits and cases; none of their code is part of this repository.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
)

// corpus is the part of the file that the tables need.
type corpus struct {
	Repos []repository `json:"repos"`
}

type repository struct {
	Name  string       `json:"repo"`
	SHA   string       `json:"sha"`
	Cases []commitCase `json:"cases"`
}

// commitCase is a change with the difference that a simple parser of COPY and ADD expects, in bytes of contents.
type commitCase struct {
	Base       string `json:"base"`
	Head       string `json:"head"`
	Context    string `json:"context"`
	Dockerfile string `json:"dockerfile"`
	AtBase     bool   `json:"dockerfile_at_base"`
	AtHead     bool   `json:"dockerfile_at_head"`
	Effective  *int64 `json:"effective_delta"`
	Naive      *int64 `json:"naive_delta"`
	Kind       string `json:"kind"`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "corpus:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("corpus", flag.ContinueOnError)
	clones := flags.String("clones", "", "directory of the clones")
	file := flags.String("corpus", "", "JSON file of the repositories")
	judgements := flags.String("judgements", "", "YAML file of what should be found, for the table of findings")
	only := flags.String("repo", "", "look at repositories whose name contains this")
	if err := flags.Parse(args); err != nil {
		return err
	}
	text, err := os.ReadFile(*file)
	if err != nil {
		return fmt.Errorf("reading the corpus: %w", err)
	}
	var c corpus
	if err := json.Unmarshal(text, &c); err != nil {
		return fmt.Errorf("reading the corpus: %w", err)
	}
	tables := map[string]func(context.Context, io.Writer, repository, string) error{"builds": builds, "commits": commits}
	var all *judged
	if flags.Arg(0) == "findings" {
		if all, err = readJudgements(*judgements); err != nil {
			return err
		}
		tables["findings"] = all.findings
	}
	table, ok := tables[flags.Arg(0)]
	if !ok {
		return errors.New("name a table: builds, commits or findings")
	}
	for _, r := range c.Repos {
		if !strings.Contains(r.Name, *only) {
			continue
		}
		dir, err := find(*clones, r.Name)
		if err != nil {
			fmt.Fprintf(out, "| %s | no clone | | | |\n", r.Name)
			continue
		}
		if err := table(ctx, out, r, dir); err != nil {
			return fmt.Errorf("%s: %w", r.Name, err)
		}
	}
	if all != nil {
		fmt.Fprintf(out, "| all | %s\n", all.total)
	}
	return nil
}

// find is the clone of a repository.
func find(clones, name string) (string, error) {
	for _, form := range []string{strings.ReplaceAll(name, "/", "+") + "/repo", name, name + ".git"} {
		dir := filepath.Join(clones, filepath.FromSlash(form))
		if info, err := os.Stat(dir); err == nil && info.IsDir() {
			return dir, nil
		}
	}
	return "", fmt.Errorf("there is no clone of %s", name)
}
