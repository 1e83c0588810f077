// Package dockerignore answers which paths an ignore file keeps out of an upload, and which of its lines decided.
//
// Reading and matching are done by github.com/moby/patternmatcher, the code that BuildKit uses; this package adds
// the places in the file.
package dockerignore

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"

	"github.com/loadline-dev/loadline/pkg/source"
)

// MaxPatterns is the largest number of patterns of one ignore file. Every path is matched against every pattern,
// so that more would cost hours; the longest files in the wild have a few hundred.
const MaxPatterns = 10_000

// Line is a line of an ignore file that holds a pattern.
type Line struct {
	// Number is the line's number, from 1.
	Number int
	// Span is the pattern as written, "!" included and white space around it left out.
	Span source.Span
	// Pattern is the pattern as BuildKit gets it: cleaned, without a leading slash, with its "!".
	Pattern string
	// Include says that the pattern starts with "!" and takes paths in again.
	Include bool
}

// File is a parsed ignore file. It is safe for use by several goroutines.
type File struct {
	Source *source.File
	// Lines are the lines that hold a pattern, in order.
	Lines []Line

	// mu guards the matchers: patterns are compiled when they are first needed (github.com/moby/patternmatcher,
	// PatternMatcher).
	mu    sync.Mutex
	whole *patternmatcher.PatternMatcher
	// single has one matcher for each line; nil where patternmatcher drops the pattern.
	single []*patternmatcher.PatternMatcher
}

// Parse reads an ignore file. An empty text is a file without patterns. A file over source.MaxText, with more than
// MaxPatterns patterns, with a line that BuildKit's reader refuses (64 KiB) or with a malformed pattern is a
// *source.Error.
//
// A pattern may pass here and still fail to compile when it first meets a path; see BadPattern.
func Parse(path string, text []byte) (*File, error) {
	if len(text) > source.MaxText {
		file := source.NewFile(path, nil)
		return nil, &source.Error{File: file, Msg: fmt.Sprintf("%d bytes are more than the limit of %d", len(text), source.MaxText)}
	}
	f := &File{Source: source.NewFile(path, text)}
	for n := 1; n <= f.Source.Lines(); n++ {
		if err := f.addLine(n); err != nil {
			return nil, err
		}
	}
	all, err := ignorefile.ReadAll(bytes.NewReader(text))
	if err == nil && !slices.Equal(all, f.Patterns()) {
		err = errors.New("its lines read one by one give other patterns than the whole file")
	}
	if err != nil {
		return nil, &source.Error{File: f.Source, Msg: err.Error(), Err: err}
	}
	if f.whole, err = patternmatcher.New(all); err != nil {
		return nil, &source.Error{File: f.Source, Msg: err.Error(), Err: err}
	}
	return f, nil
}

// addLine reads line n with BuildKit's reader. The line ending put before it keeps the reader from taking a byte
// order mark off any but the first line.
func (f *File) addLine(n int) error {
	span := f.Source.Line(n)
	raw := f.Source.Slice(span)
	patterns, err := ignorefile.ReadAll(strings.NewReader("\n" + raw))
	if err != nil {
		return &source.Error{File: f.Source, Span: source.Span{Start: span.Start, End: span.Start}, Msg: err.Error(), Err: err}
	}
	if len(patterns) == 0 {
		return nil
	}
	start := span.Start + len(raw) - len(strings.TrimLeftFunc(raw, unicode.IsSpace))
	line := Line{
		Number:  n,
		Span:    source.Span{Start: start, End: start + len(strings.TrimSpace(raw))},
		Pattern: patterns[0],
		Include: strings.HasPrefix(patterns[0], "!"),
	}
	if len(f.Lines) == MaxPatterns {
		return &source.Error{File: f.Source, Span: line.Span, Msg: fmt.Sprintf("more than %d patterns", MaxPatterns)}
	}
	// The whole pattern is asked first, for its own errors.
	m, err := patternmatcher.New([]string{line.Pattern})
	if err != nil {
		return &source.Error{File: f.Source, Span: line.Span, Msg: malformed(err), Err: err}
	}
	f.Lines = append(f.Lines, line)
	if len(m.Patterns()) == 0 {
		m = nil
	}
	f.single = append(f.single, m)
	return nil
}

// Patterns are the patterns as BuildKit gets them (local.excludepatterns); never nil.
func (f *File) Patterns() []string {
	out := make([]string, len(f.Lines))
	for i, l := range f.Lines {
		out[i] = l.Pattern
	}
	return out
}

