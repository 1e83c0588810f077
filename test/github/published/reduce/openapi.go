package main

import (
	"fmt"
	"slices"
	"strings"
)

// operations are those that the tests' GitHub answers: method and path of the description.
var operations = []string{
	"get /rate_limit",
	"get /repos/{owner}/{repo}",
	"get /repos/{owner}/{repo}/actions/runs/{run_id}",
	"get /repos/{owner}/{repo}/check-runs/{check_run_id}",
	"get /repos/{owner}/{repo}/check-runs/{check_run_id}/annotations",
	"get /repos/{owner}/{repo}/commits/{commit_sha}/pulls",
	"get /repos/{owner}/{repo}/commits/{ref}",
	"get /repos/{owner}/{repo}/commits/{ref}/check-runs",
	"get /repos/{owner}/{repo}/compare/{basehead}",
	"get /repos/{owner}/{repo}/git/blobs/{file_sha}",
	"get /repos/{owner}/{repo}/git/commits/{commit_sha}",
	"get /repos/{owner}/{repo}/git/ref/{ref}",
	"get /repos/{owner}/{repo}/git/trees/{tree_sha}",
	"get /repos/{owner}/{repo}/issues/comments/{comment_id}",
	"get /repos/{owner}/{repo}/issues/{issue_number}",
	"get /repos/{owner}/{repo}/issues/{issue_number}/comments",
	"get /repos/{owner}/{repo}/issues/{issue_number}/labels",
	"get /repos/{owner}/{repo}/pulls",
	"get /repos/{owner}/{repo}/pulls/{pull_number}",
	"get /repos/{owner}/{repo}/pulls/{pull_number}/comments",
	"get /repos/{owner}/{repo}/pulls/{pull_number}/files",
	"get /user",
	"delete /repos/{owner}/{repo}/issues/comments/{comment_id}",
	"patch /repos/{owner}/{repo}/check-runs/{check_run_id}",
	"patch /repos/{owner}/{repo}/issues/comments/{comment_id}",
	"post /repos/{owner}/{repo}/check-runs",
	"post /repos/{owner}/{repo}/issues/{issue_number}/comments",
	"post /repos/{owner}/{repo}/pulls/{pull_number}/reviews",
	"post /repos/{owner}/{repo}/statuses/{sha}",
}

// templates are the examples that the fake's answers are made from; all others are left out.
var templates = []string{
	"full-repository-default-response", "issue", "pull-request", "pull-request-simple-items", "workflow-run",
}

const componentPrefix = "#/components/"

// reduceOpenAPI keeps the operations, what they refer to, and the templates; descriptions and links to documentation go.
func reduceOpenAPI(in []byte) ([]byte, error) {
	doc, err := decode(in)
	if err != nil {
		return nil, err
	}
	all, components := doc.object("paths"), doc.object("components")
	paths := object{}
	for _, operation := range operations {
		method, path, _ := strings.Cut(operation, " ")
		item := all.object(path)
		found := item.object(method)
		if found == nil {
			return nil, fmt.Errorf("the description has no operation %q", operation)
		}
		kept := paths.object(path)
		if kept == nil {
			kept = object{}
			paths[path] = kept
		}
		kept[method] = found
		if shared, ok := item["parameters"]; ok {
			kept["parameters"] = shared
		}
	}
	withoutProse(paths)
	r := references{from: components, to: object{}}
	examples := object{}
	for _, name := range templates {
		example := components.object("examples").object(name)
		if example == nil {
			return nil, fmt.Errorf("the description has no example %q", name)
		}
		examples[name] = object{"value": example["value"]}
	}
	if err := r.follow(paths); err != nil {
		return nil, err
	}
	r.to["examples"] = examples
	info := doc.object("info")
	return encode(object{
		"openapi":    doc["openapi"],
		"info":       object{"title": info["title"], "version": info["version"], "license": info["license"]},
		"servers":    doc["servers"],
		"paths":      paths,
		"components": r.to,
	}, 3)
}

// withoutProse deletes descriptions, examples, and GitHub's own extensions. A response must have a description, so it
// keeps an empty one; a property that is called description is none.
func withoutProse(node any) {
	switch node := node.(type) {
	case object:
		if responses := node.object("responses"); responses != nil {
			for _, response := range responses {
				if r := object(response.(map[string]any)); r["$ref"] == nil {
					r["description"] = ""
				}
			}
		}
		for key, child := range node {
			prose := slices.Contains([]string{"description", "summary", "externalDocs", "example", "examples", "tags"}, key)
			if _, isProperty := child.(map[string]any); key == "properties" && isProperty {
				for _, property := range object(child.(map[string]any)) {
					withoutProse(object(property.(map[string]any)))
				}
				continue
			}
			if prose || strings.HasPrefix(key, "x-") {
				if text, ok := child.(string); !ok || text != "" {
					delete(node, key)
				}
				continue
			}
			withoutProse(child)
		}
	case map[string]any:
		withoutProse(object(node))
	case []any:
		for _, child := range node {
			withoutProse(child)
		}
	}
}

// references copies the components that are referred to.
type references struct {
	from, to object
}

func (r references) follow(node any) error {
	switch node := node.(type) {
	case object:
		if ref, ok := node["$ref"].(string); ok {
			return r.take(ref)
		}
		for _, child := range node {
			if err := r.follow(child); err != nil {
				return err
			}
		}
	case map[string]any:
		return r.follow(object(node))
	case []any:
		for _, child := range node {
			if err := r.follow(child); err != nil {
				return err
			}
		}
	}
	return nil
}

// take copies one component and what it refers to.
func (r references) take(ref string) error {
	kind, name, ok := strings.Cut(strings.TrimPrefix(ref, componentPrefix), "/")
	component := r.from.object(kind).object(name)
	if !ok || component == nil {
		return fmt.Errorf("the description lacks %s", ref)
	}
	kept := r.to.object(kind)
	if kept == nil {
		kept = object{}
		r.to[kind] = kept
	}
	if kept[name] != nil {
		return nil
	}
	kept[name] = component
	withoutProse(component)
	if kind == "responses" {
		component["description"] = ""
	}
	return r.follow(component)
}
