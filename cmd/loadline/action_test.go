//go:build unix

package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// row is one run of the action: an event, what its token may, where the base can be had, and what else is the case.
type row struct {
	// event may carry a variant: "pull_request fork", "push first".
	event string
	// token is "write", "read", "none" (a token that may nothing) or "absent".
	token string
	// base is "local" (a full clone), "api" (a shallow one whose remote is gone) or "absent" (that, and the API has not
	// got it either). What is read from the API alone has "api" or "absent".
	base string
	// more are inputs NAME=VALUE and circumstances, see world.more.
	more string
	// want is the exit code.
	want int
}

// name is the row's as a file name.
func (r row) name() string {
	words := strings.Fields(r.event + " " + r.token + " " + r.base + " " + r.more)
	return strings.NewReplacer("=", "-", "_", "-", "/", "-").Replace(strings.Join(words, "-"))
}

var rows = []row{
	{"pull_request", "write", "local", "", 1},
	{"pull_request", "write", "api", "", 1},
	{"pull_request", "write", "absent", "", 0},
	{"pull_request", "read", "local", "", 1},
	{"pull_request", "read", "api", "", 1},
	{"pull_request", "read", "absent", "", 0},
	{"pull_request", "none", "local", "", 1},
	{"pull_request", "none", "absent", "", 0},
	{"pull_request", "absent", "local", "", 1},
	{"pull_request", "absent", "absent", "", 0},
	{"pull_request", "write", "local", "quiet", 0},
	{"pull_request", "write", "local", "quiet comment=always", 0},
	{"pull_request", "write", "local", "comment=off", 1},
	{"pull_request", "write", "local", "label", 0},
	{"pull_request", "write", "local", "label allow-growth-label=off", 1},
	{"pull_request", "write", "local", "commented", 1},
	{"pull_request", "write", "local", "commented quiet", 0},
	{"pull_request", "write", "local", "check-run=true annotations=false comment=off", 1},
	{"pull_request", "read", "local", "check-run=true comment=off", 1},
	{"pull_request", "write", "local", "report-file=out/report.json sarif-file=out/loadline.sarif", 1},
	{"pull_request", "write", "local", "max-upload=1kB fail-on=error uplink=8mbit", 1},
	{"pull_request", "write", "local", "fail-on=sometimes", 2},
	{"pull_request", "write", "local", "builds=nothing", 0},
	{"pull_request", "write", "local", "base=none", 0},
	{"pull_request", "write", "local", "moved-on", 1},
	{"pull_request", "write", "local", "locked", 1},
	{"pull_request", "write", "local", "enterprise", 1},
	{"pull_request", "write", "local", "private", 1},
	{"pull_request fork", "write", "local", "", 1}, // "Send write tokens" of private forks
	{"pull_request fork", "read", "local", "", 1},
	{"pull_request fork", "read", "api", "", 1},
	{"pull_request fork", "read", "absent", "", 0},
	{"pull_request fork", "none", "local", "", 1},
	{"pull_request fork", "absent", "local", "", 1},
	{"pull_request fork", "read", "local", "gone", 1},
	{"pull_request dependabot", "read", "local", "", 1},
	{"pull_request dependabot", "read", "api", "", 1},
	{"pull_request dependabot", "absent", "absent", "", 0},
	{"pull_request_target", "write", "api", "", 1},
	{"pull_request_target", "write", "absent", "", 3},
	{"pull_request_target", "read", "api", "", 1},
	{"pull_request_target", "none", "api", "", 1},
	{"pull_request_target", "absent", "api", "", 2},
	{"pull_request_target", "write", "api", "quiet", 0},
	{"pull_request_target fork", "write", "api", "", 1},
	{"pull_request_target fork", "write", "api", "conflicts", 1},
	{"merge_group", "write", "local", "", 1},
	{"merge_group", "write", "api", "", 1},
	{"merge_group", "read", "api", "label", 0},
	{"merge_group", "write", "absent", "", 0},
	{"merge_group", "absent", "local", "", 1},
	{"push", "write", "local", "", 1},
	{"push", "read", "api", "", 1},
	{"push", "read", "absent", "", 0},
	{"push", "absent", "local", "", 1},
	{"push", "write", "api", "check-run=true", 1},
	{"push first", "write", "local", "", 0},
	{"push first", "absent", "absent", "", 0},
	{"push forced", "read", "api", "", 1},
	{"push forced", "read", "absent", "", 0},
	{"workflow_run", "write", "local", "", 0},
	{"workflow_run", "write", "local", "label", 0},
	{"workflow_run", "read", "local", "", 0},
	{"workflow_run", "absent", "local", "", 2},
	{"workflow_run fork", "write", "local", "", 0},
	{"workflow_run fork", "write", "local", "commented", 0},
	{"workflow_run fork", "write", "local", "gone", 0},
	{"workflow_run fork", "write", "local", "moved-on", 0},
	{"workflow_run fork", "write", "local", "foreign", 3},
	{"workflow_run fork", "none", "local", "strict", 0},
	{"workflow_dispatch", "write", "local", "", 0},
	{"workflow_dispatch", "write", "local", "base=origin/main", 1},
	{"workflow_dispatch", "read", "absent", "", 0},
	{"workflow_dispatch", "absent", "absent", "max-upload=1kB", 1},
	{"schedule", "write", "local", "", 0},
	{"schedule", "read", "absent", "check-run=true", 0},
}

// TestTheActionInEveryEventWithEveryTokenAndBase runs the whole command in process against GitHub's stand-in, and holds
// what it says, writes and asks for against a golden file for each row.
func TestTheActionInEveryEventWithEveryTokenAndBase(t *testing.T) {
	seen := map[string]bool{}
	made := kit{dir: t.TempDir(), repositories: map[bool]repository{}}
	for _, r := range rows {
		if seen[r.name()] {
			t.Errorf("two rows are named %s", r.name())
		}
		seen[r.name()] = true
		t.Run(r.name(), func(t *testing.T) {
			w := newWorld(t, r, made)
			w.before()
			code := w.run(w.event())
			if code != r.want {
				t.Errorf("exit code %d, want %d", code, r.want)
			}
			w.check(code)
		})
	}
	stale, err := filepath.Glob(filepath.Join("testdata", "action", "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range stale {
		if name := strings.TrimSuffix(filepath.Base(file), ".txtar"); !seen[name] {
			t.Errorf("%s belongs to no row", file)
		}
	}
}
