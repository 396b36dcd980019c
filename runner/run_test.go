package runner_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"strings"
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

// A world is a devnet and a database that outlive the processes of a test.
type world struct {
	t   *testing.T
	srv *devnet.Server
	dsn string
}

// inWorld runs a test in a bubble of fake time: the whole program, the real
// store and the devnet.
func inWorld(t *testing.T, srv *devnet.Server, test func(w *world)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, srv: srv, dsn: filepath.Join(dir, "tasks.db")}
		if srv.Runtime == nil {
			srv.Runtime = devnet.Instant(shell)
		}
		defer srv.Close()
		test(w)
	})
}

// shell answers the few commands that the tests use, without a process.
func shell(run golem.Run, _ devnet.Provider) devnet.Reply {
	reply := devnet.Reply{Wall: 100 * time.Millisecond, CPU: 50 * time.Millisecond}
	switch rest := strings.Join(run.Args, " "); run.EntryPoint {
	case "echo":
		reply.Stdout = rest + "\n"
	case "sleep":
		d, _ := time.ParseDuration(rest)
		reply.Wall, reply.CPU, reply.Stdout = d, d/2, "slept "+rest
	case "fail":
		reply.ExitCode = 3
	}
	return reply
}

// long leaves a test out of -short, which the race detector is run with: it would
// take ten times as long there and shows no other goroutines than the rest.
func long(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("-short leaves out what takes long")
	}
}

// A process is one start of the program.
type process struct {
	w     *world
	hurry chan struct{}
	db    *store.Store // while run runs
}

func (w *world) process() *process { return &process{w: w, hurry: make(chan struct{})} }

// run applies a document until the run ends in some way.
func (p *process) run(ctx context.Context, id state.RunID, document string) (state.RunState, error) {
	p.w.t.Helper()
	o := p.options(ctx, id, document)
	defer o.Store.Close()
	return runner.Run(ctx, o)
}

// options are those of a process that opens the database anew; the caller closes
// it.
func (p *process) options(ctx context.Context, id state.RunID, document string) runner.Options {
	p.w.t.Helper()
	s, list := spec.Parse("test.yaml", []byte(document), filepath.Dir(p.w.dsn), spec.Overrides{})
	if len(list) > 0 {
		p.w.t.Fatal(list)
	}
	set, list := policies.Compile(s)
	if len(list) > 0 {
		p.w.t.Fatal(list)
	}
	db, err := store.Open(ctx, p.w.dsn)
	if err != nil {
		p.w.t.Fatal(err)
	}
	p.db = db
	log := slog.New(slog.DiscardHandler)
	if testing.Verbose() {
		log = slog.New(slog.NewTextHandler(p.w.t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	return runner.Options{
		Store: db, Run: id, Spec: s, Policies: set, Daemon: "test", Log: log, Hurry: p.hurry,
		Client: &golem.Client{BaseURL: "http://devnet", AppKey: devnet.DefaultAppKey, HTTP: p.w.srv.Client()},
	}
}

// mustRun runs a document in one process and wants it to end in a state.
func (w *world) mustRun(id state.RunID, document string, want state.RunState) {
	w.t.Helper()
	got, err := w.process().run(w.t.Context(), id, document)
	if err != nil {
		w.t.Fatalf("run: %v", err)
	}
	if got != want {
		w.t.Fatalf("run ended as %s, want %s", got, want)
	}
}

// view reads the database after the processes are gone.
func (w *world) view(fn func(*store.Tx) error) {
	w.t.Helper()
	db, err := store.Open(context.Background(), w.dsn)
	if err != nil {
		w.t.Fatal(err)
	}
	defer db.Close()
	if err := db.View(context.Background(), fn); err != nil {
		w.t.Fatal(err)
	}
}

// values are the recorded results in order.
func (w *world) values(id state.RunID) []string {
	w.t.Helper()
	var out []string
	w.view(func(tx *store.Tx) error {
		results, err := tx.Results(id, 0, 1_000_000)
		for _, r := range results {
			out = append(out, string(r.Value))
		}
		return err
	})
	return out
}

// checkBooks demands that nothing is alive at the devnet, that its books and
// ours agree to the last digit, and that nothing stays set aside.
func (w *world) checkBooks(id state.RunID) {
	w.t.Helper()
	snap := w.srv.Inspect()
	if len(snap.Live) > 0 || snap.Demands > 0 || len(snap.Allocations) > 0 {
		w.t.Errorf("left at the devnet: activities %v, %d demands, allocations %v", snap.Live, snap.Demands, snap.Allocations)
	}
	for _, a := range snap.Agreements {
		if !a.State.Done() && a.State != golem.AgreementProposal {
			w.t.Errorf("agreement with %s is %s", a.ProviderName, a.State)
		}
	}
	w.view(func(tx *store.Tx) error {
		money, err := tx.Totals(id)
		if !money.Accepted.Equal(snap.Accepted) {
			w.t.Errorf("we accepted %s, the devnet was told %s", money.Accepted, snap.Accepted)
		}
		return err
	})
}

func TestRunDoesEveryTaskOnce(t *testing.T) {
	inWorld(t, &devnet.Server{Seed: 1}, func(w *world) {
		w.mustRun("hello", `
name: hello
payload: golem/alpine:latest
workers: 3
tasks:
  from: {range: [1, 10]}
  run: [echo, hello, "${{ task.item }}"]
`, state.RunDone)
		seen := map[string]bool{}
		for _, v := range w.values("hello") {
			seen[v] = true
		}
		if len(seen) != 10 || !seen[`"hello 7"`] {
			t.Errorf("results: %v", seen)
		}
		w.checkBooks("hello")
	})
}
