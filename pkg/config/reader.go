package config

import (
	"fmt"
	"maps"
	"slices"

	"github.com/agext/levenshtein"
	"go.yaml.in/yaml/v3"

	"github.com/loadline-dev/loadline/pkg/source"
)

// maxDepth is how deep a configuration may be nested; what it describes is four deep.
const maxDepth = 32

// reader reads the nodes of one file, so that every error has its place.
type reader struct{ file *source.File }

// fields gives the keys of a mapping what reads their values.
type fields map[string]func(*yaml.Node) error

// check refuses aliases, with which a small file can grow without bounds, and absurd nesting.
func (r *reader) check(n *yaml.Node, depth int) error {
	switch {
	case n.Kind == yaml.AliasNode:
		return r.errorOn(n, "aliases are not supported: write the value out")
	case depth > maxDepth:
		return r.errorOn(n, fmt.Sprintf("nested deeper than %d levels", maxDepth))
	}
	for _, child := range n.Content {
		if err := r.check(child, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// mapping reads a mapping with known keys.
func (r *reader) mapping(n *yaml.Node, known fields) error {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return nil // a key without a value
	}
	if n.Kind != yaml.MappingNode {
		return r.errorOn(n, "want a mapping")
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		read, ok := known[key.Value]
		if !ok {
			return r.errorOn(key, fmt.Sprintf("unknown key %q%s", key.Value, nearest(key.Value, known)))
		}
		if seen[key.Value] {
			return r.errorOn(key, fmt.Sprintf("the key %q stands here twice", key.Value))
		}
		seen[key.Value] = true
		if err := read(value); err != nil {
			return err
		}
	}
	return nil
}

// nearest names the known key that an unknown one was probably meant to be, or all of them.
func nearest(key string, known fields) string {
	best, bestScore := "", 0.0
	for _, name := range slices.Sorted(maps.Keys(known)) {
		if score := levenshtein.Match(key, name, nil); score > bestScore {
			best, bestScore = name, score
		}
	}
	if bestScore >= 0.5 {
		return fmt.Sprintf(", did you mean %q?", best)
	}
	return fmt.Sprintf(", known are %q", slices.Sorted(maps.Keys(known)))
}

// sequence reads each item of a list.
func (r *reader) sequence(n *yaml.Node, read func(*yaml.Node) error) error {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		return r.errorOn(n, "want a list")
	}
	for _, item := range n.Content {
		if err := read(item); err != nil {
			return err
		}
	}
	return nil
}

// text reads a scalar as it is written: 1.20 stays "1.20".
func (r *reader) text(n *yaml.Node, into *string) error {
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		return r.errorOn(n, "want a text")
	}
	*into = n.Value
	return nil
}

// list reads a list of texts.
func (r *reader) list(n *yaml.Node, into *[]string) error {
	return r.sequence(n, func(item *yaml.Node) error {
		var text string
		if err := r.text(item, &text); err != nil {
			return err
		}
		*into = append(*into, text)
		return nil
	})
}

// texts reads a mapping of texts with free keys.
func (r *reader) texts(n *yaml.Node, into *map[string]string) error {
	*into = map[string]string{}
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return nil
	}
	if n.Kind != yaml.MappingNode {
		return r.errorOn(n, "want a mapping")
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		var key, value string
		if err := r.text(n.Content[i], &key); err != nil {
			return err
		}
		if err := r.text(n.Content[i+1], &value); err != nil {
			return err
		}
		if _, ok := (*into)[key]; ok {
			return r.errorOn(n.Content[i], fmt.Sprintf("the key %q stands here twice", key))
		}
		(*into)[key] = value
	}
	return nil
}

// parsed reads a scalar through one of the parsers that flags use as well.
func parsed[T any](r *reader, n *yaml.Node, parse func(string) (T, error), set func(T)) error {
	var text string
	if err := r.text(n, &text); err != nil {
		return err
	}
	value, err := parse(text)
	if err != nil {
		return r.errorOn(n, err.Error())
	}
	set(value)
	return nil
}

// errorOn is an error at a node.
func (r *reader) errorOn(n *yaml.Node, msg string) error {
	return r.errorAt(n.Line, n.Column, msg, n.Value)
}

// errorAt is an error at a place; text is what stands there, to be underlined.
func (r *reader) errorAt(line, column int, msg string, text ...string) error {
	start, ok := r.file.Offset(source.Position{Line: line, Column: column})
	if !ok {
		start = r.file.Line(line).Start
	}
	end := start
	if len(text) > 0 {
		end = min(start+max(len(text[0]), 1), r.file.Line(line).End)
	}
	return &source.Error{File: r.file, Span: source.Span{Start: start, End: max(start, end)}, Msg: msg}
}
