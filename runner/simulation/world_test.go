package simulation_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tasks/golem"
	"tasks/golem/devnet"
	"tasks/policies"
	"tasks/runner"
	"tasks/runner/state"
	"tasks/runner/store"
	"tasks/spec"
)

const runID state.RunID = "simulated"

const (
	// lookEvery is how often the invariants are checked along the way.
	lookEvery = 7 * time.Second
	// lateEnough is when everything that comes late has come, and every fault of
	// the daemon is over.
	lateEnough = 20 * time.Minute
	// maxProcesses is how many starts a run may need.
	maxProcesses = 60
)

// A world is a plan that is being carried out.
type world struct {
	plan
	*witness
	dir    string
	dsn    string
	log    *slog.Logger
	server *devnet.Server
	tally  tally
	began  time.Time

	violations []violation
	firsts     int // results of the first stage
}

func (w *world) violate(invariant, format string, args ...any) {
	w.violations = append(w.violations, violated(invariant, format, args...))
}

// simulate carries a plan out, from the first process to the last bill.
func simulate(t *testing.T, p plan) (got tally, found []violation) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		server := &devnet.Server{
			Seed: p.seed, Providers: p.market, Faults: p.faults, Timings: p.timings, Runtime: devnet.Instant(p.work),
		}
		defer server.Close()
		w := &world{plan: p, witness: newWitness(server), dir: dir, dsn: filepath.Join(dir, "tasks.db"), server: server, log: logOf(t)}
		if err := w.run(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.tally.payments, w.tally.restarts = len(w.payments), server.Inspect().Restarts
		got, found = w.tally, w.violations
	})
	return got, found
}

