package runner

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"tasks/golem"
	"tasks/golem/gftp"
	"tasks/policies"
	"tasks/runner/ledger"
	"tasks/runner/reconcile"
	"tasks/runner/state"
	"tasks/runner/store"
)

// ErrDaemon is wrapped by errors of Run that mean the daemon cannot be used:
// unreachable, a refused key, or no money for the allocation.
var ErrDaemon = errors.New("the daemon cannot be used")

// errLeave is the cause of a cancellation that leaves everything as it is.
var errLeave = errors.New("left at once")

// A runner is one process at work on a run.
type runner struct {
	Options
	Spec, Policies hidden // ask inForce
	document       atomic.Pointer[revision]

	client   *golem.Client
	session  string // app session of the run's agreements
	identity golem.NodeID
	platform string
	pack     string // the image as a task package, once resolved

	// Where the event streams stood when the process started.
	agreementCursor, noteCursor, invoiceCursor golem.Timestamp

	files atomic.Pointer[gftp.Client] // nil where no step copies a file

	cursors  map[string]state.Cursor // as the store had them at the start
	queue    *queue
	endings  endings
	market   *market
	rejected tally    // offers, until they are recorded
	offers   seenList // offers that wait to be recorded
	effects  *effects
	results  *exporter
	noted    *noted
	wake     chan struct{} // capacity 1: something changed that the loop decides about

	// accepting lets one acceptance at a time in, because yagna can charge two at
	// once twice (protocol section 6.5).
	accepting token
	// purse is held from a look at what the budget has left until what is decided
	// from it is on record, so that two never count on the same GLM.
	purse token

	shown    atomic.Pointer[reconcile.Paces] // how fast providers are
	surveyed atomic.Pointer[[]Surveyed]      // what the market had a while ago

	reserved reserved // for bills to come; used in a View alone

	bookMu sync.Mutex   // guards book and drawn
	book   *ledger.Book // what was spent
	drawn  golem.Amount // accepted from the active allocation

	mu       sync.Mutex                    // guards the fields below
	workers  map[int64]*worker             // by activity
	hires    map[golem.NodeID]bool         // providers with a live agreement
	cancels  map[string]context.CancelFunc // of calls under way that can be cut short, by their key
	asked    map[int64]time.Time           // when usage was last asked for, by activity
	failures map[string]int                // of policies
	ending   reconcile.Ending
	paused   *reconcile.Pause // nil: the run does not wait for its budget
	full     shortage         // of room on the disk
	cause    error            // why the run was given up
	env      policies.Run     // as policies saw it last

	acted    time.Duration         // how long the last turn took over its actions; the loop's own
	viewed   []reconcile.Agreement // as the last step saw them; the loop's own
	judgedAt time.Time             // when every activity was last judged; the loop's own
	lookedAt time.Time             // when the market was last surveyed; the loop's own
}

// Run carries the run out until it has ended, is wound down because ctx is
// done, or is left at once. It returns how the run stands then; an error means
// that it could not go on, and what is on disk is as consistent as ever.
//
// When ctx ends, no new work begins, running tasks may finish for DrainTimeout,
// agreements are ended and invoices waited for.
func Run(ctx context.Context, o Options) (state.RunState, error) {
	r := newRunner(o)
	run, err := r.known(ctx)
	if err != nil || run.State.Final() && !(r.RetryFailed && run.State == state.RunFailed) {
		return run.State, err
	}
	r.results = newExporter(r)
	if err := r.results.check(run); err != nil {
		return run.State, err
	}
	if err := r.connect(ctx); err != nil {
		return run.State, err
	}
	if err := r.openFiles(ctx); err != nil {
		return run.State, err
	}
	defer r.closeFiles()
	if err := r.admit(ctx); err != nil {
		return run.State, err
	}
	return r.live(ctx)
}

func newRunner(o Options) *runner {
	o.setDefaults()
	r := &runner{
		Options: o, client: o.Client, wake: make(chan struct{}, 1), accepting: newToken(), purse: newToken(),
		workers: map[int64]*worker{}, hires: map[golem.NodeID]bool{}, cancels: map[string]context.CancelFunc{},
		asked: map[int64]time.Time{}, failures: map[string]int{},
	}
	r.document.Store(&revision{spec: o.Spec, policies: o.Policies})
	if o.Spec != nil {
		r.Secrets.Learn(o.Spec)
	}
	r.Store.Hide = r.Secrets.Text
	return r
}

