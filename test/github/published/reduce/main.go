// Command reduce takes from GitHub's published descriptions what the tests of Loadline use, and writes it next to
// package published: the operations of the REST API without prose, the part of the GraphQL schema that the queries
// reach, and the schemas and examples of the webhook payloads.
//
//	go run ./test/github/published/reduce [-packages DIR]
//
// DIR holds the packages as `npm pack` leaves them; without it npm downloads them. An operation, a type or a payload that
// the packages no longer hold is an error, so that a refresh cannot lose one silently.
package main

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
)

// part is one file that is written, and where it comes from.
type part struct {
	pkg, version string // npm package
	file         string // inside the package
	out          string
	reduce       func(in []byte) ([]byte, error)
}

var parts = []part{
	{"@octokit/openapi", "23.0.2", "generated/api.github.com.json", "openapi.json", reduceOpenAPI},
	{"@octokit/graphql-schema", "15.26.1", "schema.graphql", "schema.graphql", reduceGraphQL},
	{"@octokit/webhooks-schemas", "7.6.1", "schema.json", "webhooks.schema.json", reduceWebhookSchemas},
	{"@octokit/webhooks-examples", "7.6.1", "api.github.com/index.json", "webhooks.json", reduceWebhookExamples},
}

// source is what sources.json says about one written file.
type source struct {
	File    string `json:"file"`
	Package string `json:"package"`
	Version string `json:"version"`
	Entry   string `json:"entry"`
	Bytes   int    `json:"bytes"`
	SHA256  string `json:"sha256"`
}

func main() {
	packages := flag.String("packages", "", "directory of the packages as npm pack leaves them; npm downloads them if empty")
	out := flag.String("out", filepath.Join("test", "github", "published"), "directory to write to")
	flag.Parse()
	if err := run(*packages, *out); err != nil {
		fmt.Fprintln(os.Stderr, "reduce:", err)
		os.Exit(1)
	}
}

func run(packages, out string) error {
	if packages == "" {
		dir, err := os.MkdirTemp("", "loadline-reduce-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		packages = dir
	}
	var sources []source
	for _, p := range parts {
		in, err := p.read(packages)
		if err != nil {
			return fmt.Errorf("reading %s of %s@%s: %w", p.file, p.pkg, p.version, err)
		}
		small, err := p.reduce(in)
		if err != nil {
			return fmt.Errorf("reducing %s of %s@%s: %w", p.file, p.pkg, p.version, err)
		}
		if err := os.WriteFile(filepath.Join(out, p.out), small, 0o644); err != nil {
			return err
		}
		fmt.Printf("%s: %d bytes of %d\n", p.out, len(small), len(in))
		sources = append(sources, source{p.out, p.pkg, p.version, p.file, len(in), fmt.Sprintf("%x", sha256.Sum256(in))})
	}
	text, err := json.MarshalIndent(sources, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(out, "sources.json"), append(text, '\n'), 0o644)
}

// read returns the part's file out of its package, which npm fetches if the directory does not hold it.
func (p part) read(dir string) ([]byte, error) {
	name := strings.ReplaceAll(strings.TrimPrefix(p.pkg, "@"), "/", "-") + "-" + p.version + ".tgz"
	if _, err := os.Stat(filepath.Join(dir, name)); errors.Is(err, os.ErrNotExist) {
		cmd := exec.Command("npm", "pack", "--silent", p.pkg+"@"+p.version)
		cmd.Dir, cmd.Stderr = dir, os.Stderr
		if err := cmd.Run(); err != nil {
			return nil, fmt.Errorf("npm pack: %w", err)
		}
	}
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	zr, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	for tr := tar.NewReader(zr); ; {
		h, err := tr.Next()
		if err == io.EOF {
			return nil, errors.New("not in the package")
		}
		if err != nil {
			return nil, err
		}
		if h.Name == path.Join("package", p.file) {
			return io.ReadAll(tr)
		}
	}
}
