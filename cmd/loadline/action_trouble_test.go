//go:build unix

package main

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/loadline-dev/loadline/test/github"
)

// trouble is something that goes wrong between a run and GitHub.
type trouble struct {
	name string
	// row is what runs; the zero value is a pull request with a full clone and a token that may write.
	row     row
	arrange func(*world)
	// comments is how many comments of ours there are in the end, and text a part of the one.
	comments int
	text     string
	// line is a part of the log that says what came of it.
	line string
}

const (
	madeLine    = "loadline: comment: made "
	updatedLine = "loadline: comment: updated "
	heavier     = "+220.2 kB"
)

func inject(f github.Fault) func(*world) { return func(w *world) { w.server.Inject(f) } }

// comment is one of ours that another run has made, for the same commit.
func (w *world) comment(run int, text string) string {
	return fmt.Sprintf("<!-- loadline:v1 key=%s run=%d.1 sha=%s -->\n%s\n", jobKey, run, w.topic, text)
}

var troubles = []trouble{
	{"GitHub is down", row{}, func(w *world) { w.server.Close() }, 0, "", "loadline: no comment: GitHub cannot be asked: "},
	{"every connection is reset", row{}, inject(github.Fault{Kind: github.Reset}), 0, "", "loadline: no comment: GitHub cannot be asked: "},
	{"403 for everything", row{}, inject(github.Fail("", 0, 403, "Resource not accessible by integration")), 0, "", "lacks the permission"},
	{"401 for everything", row{}, inject(github.Fail("", 0, 401, "Bad credentials")), 0, "", "GitHub does not accept the token"},
	{"404 for the comments", row{}, inject(github.Fail(github.ListComments, 0, 404, "Not Found")), 0, "", "no comment: GitHub answers 404 Not Found"},
	{"422 for the comment", row{}, inject(github.Fail(github.CreateComment, 0, 422, "Validation Failed")), 0, "", "no comment: GitHub answers 422 Unprocessable Entity: Validation Failed"},
	{"429 for a moment", row{}, inject(github.SecondaryLimit(github.CreateComment, 1, 429, 2*time.Second)), 1, heavier, madeLine},
	{"429 without a time", row{}, inject(github.SecondaryLimit(github.CreateComment, 1, 429, 0)), 1, heavier, madeLine},
	{"a secondary limit as 403", row{}, inject(github.SecondaryLimit(github.ListComments, 1, 403, 5*time.Second)), 1, heavier, madeLine},
	{"429 for an hour", row{}, inject(github.SecondaryLimit("", 0, 429, time.Hour)), 0, "", "no comment: GitHub"},
	{"the primary limit for a moment", row{}, inject(github.PrimaryLimit(github.GetPull, 1, 403, 10*time.Second)), 1, heavier, madeLine},
	{"the primary limit for an hour", row{}, inject(github.PrimaryLimit("", 0, 403, time.Hour)), 0, "", "no comment: the rate limit of GitHub's API is used up"},
	{"502 once", row{}, inject(github.Fail("", 1, 502, "")), 1, heavier, madeLine},
	{"500 for the comment, once", row{}, inject(github.Fail(github.CreateComment, 1, 500, "")), 1, heavier, madeLine},
	{"500 for ever", row{}, inject(github.Fail("", 0, 500, "")), 0, "", "no comment: GitHub answers 500 Internal Server Error"},
	{"the answer to the comment is lost", row{}, inject(github.Fault{Operation: github.CreateComment, Kind: github.Reset, Times: 1, Done: true}), 1, heavier, madeLine},
	{"502, and the comment is made", row{}, inject(github.Fault{Operation: github.CreateComment, Status: 502, Times: 1, Done: true}), 1, heavier, madeLine},
	{"half an answer to the comment", row{}, inject(github.Fault{Operation: github.CreateComment, Kind: github.Truncate, Times: 1}), 1, heavier, madeLine},
	{"no JSON for the comment", row{}, inject(github.Fault{Operation: github.CreateComment, Kind: github.Malformed, Times: 1}), 1, heavier, madeLine},
	{"the answer is lost, and so is the list", row{}, func(w *world) {
		w.server.Inject(github.Fault{Operation: github.CreateComment, Kind: github.Reset, Times: 1, Done: true})
		w.server.Inject(github.Fault{Operation: github.ListComments, Kind: github.Reset, Skip: 1})
	}, 1, heavier, "no comment: whether the comment was made is not known"},
	{"the answer to an edit is lost", row{more: "commented"}, inject(github.Fault{Operation: github.UpdateComment, Kind: github.Reset, Times: 2, Done: true}), 1, heavier, updatedLine},
	{"a huge answer", row{}, inject(github.Fault{Operation: github.ListComments, Kind: github.Huge}), 0, "", "no comment: GitHub's answer holds more than"},
	{"a redirect to another host", row{}, inject(github.Fault{Operation: github.ListComments, Kind: github.Redirect}), 0, "", "GitHub redirects to another host"},
	{"half a list", row{}, inject(github.Fault{Operation: github.ListComments, Kind: github.Truncate}), 0, "", "no comment: GitHub's answer cannot be read"},
	{"slow", row{}, inject(github.Fault{Kind: github.Slow, Delay: 100 * time.Millisecond}), 1, heavier, madeLine},
	{"the comment is deleted while we look", row{more: "commented"}, func(w *world) {
		w.server.Before(github.UpdateComment, func() { w.server.RemoveComment(w.server.Comments(pullNumber)[1].ID) })
	}, 1, heavier, madeLine},
	{"the comment is deleted before we look closer", row{more: "commented"}, func(w *world) {
		w.server.Before(github.GraphQL, func() { w.server.RemoveComment(w.server.Comments(pullNumber)[1].ID) })
	}, 1, heavier, madeLine},
	{"an older run makes its comment at the same time", row{}, func(w *world) {
		w.server.Before(github.CreateComment, func() { w.server.AddComment(pullNumber, github.Actions(), w.comment(4000, "older")) })
	}, 1, heavier, updatedLine},
	{"a newer run makes its comment at the same time", row{}, func(w *world) {
		w.server.Before(github.CreateComment, func() { w.server.AddComment(pullNumber, github.Actions(), w.comment(5000, "newer")) })
	}, 1, "newer", "loadline: comment: unchanged "},
	{"a newer run's comment comes after ours", row{}, func(w *world) {
		w.server.BeforeNth(github.ListComments, 2, func() { w.server.AddComment(pullNumber, github.Actions(), w.comment(5000, "newer")) })
	}, 1, "newer", updatedLine},
	{"a newer run has commented", row{}, func(w *world) {
		w.server.AddComment(pullNumber, github.Actions(), w.comment(5000, "newer"))
	}, 1, "newer", "no comment: a later run has commented already"},
	{"a newer run edits while we look", row{more: "commented"}, func(w *world) {
		w.server.Before(github.GraphQL, func() { w.server.EditComment(w.server.Comments(pullNumber)[1].ID, w.comment(5000, "newer")) })
	}, 1, "newer", "no comment: a later run has commented already"},
	{"the pull request moves on while we look", row{more: "commented"}, func(w *world) {
		w.server.Before(github.ListComments, func() {
			w.pull.Head = w.first
			w.server.SetPull(w.pull)
		})
	}, 1, "heavy", "no comment: the pull request has moved on"},
	{"two comments of earlier races", row{more: "commented"}, func(w *world) {
		w.server.AddComment(pullNumber, github.Actions(), w.comment(4001, "second"))
	}, 1, heavier, updatedLine},
	{"a stranger writes our marker", row{}, func(w *world) {
		w.server.AddComment(pullNumber, github.Stranger(), w.comment(5000, "mine!"))
	}, 1, heavier, madeLine},
	{"a stranger writes our marker on and on", row{}, func(w *world) {
		for range 120 {
			w.server.AddComment(pullNumber, github.Stranger(), w.comment(5000, "mine!"))
		}
		w.server.AddComment(pullNumber, github.Actions(), w.comment(4000, "older"))
	}, 1, heavier, updatedLine},
	{"another app writes our marker", row{}, func(w *world) {
		w.server.AddComment(pullNumber, github.AppBot(), w.comment(5000, "mine!"))
	}, 1, heavier, madeLine},
	{"another app writes our marker, and there is no GraphQL", row{}, func(w *world) {
		w.server.AddComment(pullNumber, github.AppBot(), w.comment(5000, "mine!"))
		w.server.Inject(github.Fail(github.GraphQL, 0, 502, ""))
	}, 0, "", "no comment: it cannot be told whether the comment of octo-app[bot] is ours"},
	{"there is no GraphQL", row{more: "commented"}, inject(github.Fail(github.GraphQL, 0, 502, "")), 1, heavier, updatedLine},
	{"a comment of another job", row{}, func(w *world) {
		w.server.AddComment(pullNumber, github.Stranger(), strings.Replace(w.comment(5000, "other"), jobKey, "0000000000000000", 1))
	}, 1, heavier, madeLine},
	{"more comments than a page holds", row{}, func(w *world) {
		for i := range 150 {
			w.server.AddComment(pullNumber, github.Stranger(), fmt.Sprint("comment ", i))
		}
		w.server.AddComment(pullNumber, github.Actions(), w.comment(4000, "older"))
	}, 1, heavier, updatedLine},
	{"a tree that is cut off", row{base: "api"}, func(*world) {}, 1, heavier, madeLine}, // see the test
	{"nothing new to say", row{more: "commented"}, func(w *world) {
		w.server.Before(github.GraphQL, func() {
			w.server.EditComment(w.server.Comments(pullNumber)[1].ID, w.comment(4000, strings.TrimSpace(w.read("summary"))))
		})
	}, 1, heavier, "loadline: comment: unchanged "},
}

