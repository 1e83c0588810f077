package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/transfer"
)

// prover proves fixes: each is applied to a copy, and every build that reads an edited file is analysed again. Builds that
// share a file share the work.
type prover struct {
	engine *Engine
	runs   []*outcome

	mu           sync.Mutex
	done         map[string]*trial
	analysed     map[string]*analysed
	repositories map[string]*edited
	looked       map[string]bool
	// excludes are what BuildKit leaves out of a context whose ignore file is edited.
	excludes map[string][]string
	// sources are what the instructions of a build name, as it is.
	sources map[*outcome][]string
	fails   []Refused
}

// trial is one set of edits, applied.
type trial struct {
	once sync.Once
	err  error
	// after is each build that reads an edited file, as it is afterwards.
	after map[*outcome]*Side
}

func newProver(e *Engine, runs []*outcome) *prover {
	return &prover{
		engine: e, runs: runs,
		done: map[string]*trial{}, analysed: map[string]*analysed{}, repositories: map[string]*edited{}, looked: map[string]bool{}, excludes: map[string][]string{}, sources: map[*outcome][]string{},
	}
}

// proveAll keeps of each finding the fixes that hold, with what they save.
func (p *prover) proveAll(ctx context.Context, o *outcome) {
	if o.Head == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, p.engine.deadline)
	defer cancel()
	for _, f := range o.head.findings {
		var held []finding.Fix
		for _, fix := range f.Fixes {
			saved, err := p.prove(ctx, o, f, fix)
			if err != nil {
				var other *otherError
				p.refuse(Refused{Rule: f.Rule, Build: o.Name, Fix: fix.Title, Err: err, Other: errors.As(err, &other) && other.build != o})
				continue
			}
			held = append(held, fix)
			f.saves = append(f.saves, saved)
		}
		f.Fixes = held
	}
}

func (p *prover) refuse(r Refused) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fails = append(p.fails, r)
}

// prove says what a fix of a finding saves, or why it does not hold.
func (p *prover) prove(ctx context.Context, o *outcome, f *found, fix finding.Fix) (*finding.Saving, error) {
	files, err := fix.Apply()
	if err != nil {
		return nil, err
	}
	key := editKey(fix)
	p.mu.Lock()
	t, ok := p.done[key]
	if !ok {
		t = &trial{}
		p.done[key] = t
	}
	p.mu.Unlock()
	t.once.Do(func() { t.after, t.err = p.try(ctx, o, files, fix) })
	if t.err != nil {
		return nil, t.err
	}
	after, ok := t.after[o]
	if !ok {
		if after, err = p.again(ctx, o, files); err != nil {
			return nil, err
		}
	}
	return p.silent(ctx, o, f, after, files)
}

// try applies edits and holds that every build that reads one of the files still finds its sources. Of a build that reads
// only some of them, only those count: so builds with Dockerfiles of their own share what is found out about an ignore file.
// first is the build that the fix is for.
func (p *prover) try(ctx context.Context, first *outcome, files map[string][]byte, fix finding.Fix) (map[*outcome]*Side, error) {
	after := map[*outcome]*Side{}
	side, err := p.again(ctx, first, files)
	if err != nil {
		return nil, &otherError{build: first, err: err}
	}
	after[first] = side
	for _, o := range p.runs {
		if o.Head == nil || o == first {
			continue
		}
		read := map[string][]byte{}
		for _, e := range fix.Edits {
			if reads(o.Head.Subject, e.Path, e.File == nil) {
				read[e.Path] = files[e.Path]
			}
		}
		if len(read) == 0 {
			continue
		}
		if err := p.tryOther(ctx, o, read, side); err != nil {
			return nil, &otherError{build: o, err: err}
		}
	}
	return after, nil
}

// tryOther holds that a build finds its sources when files that it reads are edited for another one, which is first
// afterwards. Where both read the same ignore file, BuildKit has said what it excludes.
func (p *prover) tryOther(ctx context.Context, o *outcome, read map[string][]byte, first *Side) error {
	if _, own := read[o.Head.Build.Dockerfile]; own || o.Head.Build.Context != first.Build.Context {
		_, err := p.again(ctx, o, read)
		return err
	}
	for i := range first.Plan.Locals {
		local := &first.Plan.Locals[i]
		if local.Name != "context" || local.Kind() != transfer.ContextLoad {
			continue
		}
		for _, name := range p.sourcesBefore(o) {
			before, err := p.finds(ctx, o.Head.Subject, name, nil)
			if err != nil || !before {
				continue
			}
			found, err := p.finds(ctx, o.Head.Subject, name, local)
			if err != nil {
				return err
			}
			if !found {
				return fmt.Errorf("build %s does not find %s afterwards", o.Name, name)
			}
		}
		return nil
	}
	_, err := p.again(ctx, o, read)
	return err
}

