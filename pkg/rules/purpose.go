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
	developmentDir  = regexp.MustCompile(`(?i)(^|/)(\.?devcontainer|e2e|tests?([_-][\w-]+)?|testing|integration[_-]tests?|playwright|cypress|fuzz|fuzzing)(/|$)`)
)

// forDevelopment reports whether a build is for developing and testing alone, as its Dockerfile's name or directory says.
func forDevelopment(p *rule.Pass) bool {
	dir, file := path.Split(p.Build.Dockerfile)
	return developmentFile.MatchString(file) || developmentDir.MatchString(dir)
}
