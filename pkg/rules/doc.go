package rules

import (
	"embed"
	"fmt"
	"strings"

	"golang.org/x/tools/txtar"
)

//go:embed doc/*.txtar
var docs embed.FS

// Page is a rule's documentation.
type Page struct {
	// Text is Markdown.
	Text string
	// Files are the example: what the repository holds, in the order written.
	Files []txtar.File
	// Output is what the rule says of it.
	Output string
	// Fixed are the files after the fix.
	Fixed []txtar.File
}

// Doc is the documentation of a rule.
func Doc(name string) (*Page, error) {
	data, err := docs.ReadFile("doc/" + name + ".txtar")
	if err != nil {
		return nil, fmt.Errorf("there is no page for the rule %q", name)
	}
	a := txtar.Parse(data)
	p := &Page{Text: strings.TrimSpace(string(a.Comment)) + "\n"}
	for _, f := range a.Files {
		switch fixed, ok := strings.CutPrefix(f.Name, "fixed/"); {
		case f.Name == "want":
			p.Output = string(f.Data)
		case ok:
			p.Fixed = append(p.Fixed, txtar.File{Name: fixed, Data: f.Data})
		default:
			p.Files = append(p.Files, f)
		}
	}
	return p, nil
}
