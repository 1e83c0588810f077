package loadline

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	idA, idB = strings.Repeat("a", 40), strings.Repeat("b", 40)
	idC      = strings.Repeat("c", 64)
)

// environment reads a payload with some variables changed; an empty value takes one away.
func environment(t *testing.T, payload string, changed map[string]string) Environment {
	t.Helper()
	name := filepath.Join(t.TempDir(), "event.json")
	if err := os.WriteFile(name, []byte(payload), 0o600); err != nil {
		t.Fatal(err)
	}
	vars := map[string]string{
		"CI": "true", "GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "pull_request", "GITHUB_EVENT_PATH": name, "GITHUB_SHA": idC,
		"GITHUB_BASE_REF": "main", "GITHUB_REPOSITORY": "octo-org/app", "GITHUB_API_URL": "https://api.github.com",
		"GITHUB_GRAPHQL_URL": "https://api.github.com/graphql", "GITHUB_WORKSPACE": "/github/workspace", "GITHUB_ACTOR": "octocat",
	}
	for key, value := range changed {
		vars[key] = value
	}
	return ReadEnvironment(func(name string) string { return vars[name] })
}

func TestWhatPayloadsTell(t *testing.T) {
	same := Environment{
		CI: true, Event: "pull_request", SHA: idC, Workspace: "/github/workspace", Owner: "octo-org", Repo: "app", Actor: "octocat",
		APIURL: "https://api.github.com", GraphQLURL: "https://api.github.com/graphql", BaseBranch: "main",
	}
	with := func(change func(*Environment)) Environment {
		e := same
		change(&e)
		return e
	}
	pull := func(change func(*Pull)) Environment {
		return with(func(e *Environment) {
			e.Pull = &Pull{Number: 7, Head: idA, Base: idB, HeadOwner: "octo-org", HeadRepo: "app", HeadBranch: "topic"}
			change(e.Pull)
		})
	}
	const begin = `{"number":7,"pull_request":{"number":7,"base":{"ref":"main","sha":"`
	middle := idB + `"},"head":{"ref":"topic","sha":"` + idA + `","repo":`
	for name, test := range map[string]struct {
		payload string
		vars    map[string]string
		want    Environment
	}{
		"of this repository": {begin + middle + `{"full_name":"octo-org/app"}}}}`, nil, pull(func(*Pull) {})},
		"of this repository in other letters": {begin + middle + `{"full_name":"Octo-Org/App"}}}}`, nil, pull(func(p *Pull) {
			p.HeadOwner, p.HeadRepo = "Octo-Org", "App"
		})},
		"of a fork": {begin + middle + `{"full_name":"stranger/app"}}}}`, nil, pull(func(p *Pull) {
			p.HeadOwner, p.IsFork = "stranger", true
		})},
		"of a deleted fork": {begin + middle + `null}}}`, nil, pull(func(p *Pull) { p.HeadOwner, p.HeadRepo, p.IsFork = "", "", true })},
		"without a base branch in the variables": {
			begin + middle + `{"full_name":"octo-org/app"}}}}`, map[string]string{"GITHUB_BASE_REF": ""}, pull(func(*Pull) {}),
		},
		"without a repository in the variables": {
			`{"repository":{"full_name":"octo-org/app"},` + (begin + middle + `{"full_name":"octo-org/app"}}}}`)[1:],
			map[string]string{"GITHUB_REPOSITORY": ""}, pull(func(*Pull) {}),
		},
		"a run of a fork": {
			`{"workflow_run":{"id":9,"event":"pull_request","head_sha":"` + idA + `","head_branch":"topic","head_repository":{"full_name":"stranger/app"}}}`,
			nil, with(func(e *Environment) {
				e.Run = &Run{ID: 9, Event: "pull_request", Head: idA, HeadOwner: "stranger", HeadRepo: "app", HeadBranch: "topic"}
			}),
		},
		"a run of a deleted fork": {`{"workflow_run":{"id":9,"head_sha":"` + idA + `","head_repository":null}}`, nil, with(func(e *Environment) {
			e.Run = &Run{ID: 9, Head: idA}
		})},
		"a merge group":   {`{"merge_group":{"base_sha":"` + idA + `"}}`, nil, with(func(e *Environment) { e.GroupBase = idA })},
		"a push":          {`{"before":"` + idA + `"}`, nil, with(func(e *Environment) { e.Before = idA })},
		"a first push":    {`{"before":"` + strings.Repeat("0", 40) + `"}`, nil, same},
		"a schedule":      {`{"schedule":"30 5 * * 1"}`, nil, same},
		"nothing":         {``, nil, same},
		"no JSON":         {`<html>`, nil, same},
		"no object":       {`[[]]`, nil, same},
		"cut":             {begin, nil, same},
		"other types":     {`{"pull_request":"yes"}`, nil, same},
		"too much":        {`{"x":"` + strings.Repeat("x", maxEvent) + `","before":"` + idA + `"}`, nil, same},
		"endlessly deep":  {strings.Repeat(`{"pull_request":`, 100_000), nil, same},
		"a laptop":        {begin, map[string]string{"CI": "", "GITHUB_ACTIONS": ""}, Environment{}},
		"another service": {begin, map[string]string{"GITHUB_ACTIONS": ""}, Environment{CI: true}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, environment(t, test.payload, test.vars)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// hostile are texts that stand for nothing: not for a commit, a branch, a repository or an address.
var hostile = []string{
	"--upload-pack=touch /tmp/x", "-x", "..", "../../../user", "a..b", "a b", "a\nb", "a\x00b", "a?b", "a#b:c", "a~1", "a^", "@{u}", "a@{1}", "@",
	"refs/heads/x.lock", "x.lock/y", "a//b", "/a", "a/", "a/.b", "a.", `a\b`, "a[b", "a*", "\x1b[31m", strings.Repeat("a", 5000), "HEAD^{tree}", "::x",
	"file:///etc/passwd", "javascript:alert(1)", "https://user:secret@host/x", "https://host/x?y", "https:///x", "ssh://host", "\u202e\x7f",
}

func TestTextsThatStandForNothingAreLeftOut(t *testing.T) {
	for _, s := range hostile {
		if got := branch(s); got != "" {
			t.Errorf("branch %q", got)
		}
		if got := objectID(s); got != "" {
			t.Errorf("commit %q", got)
		}
		for _, name := range []string{s, s + "/x", "x/" + s, s + "/" + s} {
			if owner, repo := RepositoryName(name); (owner != "" || repo != "") && strings.Count(name, "/") != 1 {
				t.Errorf("%q is the repository %q %q", name, owner, repo)
			}
		}
		if got := address(s); got != "" {
			t.Errorf("address %q", got)
		}
	}
	for _, s := range []string{"main", "feature/x", "dependabot/npm_and_yarn/lodash-4.17.21", "ü", "a@b", "x{y}", "v1.0", "renovate/all(minor)"} {
		if branch(s) != s {
			t.Errorf("the branch %q is left out", s)
		}
	}
	for _, s := range []string{"octo-org/app", "o/.github", "o_corp/a.b-c_d", "O1/r"} {
		if owner, repo := RepositoryName(s); owner+"/"+repo != s {
			t.Errorf("the repository %q is %q %q", s, owner, repo)
		}
	}
	for s, want := range map[string]string{
		"https://api.github.com": "https://api.github.com", "https://ghe.example.com/api/v3/": "https://ghe.example.com/api/v3",
		"http://127.0.0.1:8080": "http://127.0.0.1:8080",
	} {
		if got := address(s); got != want {
			t.Errorf("the address %q is %q", s, got)
		}
	}
}

func FuzzReadEnvironment(f *testing.F) {
	for _, s := range hostile {
		f.Add(s, s)
	}
	f.Add(idA, "octo-org/app")
	f.Fuzz(func(t *testing.T, a, b string) {
		quote := func(s string) string {
			return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\x00", `\u0000`).Replace(s)
		}
		payload := strings.NewReplacer("A", quote(a), "B", quote(b)).Replace(
			`{"before":"A","pull_request":{"number":7,"head":{"sha":"A","ref":"B","repo":{"full_name":"B"}},"base":{"sha":"B","ref":"A"}},` +
				`"merge_group":{"base_sha":"B"},"workflow_run":{"head_sha":"B","head_branch":"A","head_repository":{"full_name":"A"}}}`)
		e := environment(t, payload, map[string]string{"GITHUB_SHA": a, "GITHUB_BASE_REF": b, "GITHUB_REPOSITORY": b, "GITHUB_API_URL": a})
		for _, id := range []string{e.SHA, e.Before, e.GroupBase, e.pullHead(), e.pullBase()} {
			if id != "" && !objectIDs.MatchString(id) {
				t.Errorf("the commit %q", id)
			}
		}
		for _, name := range []string{e.Owner, e.Repo} {
			if strings.ContainsAny(name, "/?#%\n ") || name == ".." || name == "." {
				t.Errorf("the name %q", name)
			}
		}
		for _, name := range []string{e.BaseBranch} {
			if strings.HasPrefix(name, "-") || strings.ContainsAny(name, "\x00\n ?*[:~^\\") || strings.Contains(name, "..") {
				t.Errorf("the branch %q", name)
			}
		}
	})
}
