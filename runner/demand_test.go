package runner_test

import (
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"tasks/golem/devnet"
	"tasks/runner"
	"tasks/runner/state"
)

// A deafening loses the answers of the first calls of a kind: the daemon does
// what they ask, and nobody hears of it.
type deafening struct {
	next         http.RoundTripper
	method, path string // of the call, the path by its end
	left         *atomic.Int32
}

func (d deafening) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := d.next.RoundTrip(r)
	if r.Method != d.method || !strings.HasSuffix(r.URL.Path, d.path) || d.left.Add(-1) < 0 || err != nil {
		return answer, err
	}
	answer.Body.Close()
	return nil, errors.New("the answer is lost")
}

// A demand whose publication got no answer is withdrawn by the very process.
func TestLostAnswerAboutADemandLeavesNone(t *testing.T) {
	for _, times := range []int32{1, 3} {
		inWorld(t, &devnet.Server{Seed: 41}, func(w *world) {
			o := w.process().options(w.t.Context(), "sixty", sixty)
			defer o.Store.Close()
			lost := new(atomic.Int32)
			lost.Store(times)
			o.Client.HTTP.Transport = deafening{o.Client.HTTP.Transport, http.MethodPost, "/demands", lost}
			got, err := runner.Run(w.t.Context(), o)
			if got != state.RunDone || err != nil {
				t.Fatalf("run = %s, %v", got, err)
			}
			if lost.Load() >= 0 {
				t.Errorf("%d answers were to be lost, and %d were not", times, lost.Load())
			}
			w.checkBooks("sixty")
		})
	}
}
