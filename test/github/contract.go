package github

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"github.com/loadline-dev/loadline/test/github/published"
)

// contract is GitHub's published description.
type contract struct {
	examples openapi3.Examples // of the reduced description
	router   routers.Router
	options  *openapi3filter.Options
}

// reduced is the contract of the reduced description, which is read once.
var reduced = sync.OnceValues(func() (*contract, error) { return readContract(published.OpenAPI) })

// newContract is the contract of a description; the reduced one if it is empty. The examples are always the reduced one's.
func newContract(description []byte) (*contract, error) {
	own, err := reduced()
	if err != nil || len(description) == 0 {
		return own, err
	}
	c, err := readContract(description)
	if err != nil {
		return nil, err
	}
	c.examples = own.examples
	return c, nil
}

func readContract(description []byte) (*contract, error) {
	doc, err := openapi3.NewLoader().LoadFromData(description)
	if err != nil {
		return nil, fmt.Errorf("reading the description of the API: %w", err)
	}
	doc.Servers, doc.Security = openapi3.Servers{{URL: "/"}}, nil
	mend(doc)
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		return nil, fmt.Errorf("routing by the description of the API: %w", err)
	}
	return &contract{doc.Components.Examples, router, &openapi3filter.Options{
		MultiError: true, IncludeResponseStatus: true, SkipSettingDefaults: true,
		AuthenticationFunc: openapi3filter.NoopAuthenticationFunc,
		SchemaValidationOptions: []openapi3.SchemaValidationOption{
			openapi3.DisableSchemaErrorDetails(), openapi3.EnableFormatValidation(),
		},
	}}, nil
}

// mend says what the description does not: a reference may have slashes in it, and the head of a pull request is without
// repository and user once its fork or their account is deleted.
func mend(doc *openapi3.T) {
	for _, name := range []string{"pull-request", "pull-request-simple"} {
		schema := doc.Components.Schemas[name]
		if schema == nil || schema.Value.Properties["head"] == nil {
			continue
		}
		head := schema.Value.Properties["head"].Value.Properties
		for _, key := range []string{"repo", "user"} {
			if head[key] != nil {
				nullable := *head[key].Value
				nullable.Nullable = true
				head[key] = openapi3.NewSchemaRef("", &nullable)
			}
		}
	}
	const ref = "/repos/{owner}/{repo}/git/ref/{ref}"
	if item := doc.Paths.Value(ref); item != nil {
		doc.Paths.Delete(ref)
		doc.Paths.Set(strings.Replace(ref, "{ref}", "{ref:.+}", 1), item)
	}
}

// match is the operation that a request asks for.
type match struct {
	operation Operation
	route     *routers.Route
	params    map[string]string
}

// find returns the operation of a request, false if the description has none.
func (c *contract) find(r *http.Request) (match, bool) {
	route, params, err := c.router.FindRoute(r)
	if err != nil {
		return match{}, false
	}
	for name, value := range params {
		if plain, err := url.PathUnescape(value); err == nil {
			params[name] = plain
		}
	}
	return match{Operation(route.Operation.OperationID), route, params}, true
}

// request returns what is wrong with a request.
func (c *contract) request(m match, r *http.Request, body []byte) []string {
	var wrong []string
	in := c.input(m, r, body)
	if err := openapi3filter.ValidateRequest(r.Context(), in); err != nil {
		wrong = append(wrong, messages(err)...)
	}
	for _, name := range sortedKeys(r.URL.Query()) {
		if !documented(m.route, name) {
			wrong = append(wrong, fmt.Sprintf("the query parameter %q is not documented", name))
		}
	}
	required := m.route.Operation.RequestBody != nil && m.route.Operation.RequestBody.Value.Required
	if len(bytes.TrimSpace(body)) == 0 {
		if required && wrong == nil {
			wrong = append(wrong, "the body is missing")
		}
		return wrong
	}
	wrong = append(wrong, unknownProperties(m.route, body)...)
	if (m.operation == CreateCheck || m.operation == UpdateCheck) && incomplete(body) {
		wrong = append(wrong, "a completed check run needs a conclusion")
	}
	return wrong
}

