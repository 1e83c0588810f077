package main

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/loadline-dev/loadline/pkg/loadline"
)

// formats maps the names of output formats to what writes them; help texts and errors derive from its keys.
type formats[T any] map[string]func(io.Writer, T) error

// names lists the formats.
func (f formats[T]) names() string { return strings.Join(slices.Sorted(maps.Keys(f)), ", ") }

// write renders the answer completely before it writes the first byte, to a file where one is named.
func (f formats[T]) write(s streams, format, file string, answer T) error {
	render, ok := f[format]
	if !ok {
		return &loadline.UsageError{Err: fmt.Errorf("unknown format %q: one of %s", format, f.names())}
	}
	var buf bytes.Buffer
	if err := render(&buf, answer); err != nil {
		return fmt.Errorf("rendering the answer as %s: %w", format, err)
	}
	if file != "" && file != "-" {
		if err := os.WriteFile(file, buf.Bytes(), 0o644); err != nil {
			return fmt.Errorf("writing the answer: %w", err)
		}
		return nil
	}
	if _, err := s.out.Write(buf.Bytes()); err != nil {
		return fmt.Errorf("writing the answer: %w", err)
	}
	return nil
}

// known refuses an unknown format before any work is done.
func (f formats[T]) known(format string) error {
	if _, ok := f[format]; !ok {
		return &loadline.UsageError{Err: fmt.Errorf("unknown format %q: one of %s", format, f.names())}
	}
	return nil
}
