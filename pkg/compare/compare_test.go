package compare

import (
	"io/fs"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/loadline-dev/loadline/pkg/build"
	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/report"
	"github.com/loadline-dev/loadline/pkg/transfer"
	"github.com/loadline-dev/loadline/pkg/tree"
)

// side measures a COPY . . of the files of a txtar, as a build has it on one side.
func side(t *testing.T, archive string) *Side {
	t.Helper()
	s, err := tree.FromTxtar(txtar.Parse([]byte(archive)))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := transfer.NewPlan(t.Context(), transfer.Request{Context: s, Dockerfile: s, Filename: "Dockerfile"})
	if err != nil {
		t.Fatal(err)
	}
	var meter transfer.Meter
	out := &Side{Context: ".", Exact: true, Pulls: func(string, string) []report.Instruction {
		return []report.Instruction{{Path: "Dockerfile", Line: 2, Text: "COPY . ."}}
	}}
	for _, local := range plan.Locals {
		m, err := meter.Measure(t.Context(), local)
		if err != nil {
			t.Fatal(err)
		}
		out.Transfers = append(out.Transfers, m)
	}
	return out
}

const dockerfile = "-- Dockerfile --\nFROM scratch\nCOPY . .\n"

func TestStatusFollowsFromTheSides(t *testing.T) {
	small, large := side(t, dockerfile), side(t, dockerfile+"-- a --\naaaa\n")
	tests := []struct {
		name    string
		pair    Pair
		hasBase bool
		want    report.Status
	}{
		{"no base", Pair{Head: small}, false, report.Absolute},
		{"added", Pair{Head: small}, true, report.Added},
		{"removed", Pair{Base: small}, true, report.Removed},
		{"changed", Pair{Head: large, Base: small}, true, report.Changed},
		{"unchanged", Pair{Head: small, Base: small}, true, report.Unchanged},
		{"base cannot be analysed", Pair{Head: small, NoBase: true}, true, report.Absolute},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := Builds([]Pair{test.pair}, test.hasBase)
			if len(got) != 1 || got[0].Status != test.want {
				t.Errorf("got %+v, want %s", got, test.want)
			}
			if hasDelta := got[0].Upload.Delta != nil; hasDelta != (test.want != report.Absolute) {
				t.Errorf("there is a difference: %t", hasDelta)
			}
		})
	}
}

