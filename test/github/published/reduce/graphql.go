package main

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
	"github.com/vektah/gqlparser/v2/parser"
)

// objects are the object types and interfaces that stay. The rest of GitHub's schema hangs together by a few fields of
// these; a field whose type is no scalar, no enum and not listed goes.
var objects = []string{
	"Actor", "Blob", "Bot", "Commit", "EnterpriseUserAccount", "GitObject", "IssueComment", "IssueCommentConnection",
	"IssueCommentEdge", "Label", "LabelConnection", "LabelEdge", "Mannequin", "Minimizable", "MinimizeCommentPayload",
	"Mutation", "Node", "Organization", "PageInfo", "PullRequest", "Query", "RateLimit", "Repository", "Tag", "Tree",
	"TreeEntry", "User",
}

// fields are those that stay of the types that everything hangs on.
var fields = map[string][]string{
	"Query":    {"id", "node", "nodes", "rateLimit", "repository", "viewer"},
	"Mutation": {"minimizeComment"},
	"Repository": {
		"databaseId", "id", "isFork", "isPrivate", "name", "nameWithOwner", "object", "pullRequest", "url",
	},
	"PullRequest": {
		"baseRefName", "baseRefOid", "comments", "headRefName", "headRefOid", "id", "isCrossRepository", "labels", "locked",
		"number", "state", "title", "url",
	},
	"Commit":       {"abbreviatedOid", "commitResourcePath", "commitUrl", "id", "message", "oid", "repository", "tree", "url"},
	"Label":        {"id", "name", "url"},
	"Organization": {"avatarUrl", "createdAt", "databaseId", "id", "login", "name", "resourcePath", "updatedAt", "url"},
	"User":         {"avatarUrl", "createdAt", "databaseId", "id", "login", "name", "resourcePath", "updatedAt", "url"},
}

// reduceGraphQL keeps the types and fields above without descriptions and directives, and the scalars, enums and inputs
// that they use.
func reduceGraphQL(in []byte) ([]byte, error) {
	doc, err := parser.ParseSchema(&ast.Source{Name: "schema.graphql", Input: string(in)})
	if err != nil {
		return nil, err
	}
	g := graph{all: map[string]*ast.Definition{}, kept: map[string]*ast.Definition{}}
	for _, d := range doc.Definitions {
		g.all[d.Name] = d
	}
	for _, name := range objects {
		if g.all[name] == nil {
			return nil, fmt.Errorf("the schema has no type %s", name)
		}
	}
	for _, name := range objects {
		if err := g.object(name); err != nil {
			return nil, err
		}
	}
	out := &ast.SchemaDocument{}
	for _, name := range slices.Sorted(maps.Keys(g.kept)) {
		out.Definitions = append(out.Definitions, g.kept[name])
	}
	var text bytes.Buffer
	formatter.NewFormatter(&text, formatter.WithIndent("  ")).FormatSchemaDocument(out)
	return text.Bytes(), nil
}

// graph is the schema, and what stays of it.
type graph struct{ all, kept map[string]*ast.Definition }

// object keeps an object type or interface with the fields that stay.
func (g graph) object(name string) error {
	from := g.all[name]
	to := &ast.Definition{Kind: from.Kind, Name: name}
	for _, i := range from.Interfaces {
		if slices.Contains(objects, i) {
			to.Interfaces = append(to.Interfaces, i)
		}
	}
	wanted, limited := fields[name]
	for _, f := range wanted {
		if from.Fields.ForName(f) == nil {
			return fmt.Errorf("the schema has no field %s.%s", name, f)
		}
	}
	seen := map[string]bool{}
	for _, f := range from.Fields {
		// GitHub's schema repeats two fields of a type; a repeated one goes.
		if limited && !slices.Contains(wanted, f.Name) || seen[f.Name] || !g.stays(f.Type.Name()) {
			continue
		}
		seen[f.Name] = true
		kept := &ast.FieldDefinition{Name: f.Name, Type: f.Type}
		g.plain(f.Type.Name())
		for _, a := range f.Arguments {
			g.plain(a.Type.Name())
			kept.Arguments = append(kept.Arguments, &ast.ArgumentDefinition{Name: a.Name, Type: a.Type, DefaultValue: a.DefaultValue})
		}
		to.Fields = append(to.Fields, kept)
	}
	g.kept[name] = to
	return nil
}

// stays tells whether a field of a type is kept.
func (g graph) stays(name string) bool {
	d := g.all[name]
	if d == nil { // a scalar of GraphQL itself
		return true
	}
	return d.Kind == ast.Scalar || d.Kind == ast.Enum || slices.Contains(objects, name)
}

// plain keeps a scalar, an enum or an input type and what it uses.
func (g graph) plain(name string) {
	from := g.all[name]
	if from == nil || g.kept[name] != nil {
		return
	}
	switch from.Kind {
	case ast.Scalar:
		g.kept[name] = &ast.Definition{Kind: ast.Scalar, Name: name}
	case ast.Enum:
		to := &ast.Definition{Kind: ast.Enum, Name: name}
		for _, v := range from.EnumValues {
			to.EnumValues = append(to.EnumValues, &ast.EnumValueDefinition{Name: v.Name})
		}
		g.kept[name] = to
	case ast.InputObject:
		to := &ast.Definition{Kind: ast.InputObject, Name: name}
		g.kept[name] = to
		for _, f := range from.Fields {
			to.Fields = append(to.Fields, &ast.FieldDefinition{Name: f.Name, Type: f.Type, DefaultValue: f.DefaultValue})
			g.plain(f.Type.Name())
		}
	}
}
