package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/source"
)

// Verdict is the report in one sentence, bytes and percent first. It holds no text of the repository.
func (r *Report) Verdict() string {
	if len(r.Builds) == 0 {
		if n := len(r.SkippedBuilds()); n > 0 {
			return fmt.Sprintf("%s could be analysed", noneOf(n))
		}
		return "no builds found"
	}
	n := int64(len(r.Builds))
	if r.Base == nil {
		return fmt.Sprintf("%s to upload in %s", Bytes(r.Upload.Head.bytes()), Count(n, "build"))
	}
	moved := int64(len(r.Moved()))
	if alone := r.withoutBase(); alone == n {
		return fmt.Sprintf("%s to upload in %s that cannot be compared", Bytes(r.headBytes()), Count(n, "build"))
	} else if alone > 0 {
		n -= alone
	}
	if moved == 0 {
		return fmt.Sprintf("no change: %s to upload in %s", Bytes(r.Upload.Head.bytes()), Count(n, "build"))
	}
	text := fmt.Sprintf("%s to upload in %d of %s", GrowthOf(r.Upload.Delta.bytes(), r.Upload.Base.bytes()), moved, Count(n, "build"))
	if r.Gate.Override != nil {
		text += " (growth allowed by a label)"
	}
	return text
}

// Unanswered says why the check has no answer, whether or not the gate passed; empty where it has one. The command
// exits with 3 then.
func (r *Report) Unanswered() []string {
	var out []string
	nothing := len(r.Builds) == 0
	for _, s := range r.SkippedBuilds() {
		switch {
		case s.Regression:
			out = append(out, fmt.Sprintf("build %s can be analysed at the base, and here it cannot", source.Printable(s.Build)))
		case nothing && !s.Template:
			out = append(out, fmt.Sprintf("build %s cannot be analysed, and there is no other", source.Printable(s.Build)))
		}
	}
	return out
}

// withoutBase counts the builds that a comparison leaves out, since base has them and they cannot be analysed there.
func (r *Report) withoutBase() int64 {
	var n int64
	for _, b := range r.Builds {
		if b.Status == Absolute {
			n++
		}
	}
	return n
}

// headBytes adds up the builds one by one; equal requests of several count several times.
func (r *Report) headBytes() int64 {
	var n int64
	for _, b := range r.Builds {
		n += b.Upload.Head.bytes()
	}
	return n
}

func noneOf(n int) string {
	if n == 1 {
		return "the only build cannot be analysed, none"
	}
	return fmt.Sprintf("none of %d builds", n)
}

// bytes is 0 for nothing.
func (s *Size) bytes() int64 {
	if s == nil {
		return 0
	}
	return s.Bytes
}

// SkippedBuilds are the builds that could not be analysed.
func (r *Report) SkippedBuilds() []Skipped {
	return r.skippedWhere(func(s Skipped) bool { return s.Rule == "" })
}

// SkippedRules are the rules that could not decide about a build, or about a part of it.
func (r *Report) SkippedRules() []Skipped {
	return r.skippedWhere(func(s Skipped) bool { return s.Rule != "" })
}

func (r *Report) skippedWhere(want func(Skipped) bool) []Skipped {
	return slices.DeleteFunc(slices.Clone(r.Skipped), func(s Skipped) bool { return !want(s) })
}

// UndecidedRules are the reasons for which rules could not decide, each once, with the rules. That there is no checkout is
// an assumption; see AllAssumptions.
func (r *Report) UndecidedRules() []Undecided {
	var out []Undecided
	for _, s := range r.SkippedRules() {
		if s.Reason == finding.NoCheckout {
			continue
		}
		i := slices.IndexFunc(out, func(u Undecided) bool { return u.Reason == s.Reason && u.Path == s.Path && u.Line == s.Line })
		if i < 0 {
			i = len(out)
			out = append(out, Undecided{Reason: s.Reason, Path: s.Path, Line: s.Line})
		}
		if !slices.Contains(out[i].Rules, s.Rule) {
			out[i].Rules = append(out[i].Rules, s.Rule)
		}
	}
	return out
}

// Undecided is a reason for which rules could not decide.
type Undecided struct {
	Reason string
	Rules  []string
	// Path and Line say where; empty and 0 where there is no such place.
	Path string
	Line int
}

