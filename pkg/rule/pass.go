package rule

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"path"
	"slices"

	"github.com/loadline-dev/loadline/pkg/build"
	"github.com/loadline-dev/loadline/pkg/dockerfile"
	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/shell"
	"github.com/loadline-dev/loadline/pkg/source"
	"github.com/loadline-dev/loadline/pkg/transfer"
	"github.com/loadline-dev/loadline/pkg/tree"
)

// Pass is one run of one rule over one build: what the rule may ask, and how it answers. Nothing that it hands out may be
// changed. It is used by one goroutine, and not after Run returns.
type Pass struct {
	// Build is the build, its context settled.
	Build build.Build
	// Dockerfile is the build's Dockerfile, all stages of it; a rule usually wants Stages.
	Dockerfile *dockerfile.File
	// Stages are those that the build carries out, in the order of the file; the others cost nothing.
	Stages []*dockerfile.Stage
	// Final is the stage whose result is the image: that of --target, else the last.
	Final *dockerfile.Stage
	// Plan is what BuildKit asks its client for.
	Plan *transfer.Plan

	subject *Subject
	rule    *Rule
	sink    Sink
}

// Sink takes what a rule says.
type Sink struct {
	// Report takes a finding as the rule made it.
	Report func(finding.Finding)
	// Undecided takes what the rule could not decide, and where: a *source.Error has a place.
	Undecided func(error)
}

// NewPass is a run of a rule over a build.
func NewPass(r *Rule, s *Subject, sink Sink) *Pass {
	return &Pass{
		Build: s.Build, Dockerfile: s.File, Stages: s.stages, Final: s.Target(), Plan: s.Plan,
		subject: s, rule: r, sink: sink,
	}
}

// Report says something. Message says what happens, in the present tense and with the measured number, without a full
// stop; what to do is the fix's title. Span is what is underlined, in File; a nil File means the Dockerfile. Rule, Area,
// State, Build and Saves are filled in by the engine: they are to be left empty. Severity may say that this one matters
// less than the rule's findings do otherwise.
//
// Fixes are alternatives, the best first. Each is proven before it is offered, and dropped where it fails: after it the
// Dockerfile parses, every source that an instruction names is still there, and the rule no longer reports this.
func (p *Pass) Report(f finding.Finding) {
	if f.File == nil {
		f.File = p.Dockerfile.Source
	}
	p.sink.Report(f)
}

// Undecided says that the rule could not decide about a part of the build, and goes on with the rest.
func (p *Pass) Undecided(err error) { p.sink.Undecided(err) }

// must holds that a rule asks for no more than it needs.
func (p *Pass) must(n Needs) {
	if !p.rule.Needs.Has(n) {
		panic(fmt.Sprintf("rule %s asks for %s, and does not say that it needs it", p.rule.Name, n))
	}
}

// Uploads are what the build sends of local directories: the build context first, where anything of it is sent, then
// named contexts. On either side of the comparison they hold the same untracked files.
func (p *Pass) Uploads() []*Upload {
	p.must(NeedsUpload)
	return p.subject.uploads
}

// Instructions are those of the stages that the build carries out, FROM left out, in the order of the file. Names, such as
// "RUN", narrow them; none means all.
func (p *Pass) Instructions(names ...string) iter.Seq[*dockerfile.Instruction] {
	return func(yield func(*dockerfile.Instruction) bool) {
		for _, s := range p.Stages {
			for _, i := range s.Instructions {
				if (len(names) == 0 || slices.Contains(names, i.Name)) && !yield(i) {
					return
				}
			}
		}
	}
}

// Calls are the commands that an instruction starts, with their environment and place. One that cannot be read as shell
// has none, and the rule is listed as undecided about it.
func (p *Pass) Calls(i *dockerfile.Instruction) []*shell.Call {
	p.must(NeedsScripts)
	calls, err := p.subject.calls(i)
	if err != nil {
		p.Undecided(err)
	}
	return calls
}

// AllCalls are those of every RUN that the build carries out, in the order of the file.
func (p *Pass) AllCalls() iter.Seq2[*dockerfile.Instruction, *shell.Call] {
	return func(yield func(*dockerfile.Instruction, *shell.Call) bool) {
		for i := range p.Instructions("RUN") {
			for _, c := range p.Calls(i) {
				if !yield(i, c) {
					return
				}
			}
		}
	}
}

