// Package compare answers what changed between base and head: builds, their uploads and paths, and whether that passes.
package compare

import (
	"cmp"
	"slices"

	"github.com/loadline-dev/loadline/pkg/build"
	"github.com/loadline-dev/loadline/pkg/report"
	"github.com/loadline-dev/loadline/pkg/transfer"
)

// Side is what one build uploads on one side.
type Side struct {
	// Context is the build context that was taken.
	Context     string
	Transfers   []*transfer.Transfer
	Exact       bool
	Assumptions []string
	// Pulls names the instructions that pull a path of a transfer in; nil where nobody can say.
	Pulls func(transferName, path string) []report.Instruction
}

// Pair is one build on both sides.
type Pair struct {
	// Build is the build as head has it, or as base has it where head does not.
	Build build.Build
	// Head and Base are nil where the build does not exist on that side, or could not be analysed there.
	Head, Base *Side
	// Untracked are the transfers of what lies on disk beside head's tree; nil where there is no disk to look at.
	Untracked []Extra
	// NoBase says that base has the build and it could not be analysed there: it has no difference, and sums over
	// builds leave it out.
	NoBase bool
	// Skipped says why a side could not be analysed; empty where both could.
	Skipped []report.Skipped
}

// Extra is a part of a transfer.
type Extra struct {
	// Key tells requests apart; see transfer.Local.Key.
	Key string
	report.Size
}

// comparer remembers the differences of transfers, since many builds share a context.
type comparer struct {
	differences map[[2]string][]report.Change
}

// Builds compares all pairs. hasBase says whether there is a base at all: without one, builds have no difference.
func Builds(pairs []Pair, hasBase bool) []report.Build {
	c := &comparer{differences: map[[2]string][]report.Change{}}
	var out []report.Build
	for _, p := range pairs {
		if p.Head == nil && p.Base == nil || len(p.Skipped) > 0 {
			continue
		}
		out = append(out, c.build(p, hasBase))
	}
	return out
}

func (c *comparer) build(p Pair, hasBase bool) report.Build {
	b := report.Build{
		Name: p.Build.Name, Dockerfile: p.Build.Dockerfile, Stage: p.Build.Stage, Args: p.Build.Args,
		Platforms: p.Build.Platforms, Contexts: p.Build.Contexts,
		Origin: report.Origin{Path: p.Build.Origin.Path, Line: p.Build.Origin.Line},
		Exact:  true, Upload: Upload([]Pair{p}, hasBase && !p.NoBase), Untracked: untracked([]Pair{p}),
	}
	if len(b.Platforms) == 0 {
		b.Platforms = []string{transfer.DefaultPlatform}
	}
	for _, s := range []*Side{p.Base, p.Head} {
		if s == nil {
			continue
		}
		b.Context = s.Context
		b.Exact = b.Exact && s.Exact
		for _, text := range s.Assumptions {
			if !slices.Contains(b.Assumptions, text) {
				b.Assumptions = append(b.Assumptions, text)
			}
		}
	}
	if p.Head != nil {
		for _, t := range p.Head.Transfers {
			b.Transfers = append(b.Transfers, report.Transfer{Name: t.Name, Label: t.Label, Size: size(t)})
		}
	}
	hasBase = hasBase && !p.NoBase
	b.Status = status(p, hasBase, b.Upload)
	if hasBase {
		b.Changed = c.changed(p)
	}
	return b
}

func status(p Pair, hasBase bool, u report.Upload) report.Status {
	switch {
	case !hasBase:
		return report.Absolute
	case p.Base == nil:
		return report.Added
	case p.Head == nil:
		return report.Removed
	case *u.Delta != report.Size{}:
		return report.Changed
	}
	return report.Unchanged
}

// Upload adds up the uploads of builds on both sides; equal requests count once.
func Upload(pairs []Pair, hasBase bool) report.Upload {
	var u report.Upload
	u.Head = sum(pairs, func(p Pair) *Side { return p.Head })
	if !hasBase {
		return u
	}
	comparable := slices.DeleteFunc(slices.Clone(pairs), func(p Pair) bool { return p.NoBase })
	u.Head = sum(comparable, func(p Pair) *Side { return p.Head })
	u.Base = sum(comparable, func(p Pair) *Side { return p.Base })
	var head, base report.Size
	if u.Head != nil {
		head = *u.Head
	}
	if u.Base != nil {
		base = *u.Base
	}
	u.Delta = &report.Size{Bytes: head.Bytes - base.Bytes, Payload: head.Payload - base.Payload, Files: head.Files - base.Files}
	return u
}

// sum is nil where no build exists on the side.
func sum(pairs []Pair, side func(Pair) *Side) *report.Size {
	var total *report.Size
	seen := map[string]bool{}
	for _, p := range pairs {
		s := side(p)
		if s == nil || len(p.Skipped) > 0 {
			continue
		}
		if total == nil {
			total = &report.Size{}
		}
		for _, t := range s.Transfers {
			// The name belongs to it: BuildKit shares transfers of one name only (source/local/source.go).
			if key := t.Name + "\x00" + t.Key(); !seen[key] {
				seen[key] = true
				add(total, size(t))
			}
		}
	}
	return total
}

// Untracked adds up what lies on disk beside head's tree; nil where there is no disk to look at.
func Untracked(pairs []Pair) *report.Size { return untracked(pairs) }

func untracked(pairs []Pair) *report.Size {
	var total *report.Size
	seen := map[string]bool{}
	for _, p := range pairs {
		if p.Untracked == nil || len(p.Skipped) > 0 {
			continue
		}
		if total == nil {
			total = &report.Size{}
		}
		for _, extra := range p.Untracked {
			if !seen[extra.Key] {
				seen[extra.Key] = true
				add(total, extra.Size)
			}
		}
	}
	return total
}

func add(total *report.Size, s report.Size) {
	total.Bytes += s.Bytes
	total.Payload += s.Payload
	total.Files += s.Files
}

func size(t *transfer.Transfer) report.Size {
	return report.Size{Bytes: t.Bytes, Payload: t.Payload, Files: t.Files}
}

// changed lists the paths that differ, the largest difference first, with the instructions that pull them in.
func (c *comparer) changed(p Pair) []report.Change {
	head, base := byName(p.Head), byName(p.Base)
	names := map[string]bool{}
	for name := range head {
		names[name] = true
	}
	for name := range base {
		names[name] = true
	}
	var out []report.Change
	for name := range names {
		out = append(out, c.difference(name, base[name], head[name])...)
	}
	slices.SortFunc(out, compareChanges)
	for i := range out {
		s := p.Head
		if out[i].Head == nil && p.Base != nil || s == nil {
			s = p.Base
		}
		if s.Pulls != nil {
			out[i].Pulls = s.Pulls(out[i].Transfer, out[i].Path)
		}
	}
	return out
}

// byName gathers the transfers of each local directory.
func byName(s *Side) map[string][]*transfer.Transfer {
	out := map[string][]*transfer.Transfer{}
	if s != nil {
		for _, t := range s.Transfers {
			out[t.Name] = append(out[t.Name], t)
		}
	}
	return out
}

func compareChanges(a, b report.Change) int {
	return cmp.Or(-cmp.Compare(abs(grown(a)), abs(grown(b))), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Transfer, b.Transfer))
}

// grown is how many bytes of contents a path adds to the upload.
func grown(c report.Change) int64 {
	var n int64
	if c.Head != nil {
		n += *c.Head
	}
	if c.Base != nil {
		n -= *c.Base
	}
	return n
}

func abs(n int64) int64 { return max(n, -n) }
