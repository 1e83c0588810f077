package loadline

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/loadline-dev/loadline/pkg/baseimage"
	"github.com/loadline-dev/loadline/pkg/baseimage/registry"
	"github.com/loadline-dev/loadline/pkg/build"
	"github.com/loadline-dev/loadline/pkg/compare"
	"github.com/loadline-dev/loadline/pkg/engine"
	"github.com/loadline-dev/loadline/pkg/report"
	"github.com/loadline-dev/loadline/pkg/transfer"
	"github.com/loadline-dev/loadline/pkg/tree"
)

// CheckOptions say what to compare with what, and what fails.
type CheckOptions struct {
	// Path is the directory to analyse, or a repository without a work tree; empty means the repository around the
	// working directory.
	Path string
	// Base is a revision, a directory or "none"; empty means the default (see Environment).
	Base string
	// Head is a revision or "worktree"; empty means the default.
	Head string
	// Builds are globs of the names of the builds to look at; empty means all.
	Builds []string
	// MaxUpload and MaxGrowth are budgets of each build; nil takes those of the configuration.
	MaxUpload *int64
	MaxGrowth *build.Growth
	// FailOn is the severity from which a new finding fails the gate; empty and "none" mean never.
	FailOn string
	// Uplink is the rate in bits per second at which upload times are shown; 0 takes that of the configuration.
	Uplink int64
	// Config is a configuration file on disk to use for both sides; empty means .loadline.yaml of each. Where nothing is
	// checked out, it is a path in the repository.
	Config string
	// Remote is the repository on GitHub; nil uses no API. A base that is not in this clone is read from it, and both
	// sides where nothing is checked out in continuous integration, or under pull_request_target unless Head says what
	// to analyse.
	Remote *tree.Remote
	// Registry says how base images are looked up in their registries; nil means that they are not. The configuration of
	// the base may name further registries.
	Registry *registry.Options
	// Environment tells continuous integration from a laptop.
	Environment Environment
	// Progress is told how many builds are done; nil for nobody. It is called from several goroutines, one at a time.
	Progress func(done, total int)
}

// Check answers what every build of a repository uploads, how that differs from base, and whether it passes.
// A build that cannot be analysed is listed in the report's Skipped and never hides the others.
//
// Errors: *UsageError for options or a configuration that cannot be; others where nothing could be read at all.
func Check(ctx context.Context, o CheckOptions) (*report.Report, error) {
	c, done, err := open(ctx, o)
	if err != nil {
		return nil, err
	}
	defer done()
	return c.run(ctx)
}

// open reads both sides and finds their builds. done lets go of the repository.
func open(ctx context.Context, o CheckOptions) (c *check, done func(), err error) {
	r, err := o.open(ctx)
	if err != nil {
		return nil, nil, err
	}
	if c, err = r.check(ctx, o); err != nil {
		r.close()
		return nil, nil, err
	}
	return c, r.close, nil
}

func (r *repository) check(ctx context.Context, o CheckOptions) (*check, error) {
	head, err := r.head(ctx, o)
	if err != nil {
		return nil, err
	}
	base, notices, err := r.base(ctx, o, head)
	if err != nil {
		return nil, err
	}
	notices = append(r.notices, notices...)
	if r.isTarget(o) {
		more, err := r.configureTarget(ctx, o, head, base)
		if err != nil {
			return nil, err
		}
		notices = append(notices, more...)
	} else {
		if err := head.configure(ctx, o.Config); err != nil {
			return nil, err
		}
		notices = append(notices, base.configureAs(ctx, o.Config, head)...)
	}
	severities, more := severities(head, base)
	notices = append(notices, more...)
	rules, err := newEngine(severities)
	if err != nil {
		return nil, err
	}
	c := &check{options: o, rules: rules, head: head, base: base, prefix: r.prefix, dir: r.dir, notices: notices, budgets: map[string]build.Budgets{}, limit: BuildDeadline}
	if c.images, err = newResolver(o.Registry, c.registries()); err != nil {
		return nil, err
	}
	c.facts = r.imageFacts(ctx, c)
	if r.sharesDisk(ctx, head) {
		c.disk = &disk{dir: r.dir, head: head, meter: &c.meter}
	}
	return c, nil
}

// check is one comparison on its way.
type check struct {
	options    CheckOptions
	head, base *side // base is nil where there is none
	// dir is the directory on disk; empty where there is none.
	dir string
	// prefix is the directory's path in the repository; "." for its root.
	prefix string
	// disk is what lies beside head's tree; nil where there is nothing else to look at.
	disk    *disk
	meter   transfer.Meter
	images  *registry.Resolver // nil where base images are not looked up
	facts   *baseimage.Facts   // nil where no rule asks for them
	notices []string
	// rules are what builds are judged by besides.
	rules *engine.Engine
	// budgets are those that base has for builds of head, by head's name for them.
	budgets map[string]build.Budgets
	// limit is how long one build may take.
	limit time.Duration
}

// run analyses all builds and puts the report together.
func (c *check) run(ctx context.Context) (*report.Report, error) {
	limited, cancel := context.WithTimeout(ctx, RunDeadline)
	defer cancel()
	results, err := c.analyseAll(limited)
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	said, err := c.runRules(limited, results)
	if err != nil {
		return nil, err
	}
	plain := make([]compare.Pair, len(results))
	for i := range results {
		plain[i] = results[i].Pair
	}
	return c.report(plain, said)
}

// analyseAll analyses all builds, several at a time.
func (c *check) analyseAll(limited context.Context) ([]analysed, error) {
	pairs := c.pairs()
	results := make([]analysed, len(pairs))
	var group errgroup.Group
	group.SetLimit(max(2, min(runtime.GOMAXPROCS(0), 4)))
	var mu sync.Mutex
	done := 0
	for i, p := range pairs {
		group.Go(func() error {
			results[i] = c.pairInTime(limited, p)
			mu.Lock()
			defer mu.Unlock()
			done++
			if c.options.Progress != nil {
				c.options.Progress(done, len(pairs))
			}
			if err := context.Cause(limited); !errors.Is(err, context.DeadlineExceeded) {
				return err
			}
			return nil
		})
	}
	return results, group.Wait()
}

// pairInTime analyses one build on both sides, or says that it takes too long.
func (c *check) pairInTime(ctx context.Context, p builds) analysed {
	out, err := inTime(ctx, c.limit, func(ctx context.Context) (analysed, error) {
		out := c.pair(ctx, p)
		return out, ctx.Err()
	})
	switch {
	case err == nil:
		return out
	case p.head == nil:
		return analysed{Pair: compare.Pair{Build: *p.base}}
	}
	s := skipped(*p.head, err)
	s.Regression = p.base != nil
	return analysed{Pair: compare.Pair{Build: *p.head, Skipped: []report.Skipped{s}}}
}
