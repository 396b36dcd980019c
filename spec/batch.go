package spec

import (
	"fmt"
	"strconv"
)

// MaxBatch is the most tasks that may share a batch.
const MaxBatch = 256

// A Batch says how many tasks of a stage a worker gives its machine at once. Auto
// leaves it to the runner.
type Batch struct {
	Size int // the most, up to MaxBatch; 0 is 1, and it is MaxBatch with Auto
	Auto bool
}

// Shared reports whether tasks may share a batch.
func (b Batch) Shared() bool { return b.Size > 1 }

func (b Batch) text() string {
	if b.Auto {
		return batchAuto
	}
	return strconv.Itoa(max(1, b.Size))
}

const batchAuto = "auto"

// batch reads how many tasks share a batch; of a bad one it gives the default.
func (d *decoder) batch(v value) Batch {
	const wants = "a whole number of tasks, or auto"
	s, ok := d.scalar(v, wants, "")
	if !ok {
		return Batch{}
	}
	if s == batchAuto {
		return Batch{Size: MaxBatch, Auto: true}
	}
	n, err := strconv.Atoi(s)
	switch {
	case err != nil:
		d.wrong(v, wants, "")
	case n < 1 || n > MaxBatch:
		d.report(v, fmt.Sprintf("wants a whole number from 1 to %d, or auto, and this is %s", MaxBatch, s), "")
	default:
		return Batch{Size: n}
	}
	return Batch{}
}

// checkBatch refuses what cannot be told apart: files are copied for one task at a
// time.
func (d *decoder) checkBatch(v value, s Stage) {
	if !s.Batch.Shared() {
		return
	}
	for _, step := range s.Steps {
		if step.Upload != nil || step.Download != nil {
			d.report(v, "tasks that copy files do not share a batch", "leave out batch, or the upload and download steps")
			return
		}
	}
}
