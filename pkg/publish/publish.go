// Package publish delivers reports to GitHub: as the one comment of a job on its pull request, a check run, a job's
// summary, workflow commands, outputs and files.
//
// Each of them is a Sink of its own, so that one that fails, panics or hangs takes nothing from the others. What GitHub
// refuses (a token that may only read, a conversation that is locked) is no failure of the report: it is said in one
// line of the log.
package publish

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/loadline-dev/loadline/pkg/source"
)

// Deadline is how long all sinks together may take.
const Deadline = 75 * time.Second

// grace is how long a sink may take to notice that its time is up.
const grace = time.Second

// Sink is a place that a report is delivered to.
type Sink struct {
	// Name is what the log calls it, such as "comment".
	Name string
	// Send delivers, and says in a few words what came of it; an empty note says nothing.
	Send func(ctx context.Context) (note string, err error)
}

// Result is what came of a sink.
type Result struct {
	Sink string
	Note string
	Err  error
}

// String is a line for the log; empty where there is nothing to say.
func (r Result) String() string {
	switch {
	case r.Err != nil:
		return source.LogLine(fmt.Sprintf("no %s: %s", r.Sink, source.Printable(Reason(r.Err))))
	case r.Note != "":
		return source.LogLine(fmt.Sprintf("%s: %s", r.Sink, source.Printable(r.Note)))
	}
	return ""
}

// Deliver sends to all sinks at the same time and waits for them, but no longer than limit. The results are in the order
// of the sinks. A sink that panics or does not return has an error, and the others have theirs.
func Deliver(ctx context.Context, limit time.Duration, sinks ...Sink) []Result {
	limited, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("not done within %v", limit))
	defer cancel()
	var mu sync.Mutex
	results := make([]Result, len(sinks))
	for i, s := range sinks {
		results[i] = Result{Sink: s.Name, Err: fmt.Errorf("not done within %v", limit)}
	}
	var group sync.WaitGroup
	for i, s := range sinks {
		group.Go(func() {
			note, err := Try(func() (string, error) { return s.Send(limited) })
			mu.Lock()
			defer mu.Unlock()
			results[i] = Result{Sink: s.Name, Note: note, Err: err}
		})
	}
	done := make(chan struct{})
	go func() {
		group.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-limited.Done():
		select {
		case <-done:
		case <-time.After(grace):
		}
	}
	mu.Lock()
	defer mu.Unlock()
	return append([]Result(nil), results...)
}

// Try runs a function and turns a panic into an error.
func Try[T any](do func() (T, error)) (v T, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("loadline has a defect, please report it: %v", p)
		}
	}()
	return do()
}
