package event

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/loadline-dev/loadline/test/github/published"
)

// repositoryID and forkID are the ids that the fake of package github gives its repository and a fork.
const (
	repositoryID = 1296269
	forkID       = 1296270
)

// document is a payload in the making. The first mistake stays in err.
type document struct {
	root map[string]any
	err  error
}

// example is one of GitHub's, in which the test's repository stands in for GitHub's own.
func example(name string, r Repository) *document {
	d := &document{}
	var all map[string]json.RawMessage
	if d.err = json.Unmarshal(published.WebhookExamples, &all); d.err != nil {
		return d
	}
	if all[name] == nil {
		d.err = fmt.Errorf("GitHub's examples have no %s", name)
		return d
	}
	full := r.Owner + "/" + r.Name
	text := strings.NewReplacer("Codertocat/Hello-World", full, "octo-org/octo-repo", full, "octocat/Hello-World", full,
		"Hello-World", r.Name, "octo-repo", r.Name, "Codertocat", "octocat").Replace(string(all[name]))
	if d.err = json.Unmarshal([]byte(text), &d.root); d.err != nil {
		return d
	}
	delete(d.root, "installation") // a workflow's own payload has none
	delete(d.root, "organization")
	d.set("repository", d.repository(r, r.Owner))
	return d
}

// get is the value at a path of keys with dots between them, nil if there is none.
func (d *document) get(path string) any {
	var at any = d.root
	for key := range strings.SplitSeq(path, ".") {
		o, ok := at.(map[string]any)
		if !ok {
			return nil
		}
		at = o[key]
	}
	return at
}

// set changes the value at a path. A path that the example does not have is a mistake: it may have been renamed.
func (d *document) set(path string, value any) {
	if d.err != nil {
		return
	}
	keys := strings.Split(path, ".")
	at := d.root
	for _, key := range keys[:len(keys)-1] {
		next, ok := at[key].(map[string]any)
		if !ok {
			d.err = fmt.Errorf("GitHub's example has no %s", path)
			return
		}
		at = next
	}
	last := keys[len(keys)-1]
	if _, ok := at[last]; !ok {
		d.err = fmt.Errorf("GitHub's example has no %s", path)
		return
	}
	at[last] = value
}

// numbered matches the number of a pull request in an address.
var numbered = regexp.MustCompile(`/(pulls|pull|issues)/[0-9]+`)

// renumber changes the number in all addresses of an object and of what lies in it.
func renumber(o map[string]any, number string) {
	for key, value := range o {
		switch value := value.(type) {
		case string:
			if strings.HasPrefix(value, "https://") {
				o[key] = numbered.ReplaceAllString(value, "/$1/"+number)
			}
		case map[string]any:
			renumber(value, number)
		}
	}
}

// copyOf is a deep copy of the value at a path after a replacement in its text.
func (d *document) copyOf(path string, replace *strings.Replacer) map[string]any {
	if d.err != nil {
		return nil
	}
	text, err := json.Marshal(d.get(path))
	if err != nil {
		d.err = err
		return nil
	}
	var out map[string]any
	if err := json.Unmarshal([]byte(replace.Replace(string(text))), &out); err != nil {
		d.err = err
	}
	return out
}

// user is an account of a login in the form of the example's sender.
func (d *document) user(login string) map[string]any {
	old, _ := d.get("sender.login").(string)
	out := d.copyOf("sender", strings.NewReplacer("/"+old, "/"+login))
	if out == nil {
		return nil
	}
	out["login"], out["type"] = login, "User"
	if strings.HasSuffix(login, "[bot]") {
		out["type"] = "Bot"
		for key, value := range out {
			if text, ok := value.(string); ok && key != "login" {
				out[key] = strings.NewReplacer("[", "%5B", "]", "%5D").Replace(text)
			}
		}
	}
	return out
}

// repository is the repository, or a fork of it by someone else.
func (d *document) repository(r Repository, owner string) map[string]any {
	out := d.copyOf("repository", strings.NewReplacer(r.Owner+"/"+r.Name, owner+"/"+r.Name))
	if out == nil {
		return nil
	}
	out["id"], out["name"], out["full_name"] = repositoryID, r.Name, owner+"/"+r.Name
	out["owner"], out["private"], out["fork"], out["default_branch"] = d.user(owner), r.Private, owner != r.Owner, defaultBranch
	if owner != r.Owner {
		out["id"] = forkID
	}
	if _, ok := out["visibility"]; ok {
		out["visibility"] = map[bool]string{true: "private", false: "public"}[r.Private]
	}
	return out
}

// lite is the short form of a repository, as the example has it at a path.
func (d *document) lite(path string, r Repository, owner string) map[string]any {
	out := d.copyOf(path, strings.NewReplacer(r.Owner+"/"+r.Name, owner+"/"+r.Name))
	if out == nil {
		return nil
	}
	out["id"], out["name"], out["full_name"] = repositoryID, r.Name, owner+"/"+r.Name
	out["owner"], out["private"], out["fork"] = d.user(owner), r.Private, owner != r.Owner
	if owner != r.Owner {
		out["id"] = forkID
	}
	return out
}

func (d *document) labels(names []string) []any {
	out := []any{}
	for i, name := range names {
		out = append(out, map[string]any{
			"id": 208045946 + i, "node_id": "MDU6TGFiZWwx", "name": name, "color": "f29513", "default": false, "description": nil,
			"url": "https://api.github.com/labels/" + strings.ReplaceAll(name, " ", "%20"),
		})
	}
	return out
}

// valid is the payload's JSON, or what is wrong with it by GitHub's schema.
func (d *document) valid(definition string) ([]byte, error) {
	if d.err != nil {
		return nil, d.err
	}
	text, err := json.MarshalIndent(d.root, "", "  ")
	if err != nil {
		return nil, err
	}
	return append(text, '\n'), validate(text, definition)
}

// validate holds a payload against one definition of the published schemas.
func validate(payload []byte, definition string) error {
	schemas, err := jsonschema.UnmarshalJSON(bytes.NewReader(published.WebhookSchemas))
	if err != nil {
		return err
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	// The library knows no templates with operators, such as {/sha}.
	c.RegisterFormat(&jsonschema.Format{Name: "uri-template", Validate: func(any) error { return nil }})
	if err := c.AddResource("webhooks.json", schemas); err != nil {
		return err
	}
	schema, err := c.Compile("webhooks.json#/definitions/" + definition)
	if err != nil {
		return fmt.Errorf("reading the schema of %s: %w", definition, err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(payload))
	if err != nil {
		return err
	}
	if err := schema.Validate(value); err != nil {
		return fmt.Errorf("the payload is no valid %s: %w", definition, err)
	}
	return nil
}
