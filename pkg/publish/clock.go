package publish

import (
	"context"
	"time"
)

// Clock is the time that waiting goes by.
type Clock interface {
	Now() time.Time
	// Sleep waits, or returns the context's error as soon as that ends.
	Sleep(ctx context.Context, d time.Duration) error
}

type systemClock struct{}

func (systemClock) Now() time.Time { return time.Now() }

func (systemClock) Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
