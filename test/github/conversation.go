package github

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// exchange is one request and its answer, as text.
type exchange struct {
	operation Operation
	text      string
}

// ordered sorts trees, and blobs, that were read in a row: a client may ask for them at the same time.
func ordered(list []exchange) []exchange {
	list = slices.Clone(list)
	for from := 0; from < len(list); {
		to := from + 1
		for to < len(list) && list[to].operation == list[from].operation {
			to++
		}
		if o := list[from].operation; o == GetBlob || o == GetTree {
			slices.SortStableFunc(list[from:to], func(a, b exchange) int { return strings.Compare(a.text, b.text) })
		}
		from = to
	}
	return list
}

// record adds an exchange to the conversation.
func (s *Server) record(c call, a answer, fault *Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out strings.Builder
	fmt.Fprintf(&out, "%s %s\n", c.request.Method, s.target(c))
	if len(c.body) > 0 {
		s.writeBody(&out, c)
	}
	status := fmt.Sprint(a.status)
	if fault != nil && fault.Kind == Reset {
		status = "---"
	}
	fmt.Fprintf(&out, "  => %s %s\n", status, a.note)
	s.exchanges = append(s.exchanges, exchange{c.operation, out.String()})
}

// target is the path below the API's own, with the query in a fixed order.
func (s *Server) target(c call) string {
	if c.operation == GraphQL {
		return "/graphql"
	}
	out := unescape(c.request.URL.EscapedPath())
	if query := c.request.URL.Query(); len(query) > 0 {
		plain, err := url.QueryUnescape(query.Encode())
		if err != nil {
			plain = query.Encode()
		}
		out += "?" + plain
	}
	return oneLine(out)
}

func oneLine(text string) string { return strings.NewReplacer("\n", `\n`, "\r", `\r`).Replace(text) }

// writeBody writes a JSON request with one key a line in a fixed order.
func (s *Server) writeBody(out *strings.Builder, c call) {
	var value any
	dec := json.NewDecoder(bytes.NewReader(c.body))
	dec.UseNumber()
	if err := dec.Decode(&value); err != nil {
		fmt.Fprintf(out, "  %d bytes that are no JSON\n", len(c.body))
		return
	}
	if c.operation == GraphQL {
		value = tidyQuery(value)
	}
	s.writeValue(out, "  ", "", value)
}

func (s *Server) writeValue(out *strings.Builder, indent, name string, value any) {
	label := indent
	if name != "" {
		label += name + ":"
	}
	switch value := value.(type) {
	case map[string]any:
		if name != "" {
			out.WriteString(label + "\n")
			indent += "  "
		}
		for _, key := range sortedKeys(value) {
			s.writeValue(out, indent, key, value[key])
		}
	case []any:
		out.WriteString(label + "\n")
		for i, child := range value {
			if s.options.Lines >= 0 && i >= s.options.Lines {
				fmt.Fprintf(out, "%s  … %d more\n", indent, len(value)-i)
				break
			}
			text, _ := json.Marshal(child)
			fmt.Fprintf(out, "%s  - %s\n", indent, text)
		}
	case string:
		s.writeText(out, indent, label, value)
	default:
		text, _ := json.Marshal(value)
		fmt.Fprintf(out, "%s %s\n", label, text)
	}
}

// writeText writes a long text as a block, of which it shows the first lines.
func (s *Server) writeText(out *strings.Builder, indent, label, value string) {
	lines := strings.Split(strings.TrimSuffix(value, "\n"), "\n")
	if len(lines) == 1 {
		fmt.Fprintf(out, "%s %s\n", label, oneLine(value))
		return
	}
	out.WriteString(label + " |\n")
	for i, line := range lines {
		if s.options.Lines >= 0 && i >= s.options.Lines {
			fmt.Fprintf(out, "%s  … %d more lines\n", indent, len(lines)-i)
			return
		}
		out.WriteString(strings.TrimRight(indent+"  "+oneLine(line), " ") + "\n")
	}
}

// Rename writes something else in place of a text in the conversation, such as <head> for a commit's id. Of two that
// overlap the one that was named first is taken.
func (s *Server) Rename(text, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if text != "" {
		s.names = append(s.names, text, name)
	}
}

// Conversation are all requests with the answers in short, in the order in which they were answered; trees and blobs that
// were read in a row are sorted. It has no token, no
// port and no time of this machine in it, so that it can be a golden file.
func (s *Server) Conversation() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out strings.Builder
	for _, e := range ordered(s.exchanges) {
		out.WriteString(e.text)
	}
	pairs := append([]string{}, s.names...)
	pairs = append(pairs, s.options.Token, "<token>", s.http.URL+s.options.APIPath, "<api>", s.ElsewhereURL(), "<elsewhere>", s.http.URL, "<server>")
	return strings.NewReplacer(pairs...).Replace(out.String())
}
