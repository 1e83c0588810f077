// Package finding is the vocabulary of what a rule says: a message at a place of a build, what it costs, and the
// edits that make it go away. Rules and reports both know it, and not each other.
package finding

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/loadline-dev/loadline/pkg/source"
)

// Severity says how much a finding matters. The zero value is none: it is not shown and reaches no threshold.
type Severity uint8

// The severities, from the least on, so that they can be compared.
const (
	Notice Severity = iota + 1
	Warning
	Error
)

var severities = []string{"none", "notice", "warning", "error"}

// String is the severity's name in flags, configuration and JSON.
func (s Severity) String() string {
	if int(s) < len(severities) {
		return severities[s]
	}
	return severities[0]
}

// ParseSeverity is the severity of a name; "none" is the zero value. Any other text is an error that lists the names.
func ParseSeverity(name string) (Severity, error) {
	for i, s := range severities {
		if s == name {
			return Severity(i), nil
		}
	}
	return 0, fmt.Errorf("%q is no severity: use %s", name, strings.Join(severities, ", "))
}

// State says how a finding at head relates to base.
type State string

// The states of a finding. Without a base every finding is New.
const (
	New   State = "new"
	Kept  State = "kept"
	Fixed State = "fixed"
)

// Area is what a finding is about, after the parts of Docker's page on optimizing Offload usage.
type Area string

// The areas.
const (
	Dockerignore Area = "dockerignore"
	BaseImage    Area = "base-image"
	MultiStage   Area = "multi-stage"
	RemoteFiles  Area = "remote-files"
	Parallelism  Area = "parallelism"
	Cache        Area = "cache"
)

// NoCheckout is why a rule about what git does not track is skipped where there is no disk to look at.
const NoCheckout = "there is no checkout to look at, and it is about what git does not track"

// Finding is what a rule says about a build, or about several that share what it is about.
type Finding struct {
	// Rule is the rule's name, such as git-directory-uploaded.
	Rule     string
	Area     Area
	Severity Severity
	State    State
	// Build is the name of the build; Builds are all that it is about, sorted, Build included. Nil means Build alone.
	Build  string
	Builds []string
	// About tells findings of one rule apart that stand at one place, such as the directory that an instruction pulls in;
	// empty where there is only one. It must not hold what changes with every commit, such as a size.
	About string
	// File and Span are the place. File is never nil; a span of no width is a point.
	File *source.File
	Span source.Span
	// Message says what happens, in the present tense, with the measured number.
	Message string
	// Advice says what to do where no edit can be offered, or what to know before one is made: an imperative sentence without
	// a full stop; empty for none.
	Advice string
	// Saves is what the first fix saves of the build's upload; nil where that was not measured.
	Saves *Saving
	// Fixes are alternatives, the best first.
	Fixes []Fix
}

// Saving is a measured difference of an upload, in bytes.
type Saving struct {
	Bytes int64
	Exact bool
}

// Fix is a set of edits, all made together, that makes a finding go away.
type Fix struct {
	// Title is an imperative sentence without a full stop, such as "Add .git to .dockerignore".
	Title string
	Edits []Edit
}

// Edit replaces a span of a file.
type Edit struct {
	// Path is the file, from the repository root.
	Path string
	// File is the file as it is; nil where the edit creates it, and then the span is empty at 0.
	File *source.File
	source.Edit
}

// Fingerprint identifies a finding across commits: by rule, path, the underlined text and what it is about, not by its
// line. Nor does the build count, since a finding may be about several. nth tells findings apart that are equal in all
// that: it counts from 0 in the order of the file.
func (f *Finding) Fingerprint(nth int) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{f.Rule, f.File.Path, f.Text(), f.About, strconv.Itoa(nth)}, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// Text is the underlined text with white space made equal.
func (f *Finding) Text() string { return strings.Join(strings.Fields(f.File.Slice(f.Span)), " ") }

// Validate says what is wrong with a finding as a rule made it: a mistake of the rule, not of the user.
func (f *Finding) Validate() error {
	switch {
	case f.Rule == "" || f.Area == "" || f.Message == "":
		return fmt.Errorf("finding %q: rule, area and message are needed", f.Rule)
	case f.Severity < Notice || f.Severity > Error:
		return fmt.Errorf("finding %s: no severity", f.Rule)
	case f.File == nil:
		return fmt.Errorf("finding %s: no file", f.Rule)
	case f.Span.Start < 0 || f.Span.End < f.Span.Start || f.Span.End > len(f.File.Text):
		return fmt.Errorf("finding %s: bytes %d to %d are not in %s", f.Rule, f.Span.Start, f.Span.End, f.File.Path)
	case f.Saves != nil && len(f.Fixes) == 0:
		return fmt.Errorf("finding %s: saves %d bytes by no fix", f.Rule, f.Saves.Bytes)
	}
	for _, fix := range f.Fixes {
		if err := fix.Validate(); err != nil {
			return fmt.Errorf("finding %s: %w", f.Rule, err)
		}
	}
	return nil
}

// Validate says whether a fix has a title and edits that can be applied; it wraps source.ErrEdit where they cannot.
func (f *Fix) Validate() error {
	if f.Title == "" || strings.HasSuffix(f.Title, ".") || strings.ContainsAny(f.Title, "\r\n") {
		return fmt.Errorf("fix %q: the title is one line without a full stop", f.Title)
	}
	if len(f.Edits) == 0 {
		return fmt.Errorf("fix %q: no edits", f.Title)
	}
	_, err := f.Apply()
	return err
}

// Apply returns the new text of each file that the fix edits, by path.
func (f *Fix) Apply() (map[string][]byte, error) {
	files := map[string]*source.File{}
	edits := map[string][]source.Edit{}
	for _, e := range f.Edits {
		if known, ok := files[e.Path]; ok && known != e.File {
			return nil, fmt.Errorf("fix %q: two versions of %s", f.Title, e.Path)
		}
		files[e.Path] = e.File
		edits[e.Path] = append(edits[e.Path], e.Edit)
	}
	out := map[string][]byte{}
	for path, file := range files {
		var text []byte
		if file != nil {
			text = file.Text
		}
		changed, err := source.Apply(text, edits[path])
		if err != nil {
			return nil, fmt.Errorf("fix %q: editing %s: %w", f.Title, path, err)
		}
		out[path] = changed
	}
	return out, nil
}
