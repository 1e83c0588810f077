package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/loadline-dev/loadline/pkg/source"
)

// Verdict is the report in one sentence, bytes and percent first. It holds no text of the repository.
func (r *Report) Verdict() string {
	if len(r.Builds) == 0 {
		if len(r.Skipped) > 0 {
			return fmt.Sprintf("%s could be analysed", noneOf(len(r.Skipped)))
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
	for _, s := range r.Skipped {
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

// Assumption is a text that several builds share.
type Assumption struct {
	Text   string
	Builds []string
}

// AllAssumptions gathers the assumptions of all builds, those of most builds first.
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
