package report

import "testing"

func TestOnlyNewsAreWorthAComment(t *testing.T) {
	const kB = 1000
	changed := func(base, delta int64) Report {
		return Report{
			Base: &Side{}, Floor: Floor{Bytes: 100 * kB, Percent: 1}, Gate: Gate{Passed: true},
			Builds: []Build{{Status: Changed, Upload: Upload{Head: &Size{Bytes: base + delta}, Base: &Size{Bytes: base}, Delta: &Size{Bytes: delta}}}},
		}
	}
	with := func(edit func(*Report)) Report {
		r := changed(1000*kB, 0)
		r.Builds[0].Status = Unchanged
		edit(&r)
		return r
	}
	tests := map[string]struct {
		report Report
		want   bool
	}{
		"nothing changed":             {with(func(*Report) {}), false},
		"at the floor":                {changed(1000*kB, 100*kB), false},
		"above it":                    {changed(1000*kB, 101*kB), true},
		"shrunk by as much":           {changed(1000*kB, -101*kB), true},
		"above the bytes alone":       {changed(100_000*kB, 900*kB), false},
		"above the share alone":       {changed(10*kB, 50*kB), false},
		"from an empty upload":        {changed(0, 101*kB), true},
		"added":                       {with(func(r *Report) { r.Builds[0].Status = Added }), true},
		"removed":                     {with(func(r *Report) { r.Builds[0].Status = Removed }), true},
		"no base":                     {with(func(r *Report) { r.Base, r.Builds[0].Status = nil, Absolute }), false},
		"no base and over its budget": {with(func(r *Report) { r.Base, r.Builds[0].Status, r.Gate.Passed = nil, Absolute, false }), true},
		"a new finding":               {with(func(r *Report) { r.Findings = []Finding{{State: "new"}} }), true},
		"a fixed finding":             {with(func(r *Report) { r.Findings = []Finding{{State: "fixed"}} }), true},
		"findings without a base":     {with(func(r *Report) { r.Base, r.Findings = nil, []Finding{{State: "new"}} }), false},
		"a finding that was there":    {with(func(r *Report) { r.Findings = []Finding{{State: "kept"}} }), false},
		"a suppressed finding":        {with(func(r *Report) { r.Suppressed = []Finding{{State: "new"}} }), false},
		"allowed by a label":          {with(func(r *Report) { r.Gate.Override = &Override{} }), true},
		"a build cannot be read":      {with(func(r *Report) { r.Skipped = []Skipped{{Regression: true}} }), true},
		"a build could never be read": {with(func(r *Report) { r.Skipped = []Skipped{{}} }), false},
		"a build from a Git context":  {with(func(r *Report) { *r = changed(1000*kB, 900*kB); r.Builds[0].GitContext = &Origin{} }), false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := test.report.HasNews(); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}
