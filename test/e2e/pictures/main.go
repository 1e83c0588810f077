// Command pictures makes the pictures of the README: what a pull request of testdata/repos/parcels gets from the action, as
// GitHub shows it. It runs the action against the GitHub of the tests, renders what that was sent with GitHub's Markdown
// and style, and photographs the pages in Chromium.
//
//	go run -C test/e2e ./pictures
package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "pictures:", err)
		os.Exit(1)
	}
}

// here is the directory of this file.
func here() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(file)
}

// root is that of the repository.
func root() string { return filepath.Join(here(), "..", "..", "..") }

// images is where the pictures are.
func images() string { return filepath.Join(root(), "docs", "images") }

// manifest is the file that says what each picture was made of.
const manifest = "pictures.json"

// entry says that a picture with one hash was made of a page with another.
type entry struct {
	Page    string `json:"page"`
	Picture string `json:"picture"`
}

func run(ctx context.Context) error {
	if err := missing(here()); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "loadline-pictures-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	r, err := runAction(ctx, root(), dir)
	if err != nil {
		return err
	}
	pages, err := pictures(ctx, root(), r)
	if err != nil {
		return err
	}
	b, err := open(ctx, here(), pages)
	if err != nil {
		return err
	}
	defer b.close()
	entries := map[string]entry{}
	for _, p := range pages {
		for _, scheme := range []string{"light", "dark"} {
			shot, err := b.photograph(scheme, p.name)
			if err != nil {
				return err
			}
			name := p.name + "-" + scheme + ".png"
			if err := os.WriteFile(filepath.Join(images(), name), shot, 0o644); err != nil {
				return err
			}
			entries[name] = entry{p.hash(scheme), hash(shot)}
			fmt.Printf("%s: %d bytes\n", name, len(shot))
		}
	}
	text, err := json.MarshalIndent(entries, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(images(), manifest), append(text, '\n'), 0o644)
}

// hash is that of everything a picture is made of, but GitHub's style, which package-lock.json holds.
func (p picture) hash(scheme string) string {
	lock, err := os.ReadFile(filepath.Join(here(), "package-lock.json"))
	if err != nil {
		panic(err) // this program was built from its directory
	}
	all := append([]byte(p.html), lock...)
	for _, file := range []string{scheme + ".css", "page.css"} {
		text, err := templates.ReadFile("page/" + file)
		if err != nil {
			panic(err) // it is embedded
		}
		all = append(all, text...)
	}
	return hash(all)
}

func hash(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