// connect learns who we are at the daemon. Nothing was recorded before it, so
// that a run is not begun at a daemon that cannot be used.
func (r *runner) connect(ctx context.Context) error {
	me, err := r.client.Me(ctx)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDaemon, err)
	}
	if err := r.checkVersion(ctx); err != nil {
		return err
	}
	r.identity = me.Identity
	r.platform = golem.PlatformOf(r.inForce().spec.Golem.Network)
	return nil
}

// live owns every goroutine of the run.
func (r *runner) live(ctx context.Context) (state.RunState, error) {
	// Effects outlive a polite end; only leaving cancels them.
	life, leave := context.WithCancelCause(context.WithoutCancel(ctx))
	defer leave(nil)
	var wg sync.WaitGroup
	r.effects = newEffects(life, &wg, r.nudge)
	r.queue = newQueue(r)
	r.noted = newNoted(r)
	r.market = newMarket(r)

	wg.Go(func() { r.hurry(life, leave) })
	if err := r.prepareStart(life); err != nil {
		leave(errLeave)
		wg.Wait()
		if mayPass(err) {
			err = fmt.Errorf("%w: %w", ErrDaemon, err)
		}
		return state.RunRunning, fmt.Errorf("recover run %s: %w", r.Run, err)
	}
	wg.Go(func() { r.results.loop(life) })
	wg.Go(func() { r.noted.loop(life) })
	wg.Go(func() { r.watchAgreements(life) })
	wg.Go(func() { r.watchDebitNotes(life) })
	wg.Go(func() { r.watchInvoices(life) })
	wg.Go(func() { r.rollUpLoop(life) })
	r.queue.start(r.inForce().spec.Stages, r.cursors)

	err := r.loop(ctx, life)
	r.queue.close()
	r.market.close()
	leave(errLeave)
	wg.Wait()
	if err != nil {
		return state.RunRunning, err
	}
	return r.finished()
}

// prepareStart makes sure that results have a place, and takes up what the last
// process left.
func (r *runner) prepareStart(ctx context.Context) error {
	if err := r.results.open(ctx); err != nil {
		return err
	}
	// Bills that came while nobody was there are decided about at once.
	if err := r.look(ctx); err != nil {
		return err
	}
	return r.recover(ctx)
}

// hurry leaves when asked to.
func (r *runner) hurry(life context.Context, leave context.CancelCauseFunc) {
	select {
	case <-r.Hurry:
		leave(errLeave)
	case <-life.Done():
	}
}

// finished reads how the run stands in the end.
func (r *runner) finished() (state.RunState, error) {
	var run state.Run
	err := r.Store.View(context.Background(), func(tx *store.Tx) (err error) {
		run, err = tx.Run(r.Run)
		return err
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	return run.State, errors.Join(err, r.cause)
}

// nudge makes the loop look again soon.
func (r *runner) nudge() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// giveUp winds the run down because of an error that no repeat can mend; Run
// returns it when everything is ended. A process that leaves at once ends what was
// under way, which is no error.
func (r *runner) giveUp(err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	r.mu.Lock()
	if r.cause == nil {
		r.cause = err
	}
	r.mu.Unlock()
	r.wind(state.RunInterrupted, err.Error())
}

// failure records that a policy could not be evaluated; its safe answer counts. A
// policy that fails once tends to fail every time, so it is told the first time
// and then at every tenfold.
func (r *runner) failure(ctx context.Context, f *policies.Failure) {
	if f == nil {
		return
	}
	r.mu.Lock()
	r.failures[f.Policy]++
	n := r.failures[f.Policy]
	r.mu.Unlock()
	if !tenfold(n) {
		r.Log.Debug("policy failed", logError, f.Error())
		return
	}
	r.Log.Warn("a policy gave no answer, and its safe one counts", logError, f.Error(), logTimes, n)
	r.note(ctx, "policy.failed", f.Policy, f.Error())
}

// tenfold reports whether n is 1, 10, 100 and so on.
func tenfold(n int) bool {
	for n >= 10 && n%10 == 0 {
		n /= 10
	}
	return n == 1
}

// note writes an event that no transition writes by itself.
func (r *runner) note(ctx context.Context, kind, subject, text string) {
	err := r.Store.Update(ctx, func(tx *store.Tx) error {
		return tx.AddEvent(r.Run, kind, subject, text)
	})
	if err != nil {
		r.Log.Error("event not recorded", slog.String("kind", kind), logError, err)
	}
}