// Decision says what an ignore file does to a path.
type Decision struct {
	// Excluded says that the path is not listed for the upload.
	Excluded bool
	// Line is the line without which the answer would be the other one, looking from the top: the last line that
	// changed the verdict. It is nil where no line did, so that the path is included because nothing excludes it.
	Line *Line
	// Matched is the path that the line's pattern matches: the path itself or a parent directory of it.
	Matched string
	// OpenDisagrees says that the two ways in which fsutil matches give different answers for this path. Where it
	// is not Excluded, its entry is sent and its content refused, so that a file arrives empty; where it is
	// Excluded it is not sent. See fsutil's filterFS: Walk uses MatchesUsingParentResults, Open MatchesOrParentMatches.
	OpenDisagrees bool
}

// Decide says whether path (slash-separated, relative to the context root) is excluded, as BuildKit's walk does:
// a directory's patterns are carried to what it holds. The root, "." or "", is never excluded.
//
// It returns an error only where a pattern that BuildKit would have to use for the path does not compile; it is a
// *source.Error with the line.
func (f *File) Decide(path string) (Decision, error) {
	path = strings.Trim(filepath.ToSlash(filepath.Clean(path)), "/")
	if path == "" || path == "." {
		return Decision{}, nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	excluded, err := f.walk(path)
	if err != nil {
		return Decision{}, f.compileError(err)
	}
	opened, err := f.whole.MatchesOrParentMatches(path)
	if err != nil {
		return Decision{}, f.compileError(err)
	}
	d := Decision{Excluded: excluded, OpenDisagrees: opened != excluded}
	if i, matched, ok := f.decider(path, excluded); ok {
		d.Line, d.Matched = &f.Lines[i], matched
	}
	return d, nil
}

// walk is the verdict of fsutil's walk (filter.go, filterFS.Walk): each directory's result is handed to what is in it.
func (f *File) walk(path string) (bool, error) {
	var info patternmatcher.MatchInfo
	excluded := false
	for _, p := range parents(path) {
		var err error
		excluded, info, err = f.whole.MatchesUsingParentResults(p, info)
		if err != nil {
			return false, err
		}
	}
	return excluded, nil
}

// decider repeats the walk one line at a time, to find the line that changed the verdict last. Where it comes to
// another verdict than patternmatcher, which a test holds to be never, ok is false: no line is better than a wrong one.
func (f *File) decider(path string, excluded bool) (line int, matched string, ok bool) {
	by := make([]string, len(f.Lines)) // what each line matched so far, the path or a parent
	line = -1
	verdict := false
	for _, p := range parents(path) {
		verdict, line = false, -1
		for i, m := range f.single {
			if m == nil {
				continue
			}
			if by[i] == "" {
				if f.Lines[i].Include != verdict {
					continue
				}
				if match, err := f.matches(i, p); err != nil || !match {
					continue
				}
				by[i] = p
			}
			if change := !f.Lines[i].Include; change != verdict {
				verdict, line = change, i
			}
		}
	}
	if line < 0 || verdict != excluded {
		return 0, "", false
	}
	return line, by[line], true
}

// BadPattern is the first line whose pattern passes the syntax check but cannot be matched with, or nil. BuildKit
// fails on it with "syntax error in pattern" when a path first has to be matched against it.
func (f *File) BadPattern() *source.Error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.badPattern()
}

func (f *File) badPattern() *source.Error {
	for i, m := range f.single {
		if m == nil {
			continue
		}
		if _, err := f.matches(i, "x"); err != nil {
			return &source.Error{File: f.Source, Span: f.Lines[i].Span, Msg: malformed(err), Err: err}
		}
	}
	return nil
}

func (f *File) compileError(err error) error {
	if bad := f.badPattern(); bad != nil {
		return bad
	}
	return &source.Error{File: f.Source, Msg: err.Error(), Err: err}
}

// matches says whether the pattern of line i matches exactly this path, its "!" left aside. The deprecated method is
// the one way to ask that of patternmatcher: given the verdict that the pattern would change, it answers the new one.
func (f *File) matches(i int, path string) (bool, error) {
	before := f.single[i].Patterns()[0].Exclusion()
	//lint:ignore SA1019 nothing else answers for one path alone: its successor looks at the parents too
	after, err := f.single[i].MatchesUsingParentResult(path, before)
	return after != before, err
}

// parents are the directories above path, the outermost first, and path itself.
func parents(path string) []string {
	var out []string
	for i, c := range path {
		if c == '/' {
			out = append(out, path[:i])
		}
	}
	return append(out, path)
}

func malformed(err error) string {
	if errors.Is(err, filepath.ErrBadPattern) {
		return "malformed pattern: " + err.Error()
	}
	return err.Error()
}