// TestNothingIsLostWhateverGitHubDoes holds that the report reaches the log and the summary, that the exit code is right
// and that there is never a second comment.
func TestNothingIsLostWhateverGitHubDoes(t *testing.T) {
	made := kit{dir: t.TempDir(), repositories: map[bool]repository{}}
	calm := newWorld(t, row{"pull_request", "write", "local", "", exitGate}, made)
	if code := calm.run(calm.event()); code != exitGate {
		t.Fatalf("exit code %d\n%s", code, &calm.out)
	}
	log, _, _ := strings.Cut(calm.out.String(), "loadline: comment:")
	for _, test := range troubles {
		t.Run(test.name, func(t *testing.T) {
			r := test.row
			r.event, r.token = "pull_request", "write"
			if r.base == "" {
				r.base = "local"
			}
			made.treeLimit = map[bool]int{true: 2}[r.base == "api"]
			w := newWorld(t, r, made)
			w.before()
			test.arrange(w)
			if code := w.run(w.event()); code != exitGate {
				t.Errorf("exit code %d, want %d", code, exitGate)
			}
			w.promises()
			if !strings.Contains(w.out.String(), log) {
				t.Errorf("the log holds no report:\n%s", &w.out)
			}
			if w.read("summary") != calm.read("summary") {
				t.Errorf("the summary is another one:\n%s", w.read("summary"))
			}
			if !strings.Contains(w.out.String(), test.line) {
				t.Errorf("the log does not say %q:\n%s", test.line, &w.out)
			}
			if n := strings.Count(w.out.String(), "loadline: no comment") + strings.Count(w.out.String(), "loadline: comment"); n != 1 {
				t.Errorf("%d lines are about the comment:\n%s", n, &w.out)
			}
			if ours := w.ours(); len(ours) != test.comments || len(ours) == 1 && !strings.Contains(ours[0].Body, test.text) {
				t.Errorf("there are %d comments, want %d: %+v\n%s", len(ours), test.comments, ours, w.server.Conversation())
			}
		})
	}
}

func TestRunsThatRaceLeaveOneComment(t *testing.T) {
	made := kit{dir: t.TempDir(), repositories: map[bool]repository{}}
	for round := range 3 {
		w := newWorld(t, row{"pull_request", "write", "local", "", exitGate}, made)
		var group sync.WaitGroup
		t.Chdir(w.dir)
		for i := range 3 {
			other := &world{t: t, row: w.row, server: w.server, repository: w.repository, pull: w.pull, dir: w.dir, files: t.TempDir(), number: 5000 + i}
			e := other.event()
			group.Go(func() { other.start(e) })
		}
		group.Wait()
		ours := w.ours()
		if len(ours) != 1 {
			t.Fatalf("round %d: there are %d comments\n%s", round, len(ours), w.server.Conversation())
		}
		for _, v := range w.server.Violations() {
			t.Error("violation of GitHub's description:", v)
		}
	}
}
