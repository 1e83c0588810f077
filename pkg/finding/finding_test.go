package finding

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadline-dev/loadline/pkg/source"
)

func example() Finding {
	file := source.NewFile("Dockerfile", []byte("FROM a\nCOPY . .\n"))
	ignore := source.NewFile(".dockerignore", []byte("*.o\n"))
	return Finding{
		Rule: "git-directory-uploaded", Area: Dockerignore, Severity: Warning, State: New, Build: "Dockerfile",
		File: file, Span: source.Span{Start: 7, End: 15}, Message: "uploads 2 files (1.2 GB) of .git",
		Saves: &Saving{Bytes: 1, Exact: true},
		Fixes: []Fix{{
			Title: "Add .git to .dockerignore",
			Edits: []Edit{{Path: ".dockerignore", File: ignore, Edit: source.Edit{Span: source.Span{Start: 4, End: 4}, NewText: ".git\n"}}},
		}},
	}
}

func TestAFindingIsValidatedAsARuleMadeIt(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Finding)
		valid  bool
	}{
		{"as it should be", func(*Finding) {}, true},
		{"no fixes and no saving", func(f *Finding) { f.Fixes, f.Saves = nil, nil }, true},
		{"a new file", func(f *Finding) { f.Fixes[0].Edits[0].File, f.Fixes[0].Edits[0].Span = nil, source.Span{} }, true},
		{"no rule", func(f *Finding) { f.Rule = "" }, false},
		{"no area", func(f *Finding) { f.Area = "" }, false},
		{"no message", func(f *Finding) { f.Message = "" }, false},
		{"no severity", func(f *Finding) { f.Severity = 0 }, false},
		{"no file", func(f *Finding) { f.File = nil }, false},
		{"outside of the file", func(f *Finding) { f.Span.End = 99 }, false},
		{"saves by no fix", func(f *Finding) { f.Fixes = nil }, false},
		{"title with a full stop", func(f *Finding) { f.Fixes[0].Title = "Add it." }, false},
		{"fix without edits", func(f *Finding) { f.Fixes[0].Edits = nil }, false},
		{"edit outside of the file", func(f *Finding) { f.Fixes[0].Edits[0].End = 99 }, false},
		{"two versions of a file", func(f *Finding) {
			f.Fixes[0].Edits = append(f.Fixes[0].Edits, Edit{Path: ".dockerignore"})
		}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := example()
			test.change(&f)
			if err := f.Validate(); (err == nil) != test.valid {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestOverlappingEditsAreNoFix(t *testing.T) {
	f := example()
	f.Fixes[0].Edits = append(f.Fixes[0].Edits, f.Fixes[0].Edits[0])
	if err := f.Validate(); !errors.Is(err, source.ErrEdit) {
		t.Errorf("got %v, want an ErrEdit", err)
	}
}

func TestAFixGivesTheNewTexts(t *testing.T) {
	f := example()
	f.Fixes[0].Edits = append(f.Fixes[0].Edits, Edit{Path: "new", Edit: source.Edit{NewText: "text\n"}})
	got, err := f.Fixes[0].Apply()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]byte{".dockerignore": []byte("*.o\n.git\n"), "new": []byte("text\n")}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAFingerprintDoesNotDependOnTheLine(t *testing.T) {
	a := example()
	moved := example()
	moved.File = source.NewFile("Dockerfile", []byte("# new\nFROM a\nCOPY  . .\n"))
	moved.Span = source.Span{Start: 13, End: 22}
	moved.Build = "other"
	if a.Fingerprint(0) != moved.Fingerprint(0) {
		t.Error("a finding that moved has another fingerprint")
	}
	text, about := example(), example()
	text.Span.End--
	about.About = "node_modules"
	for _, other := range []string{text.Fingerprint(0), about.Fingerprint(0), a.Fingerprint(1)} {
		if a.Fingerprint(0) == other {
			t.Error("another finding has the same fingerprint")
		}
	}
}

func TestSeveritiesHaveNamesAndAnOrder(t *testing.T) {
	for _, name := range []string{"none", "notice", "warning", "error"} {
		if s, err := ParseSeverity(name); err != nil || s.String() != name {
			t.Errorf("%s became %s, %v", name, s, err)
		}
	}
	if _, err := ParseSeverity("fatal"); err == nil {
		t.Error("fatal is a severity")
	}
	if !(Notice < Warning && Warning < Error) {
		t.Error("severities are not in order")
	}
}
