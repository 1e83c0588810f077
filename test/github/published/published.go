// Package published holds what GitHub itself published about its API, reduced to what Loadline uses: the OpenAPI
// description of the REST API, the GraphQL schema, and the schemas and examples of the webhook payloads. The command in
// reduce makes the files; sources.json says from which packages. Only tests use it.
package published

import _ "embed"

// OpenAPI is the description of the REST API without prose, with the examples that the fake's answers are made from.
//
//go:embed openapi.json
var OpenAPI []byte

// GraphQL is the schema of the GraphQL API: the types around a repository's objects and a pull request's comments.
//
//go:embed schema.graphql
var GraphQL string

// WebhookSchemas are the JSON schemas of payloads, one definition each, such as pull_request$opened.
//
//go:embed webhooks.schema.json
var WebhookSchemas []byte

// WebhookExamples are GitHub's examples of payloads by event and action, such as pull_request.opened.
//
//go:embed webhooks.json
var WebhookExamples []byte
