package pkg_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// recipe is a block of YAML in a document that users copy.
type recipe struct{ document, text string }

// name is that of the file that the block is checked as.
func (r recipe) name(i int) string {
	return strings.TrimSuffix(filepath.Base(r.document), ".md") + "-" + string(rune('a'+i)) + ".yml"
}

func recipes(t *testing.T) []recipe {
	t.Helper()
	documents, err := filepath.Glob("../docs/recipes/*.md")
	if err != nil || len(documents) < 5 {
		t.Fatalf("%d documents with recipes, %v", len(documents), err)
	}
	var all []recipe
	for _, document := range append(documents, "../README.md") {
		name := strings.TrimPrefix(filepath.ToSlash(document), "../")
		blocks := regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$").FindAllStringSubmatch(read(t, name), -1)
		if len(blocks) == 0 {
			t.Errorf("%s has no YAML", name)
		}
		for _, m := range blocks {
			all = append(all, recipe{name, m[1]})
		}
	}
	return all
}

// TestRecipesAreValidWorkflows holds every workflow that users copy against actionlint, which also knows the inputs of
// our action where it is that of the repository.
func TestRecipesAreValidWorkflows(t *testing.T) {
	linter, err := exec.Command("go", "tool", "-n", "-modfile=../tools/go.mod", "actionlint").Output()
	if err != nil {
		if os.Getenv("LOADLINE_REQUIRE") != "" {
			t.Fatalf("no actionlint: %v", err)
		}
		t.Skipf("no actionlint: %v", err)
	}
	dir := t.TempDir()
	if out, err := exec.Command("git", "init", "-q", dir).CombinedOutput(); err != nil { // actionlint asks where the project is
		t.Fatalf("git init: %v\n%s", err, out)
	}
	write(t, filepath.Join(dir, "action.yml"), read(t, "action.yml"))
	write(t, filepath.Join(dir, "Dockerfile"), read(t, "Dockerfile"))
	checked, ours := 0, 0
	for i, r := range recipes(t) {
		if !regexp.MustCompile(`(?m)^on:`).MatchString(r.text) {
			continue
		}
		checked++
		local := strings.ReplaceAll(r.text, "loadline-dev/loadline@v1", "./")
		ours += strings.Count(local, "uses: ./")
		write(t, filepath.Join(dir, ".github", "workflows", r.name(i)), local)
	}
	if checked < 6 || ours < 6 {
		t.Errorf("only %d workflows with %d uses of the action found: is the pattern of this test right?", checked, ours)
	}
	cmd := exec.Command(strings.TrimSpace(string(linter)), "-no-color")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestTheRecipeForGitLabIsAJob(t *testing.T) {
	i := slices.IndexFunc(recipes(t), func(r recipe) bool { return r.document == "docs/recipes/gitlab.md" })
	if i < 0 {
		t.Fatal("there is none")
	}
	var jobs map[string]struct {
		Image     string
		Script    []string
		Artifacts struct{ Reports map[string]string }
	}
	if err := yaml.Unmarshal([]byte(recipes(t)[i].text), &jobs); err != nil {
		t.Fatal(err)
	}
	job := jobs["loadline"]
	if job.Image == "" || len(job.Script) == 0 {
		t.Fatalf("the job has no image or no script: %+v", job)
	}
	report := job.Artifacts.Reports["codequality"]
	if !slices.ContainsFunc(job.Script, func(line string) bool { return strings.HasSuffix(line, "--format gitlab --output "+report) }) {
		t.Errorf("no line of the script writes the report %q", report)
	}
}

// TestRecipesPinWhatTheyUseAsOurWorkflowsDo keeps the commits that users copy as new as our own.
func TestRecipesPinWhatTheyUseAsOurWorkflowsDo(t *testing.T) {
	var all strings.Builder
	for name := range workflows(t) {
		all.WriteString(read(t, ".github/workflows/"+name))
	}
	for _, r := range recipes(t) {
		for _, m := range regexp.MustCompile(`(?m)uses: (.+)$`).FindAllStringSubmatch(r.text, -1) {
			if !strings.HasPrefix(m[1], "loadline-dev/loadline@") && !strings.Contains(all.String(), "uses: "+m[1]+"\n") {
				t.Errorf("%s uses %s, which our own workflows do not", r.document, m[1])
			}
		}
	}
}

func TestLinksOfRecipesLeadSomewhere(t *testing.T) {
	documents, _ := filepath.Glob("../docs/recipes/*.md")
	for _, document := range append(documents, "../CONTRIBUTING.md") {
		name := strings.TrimPrefix(filepath.ToSlash(document), "../")
		for _, m := range regexp.MustCompile(`\]\(([^)#:]+)\)`).FindAllStringSubmatch(read(t, name), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(document), m[1])); err != nil {
				t.Errorf("%s links to %s, which does not exist", name, m[1])
			}
		}
	}
}

// TestIssueFormsAreAsGitHubReadsThem holds what GitHub refuses a form for (docs.github.com, "Syntax for GitHub's form
// schema").
func TestIssueFormsAreAsGitHubReadsThem(t *testing.T) {
	files, err := filepath.Glob("../.github/ISSUE_TEMPLATE/[^c]*.yml")
	if err != nil || len(files) != 3 {
		t.Fatalf("%d forms, %v", len(files), err)
	}
	for _, file := range files {
		var form struct {
			Name, Description string
			Labels            []string
			Body              []struct {
				Type, ID    string
				Attributes  struct{ Label, Description, Value, Render string }
				Validations struct{ Required bool }
			}
		}
		decoder := yaml.NewDecoder(strings.NewReader(read(t, strings.TrimPrefix(filepath.ToSlash(file), "../"))))
		decoder.KnownFields(true)
		if err := decoder.Decode(&form); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		seen := map[string]bool{}
		for _, item := range form.Body {
			switch {
			case item.Type == "markdown" && item.Attributes.Value != "":
				continue
			case item.Type != "input" && item.Type != "textarea":
				t.Errorf("%s: %q is no type that we use", file, item.Type)
			case item.ID == "" || seen[item.ID] || item.Attributes.Label == "":
				t.Errorf("%s: an item without a label, or without an identifier of its own: %+v", file, item)
			}
			seen[item.ID] = true
		}
		if form.Name == "" || form.Description == "" || len(seen) == 0 {
			t.Errorf("%s lacks a name, a description or questions", file)
		}
	}
}