// Text is the reason with the rules behind it, such as "reason (3 rules)".
func (u *Undecided) Text() string {
	if len(u.Rules) == 1 {
		return u.Reason + " (" + u.Rules[0] + ")"
	}
	return u.Reason + " (" + Count(int64(len(u.Rules)), "rule") + ")"
}

// Text is the reason with the build's name before it, unless it begins with the place in its Dockerfile.
func (s *Skipped) Text() string {
	if strings.HasPrefix(s.Reason, s.Build+":") {
		return s.Reason
	}
	return s.Build + ": " + s.Reason
}

// Moved are the builds that were added, removed or changed, the largest difference first.
func (r *Report) Moved() []Build {
	moved := slices.DeleteFunc(slices.Clone(r.Builds), func(b Build) bool {
		return b.Status == Unchanged || b.Status == Absolute
	})
	slices.SortStableFunc(moved, func(a, b Build) int {
		x, y := a.Upload.Delta.bytes(), b.Upload.Delta.bytes()
		return cmp.Compare(max(y, -y), max(x, -x))
	})
	return moved
}

// Against names the base, such as "main (merge base, 1a2b3c4d5e6f)"; empty where there is none.
func (r *Report) Against() string {
	if r.Base == nil {
		return ""
	}
	return r.Base.String()
}

// String names a side for people: its ref or directory, commit and reason.
func (s *Side) String() string {
	name, detail := s.Names()
	if detail == "" {
		return name
	}
	return name + " (" + detail + ")"
}

// Names answers what a side is called, its ref, directory or commit, and what else is known of it: why it was taken, and
// the commit. The detail is empty where there is none.
func (s *Side) Names() (name, detail string) {
	name = s.Ref
	if name == "" {
		name = s.Directory
	}
	commit := s.Commit[:min(12, len(s.Commit))]
	switch {
	case name == "", commit != "" && strings.HasPrefix(s.Commit, name):
		name, commit = commit, ""
	}
	for _, part := range []string{strings.TrimSuffix(s.Reason, " with "+name), commit} {
		if part == "" || part == "given" {
			continue
		}
		if detail != "" {
			detail += ", "
		}
		detail += part
	}
	return name, detail
}

// Assumption is a text that several builds share. Without builds it is about the whole report.
type Assumption struct {
	Text   string
	Builds []string
}

// AllAssumptions gathers the assumptions of all builds, those of most builds first, and last that there is no checkout.
func (r *Report) AllAssumptions() []Assumption {
	index := map[string]int{}
	var all []Assumption
	for _, b := range r.Builds {
		for _, text := range b.Assumptions {
			i, ok := index[text]
			if !ok {
				i = len(all)
				index[text] = i
				all = append(all, Assumption{Text: text})
			}
			all[i].Builds = append(all[i].Builds, b.Name)
		}
	}
	slices.SortStableFunc(all, func(a, b Assumption) int { return len(b.Builds) - len(a.Builds) })
	var rules []string
	for _, s := range r.SkippedRules() {
		if s.Reason == finding.NoCheckout && !slices.Contains(rules, s.Rule) {
			rules = append(rules, s.Rule)
		}
	}
	if n := int64(len(rules)); n > 0 {
		all = append(all, Assumption{Text: fmt.Sprintf("there is only what git tracks, without a checkout (left out: %s)", Count(n, "rule"))})
	}
	return all
}

// MovedPaths is how many paths of a build's upload changed their size.
func (b *Build) MovedPaths() int {
	n := 0
	for i := range b.Changed {
		if b.Changed[i].Growth() != 0 {
			n++
		}
	}
	return n
}

// Growth is how many bytes of contents a path adds to the upload.
func (c *Change) Growth() int64 {
	var n int64
	if c.Head != nil {
		n += *c.Head
	}
	if c.Base != nil {
		n -= *c.Base
	}
	return n
}

// Largest are all builds, the largest upload first.
func (r *Report) Largest() []Build {
	list := slices.Clone(r.Builds)
	slices.SortStableFunc(list, func(a, b Build) int { return cmp.Compare(b.Upload.Head.bytes(), a.Upload.Head.bytes()) })
	return list
}