// incomplete tells of a check run that is completed without a conclusion: the description says so for updates only.
func incomplete(body []byte) bool {
	var in checkRequest
	return json.Unmarshal(body, &in) == nil && in.Status != nil && *in.Status == "completed" && in.Conclusion == nil
}

// input is the request as kin-openapi takes it; the body can be read again.
func (c *contract) input(m match, r *http.Request, body []byte) *openapi3filter.RequestValidationInput {
	again := r.Clone(r.Context())
	again.Body = io.NopCloser(bytes.NewReader(body))
	return &openapi3filter.RequestValidationInput{Request: again, PathParams: m.params, Route: m.route, Options: c.options}
}

// response returns what is wrong with an answer. GitHub documents few of its errors, so one that is not documented is
// fine; the raw media type of blobs is documented in prose only.
func (c *contract) response(m match, r *http.Request, requestBody []byte, a answer) []string {
	if a.status >= 300 && m.route.Operation.Responses.Status(a.status) == nil {
		return nil
	}
	media := a.header.Get("Content-Type")
	if m.operation == GetBlob && strings.HasPrefix(media, mediaRaw) || m.operation == GetCommit && strings.HasPrefix(media, mediaSHA) {
		return nil // plain text, for which the library has no decoder
	}
	err := openapi3filter.ValidateResponse(r.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: c.input(m, r, requestBody),
		Status:                 a.status, Header: a.header,
		Body: io.NopCloser(bytes.NewReader(a.body)), Options: c.options,
	})
	if err != nil {
		return messages(err)
	}
	return nil
}

func documented(route *routers.Route, name string) bool {
	for _, list := range []openapi3.Parameters{route.PathItem.Parameters, route.Operation.Parameters} {
		if list.GetByInAndName("query", name) != nil {
			return true
		}
	}
	return false
}

// unknownProperties names properties of a request that its schema does not have. GitHub ignores them, which is how a
// misspelt one goes unnoticed.
func unknownProperties(route *routers.Route, body []byte) []string {
	if route.Operation.RequestBody == nil {
		return []string{"the operation takes no body"}
	}
	media := route.Operation.RequestBody.Value.Content.Get("application/json")
	if media == nil {
		return nil
	}
	var value any
	if json.Unmarshal(body, &value) != nil {
		return nil // the validation says so
	}
	var wrong []string
	walkProperties(media.Schema.Value, value, "", func(path string) {
		wrong = append(wrong, fmt.Sprintf("the property %s is not documented", path))
	})
	return wrong
}

// walkProperties reports properties that no branch of the schema knows.
func walkProperties(schema *openapi3.Schema, value any, path string, unknown func(string)) {
	switch value := value.(type) {
	case map[string]any:
		for _, name := range sortedKeys(value) {
			known := properties(schema, name)
			if len(known) == 0 && !open(schema) {
				unknown(path + "/" + name)
			}
			for _, child := range known {
				walkProperties(child, value[name], path+"/"+name, unknown)
			}
		}
	case []any:
		if schema.Items == nil {
			return
		}
		for i, child := range value {
			walkProperties(schema.Items.Value, child, fmt.Sprintf("%s/%d", path, i), unknown)
		}
	}
}

// properties are the schemas of a property: of the object itself and of its alternatives.
func properties(schema *openapi3.Schema, name string) []*openapi3.Schema {
	if own := schema.Properties[name]; own != nil {
		return []*openapi3.Schema{own.Value}
	}
	var out []*openapi3.Schema
	for _, branch := range slices.Concat(schema.OneOf, schema.AnyOf, schema.AllOf) {
		out = append(out, properties(branch.Value, name)...)
	}
	return out
}

// open tells whether the schema allows any property by naming none, or by a schema for the rest.
func open(schema *openapi3.Schema) bool {
	return schema.AdditionalProperties.Schema != nil ||
		len(schema.Properties)+len(schema.OneOf)+len(schema.AnyOf)+len(schema.AllOf) == 0
}

// messages are the single complaints of a validation, short.
func messages(err error) []string {
	var multi openapi3.MultiError
	if errors.As(err, &multi) {
		var out []string
		for _, e := range multi {
			out = append(out, messages(e)...)
		}
		return out
	}
	return []string{strings.Join(strings.Fields(err.Error()), " ")}
}
