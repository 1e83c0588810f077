package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/loadline-dev/loadline/pkg/loadline"
	"github.com/loadline-dev/loadline/pkg/report"
)

// builds prints one row a repository and one a skipped build.
func builds(ctx context.Context, out io.Writer, r repository, dir string) error {
	began := time.Now()
	answer, err := loadline.Check(ctx, loadline.CheckOptions{Path: dir, Head: r.SHA, Base: "none"})
	if err != nil {
		return err
	}
	inventory, err := loadline.Builds(ctx, loadline.CheckOptions{Path: dir, Head: r.SHA})
	if err != nil {
		return err
	}
	exact := 0
	for _, b := range answer.Builds {
		if b.Exact {
			exact++
		}
	}
	upload := "0 B"
	if answer.Upload.Head != nil {
		upload = report.Bytes(answer.Upload.Head.Bytes)
	}
	fmt.Fprintf(out, "| %s | %d builds, %d exact | %s | %d skipped | %d left out by name | %.1f s |\n", r.Name,
		len(answer.Builds), exact, upload, len(answer.Skipped), len(inventory.LeftOut), time.Since(began).Seconds())
	reasons := map[string]int{}
	for _, s := range answer.Skipped {
		reasons[s.Path+": "+s.Reason]++
	}
	for _, reason := range slices.Sorted(maps.Keys(reasons)) {
		fmt.Fprintf(out, "|   | skipped | %s | | | |\n", reason)
	}
	return nil
}

// commits prints one row a case: the difference of contents that is expected, and the one that is found.
func commits(ctx context.Context, out io.Writer, r repository, dir string) error {
	for _, c := range r.Cases {
		expected := c.Effective
		if c.Dockerfile == "" || !c.AtHead || !c.AtBase || expected == nil {
			fmt.Fprintf(out, "| %s | %s | %s | no Dockerfile on both sides | | |\n", r.Name, c.Head[:12], c.Kind)
			continue
		}
		found, err := change(ctx, dir, c)
		if err != nil {
			fmt.Fprintf(out, "| %s | %s | %s | %v | | |\n", r.Name, c.Head[:12], c.Kind, err)
			continue
		}
		fmt.Fprintf(out, "| %s | %s | %s | %s | %s | %s |\n", r.Name, c.Head[:12], c.Kind,
			report.Growth(*expected), report.Growth(found.Payload), judge(*expected, found.Payload))
	}
	return nil
}

// change is the difference of the upload of the build that a case names.
func change(ctx context.Context, dir string, c commitCase) (*report.Size, error) {
	config, err := os.CreateTemp("", "corpus*.yaml")
	if err != nil {
		return nil, err
	}
	defer os.Remove(config.Name())
	if _, err := fmt.Fprintf(config, "discover: false\nbuilds:\n- dockerfile: %q\n  context: %q\n", c.Dockerfile, c.Context); err != nil {
		return nil, err
	}
	if err := config.Close(); err != nil {
		return nil, err
	}
	answer, err := loadline.Check(ctx, loadline.CheckOptions{
		Path: dir, Base: c.Base, Head: c.Head, Config: filepath.ToSlash(config.Name()),
	})
	if err != nil {
		return nil, err
	}
	if len(answer.Builds) != 1 || answer.Builds[0].Upload.Delta == nil {
		var why []string
		for _, s := range answer.Skipped {
			why = append(why, s.Reason)
		}
		return nil, fmt.Errorf("not analysed: %s %s", strings.Join(why, "; "), strings.Join(answer.Notices, "; "))
	}
	return answer.Builds[0].Upload.Delta, nil
}

// tolerance is how far a difference may be from the expected one, which a simple parser made.
const tolerance = 0.03

func judge(expected, found int64) string {
	off := max(expected-found, found-expected)
	switch {
	case off == 0:
		return "equal"
	case float64(off) <= tolerance*float64(max(expected, -expected)):
		return "within 3 %"
	}
	return "DIFFERS"
}