// Holds says whether files can be changed all at once: every build that could be analysed before still can, and finds the
// sources that its instructions name. It returns an error that names a build where not.
func (e *Engine) Holds(ctx context.Context, builds []Build, files map[string][]byte) error {
	var runs []*outcome
	for i := range builds {
		runs = append(runs, &outcome{Build: &builds[i]})
	}
	p := newProver(e, runs)
	for _, o := range runs {
		if o.Head == nil {
			continue
		}
		if _, err := p.again(ctx, o, files); err != nil {
			return err
		}
	}
	return nil
}

// otherError says which of the builds that share a file stands against an edit.
type otherError struct {
	build *outcome
	err   error
}

func (e *otherError) Error() string { return e.err.Error() }

func (e *otherError) Unwrap() error { return e.err }

// reads reports whether a build reads a file, or would read one that is created.
func reads(s *rule.Subject, name string, created bool) bool {
	if name == s.Build.Dockerfile || created && name == s.Build.Dockerfile+".dockerignore" {
		return true
	}
	for _, u := range s.AllUploads() {
		if u.IgnorePath == name || created && name == path.Join(u.Dir, ".dockerignore") {
			return true
		}
	}
	return false
}

// errNotSilent is why a fix does not hold after which its rule still says the same.
var errNotSilent = errors.New("the rule still reports it afterwards")

// silent runs the rule again, and says what the fix saves.
func (p *prover) silent(ctx context.Context, o *outcome, f *found, after *Side, files map[string][]byte) (*finding.Saving, error) {
	i := slices.IndexFunc(p.engine.rules, func(r *rule.Rule) bool { return r.Name == f.Rule })
	left, undecided := p.engine.rule(ctx, after, p.engine.rules[i])
	if len(undecided) > 0 && !o.head.undecided[f.Rule] {
		return nil, fmt.Errorf("the rule cannot decide afterwards: %w", undecided[0])
	}
	if count(left, f) >= count(o.head.findings, f) {
		return nil, errNotSilent
	}
	saved := uploaded(o.Head.Subject) - uploaded(after.Subject)
	if saved <= 0 || after.Repository.before != nil && sameRequests(o.Head.Subject, after.Subject) {
		return nil, nil
	}
	if after.Repository.before != nil {
		// The Dockerfile itself may be uploaded with the context, and has another size.
		repository, err := p.repository(o.Head.Repository, files)
		if err != nil {
			return nil, err
		}
		if after, err = p.analyseIn(ctx, o, repository); err != nil {
			return nil, err
		}
		if saved = uploaded(o.Head.Subject) - uploaded(after.Subject); saved <= 0 {
			return nil, nil
		}
	}
	return &finding.Saving{Bytes: saved, Exact: o.Exact}, nil
}

// sameRequests reports whether a build asks for the same paths as before: then the Dockerfile alone has another size, which
// nobody edits it for.
func sameRequests(before, after *rule.Subject) bool {
	return slices.EqualFunc(before.Plan.Locals, after.Plan.Locals, transfer.Local.Same)
}

// count is how many findings say the same of the same text.
func count(list []*found, f *found) int {
	n := 0
	for _, g := range list {
		if g.Rule == f.Rule && g.File.Path == f.File.Path && g.About == f.About && g.Text() == f.Text() {
			n++
		}
	}
	return n
}

// uploaded is what a build uploads: from the disk, where there is one, since that is what is saved there.
func uploaded(s *rule.Subject) int64 {
	list := s.Transfers
	if s.Disk != nil {
		list = s.Disk
	}
	var n int64
	for _, t := range list {
		n += t.Bytes
	}
	return n
}

// filesKey tells sets of changed files apart.
func filesKey(files map[string][]byte) string {
	sum := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(sum, "%q %d\n", name, len(files[name]))
		sum.Write(files[name])
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// editKey tells sets of edits apart.
func editKey(fix finding.Fix) string {
	var b strings.Builder
	for _, e := range fix.Edits {
		fmt.Fprintf(&b, "%q %d %d %q\n", e.Path, e.Start, e.End, e.NewText)
	}
	return b.String()
}
