package rules

import (
	"cmp"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/loadline-dev/loadline/pkg/dockerfile"
	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/source"
)

// fetchInstead is the advice about what is uploaded and could come from a server.
const fetchInstead = "Publish it and fetch it in the build, as with ADD --checksum=sha256:… URL: the builder downloads it once, and it never crosses the client's uplink"

// bundle is a file or directory that is uploaded and could be fetched.
type bundle struct {
	path string
	size rule.Size
}

// reportBundles reports what one instruction pulls in as one finding: the largest by name, the rest by number. kind is the
// word for one of them.
func reportBundles(p *rule.Pass, u *rule.Upload, found []bundle, kind, advice string) {
	type group struct {
		at    *dockerfile.Instruction
		items []bundle
	}
	var groups []*group
	for _, b := range found {
		pulls := u.Pulls(b.path)
		if len(pulls) == 0 {
			continue
		}
		i := slices.IndexFunc(groups, func(g *group) bool { return g.at == pulls[0] })
		if i < 0 {
			i = len(groups)
			groups = append(groups, &group{at: pulls[0]})
		}
		groups[i].items = append(groups[i].items, b)
	}
	for _, g := range groups {
		slices.SortStableFunc(g.items, func(a, b bundle) int { return cmp.Compare(b.size.Bytes, a.size.Bytes) })
		message := fmt.Sprintf("uploads %s of %s", finding.Bytes(g.items[0].size.Bytes), source.Printable(g.items[0].path))
		if more := g.items[1:]; len(more) > 0 {
			var rest int64
			for _, b := range more {
				rest += b.size.Bytes
			}
			message += fmt.Sprintf(" and %s of %s", finding.Bytes(rest), finding.Count(int64(len(more)), "more "+kind))
		}
		p.Report(finding.Finding{Span: g.at.Keyword.Span, About: kind + " in " + u.Name, Message: message + " with every cold build", Advice: advice})
	}
}

// extension is the end of a file's name, in lower case, two parts of it where the first says how the second is packed.
func extension(name string) string {
	name = strings.ToLower(path.Base(name))
	ext := path.Ext(name)
	if inner := path.Ext(strings.TrimSuffix(name, ext)); inner == ".tar" {
		return inner + ext
	}
	return ext
}

// assets matches directories whose files are part of an application.
var assets = regexp.MustCompile(`(^|/)(public|static|assets|www|wwwroot|htdocs|media|images?|img|resources|res|locales?|fonts?)(/|$)`)

// mentioned reports whether a command names a file, by its path or its last part.
func mentioned(p *rule.Pass, name string) bool {
	base := path.Base(name)
	for _, c := range p.AllCalls() {
		for _, w := range c.Args {
			if strings.Contains(w.Text, base) {
				return true
			}
		}
	}
	return false
}
