package rule

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/loadline-dev/loadline/pkg/baseimage"
	"github.com/loadline-dev/loadline/pkg/build"
	"github.com/loadline-dev/loadline/pkg/dockerfile"
	"github.com/loadline-dev/loadline/pkg/shell"
	"github.com/loadline-dev/loadline/pkg/transfer"
	"github.com/loadline-dev/loadline/pkg/tree"
)

// Facts are what is known of one build on one side: what a Subject is made of.
type Facts struct {
	// Build is the build, its context and arguments settled.
	Build   build.Build
	Request transfer.Request
	File    *dockerfile.File
	Plan    *transfer.Plan
	// Transfers are the requests of the plan, measured, in its order.
	Transfers []*transfer.Transfer
	// Disk are the same requests on what lies on disk, and Tracked the directories of head's tree that they are about:
	// what those have does not lie beside it. Both are nil where there is no disk to look at.
	Disk    []*transfer.Transfer
	Tracked []*tree.Snapshot
	// Plain says that the tree is a directory of which nobody knows what is tracked.
	Plain bool
	// MaxFiles is how many files of the context rules may read; 0 for no limit. Without a checkout each costs a request.
	MaxFiles int
	// Repository is the root of the repository's tree on this side.
	Repository *tree.Snapshot
	// Contexts are the directories that any build of this side has as its context, named ones too.
	Contexts []string
	// RemoteSteps are those of build.RemoteSteps on this side; nil for none.
	RemoteSteps func() []build.RemoteStep
	// Listings remember what is the same for many builds; nil for no memory.
	Listings *Listings
	// Images are what is known of base images; nil for the tables of the program.
	Images *baseimage.Facts
}

// Subject is one build on one side, as rules see it. The rules of one subject run one after the other.
type Subject struct {
	Facts
	// stages are those that the target needs.
	stages    []*dockerfile.Stage
	uploads   []*Upload
	scripts   map[*dockerfile.Instruction]*script
	evaluated *evaluated
	// inScripts are the commands of the scripts that commands run.
	inScripts map[*shell.Call][]*shell.Call
	// based are the answers of Pass.BaseImage.
	based map[*dockerfile.Stage]based
	// read is how many bytes were read of files, and files how many of those.
	read  int64
	files int
	// asking is how long registries were asked.
	asking time.Duration
}

// NewSubject puts facts in order. It returns a *source.Error for an ignore file that cannot be read as one.
func NewSubject(f Facts) (*Subject, error) {
	s := &Subject{
		Facts: f, scripts: map[*dockerfile.Instruction]*script{}, inScripts: map[*shell.Call][]*shell.Call{},
		based: map[*dockerfile.Stage]based{},
	}
	if s.Images == nil {
		s.Images = &baseimage.Facts{}
	}
	s.stages = neededStages(f.File, f.Plan, s.Target())
	parts := map[string][]part{}
	for i, t := range f.Transfers {
		if t.Kind() != transfer.ContextLoad {
			continue
		}
		p := part{transfer: t}
		if f.Disk != nil {
			p.disk, p.tracked = f.Disk[i], f.Tracked[i]
		}
		parts[t.Name] = append(parts[t.Name], p)
	}
	for name, list := range parts {
		u, err := s.newUpload(name, list)
		if err != nil {
			return nil, err
		}
		s.uploads = append(s.uploads, u)
	}
	slices.SortFunc(s.uploads, func(a, b *Upload) int {
		return cmp.Or(contextFirst(a)-contextFirst(b), cmp.Compare(a.Name, b.Name))
	})
	return s, nil
}

func contextFirst(u *Upload) int {
	if u.Name == contextName {
		return 0
	}
	return 1
}

// contextName is the name that BuildKit gives the local directory of the build context.
const contextName = "context"

func (s *Subject) newUpload(local string, parts []part) (*Upload, error) {
	u := &Upload{Name: local, Dir: s.Build.Context, Whole: parts[0].transfer.Whole(), subject: s, local: parts[0].transfer.Local}
	u.listing = s.Listings.get(parts)
	if local != contextName {
		u.Dir = s.Build.Contexts[strings.TrimPrefix(local, "_")]
		if dir, ok := s.Build.Contexts[local]; ok {
			u.Dir = dir
		}
	}
	name, text := s.Request.IgnoreFileOf(s.Plan, local)
	if text == nil {
		return u, nil
	}
	u.IgnorePath = name
	if s.Build.IgnoreFile != "" && local == contextName {
		u.IgnorePath = s.Build.IgnoreFile
	}
	var err error
	u.Ignore, err = s.Listings.ignore(u.IgnorePath, text)
	return u, err
}

// AllUploads are what the build sends of local directories; rules ask Pass.Uploads.
func (s *Subject) AllUploads() []*Upload { return s.uploads }

// Target is the stage that is built.
func (s *Subject) Target() *dockerfile.Stage {
	return TargetStage(s.File, s.Build.Stage)
}

// TargetStage is the stage that --target means; the last one for an empty name. Nil where there is none.
func TargetStage(f *dockerfile.File, name string) *dockerfile.Stage {
	if name == "" {
		return f.Stages[len(f.Stages)-1]
	}
	if s := f.Stage(name, len(f.Stages)); s != nil {
		return s
	}
	for _, s := range f.Stages {
		if name == strconv.Itoa(s.Index) {
			return s
		}
	}
	return nil
}

// neededStages are those that BuildKit carries something out of, the target, and what those are built on.
func neededStages(f *dockerfile.File, plan *transfer.Plan, target *dockerfile.Stage) []*dockerfile.Stage {
	needed := make([]bool, len(f.Stages))
	for _, s := range f.Stages {
		needed[s.Index] = s == target || carriedOut(plan, s.From)
		for _, i := range s.Instructions {
			needed[s.Index] = needed[s.Index] || carriedOut(plan, i)
		}
	}
	var out []*dockerfile.Stage
	for i := len(f.Stages) - 1; i >= 0; i-- { // a stage is built on earlier ones only
		if parent := f.Stages[i].Parent; needed[i] && parent != nil {
			needed[parent.Index] = true
		}
	}
	for i, s := range f.Stages {
		if needed[i] {
			out = append(out, s)
		}
	}
	return out
}

func carriedOut(plan *transfer.Plan, i *dockerfile.Instruction) bool {
	_, ok := slices.BinarySearch(plan.Lines, i.StartLine)
	return ok
}
