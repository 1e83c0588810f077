package loadline

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// The longest that an analysis may take. An ordinary build takes milliseconds, the largest repository known seconds;
// only hostile input comes near.
const (
	BuildDeadline = 2 * time.Minute
	RunDeadline   = 10 * time.Minute
)

// inTime answers what f answers, or that it takes too long. Work that does not heed its context is left behind: the
// libraries that read a repository do not all look at theirs, and one build must never hide the others. For the same
// reason a panic becomes an error.
func inTime[T any](ctx context.Context, limit time.Duration, f func(context.Context) (T, error)) (T, error) {
	type answer struct {
		value T
		err   error
	}
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	answers := make(chan answer, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				answers <- answer{err: fmt.Errorf("the analysis panics, which is a fault of loadline: %v", p)}
			}
		}()
		value, err := f(limited)
		answers <- answer{value, err}
	}()
	var got answer
	select {
	case got = <-answers:
		if got.err == nil || limited.Err() == nil {
			return got.value, got.err
		}
	case <-limited.Done():
	}
	if err := ctx.Err(); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return got.value, context.Cause(ctx)
	}
	return got.value, fmt.Errorf("the analysis takes longer than %v", limit)
}
