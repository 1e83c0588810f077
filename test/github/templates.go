package github

import (
	"bytes"
	"encoding/json"
	"strings"
)

// object is a JSON object made from one of GitHub's own examples: what the fake does not decide stays as GitHub shows it.
type object map[string]any

// template is a copy of an example of the published description, with this repository in place of the example's.
func (s *Server) template(name string) object {
	example := s.contract.examples[name]
	text, err := json.Marshal(example.Value.Value)
	if err != nil {
		panic(err) // the description was read from JSON
	}
	text = bytes.TrimSpace(text)
	var out object
	if err := json.Unmarshal(s.own(text), &out); err != nil {
		panic("the example " + name + " is no object: " + err.Error())
	}
	return out
}

// own replaces the names of GitHub's example repository.
func (s *Server) own(text []byte) []byte {
	replace := strings.NewReplacer(
		"https://api.github.com/repos/octocat/Hello-World", s.api(""),
		"octocat/Hello-World", s.Repository(),
		"octocat/hello-world", s.Repository(),
		"https://api.github.com", s.URL(),
	)
	return []byte(replace.Replace(string(text)))
}

// with sets keys; each pair is a key and its value.
func (o object) with(key string, value any) object {
	o[key] = value
	return o
}

// repository is the JSON of this repository, or of a fork of it by someone else.
func (s *Server) repository(owner string) object {
	o := s.template("full-repository-default-response")
	for _, key := range []string{
		"template_repository", "organization", "parent", "source", "permissions", "security_and_analysis", "license",
	} {
		delete(o, key)
	}
	full := owner + "/" + s.options.Name
	text, err := json.Marshal(o)
	if err != nil {
		panic(err)
	}
	o = nil
	if err := json.Unmarshal(bytes.ReplaceAll(text, []byte(s.Repository()), []byte(full)), &o); err != nil {
		panic(err)
	}
	fork := owner != s.options.Owner
	id := int64(1296269)
	if fork {
		id = 1296270
	}
	return o.with("id", id).with("name", s.options.Name).with("full_name", full).with("owner", s.user(s.ownerUser(owner))).
		with("private", s.options.Private).with("visibility", visibility(s.options.Private)).with("fork", fork).
		with("default_branch", "main").with("license", nil).with("language", nil)
}

func visibility(private bool) string {
	if private {
		return "private"
	}
	return "public"
}

// ownerUser is the account that owns a repository.
func (s *Server) ownerUser(owner string) User {
	if owner == s.options.Owner {
		return User{ID: 6811672, Login: owner}
	}
	return User{ID: 583231, Login: owner}
}