func TestChangedPathsAreThoseOfOtherSizeTheLargestFirst(t *testing.T) {
	base := side(t, dockerfile+"-- gone --\n12345\n-- same --\nx\n-- grown --\n1\n")
	head := side(t, dockerfile+"-- new --\n123\n-- same --\nx\n-- grown --\n1234567890\n")
	var got []string
	for _, c := range Builds([]Pair{{Head: head, Base: base}}, true)[0].Changed {
		if len(c.Pulls) == 0 {
			t.Errorf("nothing pulls %s in", c.Path)
		}
		got = append(got, c.Path)
	}
	if diff := cmp.Diff([]string{"grown", "gone", "new"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestSumsCountEqualRequestsOnce(t *testing.T) {
	one, other := side(t, dockerfile), side(t, dockerfile+"-- a --\naaaa\n")
	single := Upload([]Pair{{Head: one}}, false).Head.Bytes
	if twice := Upload([]Pair{{Head: one}, {Head: one}}, false).Head.Bytes; twice != single {
		t.Errorf("the same build twice uploads %d bytes, want %d", twice, single)
	}
	both := Upload([]Pair{{Head: one}, {Head: other}}, false).Head.Bytes
	if alone := Upload([]Pair{{Head: other}}, false).Head.Bytes; both <= single || both > single+alone {
		t.Errorf("both upload %d bytes, one %d, the other %d", both, single, alone)
	}
}

func TestSumsLeaveOutWhatCannotBeCompared(t *testing.T) {
	small, large := side(t, dockerfile), side(t, dockerfile+"-- a --\naaaa\n")
	pairs := []Pair{
		{Head: large, Base: small}, {Head: large, NoBase: true},
		{Base: small, Skipped: []report.Skipped{{Build: "x"}}},
	}
	got, want := Upload(pairs, true), Upload(pairs[:1], true)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if n := len(Builds(pairs, true)); n != 2 {
		t.Errorf("%d builds are reported, want the two that were analysed", n)
	}
}

func TestUntrackedFilesCountOnce(t *testing.T) {
	extra := Extra{Key: "k", Size: report.Size{Bytes: 5, Payload: 3, Files: 1}}
	if got := Untracked([]Pair{{Untracked: []Extra{extra}}, {Untracked: []Extra{extra}}}); got.Bytes != 5 {
		t.Errorf("got %d bytes", got.Bytes)
	}
	if got := Untracked([]Pair{{}}); got != nil {
		t.Errorf("without a disk there is %+v", got)
	}
}

func TestDirectoriesAreNoChangedPaths(t *testing.T) {
	got := difference("context", paths(nil), paths([]*transfer.Transfer{{Entries: []transfer.Entry{
		{Entry: tree.Entry{Path: "d", Mode: fs.ModeDir}}, {Entry: tree.Entry{Path: "d/f"}, Payload: 2},
	}}}))
	if len(got) != 1 || got[0].Path != "d/f" {
		t.Errorf("got %+v", got)
	}
}

func pointer[T any](v T) *T { return &v }

func built(name string, head, base int64) report.Build {
	b := report.Build{Name: name, Upload: report.Upload{Head: &report.Size{Bytes: head}}}
	if base >= 0 {
		b.Upload.Base = &report.Size{Bytes: base}
		b.Upload.Delta = &report.Size{Bytes: head - base}
	}
	return b
}

func TestBudgetsFailOnlyWhatIsOverThem(t *testing.T) {
	const none = -1
	growth := func(bytes int64, percent *float64) build.Budgets {
		return build.Budgets{Growth: &build.Growth{Bytes: bytes, Percent: percent}}
	}
	ten := pointer(10.0)
	tests := []struct {
		name       string
		head, base int64
		limits     build.Budgets
		passed     bool
	}{
		{"no budget", 1_000_000, 0, build.Budgets{}, true},
		{"upload at its budget", 100, none, build.Budgets{Upload: pointer[int64](100)}, true},
		{"upload over its budget", 101, none, build.Budgets{Upload: pointer[int64](100)}, false},
		{"a budget of nothing", 1, none, build.Budgets{Upload: pointer[int64](0)}, false},
		{"growth at its budget", 200, 100, growth(100, nil), true},
		{"growth over its budget", 201, 100, growth(100, nil), false},
		{"only the size is exceeded", 1050, 1000, growth(10, ten), true},
		{"only the percentage is exceeded", 15, 10, growth(10, ten), true},
		{"both are exceeded", 1200, 1000, growth(10, ten), false},
		{"growth from nothing", 50, 0, growth(10, ten), false},
		{"an added build has nothing to grow from", 5000, none, growth(10, ten), true},
		{"shrunk", 1, 1000, growth(0, nil), true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := &report.Report{Builds: []report.Build{built("b", test.head, test.base)}}
			gate := Judge(r, Limits{Default: test.limits})
			if gate.Passed != test.passed || gate.Passed != (len(gate.Reasons) == 0) {
				t.Errorf("gate is %+v", gate)
			}
		})
	}
}

func TestALabelAllowsGrowthAndNothingElse(t *testing.T) {
	growth := report.Failure{Rule: report.GrowthBudget, Build: "a", Message: "a grows"}
	upload := report.Failure{Rule: report.UploadBudget, Build: "a", Message: "a uploads"}
	found := report.Failure{Rule: "git-directory-uploaded", Build: "a", Message: "new"}
	for name, test := range map[string]struct {
		failures, want, allowed []report.Failure
		label                   string
	}{
		"growth":                 {[]report.Failure{growth}, []report.Failure{}, []report.Failure{growth}, "big"},
		"growth and more":        {[]report.Failure{upload, growth, found}, []report.Failure{upload, found}, []report.Failure{growth}, "big"},
		"nothing to allow":       {[]report.Failure{upload, found}, []report.Failure{upload, found}, nil, "big"},
		"passed":                 {nil, []report.Failure{}, nil, "big"},
		"no label":               {[]report.Failure{growth}, []report.Failure{growth}, nil, ""},
		"the label of a rule":    {[]report.Failure{upload}, []report.Failure{upload}, nil, report.UploadBudget},
		"several builds at once": {[]report.Failure{growth, growth}, []report.Failure{}, []report.Failure{growth, growth}, "big"},
	} {
		t.Run(name, func(t *testing.T) {
			r := &report.Report{Gate: gate(test.failures)}
			if got := AllowGrowth(r, test.label); got != (test.allowed != nil) {
				t.Errorf("anything to allow: %t", got)
			}
			if diff := cmp.Diff(test.want, r.Gate.Failures); diff != "" {
				t.Error(diff)
			}
			if r.Gate.Passed != (len(test.want) == 0) || len(r.Gate.Reasons) != len(test.want) {
				t.Errorf("%+v", r.Gate)
			}
			var allowed []report.Failure
			if o := r.Gate.Override; o != nil {
				allowed = o.Failures
			}
			if diff := cmp.Diff(test.allowed, allowed); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestASavedReportCannotBringItsOwnOverride(t *testing.T) {
	growth := []report.Failure{{Rule: report.GrowthBudget, Build: "a", Message: "a grows"}}
	r := &report.Report{Gate: report.Gate{Passed: true, Override: &report.Override{Label: "forged", Failures: growth}}}
	if AllowGrowth(r, "") || r.Gate.Passed || r.Gate.Override != nil || len(r.Gate.Reasons) != 1 {
		t.Errorf("%+v", r.Gate)
	}
	for range 2 {
		if !AllowGrowth(r, "real") || !r.Gate.Passed || r.Gate.Override.Label != "real" {
			t.Errorf("%+v", r.Gate)
		}
	}
}

func TestABuildsOwnBudgetGoesBeforeTheDefaultKindByKind(t *testing.T) {
	r := &report.Report{Builds: []report.Build{built("own", 150, 100), built("other", 150, 100)}}
	gate := Judge(r, Limits{
		Default: build.Budgets{Upload: pointer[int64](120), Growth: &build.Growth{Bytes: 10}},
		Builds:  map[string]build.Budgets{"own": {Upload: pointer[int64](200)}},
	})
	want := []string{
		"build own grows by 50 B (+50.0 %), more than the 10 B allowed",
		"build other uploads 150 B, 30 B over its budget of 120 B",
		"build other grows by 50 B (+50.0 %), more than the 10 B allowed",
	}
	if diff := cmp.Diff(want, gate.Reasons); diff != "" {
		t.Error(diff)
	}
}

func TestFailOnCountsNewFindingsOfThatSeverity(t *testing.T) {
	r := &report.Report{Findings: []report.Finding{
		{Rule: "a", Severity: "warning", State: "new"}, {Rule: "b", Severity: "error", State: "kept"}, {Rule: "c", Severity: "notice", State: "new"},
	}}
	for severity, want := range map[string]int{"none": 0, "notice": 2, "warning": 1, "error": 0} {
		limits := Limits{}
		if severity != "none" {
			limits.FailOn = parse(t, severity)
		}
		if got := len(Judge(r, limits).Reasons); got != want {
			t.Errorf("--fail-on %s: %d reasons, want %d", severity, got, want)
		}
	}
}

func parse(t *testing.T, severity string) finding.Severity {
	t.Helper()
	s, err := finding.ParseSeverity(severity)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
