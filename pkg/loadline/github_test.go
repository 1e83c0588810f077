//go:build unix

package loadline

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadline-dev/loadline/pkg/report"
	"github.com/loadline-dev/loadline/test/github"
	"github.com/loadline-dev/loadline/test/github/event"
)

// proposal is a pull request of a stranger that changes files of main; it has run under pull_request_target where
// nothing is checked out.
func proposal(t *testing.T, o github.Options, base, head map[string]string, change func(*CheckOptions)) (*report.Report, *github.Server, error) {
	t.Helper()
	s := github.Start(t, o)
	p := &project{server: s}
	files := maps.Clone(base)
	p.fork = s.Commit(files)
	maps.Copy(files, head)
	maps.DeleteFunc(files, func(_, text string) bool { return text == "" })
	p.topic = s.Commit(files, p.fork)
	s.SetRef("refs/heads/main", p.fork)
	pull := github.Pull{
		Number: 7, Base: p.fork, BaseRef: "main", Head: p.topic, HeadRef: "topic", HeadOwner: "stranger",
		Merge: s.MergeCommit(p.fork, p.topic), Author: github.Person(),
	}
	s.SetPull(pull)
	e, err := event.PullRequestTarget(event.Of(s), "synchronize", pull)
	must(t, err)
	workspace := t.TempDir()
	t.Chdir(workspace)
	options := p.options(t, e, workspace)
	if change != nil {
		change(&options)
	}
	r, err := Check(t.Context(), options)
	for _, v := range s.Violations() {
		t.Error("violation:", v)
	}
	return r, s, err
}

var webAndAPI = map[string]string{
	"web/Dockerfile": "FROM scratch\nCOPY . .\n", "web/.dockerignore": "*.log\n", "web/page.html": ten,
	"api/Dockerfile": "FROM scratch\nCOPY . .\n", "api/main.go": ten, "conf/strict.yaml": "budgets: {growth: 10B}\n",
	".loadline.yaml": "budgets: {growth: 100B}\n",
}

// said is what a report says besides numbers.
func said(r *report.Report, err error) string {
	if err != nil {
		return err.Error()
	}
	var names []string
	for _, b := range r.Builds {
		names = append(names, b.Name+" "+string(b.Status))
	}
	return strings.Join(append(append(names, r.Gate.Reasons...), r.Notices...), "\n")
}

