package golden

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/loadline-dev/loadline/pkg/report"
)

// HostileNames are what a pull request of a stranger may call things: line ends, workflow commands, mentions, elements of
// HTML and Markdown, the end of a comment, marks of direction, bytes that are no UTF-8, and 4,000 characters.
func HostileNames() []string {
	long := slices.Repeat([]rune("<|*@\U0001f600"), 800)
	return []string{
		"a", "\n::error::x", "\r::set-output name=passed::true", "##[add-mask]x", "x ##[stop-commands]t", "::add-mask::x", " ::debug::",
		"\u2028::warning::x", "a,line=9::b", "%0A::error::x", "@team", "@octo-org/team", "<img src=x onerror=y>", "</code><script>",
		"<!-- loadline:v1 key=0 -->", "-->", "`", "``` ", "a|b", "[x](http://example.com)", "![x](y)", "https://example.com", "www.example.com",
		"#1", "octo-org/app#1", "owner/repo@1234567", "\n# x", "**", "~~x~~", "$x$", ":tada:", "&lt;", "\\", "\"", "'", "]]>", "<!--",
		"\u202etxt.exe", "\u200b", "\x1b[31m", "\x1b]0;x\x07", "\x00", "a\xff", "\xff\xfe", "../../etc", "$(id)", "_GitHubActionsFileCommandDelimeter_",
		"javascript:alert(1)", string(long),
	}
}

// Hostile is a report in which every text that can be a repository's is s: whatever strings the types have or will have.
// What has a fixed set of values has one of these. Lists have n elements.
func Hostile(n int, s string) *report.Report {
	r := &report.Report{}
	fill(reflect.ValueOf(r).Elem(), s)
	r.Schema = report.Schema
	r.Gate.Passed = false
	b := r.Builds[0]
	b.Status, b.GitContext = report.Changed, nil
	b.Upload = report.Upload{Head: sized(9), Base: sized(2), Delta: sized(7)}
	head := int64(7)
	b.Changed[0].Base, b.Changed[0].Head, b.Changed[0].Transfer = nil, &head, "context"
	r.Upload = b.Upload
	b.Changed = slices.Repeat(b.Changed, n)
	r.Builds = slices.Repeat([]report.Build{b}, n)
	for i := range r.Builds {
		r.Builds[i].Name = fmt.Sprintf("%s%d", s, i)
		r.Builds[i].Assumptions = []string{fmt.Sprintf("%d%s", i, s)}
		r.Builds[i].Changed = slices.Clone(b.Changed)
	}
	r.Gate.Reasons, r.Gate.Failures = slices.Repeat(r.Gate.Reasons, n), slices.Repeat(r.Gate.Failures, n)
	for i, rule := range []string{report.UploadBudget, report.GrowthBudget} {
		if i < len(r.Gate.Failures) {
			r.Gate.Failures[i].Rule, r.Gate.Failures[i].Build = rule, r.Builds[0].Name
		}
	}
	r.Gate.Override.Failures = slices.Repeat(r.Gate.Override.Failures, n)
	r.Skipped[0].Rule, r.Skipped[0].Template = "", false
	r.Skipped, r.Notices = slices.Repeat(r.Skipped, n), slices.Repeat(r.Notices, n)
	r.Suppressed = slices.Repeat(r.Suppressed, n)
	f := r.Findings[0]
	r.Findings = nil
	for range n {
		for i, severity := range []string{"notice", "warning", "error", s} {
			f.Severity, f.State = severity, []string{"new", "kept", "fixed", s}[i]
			r.Findings = append(r.Findings, f)
			f.State = "new"
			r.Findings = append(r.Findings, f)
		}
	}
	return r
}

func sized(n int64) *report.Size { return &report.Size{Bytes: n, Payload: n, Files: 1} }

// fill sets every string to s, every number to 1, and makes one element of every list, map and pointer.
func fill(v reflect.Value, s string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(s)
	case reflect.Int, reflect.Int64:
		v.SetInt(1)
	case reflect.Float64:
		v.SetFloat(1)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), s)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), s)
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, s)
		fill(value, s)
		v.SetMapIndex(key, value)
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), s)
		}
	default:
		panic("a report holds a " + v.Kind().String())
	}
}
