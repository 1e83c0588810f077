package rules

import (
	"path"
	"regexp"

	"github.com/loadline-dev/loadline/pkg/rule"
)

// forDevelopment matches names of Dockerfiles and directories that are there for developing and testing alone. Such builds
// run on the machine that has the cache anyhow, and nobody ships what they make.
var (
	developmentFile = regexp.MustCompile(`(?i)(^|[._-])(dev|devel|develop|development|devcontainer|debug|e2e|integration|integrationtests?|local|tests?|testing|testdriver)([._-]|$)`)
	developmentDir  = regexp.MustCompile(`(?i)(^|/)(\.?devcontainer|dev|devel|development|e2e|tests?([_-][\w-]+)?|testing|integration[_-]tests?|playwright|cypress|fuzz|fuzzing)(/|$)`)
)

// forDevelopment reports whether a build is for developing and testing alone, as its Dockerfile's name or directory says.
func forDevelopment(p *rule.Pass) bool {
	dir, file := path.Split(p.Build.Dockerfile)
	return developmentFile.MatchString(file) || developmentDir.MatchString(dir)
}

// asideDir matches directories of what is kept beside a product: of the past, for trying out, of others.
var asideDir = regexp.MustCompile(`(?i)(^|/)(archived?|attic|legacy|old|deprecated|examples?|samples?|demos?|hooks|contrib|experimental|sandbox|playground)(/|$)`)

// aside reports whether a build lies beside the product, where nobody follows advice about what is shipped.
func aside(p *rule.Pass) bool { return asideDir.MatchString(path.Dir(p.Build.Dockerfile)) }