func TestUnderTargetTheBasesConfigurationCounts(t *testing.T) {
	grown := map[string]string{"web/more.txt": strings.Repeat(ten, 20)}
	with := func(more map[string]string) map[string]string {
		out := maps.Clone(grown)
		maps.Copy(out, more)
		return out
	}
	const edits = "\nthis change edits .loadline.yaml; under pull_request_target that of the base counts until it is merged"
	const over = "\nbuild web/Dockerfile grows by 259 B (+99.2 %), more than the 100 B allowed"
	for name, test := range map[string]struct {
		base, head map[string]string
		change     func(*CheckOptions)
		want       string
	}{
		"nothing changed": {webAndAPI, nil, nil, "api/Dockerfile unchanged\nweb/Dockerfile unchanged"},
		"grown":           {webAndAPI, grown, nil, "api/Dockerfile unchanged\nweb/Dockerfile changed" + over},
		"a higher budget": {webAndAPI, with(map[string]string{".loadline.yaml": "budgets: {growth: 1GB}\n"}), nil,
			"api/Dockerfile unchanged\nweb/Dockerfile changed" + over + edits},
		"no budget": {webAndAPI, with(map[string]string{".loadline.yaml": ""}), nil, "api/Dockerfile unchanged\nweb/Dockerfile changed" + over + edits},
		"builds left out": {webAndAPI, with(map[string]string{".loadline.yaml": "discover: false\n"}), nil,
			"api/Dockerfile unchanged\nweb/Dockerfile changed" + over + edits},
		"a configuration that is none": {webAndAPI, with(map[string]string{".loadline.yaml": "{"}), nil,
			"api/Dockerfile unchanged\nweb/Dockerfile changed" + over + edits},
		"none at the base": {map[string]string{"web/Dockerfile": "FROM scratch\nCOPY . .\n", "web/a": ten}, map[string]string{".loadline.yaml": "budgets: {upload: 1B}\n"}, nil,
			"web/Dockerfile unchanged" + edits},
		"none that can be read at the base": {map[string]string{"web/Dockerfile": webAndAPI["web/Dockerfile"], ".loadline.yaml": "uplink: [1]\n"}, nil, nil,
			"web/Dockerfile unchanged\nthe base's configuration cannot be read, and no other counts under pull_request_target: " +
				".loadline.yaml:1:9: want a text"},
		"another file": {webAndAPI, with(map[string]string{"conf/strict.yaml": ""}), func(o *CheckOptions) { o.Config = "conf/strict.yaml" },
			"api/Dockerfile unchanged\nweb/Dockerfile changed\nbuild web/Dockerfile grows by 259 B (+99.2 %), more than the 10 B allowed"},
		"a file that is not there": {webAndAPI, nil, func(o *CheckOptions) { o.Config = "conf/nowhere.yaml" },
			"api/Dockerfile unchanged\nweb/Dockerfile unchanged\nthe base's configuration cannot be read, and no other counts under " +
				"pull_request_target: reading the configuration conf/nowhere.yaml in <base>: no such file or directory"},
		"no base": {webAndAPI, with(map[string]string{".loadline.yaml": "budgets: {upload: 1B}\n"}), func(o *CheckOptions) { o.Base = "none" },
			"api/Dockerfile absolute\nweb/Dockerfile absolute" + edits},
		"a directory": {webAndAPI, grown, func(o *CheckOptions) { o.Path = "web" },
			"Dockerfile changed"},
		"a directory that is not there": {webAndAPI, grown, func(o *CheckOptions) { o.Path = "nowhere" },
			"finding the head: reading <head> from GitHub: opening nowhere: no such file or directory"},
		"a directory outside": {webAndAPI, grown, func(o *CheckOptions) { o.Path = "../nowhere" }, "opening ../nowhere: it lies outside of the workspace"},
	} {
		t.Run(name, func(t *testing.T) {
			r, s, err := proposal(t, github.Options{}, test.base, test.head, test.change)
			pull := s.Pull(7)
			got := strings.NewReplacer(pull.Base, "<base>", pull.Merge, "<head>").Replace(said(r, err))
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAnOrdinaryPullRequestTakesAHandfulOfRequests(t *testing.T) {
	base := map[string]string{".loadline.yaml": "budgets: {upload: 1GB}\n", ".github/workflows/ci.yml": "on: push\n", ".dockerignore": "*.log\n"}
	for i := range 30 {
		dir := fmt.Sprintf("services/%02d/", i)
		base[dir+"Dockerfile"] = fmt.Sprintf("FROM scratch\nCOPY . .\nLABEL n=%d\n", i)
		base[dir+".dockerignore"] = fmt.Sprintf("*.log\n# %d\n", i)
		base[dir+"main.go"] = ten
	}
	head := map[string]string{"services/00/main.go": ten + ten, "services/01/Dockerfile": "FROM scratch\nCOPY main.go .\n", "services/02/.dockerignore": "main.go\n"}

	// Both sides by the API.
	r, s, err := proposal(t, github.Options{}, base, head, nil)
	must(t, err)
	if len(r.Builds) != 30 || len(r.Moved()) != 3 {
		t.Errorf("%d builds, %d of them changed, skipped %v", len(r.Builds), len(r.Moved()), r.Skipped)
	}
	if n := s.Requests(); n > 8 {
		t.Errorf("%d requests:\n%s", n, s.Conversation())
	}

	// The base by the API, beside a checkout of one commit.
	before := s.Requests()
	pull := s.Pull(7)
	e, err := event.PullRequest(event.Of(s), "synchronize", pull)
	must(t, err)
	p := &project{server: s, commits: commits{merge: pull.Merge}}
	dir := p.checkout(t, "merge 1")
	t.Chdir(dir)
	again, err := Check(t.Context(), p.options(t, e, dir))
	must(t, err)
	if n := s.Requests() - before; n > 4 {
		t.Errorf("%d requests beside a checkout:\n%s", n, s.Conversation())
	}

	// Whatever is read from where, the numbers are the same.
	for i := range again.Builds {
		again.Builds[i].Untracked = nil
	}
	if diff := cmp.Diff(r.Builds, again.Builds); diff != "" {
		t.Errorf("(-GitHub +checkout):\n%s", diff)
	}
}

func TestWithoutACheckoutADirectoryOfTheRepositoryIsAnalysed(t *testing.T) {
	p := newProject(t, github.Options{})
	files := map[string]string{"svc/a/Dockerfile": "FROM scratch\nCOPY . .\n", "svc/a/x": ten, "svc/other": ten, "conf.yaml": "budgets: {upload: 1B}\n"}
	first := p.server.Commit(files)
	files["svc/a/y"] = ten
	second := p.server.Commit(files, first)
	e, err := event.Push(event.Of(p.server), event.Forward, "main", first, second)
	must(t, err)
	workspace := t.TempDir()
	t.Chdir(workspace)
	for name, test := range map[string]struct {
		path, config, want string
	}{
		"all":                 {"", "", "svc/a/Dockerfile changed"},
		"relative":            {"svc", "", "a/Dockerfile changed"},
		"with a slash":        {"./svc/a/", "", "Dockerfile changed"},
		"absolute":            {filepath.Join(workspace, "svc"), "", "a/Dockerfile changed"},
		"new at head":         {"svc/a/y", "", "finding the head: reading " + second + " from GitHub: opening svc/a/y: is not a directory"},
		"a configuration":     {"", "conf.yaml", "svc/a/Dockerfile changed\nbuild svc/a/Dockerfile uploads 202 B, 201 B over its budget of 1 B"},
		"one out of the path": {"svc", "conf.yaml", "reading the configuration: conf.yaml lies outside of svc, and nothing is checked out"},
	} {
		t.Run(name, func(t *testing.T) {
			o := p.options(t, e, workspace)
			o.Path, o.Config = test.path, test.config
			if diff := cmp.Diff(test.want, said(Check(t.Context(), o))); diff != "" {
				t.Error(diff)
			}
		})
	}
	o := p.options(t, e, workspace)
	inventory, err := Builds(t.Context(), o)
	must(t, err)
	if len(inventory.Builds) != 1 || inventory.Builds[0].Dockerfile != "svc/a/Dockerfile" {
		t.Errorf("%+v", inventory)
	}
	if names, err := os.ReadDir(workspace); err != nil || len(names) > 0 {
		t.Errorf("the workspace holds %v, %v", names, err)
	}
}

func TestADirectoryThatTheBaseLacksIsEmptyThereAlsoOnGitHub(t *testing.T) {
	p := newProject(t, github.Options{})
	first := p.server.Commit(map[string]string{"a": ten})
	second := p.server.Commit(map[string]string{"a": ten, "svc/Dockerfile": "FROM scratch\nCOPY . .\n"}, first)
	e, err := event.Push(event.Of(p.server), event.Forward, "main", first, second)
	must(t, err)
	workspace := t.TempDir()
	t.Chdir(workspace)
	o := p.options(t, e, workspace)
	o.Path = "svc"
	if got := said(Check(t.Context(), o)); got != "Dockerfile added" {
		t.Error(got)
	}
}
