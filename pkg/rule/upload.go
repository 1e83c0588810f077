package rule

import (
	"path"
	"slices"
	"strings"

	"github.com/loadline-dev/loadline/pkg/dockerfile"
	"github.com/loadline-dev/loadline/pkg/dockerignore"
	"github.com/loadline-dev/loadline/pkg/transfer"
)

// Upload is what a build sends of one local directory: the build context or a named context. Paths are relative to it.
type Upload struct {
	// Name is "context" for the build context, else a named context's.
	Name string
	// Dir is the directory, from the repository root.
	Dir string
	// Whole says that an instruction asks for all of it.
	Whole bool
	// Ignore is the ignore file in use, nil where there is none; IgnorePath is its path from the repository root, then
	// empty.
	Ignore     *dockerignore.File
	IgnorePath string

	subject *Subject
	local   transfer.Local
	listing *listing
	covers  []*transfer.Cover
}

// Files are all paths that are sent, directories included, in the order of a walk. They must not be changed.
func (u *Upload) Files() []File { return u.listing.files }

// Size is everything that is sent.
func (u *Upload) Size() Size { return u.listing.sums[len(u.listing.files)] }

// Under is what a path and all below it add to the upload; zero where nothing of it is sent.
func (u *Upload) Under(p string) Size {
	start, end := u.listing.under(p)
	return u.listing.sums[end].minus(u.listing.sums[start])
}

// Below are the paths sent of a directory, itself included, or a file alone.
func (u *Upload) Below(p string) []File {
	start, end := u.listing.under(p)
	return u.listing.files[start:end]
}

// File is the path that is sent under a name.
func (u *Upload) File(p string) (File, bool) {
	if start, end := u.listing.under(p); start < end && u.listing.files[start].Path == p {
		return u.listing.files[start], true
	}
	return File{}, false
}

// Named are the paths sent whose last component is name, at any depth, without those below another of them:
// "node_modules" but not "node_modules/a/node_modules".
func (u *Upload) Named(name string) []File {
	var out []File
	for _, i := range u.listing.named(name) {
		f := u.listing.files[i]
		if n := len(out); n > 0 && strings.HasPrefix(f.Path, out[n-1].Path+"/") {
			continue
		}
		out = append(out, f)
	}
	return out
}

// Untracked reports whether nothing of a path is tracked by git, as far as anybody knows: in a directory without git
// nothing is.
func (u *Upload) Untracked(p string) bool {
	if u.subject.Plain {
		return true
	}
	for _, f := range u.Below(p) {
		if !f.Untracked && !f.Mode.IsDir() {
			return false
		}
	}
	return true
}

// Pulls are the instructions that pull a path in, in the order of the file.
func (u *Upload) Pulls(p string) []*dockerfile.Instruction {
	if u.covers == nil {
		u.covers = u.newCovers()
	}
	var out []*dockerfile.Instruction
	for _, c := range u.covers {
		if !c.Pulls(p) {
			continue
		}
		if i := u.subject.File.InstructionAt(c.Source.Line); i != nil && !slices.Contains(out, i) {
			out = append(out, i)
		}
	}
	return out
}

func (u *Upload) newCovers() []*transfer.Cover {
	covers := []*transfer.Cover{}
	for _, s := range u.subject.Plan.Sources {
		if s.Local != u.Name {
			continue
		}
		if c, err := u.local.NewCover(s); err == nil { // a path that cannot be followed pulls nothing in
			covers = append(covers, c)
		}
	}
	return covers
}

// Wanted reports whether an instruction of any stage names a path itself, or something in it: COPY dist, COPY
// target/*.jar, a mount of .git. Copies of a whole directory around it do not count. What is wanted is never to be kept
// out of the upload.
func (u *Upload) Wanted(p string) bool {
	for _, s := range u.subject.Plan.Sources {
		if s.Local != u.Name {
			continue
		}
		if len(s.Patterns) == 0 && names(s.Path, p) {
			return true
		}
		for _, pattern := range s.Patterns {
			if names(path.Join(s.Path, pattern), p) {
				return true
			}
		}
	}
	if u.Name != contextName {
		return false
	}
	return slices.ContainsFunc(u.subject.File.LiteralSources(), func(s string) bool { return names(s, p) })
}

// names reports whether a source, which may have wildcards, means a path or something in it.
func names(source, p string) bool {
	parts, want := strings.Split(source, "/"), strings.Split(p, "/")
	if source == "." || len(parts) < len(want) {
		return false
	}
	for i, w := range want {
		if ok, err := path.Match(parts[i], w); err != nil || !ok {
			return false
		}
	}
	last := parts[len(want)-1]
	return last != "*" && last != "**"
}

// Readmitted is the line of the ignore file that takes in again a path itself, or something in it; nil where there is
// none. Whoever wrote it wants the path. A line that takes in a directory around it does not count, such as the "!src" of
// a list of what is allowed.
func (u *Upload) Readmitted(p string) *dockerignore.Line {
	if u.Ignore == nil {
		return nil
	}
	for i := range u.Ignore.Lines {
		l := &u.Ignore.Lines[i]
		if !l.Include {
			continue
		}
		pattern := strings.TrimPrefix(l.Pattern, "!")
		if names(pattern, p) || strings.HasPrefix(pattern, "**/") && names(strings.TrimPrefix(pattern, "**/"), path.Base(p)) {
			return l
		}
	}
	return nil
}
