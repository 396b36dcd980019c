package devnet_test

import (
	"runtime"
	"testing"
	"time"

	"tasks/golem/devnet"
)

// TestAThousandActivities wants a thousand machines alive at once within 300 MB,
// the requestor's own memory included.
func TestAThousandActivities(t *testing.T) {
	const many, limit = 1000, 300 << 20
	providers := devnet.DrawProviders(7, many)
	for i := range providers {
		providers[i].StartUp = 1
	}
	r := newRequestor(t, &devnet.Server{Providers: providers, Timings: devnet.NoDelays(), Runtime: devnet.Table{{}}.Runtime(7)})
	r.allocate("1000")
	demand := r.publish()
	for range many {
		a := r.activity(r.hire(demand))
		r.prepare(a)
		r.run(a, sh("true"))
	}
	if live := len(r.server.Inspect().Live); live != many {
		t.Errorf("%d activities are alive, want %d", live, many)
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	used := m.HeapInuse + m.StackInuse // Sys would count what other tests have left
	t.Logf("%d MiB", used>>20)
	if used > limit {
		t.Errorf("the process uses %d MiB, want at most %d", used>>20, limit>>20)
	}
	began := time.Now()
	r.check(r.server.Close())
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("Close took %v", took)
	}
}
