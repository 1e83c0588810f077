package loadline

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestWorkThatHeedsNoContextIsLeftBehind(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	_, err := inTime(t.Context(), time.Millisecond, func(context.Context) (int, error) {
		<-release
		return 1, nil
	})
	if err == nil || !strings.Contains(err.Error(), "takes longer than 1ms") {
		t.Errorf("error is %v", err)
	}
}

func TestAnAnswerInTimeIsTheAnswer(t *testing.T) {
	want := errors.New("no such file")
	got, err := inTime(t.Context(), time.Minute, func(context.Context) (int, error) { return 1, want })
	if got != 1 || !errors.Is(err, want) {
		t.Errorf("got %d, %v", got, err)
	}
}

func TestAnInterruptIsNoDeadline(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := inTime(ctx, time.Minute, func(ctx context.Context) (int, error) { return 0, ctx.Err() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
}

func TestAPanicIsAnError(t *testing.T) {
	_, err := inTime(t.Context(), time.Minute, func(context.Context) (int, error) { panic("oh") })
	if err == nil || !strings.Contains(err.Error(), "oh") {
		t.Errorf("error is %v", err)
	}
}

func TestABuildThatTakesTooLongIsSkippedByName(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte("FROM scratch\nCOPY . .\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	c, done, err := open(t.Context(), CheckOptions{Path: dir, Base: "none"})
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	c.limit = time.Nanosecond
	r, err := c.run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Skipped) != 1 || r.Skipped[0].Build != "Dockerfile" || ExitCode(r) != exitNotAnalysed {
		t.Errorf("skipped %+v, exit code %d", r.Skipped, ExitCode(r))
	}
}
