package main

import (
	"encoding/json"
	"fmt"
	"strings"
)

// payload is an event whose example and schema stay.
type payload struct {
	event, action string
	schema        string // definition
}

var payloads = []payload{
	{"merge_group", "checks_requested", "merge_group$checks_requested"},
	{"pull_request", "labeled", "pull_request$labeled"},
	{"pull_request", "opened", "pull_request$opened"},
	{"pull_request", "synchronize", "pull_request$synchronize"},
	{"push", "", "push$event"},
	{"workflow_dispatch", "", "workflow_dispatch$event"},
	{"workflow_run", "completed", "workflow_run$completed"},
}

// name is the payload's key in the written files.
func (p payload) name() string {
	if p.action == "" {
		return p.event
	}
	return p.event + "." + p.action
}

// reduceWebhookSchemas keeps the definitions of the payloads and what they refer to, without prose.
func reduceWebhookSchemas(in []byte) ([]byte, error) {
	doc, err := decode(in)
	if err != nil {
		return nil, err
	}
	d := definitions{from: doc.object("definitions"), to: object{}}
	for _, p := range payloads {
		if err := d.take(p.schema); err != nil {
			return nil, err
		}
	}
	return encode(object{"$schema": doc["$schema"], "definitions": d.to}, 2)
}

// definitions copies those that are referred to.
type definitions struct{ from, to object }

func (d definitions) take(name string) error {
	definition := d.from.object(name)
	if definition == nil {
		return fmt.Errorf("the schemas lack %s", name)
	}
	if d.to[name] != nil {
		return nil
	}
	withoutProse(definition)
	d.to[name] = definition
	return d.follow(definition)
}

func (d definitions) follow(node any) error {
	switch node := node.(type) {
	case object:
		return d.follow(map[string]any(node))
	case map[string]any:
		for key, child := range node {
			if ref, ok := child.(string); key == "$ref" && ok {
				if err := d.take(strings.TrimPrefix(ref, "#/definitions/")); err != nil {
					return err
				}
				continue
			}
			if err := d.follow(child); err != nil {
				return err
			}
		}
	case []any:
		for _, child := range node {
			if err := d.follow(child); err != nil {
				return err
			}
		}
	}
	return nil
}

// reduceWebhookExamples keeps one example of each payload, the longest of its action: old ones lack what GitHub sends
// today. Of a push it is one to a branch that is not deleted by it.
func reduceWebhookExamples(in []byte) ([]byte, error) {
	var events []struct {
		Name     string   `json:"name"`
		Examples []object `json:"examples"`
	}
	if err := json.Unmarshal(in, &events); err != nil {
		return nil, err
	}
	out := object{}
	for _, p := range payloads {
		longest := 0
		for _, e := range events {
			for _, example := range e.Examples {
				action, _ := example["action"].(string)
				ref, _ := example["ref"].(string)
				if e.Name != p.event || action != p.action {
					continue
				}
				if p.event == "push" && (!strings.HasPrefix(ref, "refs/heads/") || example["deleted"] == true) {
					continue
				}
				text, err := compact(example)
				if err != nil {
					return nil, err
				}
				if len(text) > longest {
					out[p.name()], longest = example, len(text)
				}
			}
		}
		if out[p.name()] == nil {
			return nil, fmt.Errorf("no example of %s", p.name())
		}
	}
	return encode(out, 1)
}
