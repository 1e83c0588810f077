package loadline

import (
	"context"
	"path"
	"sync"

	"github.com/loadline-dev/loadline/pkg/build"
	"github.com/loadline-dev/loadline/pkg/compare"
	"github.com/loadline-dev/loadline/pkg/transfer"
	"github.com/loadline-dev/loadline/pkg/tree"
)

// disk answers what lies on disk beside head's tree: ignored files, outputs of earlier steps, .git.
type disk struct {
	dir   string
	head  *side
	meter *transfer.Meter

	once sync.Once
	root *tree.Snapshot
	err  error

	mu   sync.Mutex
	done map[string]compare.Extra
}

// open is the root of what lies on disk.
func (d *disk) open() (*tree.Snapshot, error) {
	d.once.Do(func() { d.root, d.err = tree.Directory(d.dir) })
	return d.root, d.err
}

// extras measures head's requests of a build on the disk and keeps what head's tree lacks.
func (d *disk) extras(ctx context.Context, b build.Build, m *measured) ([]compare.Extra, error) {
	if _, err := d.open(); err != nil {
		return nil, err
	}
	out := []compare.Extra{}
	for _, local := range m.plan.Locals {
		dir := m.context
		switch value, named := b.Contexts[local.Name]; {
		case local.Kind() == transfer.DockerfileLoad:
			dir = path.Dir(b.Dockerfile)
		case named:
			dir = value
		}
		extra, err := d.extra(ctx, local, dir)
		if err != nil {
			return nil, err
		}
		out = append(out, extra)
	}
	return out, nil
}

func (d *disk) extra(ctx context.Context, local transfer.Local, dir string) (compare.Extra, error) {
	onDisk, err := d.root.Sub(dir)
	if err != nil {
		return compare.Extra{}, err
	}
	local = local.On(onDisk)
	key := local.Key()
	d.mu.Lock()
	defer d.mu.Unlock() // the same request is measured once in any case
	if found, ok := d.done[key]; ok {
		return found, nil
	}
	tracked, err := d.head.tree.Sub(dir)
	if err != nil {
		return compare.Extra{}, err
	}
	t, err := d.meter.Measure(ctx, local)
	if err != nil {
		return compare.Extra{}, err
	}
	extra := compare.Extra{Key: local.Name + "\x00" + key}
	extra.Bytes, extra.Payload, extra.Files = t.Beside(func(p string) bool {
		_, ok := tracked.Lookup(p)
		return ok
	})
	if d.done == nil {
		d.done = map[string]compare.Extra{}
	}
	d.done[key] = extra
	return extra, nil
}
