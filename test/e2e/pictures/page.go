package main

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"html/template"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

//go:embed page/*.html page/*.css
var templates embed.FS

// picture is one page to be photographed. Its HTML is the same in light and dark.
type picture struct {
	name string
	html string
}

// frame is what a page shows around the Markdown.
type frame struct {
	Title string
	Body  template.HTML
	Files []file
}

// file is one with annotations.
type file struct {
	Path  string
	Lines []line
}

type line struct {
	Number int
	Text   string
	Notes  []annotation
}

// Check is GitHub's word for the level.
func (a annotation) Check() string {
	return map[string]string{"error": "failure", "warning": "warning", "notice": "notice"}[a.Level]
}

// pictures makes the pages of a run.
func pictures(ctx context.Context, root string, r result) ([]picture, error) {
	var out []picture
	for _, p := range []struct {
		name, markdown string
		inComment      bool
	}{{"comment", r.comment, true}, {"summary", r.summary, false}} {
		body, err := render(ctx, p.markdown, p.inComment)
		if err != nil {
			return nil, err
		}
		html, err := execute(p.name, frame{Title: p.name, Body: template.HTML(body)}) //nolint:gosec // it is sanitised
		if err != nil {
			return nil, err
		}
		out = append(out, picture{p.name, html})
	}
	files, err := annotated(filepath.Join(root, "testdata", "repos", pair, "head"), r.annotations)
	if err != nil {
		return nil, err
	}
	html, err := execute("annotations", frame{Title: "annotations", Files: files})
	return append(out, picture{"annotations", html}), err
}

func execute(name string, f frame) (string, error) {
	t, err := template.ParseFS(templates, "page/frame.html", "page/"+name+".html")
	if err != nil {
		return "", err
	}
	var buf bytes.Buffer
	if err := t.ExecuteTemplate(&buf, "frame.html", f); err != nil {
		return "", fmt.Errorf("making the page %s: %w", name, err)
	}
	return buf.String(), nil
}

// annotated are the files of a directory that have annotations, each once, in the order of these.
func annotated(dir string, all []annotation) ([]file, error) {
	var out []file
	for _, a := range all {
		if slices.ContainsFunc(out, func(f file) bool { return f.Path == a.File }) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(a.File)))
		if err != nil {
			return nil, err
		}
		f := file{Path: a.File}
		for i, t := range strings.Split(strings.TrimRight(string(text), "\n"), "\n") {
			l := line{Number: i + 1, Text: t}
			for _, b := range all {
				if b.File == a.File && b.Line == l.Number {
					l.Notes = append(l.Notes, b)
				}
			}
			f.Lines = append(f.Lines, l)
		}
		out = append(out, f)
	}
	return out, nil
}
