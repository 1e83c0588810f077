package transfer

import (
	"errors"

	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/solver/errdefs"
)

// Line answers to which 1-based line of the Dockerfile an error of NewPlan belongs; 0 where BuildKit does not say.
func Line(err error) int {
	var located *parser.LocationError
	if errors.As(err, &located) {
		for _, ranges := range located.Locations {
			for _, r := range ranges {
				if r.Start.Line > 0 {
					return r.Start.Line
				}
			}
		}
	}
	for _, source := range errdefs.Sources(err) {
		for _, r := range source.GetRanges() {
			if r.GetStart().GetLine() > 0 {
				return int(r.GetStart().GetLine())
			}
		}
	}
	return 0
}
