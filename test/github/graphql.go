package github

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"github.com/loadline-dev/loadline/test/github/published"
)

// graphqlSchema is the reduced schema, which is read once.
var graphqlSchema = sync.OnceValues(func() (*ast.Schema, error) {
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphql", Input: published.GraphQL})
	if err != nil {
		return nil, fmt.Errorf("reading the GraphQL schema: %w", err)
	}
	return schema, nil
})

// graphqlRequest is what a client posts.
type graphqlRequest struct {
	Query     string         `json:"query"`
	Operation string         `json:"operationName"`
	Variables map[string]any `json:"variables"`
}

// graphqlError is one of the errors of an answer. GitHub answers with status 200 all the same.
type graphqlError struct {
	Type      string              `json:"type,omitempty"`
	Path      ast.Path            `json:"path,omitempty"`
	Locations []gqlerror.Location `json:"locations,omitempty"`
	Message   string              `json:"message"`
}

type graphqlAnswer struct {
	Data   map[string]any `json:"data"`
	Errors []graphqlError `json:"errors,omitempty"`
}

// graphql answers a query against the published schema; the server's lock is held.
func (s *Server) graphql(c call) answer {
	if c.request.Method != http.MethodPost {
		s.violate(c, "GraphQL takes POST only")
		return notFound()
	}
	var in graphqlRequest
	dec := json.NewDecoder(bytes.NewReader(c.body))
	dec.UseNumber()
	if err := dec.Decode(&in); err != nil {
		s.violate(c, "request: "+err.Error())
		return refuse(http.StatusBadRequest, "Problems parsing JSON")
	}
	doc, list := gqlparser.LoadQueryWithRules(s.schema, in.Query, rules.NewDefaultRules())
	if len(list) > 0 {
		return s.badQuery(c, list)
	}
	op := doc.Operations.ForName(in.Operation)
	if op == nil {
		return s.badQuery(c, gqlerror.List{{Message: "An operation name is required"}})
	}
	vars, err := validator.VariableValues(s.schema, op, in.Variables)
	if err != nil {
		return s.badQuery(c, gqlerror.List{gqlerror.Wrap(err)})
	}
	e := &execution{schema: s.schema, vars: vars}
	root := s.query()
	if op.Operation == ast.Mutation {
		root = s.mutation()
	}
	data, _ := e.object(root, op.SelectionSet, nil)
	for _, wrong := range e.wrong {
		s.violate(c, "answer: "+wrong)
	}
	return reply(http.StatusOK, graphqlAnswer{data, e.errors}, "%s", e.note(op))
}

// badQuery is the answer to a query that the schema does not allow: a violation too.
func (s *Server) badQuery(c call, list gqlerror.List) answer {
	var out graphqlAnswer
	for _, err := range list {
		s.violate(c, "query: "+err.Message)
		out.Errors = append(out.Errors, graphqlError{Locations: err.Locations, Message: err.Message})
	}
	return reply(http.StatusOK, out, "query refused: %s", list[0].Message)
}

// exhausted is how GraphQL says that the primary limit is reached: with status 200.
func exhausted() answer {
	return reply(http.StatusOK, graphqlAnswer{Errors: []graphqlError{{Type: "RATE_LIMITED", Message: limitMessage}}}, "%s", limitMessage)
}

// tidyQuery writes a request's query in one form, whatever its white space.
func tidyQuery(value any) any {
	in, ok := value.(map[string]any)
	if !ok {
		return value
	}
	text, ok := in["query"].(string)
	if !ok {
		return value
	}
	doc, err := parser.ParseQuery(&ast.Source{Input: text})
	if err != nil {
		return value
	}
	var out strings.Builder
	formatter.NewFormatter(&out, formatter.WithIndent("  ")).FormatQueryDocument(doc)
	in["query"] = out.String()
	return in
}
