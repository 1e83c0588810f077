package main

import (
	"time"

	"github.com/schollz/progressbar/v3"
)

// patience is how long work may take before a person is shown how far it is.
const patience = time.Second

// progress shows on standard error how far long work is, to a person at a terminal and to nobody else.
type progress struct {
	s       streams
	enabled bool
	started time.Time
	bar     *progressbar.ProgressBar
}

func newProgress(s streams) *progress {
	return &progress{s: s, enabled: s.terminal(s.err) && s.getenv("CI") != "true", started: time.Now()}
}

// update is told how many builds are done.
func (p *progress) update(done, total int) {
	if !p.enabled || time.Since(p.started) < patience {
		return
	}
	if p.bar == nil {
		p.bar = progressbar.NewOptions(total,
			progressbar.OptionSetWriter(p.s.err),
			progressbar.OptionSetDescription("analysing builds"),
			progressbar.OptionShowCount(),
			progressbar.OptionSetElapsedTime(false),
			progressbar.OptionSetPredictTime(false),
			progressbar.OptionClearOnFinish(),
		)
	}
	// A terminal that cannot be written to is no reason to stop the work.
	_ = p.bar.Set(done)
}

// clear removes the line.
func (p *progress) clear() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}
