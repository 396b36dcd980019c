package devnet

import (
	"context"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"tasks/golem"
)

// A meter counts what a transfer has copied. Nil counts nothing.
type meter struct {
	done, total atomic.Int64 // total 0 while it is not known
}

// of counts what is read; left is how much of it is to come, or less than 1.
func (m *meter) of(from io.Reader, left int64) io.Reader {
	if m == nil {
		return from
	}
	if left > 0 {
		m.total.Store(m.done.Load() + left)
	}
	return &metered{from, m}
}

// at sets how much is there already.
func (m *meter) at(n int64) {
	if m != nil {
		m.done.Store(n)
	}
}

type metered struct {
	io.Reader
	m *meter
}

func (r *metered) Read(b []byte) (int, error) {
	n, err := r.Reader.Read(b)
	r.m.done.Add(int64(n))
	return n, err
}

// defaultUpdates is the distance of progress events where none is asked for.
const defaultUpdates = time.Second

// report tells the readers of a batch how far a transfer is, as often as it asks
// for. It returns a meter for it, and how to end.
func (s *Server) report(b *batch, index int, t golem.Transfer) (m *meter, end func()) {
	if t.Progress == nil {
		return nil, func() {}
	}
	every, err := time.ParseDuration(t.Progress.UpdateInterval)
	if err != nil || every < 10*time.Millisecond {
		every = defaultUpdates
	}
	m = &meter{}
	ctx, cancel := context.WithCancel(b.ctx)
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for last := int64(0); ; {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
			if done := m.done.Load(); done != last {
				last = done
				s.emit(b, index, "progress", m.event())
			}
		}
	})
	return m, func() { cancel(); wg.Wait() }
}

// event is how far a transfer is, as the exe-unit says it (protocol section 5.4).
func (m *meter) event() map[string]any {
	all := any(nil)
	if total := m.total.Load(); total > 0 {
		all = total
	}
	return map[string]any{"step": []int{0, 1}, "message": nil, "progress": []any{m.done.Load(), all}, "unit": "Bytes"}
}
