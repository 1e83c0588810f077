package report

import (
	"bytes"
	"cmp"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// JSONSchema is the JSON Schema (2020-12) of a Report; it is generated from the types.
//
//go:embed schema.json
var JSONSchema []byte

// UploadJSONSchema is the JSON Schema (2020-12) of an UploadReport.
//
//go:embed upload.schema.json
var UploadJSONSchema []byte

// MaxSaved is the most that a saved report may hold, in bytes.
const MaxSaved = 64 << 20

// Write writes a report as JSON: indented, the same bytes for the same report.
func Write(w io.Writer, r *Report) error {
	r.Normalize()
	return WriteJSON(w, r)
}

// WriteUpload writes an upload as JSON.
func WriteUpload(w io.Writer, u *UploadReport) error {
	u.normalize()
	return WriteJSON(w, u)
}

// WriteJSON writes a value in the form of all our JSON: indented, and such that a log which a GitHub runner reads may
// hold it: "##[" would be a command there, and in JSON it occurs in strings only, so that an escape means the same.
func WriteJSON[T any](w io.Writer, v T) error {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	_, err := w.Write(bytes.ReplaceAll(buf.Bytes(), []byte("##["), []byte(`##\u005b`)))
	return err
}

// Read reads a saved report. It is untrusted input: unknown fields, another schema, values that no report holds and more
// than MaxSaved bytes are refused.
func Read(in io.Reader) (*Report, error) {
	text, err := io.ReadAll(io.LimitReader(in, MaxSaved+1))
	if err != nil {
		return nil, fmt.Errorf("reading a report: %w", err)
	}
	if len(text) > MaxSaved {
		return nil, fmt.Errorf("reading a report: it holds more than %d bytes", MaxSaved)
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	r := &Report{}
	if err := dec.Decode(r); err != nil {
		return nil, fmt.Errorf("reading a report: %w", err)
	}
	if dec.More() {
		return nil, errors.New("reading a report: something follows it")
	}
	if r.Schema != Schema {
		return nil, fmt.Errorf("reading a report: its schema is %q, want %q", r.Schema, Schema)
	}
	if err := r.check(); err != nil {
		return nil, fmt.Errorf("reading a report: %w", err)
	}
	r.Normalize()
	return r, nil
}

// Normalize sorts what has an order, turns nil lists into empty ones and makes bytes that are not UTF-8 visible, so that
// equal reports are equal bytes.
func (r *Report) Normalize() {
	r.Schema = Schema
	fill(&r.Builds)
	fill(&r.Findings)
	fill(&r.Suppressed)
	fill(&r.Skipped)
	fill(&r.Lines)
	fill(&r.Notices)
	fill(&r.Gate.Reasons)
	fill(&r.Gate.Failures)
	if r.Gate.Override != nil {
		fill(&r.Gate.Override.Failures)
	}
	for i := range r.Builds {
		r.Builds[i].normalize()
	}
	slices.SortStableFunc(r.Builds, func(a, b Build) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortStableFunc(r.Skipped, func(a, b Skipped) int {
		return cmp.Or(cmp.Compare(a.Build, b.Build), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Reason, b.Reason))
	})
	for _, list := range [][]Finding{r.Findings, r.Suppressed} {
		for i := range list {
			fill(&list[i].Fixes)
			for j := range list[i].Fixes {
				fill(&list[i].Fixes[j].Edits)
			}
		}
		slices.SortStableFunc(list, compareFindings)
	}
}

func compareFindings(a, b Finding) int {
	return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Start.Line, b.Start.Line),
		cmp.Compare(a.Start.Column, b.Start.Column), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Build, b.Build))
}

func (b *Build) normalize() {
	if b.Args == nil {
		b.Args = map[string]string{}
	}
	if b.Contexts == nil {
		b.Contexts = map[string]string{}
	}
	fill(&b.Platforms)
	fill(&b.Assumptions)
	fill(&b.Transfers)
	fill(&b.Changed)
	for i := range b.Changed {
		fill(&b.Changed[i].Pulls)
		b.Changed[i].Path = visible(b.Changed[i].Path)
	}
}

func fill[T any](list *[]T) {
	if *list == nil {
		*list = []T{}
	}
}

// visible makes bytes that are not UTF-8 visible: encoding/json would replace all of them by the same character, so
// that two names become one.
func visible(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && n == 1 {
			fmt.Fprintf(&b, `\x%02x`, s[0])
		} else {
			b.WriteString(s[:n])
		}
		s = s[n:]
	}
	return b.String()
}
