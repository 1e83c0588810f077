package loadline

import (
	"context"

	"github.com/loadline-dev/loadline/pkg/report"
)

// Inventory lists the builds of a repository.
type Inventory struct {
	Builds  []InventoryBuild `json:"builds"`
	LeftOut []LeftOut        `json:"leftOut"`
}

// InventoryBuild is a build and where it was found. Context is empty for a discovered build, whose context is chosen
// when it is measured.
type InventoryBuild struct {
	Name       string        `json:"name"`
	Dockerfile string        `json:"dockerfile"`
	Context    string        `json:"context"`
	Stage      string        `json:"stage"`
	Origin     report.Origin `json:"origin"`
}

// LeftOut is a file that looks like a Dockerfile and is not taken for a build.
type LeftOut struct {
	Path   string `json:"path"`
	Reason string `json:"reason"`
}

// Builds answers which builds a repository asks for, and where each was found. It measures nothing.
func Builds(ctx context.Context, o CheckOptions) (*Inventory, error) {
	r, err := o.open(ctx)
	if err != nil {
		return nil, err
	}
	defer r.close()
	head, err := r.head(ctx, o)
	if err != nil {
		return nil, err
	}
	if r.isTarget(o) {
		_, err = r.configureTarget(ctx, o, head, nil)
	} else {
		err = head.configure(ctx, o.Config)
	}
	if err != nil {
		return nil, err
	}
	v := &Inventory{Builds: []InventoryBuild{}, LeftOut: []LeftOut{}}
	for _, b := range head.builds {
		v.Builds = append(v.Builds, InventoryBuild{
			Name: b.Name, Dockerfile: b.Dockerfile, Context: b.Context, Stage: b.Stage,
			Origin: report.Origin{Path: b.Origin.Path, Line: b.Origin.Line},
		})
	}
	for _, l := range head.leftOut {
		v.LeftOut = append(v.LeftOut, LeftOut{Path: l.Path, Reason: l.Reason})
	}
	return v, nil
}
