package report

import "testing"

func TestAChangeIsNotAnnotatedWithWhatTheBaseHas(t *testing.T) {
	r := &Report{
		Findings: []Finding{
			{Rule: "brought", State: "new", Severity: "warning", Path: "Dockerfile", Fixes: []Fix{}},
			{Rule: "old", State: "kept", Severity: "error", Path: "Dockerfile", Fixes: []Fix{}},
			{Rule: "gone", State: "fixed", Severity: "error", Path: "Dockerfile", Fixes: []Fix{}},
		},
		Gate: Gate{Failures: []Failure{{Rule: UploadBudget, Build: "Dockerfile"}}},
	}
	rules := func(list []Annotation) map[string]bool {
		out := map[string]bool{}
		for _, a := range list {
			out[a.Rule] = true
		}
		return out
	}
	all, change := rules(r.Annotations()), rules(r.ChangeAnnotations())
	if !all["brought"] || !all["old"] || all["gone"] || !all[UploadBudget] {
		t.Errorf("all are %v", all)
	}
	if !change["brought"] || change["old"] || change["gone"] || !change[UploadBudget] {
		t.Errorf("those of the change are %v", change)
	}
}
