package simulation_test

import (
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	"tasks/golem"
	"tasks/golem/devnet"
	"tasks/runner/ledger"
)

// A witness stands at the devnet's door and sees what it is told to pay.
type witness struct {
	server *devnet.Server
	next   http.RoundTripper

	mu       sync.Mutex
	inside   int // acceptances under way
	accepted golem.Amount
	payments []payment
	faults   []violation
}

// reserved is told what is reserved, as it is kept and as it is when added up anew.
func (w *witness) reserved(kept, anew golem.Amount) {
	if kept.Equal(anew) {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults = append(w.faults, violated(sameSum, "%s is kept, and it is %s", kept, anew))
}

// A payment is an acceptance that had an effect.
type payment struct {
	at      time.Time
	bill    string
	invoice bool
	amount  golem.Amount
}

func newWitness(server *devnet.Server) *witness {
	return &witness{server: server, next: server.Transport()}
}

func (w *witness) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodPost || path.Base(r.URL.Path) != "accept" {
		return w.next.RoundTrip(r)
	}
	w.enter(r)
	defer w.leave(r)
	return w.next.RoundTrip(r)
}

func billOf(r *http.Request) string { return path.Base(path.Dir(r.URL.Path)) }

func (w *witness) enter(r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.inside++; w.inside > 1 {
		w.faults = append(w.faults, violated(oneAcceptance, "%s, and another one is under way", billOf(r)))
	}
	for _, p := range w.payments {
		if p.bill == billOf(r) {
			w.faults = append(w.faults, violated(acceptedTwice, "bill %s, accepted at %s", p.bill, p.at.Format(time.TimeOnly)))
		}
	}
}

func (w *witness) leave(r *http.Request) {
	now := w.server.Inspect().Accepted
	w.mu.Lock()
	defer w.mu.Unlock()
	w.inside--
	if rise := now.Sub(w.accepted); rise.IsPositive() {
		w.payments = append(w.payments, payment{time.Now(), billOf(r), strings.Contains(r.URL.Path, "/invoices/"), rise})
	}
	w.accepted = now
}

// spent is what the devnet was told to pay in the last span, all of it for 0.
func (w *witness) spent(span time.Duration) (sum golem.Amount) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.payments {
		if span == 0 || time.Since(p.at) < span {
			sum = sum.Add(p.amount)
		}
	}
	return sum
}

// checkWindows holds what the devnet was told to pay against the budget.
func (w *witness) checkWindows(windows []ledger.Window) []violation {
	var out []violation
	for _, limit := range windows {
		if spent := w.spent(limit.Span); spent.GreaterThan(limit.Limit) {
			out = append(out, violated(withinWindows, "%s paid of %s within %s", spent, limit.Limit, limit.Span))
		}
	}
	return out
}