// Variables are what is known of the variables of the Dockerfile before an instruction.
func (p *Pass) Variables(i *dockerfile.Instruction) *dockerfile.Variables {
	return p.subject.variables(i)
}

// Workdir is the working directory before an instruction. It begins with shell.UnknownDir where it is the base image's own
// or lies in that, and is empty where it depends on a variable that is not known.
func (p *Pass) Workdir(i *dockerfile.Instruction) string { return p.subject.workdir(i) }

// Limits of what rules read.
const (
	// MaxFile is the most that a file may hold that a rule reads, in bytes.
	MaxFile = source.MaxText
	// maxRead is the most that all rules together read for one build, in bytes.
	maxRead = 32 << 20
)

// ErrReadsTooMuch says that the rules have read as much of one build's files as they may.
var ErrReadsTooMuch = errors.New("the rules have read as many files of this build as they may")

// ReadFile reads a file of the build context, whether it is uploaded or not; name is relative to the context. What git
// does not track is read from the disk, on either side. Errors are those of tree.Snapshot.ReadFile with MaxFile as the
// limit, such as fs.ErrNotExist, and ErrReadsTooMuch.
func (p *Pass) ReadFile(name string) (*source.File, error) {
	p.must(NeedsFiles)
	return p.subject.readFile(name)
}

// Exists reports whether the build context holds a path, uploaded or not.
func (p *Pass) Exists(name string) bool {
	p.must(NeedsFiles)
	return p.subject.exists(name)
}

// Repository is the root of the repository's tree on this side, for rules about files around the build, such as
// workflows.
func (p *Pass) Repository() *tree.Snapshot {
	p.must(NeedsFiles)
	return p.subject.Repository
}

// RemoteSteps are the steps of the repository's workflows that send this build's context to a builder elsewhere.
func (p *Pass) RemoteSteps() []build.RemoteStep {
	p.must(NeedsFiles)
	if p.subject.RemoteSteps == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(p.subject.RemoteSteps()), func(s build.RemoteStep) bool {
		return s.Dockerfile != p.Build.Dockerfile || s.Context != p.Build.Context
	})
}

// IsContext reports whether any build of this side, not only this one, has a directory as its context, or as a named one.
func (p *Pass) IsContext(dir string) bool {
	return slices.Contains(p.subject.Contexts, dir)
}

// Ask is what another rule says of the same build. Everything that it needs, the rule that asks has to need too.
func (p *Pass) Ask(ctx context.Context, other *Rule) ([]finding.Finding, error) {
	p.must(other.Needs)
	var out []finding.Finding
	q := NewPass(other, p.subject, Sink{
		Report:    func(f finding.Finding) { out = append(out, f) },
		Undecided: func(error) {}, // the other rule says it itself
	})
	return out, q.Do(ctx)
}

// Do runs the rule.
func (p *Pass) Do(ctx context.Context) error { return p.rule.Run(ctx, p) }

// readFile reads a file of the context: from the tree, else from the disk beside it.
func (s *Subject) readFile(name string) (*source.File, error) {
	if s.read >= maxRead || s.MaxFiles > 0 && s.files >= s.MaxFiles {
		return nil, ErrReadsTooMuch
	}
	s.files++
	data, err := s.readContext(path.Clean(name))
	if err != nil {
		return nil, err
	}
	s.read += int64(len(data))
	return source.NewFile(path.Join(s.Build.Context, name), data), nil
}

func (s *Subject) readContext(name string) ([]byte, error) {
	if s.Request.Context == nil {
		return nil, fs.ErrNotExist
	}
	data, err := s.Request.Context.ReadFile(name, MaxFile)
	if !errors.Is(err, fs.ErrNotExist) {
		return data, err
	}
	if disk := s.beside(name); disk != nil {
		return disk.ReadFile(name, MaxFile)
	}
	return data, err
}

func (s *Subject) exists(name string) bool {
	if s.Request.Context == nil {
		return false
	}
	if _, ok := s.Request.Context.Lookup(name); ok {
		return true
	}
	disk := s.beside(name)
	if disk == nil {
		return false
	}
	_, ok := disk.Lookup(name)
	return ok
}

// beside is the context on disk, for a path that head's tree lacks; nil where there is none, or head tracks the path.
func (s *Subject) beside(name string) *tree.Snapshot {
	for i, t := range s.Disk {
		if t.Name != contextName {
			continue
		}
		if _, ok := s.Tracked[i].Lookup(name); ok {
			return nil
		}
		return t.Tree()
	}
	return nil
}
