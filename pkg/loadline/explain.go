package loadline

import (
	"github.com/loadline-dev/loadline/pkg/engine"
	"github.com/loadline-dev/loadline/pkg/rules"
)

// RuleInfo is a rule as `loadline rules` lists it.
type RuleInfo struct {
	Name     string `json:"name"`
	Title    string `json:"title"`
	Area     string `json:"area"`
	Severity string `json:"severity"`
	// Needs lists what it looks at beyond the Dockerfile.
	Needs string `json:"needs"`
	// HasFix says that it offers edits in its example.
	HasFix bool `json:"hasFix"`
}

// Rules are all rules, by name.
func Rules() []RuleInfo {
	var out []RuleInfo
	for _, r := range rules.All() {
		page, err := rules.Doc(r.Name)
		out = append(out, RuleInfo{
			Name: r.Name, Title: r.Title, Area: string(r.Area), Severity: r.Severity.String(), Needs: r.Needs.String(),
			HasFix: err == nil && len(page.Fixed) > 0,
		})
	}
	return out
}

// Explain is a rule with its documentation. A name that no rule has is a *UsageError with the nearest one.
func Explain(name string) (*RuleInfo, *rules.Page, error) {
	page, err := rules.Doc(name)
	if err != nil || rules.Find(name) == nil {
		return nil, nil, &UsageError{Err: engine.UnknownRule(name, rules.Names())}
	}
	for _, info := range Rules() {
		if info.Name == name {
			return &info, page, nil
		}
	}
	return nil, nil, &UsageError{Err: engine.UnknownRule(name, rules.Names())}
}
