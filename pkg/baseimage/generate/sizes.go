package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/loadline-dev/loadline/pkg/baseimage/registry"
)

// sizeOptions say where figures are taken from.
type sizeOptions struct {
	repoInfo string
	registry bool
	images   []string
}

// figure is a line of the table of sizes.
type figure struct{ image, bytes, day, digest, source string }

const (
	sizesFile   = "sizes.txt"
	sizesHeader = `# Compressed layers for linux/amd64, in bytes: image:tag, bytes or a range, day on which the image was made, digest of its
# manifest (- where the source does not give it), source. Added to by pkg/baseimage/generate; how the lines were gathered: docs/base-images.md.
`
	repoInfoSource = "docker-library/repo-info"
)

// writeSizes adds figures to the table; those that it has stay.
func writeSizes(ctx context.Context, data string, o sizeOptions) error {
	old, err := readFigures(filepath.Join(data, sizesFile))
	if err != nil {
		return err
	}
	var added []figure
	switch {
	case o.repoInfo != "":
		added, err = readRepoInfo(os.DirFS(o.repoInfo))
	case o.registry:
		added, err = askRegistries(ctx, old, o.images)
	default:
		err = errors.New("want -repo-info or -registry")
	}
	if err != nil {
		return err
	}
	return write(data, sizesFile, formatFigures(append(old, added...)))
}

func readFigures(file string) ([]figure, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var out []figure
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if len(f) == 0 || f[0] == "#" {
			continue
		}
		if len(f) != 5 {
			return nil, fmt.Errorf("%s: %q has %d fields, want 5", file, line, len(f))
		}
		out = append(out, figure{f[0], f[1], f[2], f[3], f[4]})
	}
	return out, nil
}

// formatFigures writes the table: by image and day, each image once by digest.
func formatFigures(figures []figure) string {
	figures = slices.Clone(figures)
	slices.SortStableFunc(figures, func(a, b figure) int {
		return cmp.Or(cmp.Compare(a.image, b.image), cmp.Compare(a.day, b.day), cmp.Compare(a.digest, b.digest))
	})
	figures = slices.CompactFunc(figures, func(a, b figure) bool {
		return a.image == b.image && a.day == b.day && a.digest == b.digest
	})
	var b strings.Builder
	b.WriteString(sizesHeader)
	for _, f := range figures {
		fmt.Fprintf(&b, "%s %s %s %s %s\n", f.image, f.bytes, f.day, f.digest, f.source)
	}
	return b.String()
}

// readRepoInfo reads the files of repo-info, wherever they lie below a directory.
func readRepoInfo(root fs.FS) ([]figure, error) {
	var out []figure
	err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".md") || strings.Contains("/"+path, "/local/") {
			return err
		}
		text, err := fs.ReadFile(root, path)
		if err != nil {
			return err
		}
		out = append(out, parseRepoInfo(string(text))...)
		return nil
	})
	return out, err
}

var (
	infoSection = regexp.MustCompile("(?m)^### `([a-z0-9./_-]+:[A-Za-z0-9._-]+)` - linux; amd64$")
	infoDigest  = regexp.MustCompile(`(?m)^\$ docker pull \S+@(sha256:[0-9a-f]{64})$`)
	infoSize    = regexp.MustCompile(`(?m)^-\tTotal Size: \*\*[0-9.]+ (?:[KMGT]?B) \(([0-9]{1,15}) bytes\)\*\*`)
	infoDay     = regexp.MustCompile(`(?m)^# [A-Z][a-z]{2}, (\d{2} [A-Z][a-z]{2} \d{4}) \d{2}:\d{2}:\d{2} GMT$`)
)

// parseRepoInfo reads a file repos/NAME/remote/TAG.md of repo-info: the total size of the image for linux/amd64, the
// digest of its manifest, and the newest day of its history. What lacks one of them gives nothing.
func parseRepoInfo(text string) []figure {
	var out []figure
	for _, at := range infoSection.FindAllStringSubmatchIndex(text, -1) {
		image, section := text[at[2]:at[3]], text[at[1]:]
		if next := strings.Index(section, "\n##"); next >= 0 {
			section = section[:next]
		}
		digest, size := infoDigest.FindStringSubmatch(section), infoSize.FindStringSubmatch(section)
		newest := time.Time{}
		for _, m := range infoDay.FindAllStringSubmatch(section, -1) {
			if d, err := time.Parse("02 Jan 2006", m[1]); err == nil && d.After(newest) {
				newest = d
			}
		}
		if digest == nil || size == nil || newest.IsZero() {
			continue
		}
		out = append(out, figure{image, size[1], newest.Format(time.DateOnly), digest[1], repoInfoSource})
	}
	return out
}

// askRegistries asks for all tags of the table, and for more.
func askRegistries(ctx context.Context, old []figure, more []string) ([]figure, error) {
	r, err := registry.New(registry.Options{Proxy: registry.EnvironmentProxy, TotalTimeout: time.Hour})
	if err != nil {
		return nil, err
	}
	refs := slices.Clone(more)
	for _, f := range old {
		refs = append(refs, f.image)
	}
	slices.Sort(refs)
	var out []figure
	for _, ref := range slices.Compact(refs) {
		f, err := ask(ctx, r, ref)
		if err != nil {
			fmt.Fprintf(os.Stderr, "generate: %s: %v\n", ref, err)
			continue
		}
		out = append(out, f)
	}
	if len(out) == 0 {
		return nil, errors.New("no registry answers")
	}
	return out, nil
}

// ask asks for one image. The day is the one on which it was made, so that the same image gives the same line.
func ask(ctx context.Context, r *registry.Resolver, ref string) (figure, error) {
	img, err := r.Resolve(ctx, ref, "linux/amd64")
	if err != nil {
		return figure{}, err
	}
	_, text, err := r.Config(ctx, ref, "linux/amd64")
	if err != nil {
		return figure{}, err
	}
	var config struct{ Created time.Time }
	if err := json.Unmarshal(text, &config); err != nil {
		return figure{}, err
	}
	day := config.Created.UTC().Format(time.DateOnly)
	return figure{ref, strconv.FormatInt(img.Bytes, 10), day, img.Digest, registrySource}, nil
}

const registrySource = "registry"
