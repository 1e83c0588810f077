package github

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// resolved is an object of the schema: its type, and its fields as functions of their arguments. A field that the fake
// does not know is a violation, so that a test learns of it.
type resolved struct {
	kind   string
	fields map[string]field
}

// field gives a string, a number, a boolean, a *resolved, a list of these, or nil.
type field func(args map[string]any) (any, *graphqlError)

// constant is a field without arguments.
func constant(value any) field {
	return func(map[string]any) (any, *graphqlError) { return value, nil }
}

// execution runs one operation.
type execution struct {
	schema *ast.Schema
	vars   map[string]any
	errors []graphqlError
	wrong  []string // what the fake does not answer as the schema wants it
}

// object answers a selection of an object. It is false if a field that cannot be null is: then the object is null.
func (e *execution) object(o *resolved, set ast.SelectionSet, path ast.Path) (map[string]any, bool) {
	out := map[string]any{}
	whole := true
	e.collect(o, set, func(f *ast.Field) {
		at := append(slices.Clone(path), ast.PathName(f.Alias))
		if f.Name == "__typename" {
			out[f.Alias] = o.kind
			return
		}
		value, ok := e.field(o, f, at)
		if old, twice := out[f.Alias].(map[string]any); twice {
			if more, isObject := value.(map[string]any); isObject {
				for k, v := range more {
					old[k] = v
				}
				return
			}
		}
		out[f.Alias] = value
		whole = whole && ok
	})
	if !whole {
		return nil, false
	}
	return out, true
}

// collect visits the fields of a selection that apply to an object, those of fragments included.
func (e *execution) collect(o *resolved, set ast.SelectionSet, visit func(*ast.Field)) {
	for _, selection := range set {
		switch selection := selection.(type) {
		case *ast.Field:
			if e.included(selection.Directives) {
				visit(selection)
			}
		case *ast.InlineFragment:
			if e.included(selection.Directives) && e.is(o, selection.TypeCondition) {
				e.collect(o, selection.SelectionSet, visit)
			}
		case *ast.FragmentSpread:
			if e.included(selection.Directives) && e.is(o, selection.Definition.TypeCondition) {
				e.collect(o, selection.Definition.SelectionSet, visit)
			}
		}
	}
}

func (e *execution) included(list ast.DirectiveList) bool {
	for _, d := range list {
		on, _ := d.ArgumentMap(e.vars)["if"].(bool)
		if d.Name == "skip" && on || d.Name == "include" && !on {
			return false
		}
	}
	return true
}

// is tells whether an object has a type or implements it.
func (e *execution) is(o *resolved, condition string) bool {
	if condition == "" || condition == o.kind {
		return true
	}
	return slices.ContainsFunc(e.schema.PossibleTypes[condition], func(d *ast.Definition) bool { return d.Name == o.kind })
}

// field answers one field.
func (e *execution) field(o *resolved, f *ast.Field, path ast.Path) (any, bool) {
	definition := e.schema.Types[o.kind].Fields.ForName(f.Name)
	resolve := o.fields[f.Name]
	if resolve == nil {
		e.wrong = append(e.wrong, fmt.Sprintf("the fake has no %s.%s", o.kind, f.Name))
		return nil, !definition.Type.NonNull
	}
	value, problem := resolve(f.ArgumentMap(e.vars))
	if problem != nil {
		problem.Path = path
		e.errors = append(e.errors, *problem)
		return nil, !definition.Type.NonNull
	}
	return e.complete(definition.Type, value, f, path)
}

// complete brings a value into the form of its type.
func (e *execution) complete(t *ast.Type, value any, f *ast.Field, path ast.Path) (any, bool) {
	var out any
	ok := true
	switch value := value.(type) {
	case nil:
	case *resolved:
		if value == nil {
			break
		}
		var o map[string]any
		if o, ok = e.object(value, f.SelectionSet, path); ok {
			out = o
		}
	case []*resolved:
		list := []any{}
		for i, element := range value {
			one, fine := e.complete(t.Elem, element, f, append(slices.Clone(path), ast.PathIndex(i)))
			list, ok = append(list, one), ok && fine
		}
		out = list
	default:
		out = value
		e.checkScalar(t, value, path)
	}
	if out == nil && t.NonNull {
		if ok {
			e.wrong = append(e.wrong, fmt.Sprintf("%s is null, which its type %s does not allow", path, t))
		}
		return nil, false
	}
	return out, ok || !t.NonNull
}

// checkScalar holds the fake's own values against the schema.
func (e *execution) checkScalar(t *ast.Type, value any, path ast.Path) {
	definition := e.schema.Types[t.Name()]
	fits := true
	switch value := value.(type) {
	case string:
		fits = t.Name() != "Int" && t.Name() != "Boolean"
		if definition.Kind == ast.Enum {
			fits = definition.EnumValues.ForName(value) != nil
		}
	case int, int64:
		fits = t.Name() == "Int" || t.Name() == "BigInt"
	case bool:
		fits = t.Name() == "Boolean"
	case []string:
		fits = t.Elem != nil
	default:
		fits = false
	}
	if !fits {
		e.wrong = append(e.wrong, fmt.Sprintf("%s is %v, which its type %s does not allow", path, value, t))
	}
}

// note is the line of the conversation: what was asked for, or what went wrong.
func (e *execution) note(op *ast.OperationDefinition) string {
	var names []string
	for _, selection := range op.SelectionSet {
		if f, ok := selection.(*ast.Field); ok {
			names = append(names, f.Name)
		}
	}
	note := strings.Join(names, ", ")
	for _, err := range e.errors {
		note += fmt.Sprintf("; %s at %s", err.Message, err.Path)
	}
	return note
}
