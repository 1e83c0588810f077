//go:build unix

package main

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadline-dev/loadline/test/github"
)

// TestFixesOfWhatAPullRequestBringsAreSuggestedOnce opens a pull request that compiles on one processor, and one of whose
// Dockerfiles was there before and does so too.
func TestFixesOfWhatAPullRequestBringsAreSuggestedOnce(t *testing.T) {
	const (
		old  = "FROM debian:13\nCOPY one .\nRUN cc -o one one.c\nRUN ./configure && make\n"
		more = "FROM debian:13 AS build\nCOPY two .\nRUN ./configure && \\\n    make && \\\n    make install\nFROM debian:13-slim\nCOPY --from=build /usr/local /usr/local\n"
	)
	tests := []struct {
		name, event, more string
		want              []string
	}{
		{"from a checkout", "pull_request", "", []string{
			"b/Dockerfile:4-4 **Run make with a job for each processor**|    make -j\"$(nproc)\" && \\",
		}},
		{"without a checkout", "pull_request_target fork", "", []string{
			"b/Dockerfile:4-4 **Run make with a job for each processor**|    make -j\"$(nproc)\" && \\",
		}},
		{"turned off", "pull_request", "suggestions=false", nil},
		{"without comments", "pull_request", "comment=off", nil},
		{"a saved report", "workflow_run", "", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			here, err := os.Getwd()
			must(t, err)
			w := &world{t: t, row: row{event: test.event, token: "write", more: test.more}, name: "suggestions", golden: here, files: t.TempDir(), dir: t.TempDir()}
			w.server = github.Start(t, github.Options{})
			w.main = w.server.Commit(map[string]string{"a/Dockerfile": old, "a/one": "1\n"})
			w.topic = w.server.Commit(map[string]string{"a/Dockerfile": old, "a/one": "2\n", "b/Dockerfile": more, "b/two": "2\n"}, w.main)
			w.fork, w.first = w.main, w.topic
			w.merge = w.server.MergeCommit(w.main, w.topic)
			w.server.SetRef("refs/heads/main", w.main)
			w.server.SetRef("refs/heads/topic", w.topic)
			w.repository.git = w.server.GitDir()
			w.open()
			if !strings.HasPrefix(test.event, "pull_request_target") {
				git(t, w.dir, "init", "-q")
				git(t, w.dir, "fetch", "-q", "file://"+w.server.GitDir(), w.merge)
				git(t, w.dir, "checkout", "-q", w.merge)
			}
			w.before()
			for range 2 { // the second run has nothing to add
				if code := w.run(w.event()); code != 0 {
					t.Fatalf("exit code %d\n%s%s", code, &w.out, &w.errs)
				}
			}
			var got []string
			for _, c := range w.server.ReviewComments(pullNumber) {
				head, lines, _ := strings.Cut(c.String(), "```suggestion\n")
				_, head, _ = strings.Cut(strings.ReplaceAll(head, "\n", " "), " <!--")
				_, head, _ = strings.Cut(head, "--> ")
				title, _, _ := strings.Cut(head, " (Loadline")
				place, _, _ := strings.Cut(c.String(), " ")
				got = append(got, place+" "+title+"|"+strings.TrimSuffix(lines, "\n```\n"))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%s\n%s\n%s", diff, &w.out, w.server.Conversation())
			}
			for _, v := range w.server.Violations() {
				t.Error(v)
			}
		})
	}
}
