package runner

import (
	"time"

	"tasks/policies"
	"tasks/spec"
)

// batchTime is how long a batch should take whose size is for us to choose: long
// enough that the two calls of a batch weigh little, and short enough that little
// is lost with a machine.
const batchTime = 2 * time.Second

// A pace is what a worker has learned of how long the tasks of a stage take.
type pace struct {
	mean time.Duration // 0 before the first
	size int           // of the last batch
}

// most is how many tasks the next batch of a stage may have. It is doubled at
// most, so that one quick task says nothing of a hundred.
func (w *worker) most(stage *policies.Stage) int {
	b := stage.Batch()
	if !b.Shared() {
		return 1
	}
	if !b.Auto {
		return b.Size
	}
	p := w.paces[stage.Name]
	if p.mean == 0 {
		return 1
	}
	return max(1, min(int(batchTime/p.mean), 2*p.size, spec.MaxBatch))
}

// learn takes into account how long the tasks took that have ended.
func (w *worker) learn(b *batch, ends []ending) {
	if !b.stage.Batch().Auto || len(ends) == 0 {
		return
	}
	var took time.Duration
	for _, e := range ends {
		took += w.r.Store.Now().Sub(e.at.StartedAt)
	}
	if w.paces == nil {
		w.paces = map[string]pace{}
	}
	each, p := max(took/time.Duration(len(ends)), time.Microsecond), w.paces[b.stage.Name]
	if p.mean == 0 {
		p.mean = each
	}
	p.mean, p.size = (3*p.mean+each)/4, len(ends)
	w.paces[b.stage.Name] = p
}