func logOf(t *testing.T) *slog.Logger {
	if !testing.Verbose() {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// run starts process after process until the run is over.
func (w *world) run(ctx context.Context) error {
	w.began = time.Now()
	asked, cancel := context.WithTimeout(ctx, w.stopAt)
	defer cancel()
	if err := w.live(asked); err != nil {
		return err
	}
	w.tally.took = time.Since(w.began)
	time.Sleep(lateEnough)
	if err := w.settle(ctx); err != nil {
		return err
	}
	db, err := store.Open(ctx, w.dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	return w.checkEnd(db)
}

func (w *world) live(asked context.Context) error {
	for w.tally.processes < maxProcesses {
		c := crash{}
		if w.tally.crashes < len(w.crashes) {
			c = w.crashes[w.tally.crashes]
		}
		m := newMortal(context.Background(), c)
		patience, cancel := w.patience(asked)
		end, err := w.process(patience, m)
		cancel()
		w.tally.processes++
		w.tally.writes += m.writes
		w.tally.calls += m.calls
		died := m.dead()
		m.die()
		w.log.Info("PROCESS ENDED", "state", end, "error", err, "died", died, "crash", c)
		switch {
		case died:
			if err := w.afterCrash(); err != nil {
				return err
			}
		case err == nil && end == state.RunFailed && w.mendAt > 0 && w.tally.mended < maxProcesses:
			w.mend()
			if asked.Err() == nil {
				var done context.CancelFunc
				asked, done = context.WithTimeout(context.WithoutCancel(asked), w.stopAt)
				defer done()
			}
		case err == nil:
			return nil
		case errors.Is(err, runner.ErrDaemon), errors.Is(err, context.Canceled):
			// Not reached, or somebody asked for the end before it had begun.
			time.Sleep(10 * time.Second)
		default:
			w.violate(noSurprise, "%v", err)
			return nil
		}
	}
	w.violate(runEnds, "after %d processes it has not", w.tally.processes)
	return nil
}

// mend lets no task fail any more, and has those that did tried again.
func (w *world) mend() {
	w.mended.Store(true)
	w.tally.mended++
}

// mendLive does so while a process works on the run.
func (w *world) mendLive(ctx context.Context, db *store.Store) {
	select {
	case <-time.After(w.mendAt):
	case <-ctx.Done():
		return
	}
	w.mend()
	_ = db.Update(ctx, func(tx *store.Tx) error { return tx.AskRetry(runID) })
}

// patience is how long a process is let alone: until somebody asks for the end,
// or for a moment after it began when that was while nobody was there.
func (w *world) patience(asked context.Context) (context.Context, context.CancelFunc) {
	if asked.Err() == nil {
		return asked, func() {}
	}
	return context.WithTimeout(context.WithoutCancel(asked), 20*time.Second)
}

// afterCrash leaves the results file as a crash can: with a torn end beyond what
// the database says is complete.
func (w *world) afterCrash() error {
	defer time.Sleep(w.pauses[w.tally.crashes])
	w.tally.crashes++
	path := filepath.Join(w.dir, "results.jsonl")
	info, err := os.Stat(path)
	if err != nil {
		return nil // there is none yet
	}
	run, err := w.recorded()
	if err != nil || run.ResultsPath == "" || info.Size() <= run.ResultsOffset {
		return err
	}
	r := rand.New(rand.NewPCG(w.seed, uint64(w.tally.crashes)))
	return os.Truncate(path, run.ResultsOffset+r.Int64N(info.Size()-run.ResultsOffset+1))
}

// recorded is the run as the database has it.
func (w *world) recorded() (run state.Run, err error) {
	db, err := store.Open(context.Background(), w.dsn)
	if err != nil {
		return run, err
	}
	defer db.Close()
	err = db.View(context.Background(), func(tx *store.Tx) (err error) {
		run, err = tx.Run(runID)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		err = nil
	}
	return run, err
}

// over reports whether the run was not simply left.
func (w *world) over(run state.Run) bool { return run.State != state.RunRunning }

// process is one start of the program. The invariants are looked at meanwhile.
func (w *world) process(asked context.Context, m *mortal) (state.RunState, error) {
	w.editAtRest()
	o, err := w.options(m)
	if err != nil {
		return "", err
	}
	defer o.Store.Close()
	o.Hurry = m.last
	ctx, stop := context.WithCancel(m.life)
	var watching sync.WaitGroup
	watching.Go(func() { w.look(ctx) })
	watching.Go(func() { w.editLive(ctx, o.Store) })
	if w.mendAt > 0 && !w.mended.Load() {
		watching.Go(func() { w.mendLive(ctx, o.Store) })
	}
	defer watching.Wait()
	defer stop()
	return runner.Run(asked, o)
}

func (w *world) options(m *mortal) (o runner.Options, err error) {
	s, list := spec.Parse("simulated.yaml", []byte(w.document), w.dir, spec.Overrides{})
	if len(list) > 0 {
		return o, fmt.Errorf("%v", list)
	}
	set, list := policies.Compile(s)
	if len(list) > 0 {
		return o, fmt.Errorf("%v", list)
	}
	db, err := store.Open(context.Background(), w.dsn)
	if err != nil {
		return o, err
	}
	db.BeforeCommit = m.write
	client := &golem.Client{
		BaseURL: "http://devnet", AppKey: devnet.DefaultAppKey,
		HTTP: &http.Client{Transport: m.through(w.witness)},
	}
	return runner.Options{Store: db, Run: runID, Spec: s, Policies: set, Daemon: "simulated", Log: w.log, Client: client,
		RetryFailed: w.mendAt > 0 && w.mended.Load(), Reserved: w.reserved}, nil
}

// look checks the invariants along the way until the process ends.
func (w *world) look(ctx context.Context) {
	db, err := store.OpenReadOnly(context.Background(), w.dsn)
	if err != nil {
		return // before the first commit there is nothing to see
	}
	defer db.Close()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if err := w.checkAlong(ctx, db); err != nil && ctx.Err() == nil {
			w.violate(noSurprise, "look: %v", err)
		}
	}
}

// settle answers what came late, as somebody who calls `tasks settle` does, and
// again when the daemon could not be reached.
func (w *world) settle(ctx context.Context) error {
	err := w.settleOnce(ctx)
	for n := 0; errors.Is(err, runner.ErrDaemon) && n < 3; n++ {
		time.Sleep(time.Minute)
		err = w.settleOnce(ctx)
	}
	return err
}

func (w *world) settleOnce(ctx context.Context) error {
	m := newMortal(ctx, crash{})
	defer m.die()
	o, err := w.options(m)
	if err != nil {
		return err
	}
	defer o.Store.Close()
	_, err = runner.Settle(ctx, o)
	if errors.Is(err, store.ErrNotFound) {
		err = nil
	}
	run, _ := w.recorded()
	w.tally.state = run.State
	return err
}
