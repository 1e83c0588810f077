package e2e

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// situation is a context, a Dockerfile and the flags of a build.
type situation struct {
	name  string
	files tree
	build
	// noGit says why git cannot store the files; empty where it can.
	noGit string
}

// tries is how often a build with several transfers at a time is run. Now and then the daemon shows a too small number
// for one of them: where the build fails after the other, which ends both, and where two transfers of one local run at
// a time. Such a build passes with the first run that is equal; a number above the prediction fails at once.
const tries = 10

// races reports whether several transfers run at a time.
func (b build) races() bool { return len(b.Contexts) > 0 || len(b.Platforms) > 1 }

// TestPredictionEqualsWhatTheDaemonReceives compares prediction and daemon step by step, and the prediction from a
// commit with that from the disk.
func TestPredictionEqualsWhatTheDaemonReceives(t *testing.T) {
	requireDaemon(t)
	for _, s := range situations() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			s.check(t)
		})
	}
}

func (s situation) check(t *testing.T) {
	t.Helper()
	s.root = t.TempDir()
	s.files.write(t, s.root)
	prediction := s.predict(t)
	predicted := text(prediction)
	for try := 1; ; try++ {
		received := transferred(t, s.build)
		diff := cmp.Diff(text(received), predicted)
		if diff == "" {
			break
		}
		if !s.races() || try == tries || exceeds(received, prediction) {
			t.Errorf("daemon (-) and prediction (+) differ:\n%s", diff)
			break
		}
	}
	if s.noGit != "" {
		return
	}
	commit(t, s.root)
	if diff := cmp.Diff(predicted, text(s.predict(t, "--rev", "HEAD"))); diff != "" {
		t.Errorf("predictions from disk (-) and commit (+) differ:\n%s", diff)
	}
}

// exceeds reports whether the daemon received more than was predicted, in all or in one step.
func exceeds(received, predicted map[string][]int64) bool {
	for label, list := range received {
		if sum(list) > sum(predicted[label]) || len(list) > len(predicted[label]) {
			return true
		}
	}
	return false
}

func sum(list []int64) int64 {
	var total int64
	for _, n := range list {
		total += n
	}
	return total
}
