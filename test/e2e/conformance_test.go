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
	// races says that the daemon shows a too small number now and then: two transfers of one local at a time
	// (facts on BuildKit's display, seen with v0.29 and v0.34). The case then passes with the first run that is equal.
	races bool
}

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
	predicted := text(s.predict(t))
	tries := 1
	if s.races {
		tries = 6
	}
	diff := ""
	for range tries {
		if diff = cmp.Diff(text(transferred(t, s.build)), predicted); diff == "" {
			break
		}
	}
	if diff != "" {
		t.Errorf("daemon (-) and prediction (+) differ:\n%s", diff)
	}
	if s.noGit != "" {
		return
	}
	commit(t, s.root)
	if diff := cmp.Diff(predicted, text(s.predict(t, "--rev", "HEAD"))); diff != "" {
		t.Errorf("predictions from disk (-) and commit (+) differ:\n%s", diff)
	}
}
