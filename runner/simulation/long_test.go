package simulation_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"tasks/golem"
	"tasks/golem/devnet"
	"tasks/runner"
	"tasks/runner/store"
)

var days = flag.Float64("days", 0.05, "how many simulated days TestLong stays")

const longDocument = `
name: long
payload: golem/alpine:latest
golem: {debit_note_interval: 10m}
workers: 2
budget: {rate: 10/h}
tasks:
  from: {items: [a, b, c], repeat: forever}
  run: [work, "${{ task.item }}"]
  timeout: 40m
results: {file: results.jsonl%s}
`

// defaultKeep is for how many days rows are kept where the document says nothing,
// and with which a run must be so long that the most of it has been rolled up.
const defaultKeep = 7

// keepOf is what the document of a stay says: of a long one nothing, so that the
// default shows, and of a short one a tenth of it.
func keepOf(days float64) string {
	if days >= 3*defaultKeep {
		return ""
	}
	return ", keep: " + time.Duration(days*float64(24*time.Hour)/10).Round(time.Second).String()
}

// TestLong leaves one process alone with an endless run on a market that changes,
// a tenth of the time first, and demands that the process is no larger at the
// end of the whole, and the database no larger than when it began to be rolled up.
func TestLong(t *testing.T) {
	if testing.Short() {
		t.Skip("it is not long then")
	}
	first, _ := stayLong(t, *days/10)
	last, early := stayLong(t, *days)
	show("the process alone, after %v days: %s", *days/10, first)
	show("the process alone, after %v days: %s", *days, last)
	if slack := uint64(4 << 20); last.heap > first.heap+slack {
		t.Errorf("the heap of the process grew from %d to %d bytes", first.heap, last.heap)
	}
	if last.goroutines > first.goroutines+10 {
		t.Errorf("goroutines grew from %d to %d", first.goroutines, last.goroutines)
	}
	if last.files > first.files+3 {
		t.Errorf("open files grew from %d to %d", first.files, last.files)
	}
	if slack := early.database/20 + 256<<10; *days >= 3*defaultKeep && last.database > early.database+slack {
		t.Errorf("the database grew from %d to %d bytes", early.database, last.database)
	}
	if !last.rolled.Any() {
		t.Error("nothing was rolled up")
	}
}

// aWhile is within how long there are results on the market of longMarket.
const aWhile = 6 * time.Hour

// show prints a line when somebody waits for it.
func show(format string, args ...any) {
	if *days >= 1 {
		fmt.Fprintf(os.Stderr, format+"\n", args...)
	}
}

// A footprint is what a process takes.
type footprint struct {
	heap              uint64 // in bytes, after a collection
	goroutines, files int
	database, results int64 // in bytes, on the disk
	log               int64 // of the database, in bytes
	rolled            store.Rolled
}

func (f footprint) String() string {
	return fmt.Sprintf("heap %d KiB, %d goroutines, %d files, database %d KiB, its log %d KiB, results %d KiB; rolled up %d tasks, %d agreements, %d bills, %d events",
		f.heap>>10, f.goroutines, f.files, f.database>>10, f.log>>10, f.results>>10,
		f.rolled.Done, f.rolled.Agreements, f.rolled.Bills, f.rolled.Events)
}

func (w *world) footprint() (f footprint) {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	open, _ := os.ReadDir("/proc/self/fd") // none where there is no such thing
	f.heap, f.goroutines, f.files = m.HeapAlloc, runtime.NumGoroutine(), len(open)
	size := func(name string) int64 {
		info, err := os.Stat(filepath.Join(w.dir, name))
		if err != nil {
			return 0
		}
		return info.Size()
	}
	f.database, f.log, f.results = size("tasks.db"), size("tasks.db-wal"), size("results.jsonl")
	return f
}

// rolledUp asks the store.
func rolledUp(t *testing.T, s *store.Store) (r store.Rolled) {
	t.Helper()
	err := s.View(context.Background(), func(tx *store.Tx) (err error) {
		r, err = tx.Rolled(runID)
		return err
	})
	if err != nil {
		t.Error(err)
	}
	return r
}

// stayLong returns what the process took in the end, and early, after four tenths
// of the time, and shows what all took every
// now and then. The devnet is in the same heap, and remembers every bill: what heap
// and goroutines are left when the process is gone is taken off.
func stayLong(t *testing.T, days float64) (took, early footprint) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		server := longMarket(days)
		defer server.Close()
		w := &world{plan: plan{seed: 1, document: fmt.Sprintf(longDocument, keepOf(days))}, witness: newWitness(server), dir: dir, dsn: filepath.Join(dir, "tasks.db"), server: server, log: logOf(t)}
		o, err := w.options(newMortal(context.Background(), crash{}))
		if err != nil {
			t.Fatal(err)
		}
		leave, left := make(chan struct{}), make(chan error)
		o.Hurry = leave
		go func() {
			_, err := runner.Run(t.Context(), o)
			left <- err
		}()
		progress := int64(0)
		step := time.Duration(days * float64(24*time.Hour) / 10)
		for i := range 10 {
			time.Sleep(step)
			took = w.footprint()
			took.rolled = rolledUp(t, o.Store)
			if i == 3 {
				early = took
			}
			if step > aWhile && took.results <= progress {
				t.Errorf("no result since %s ago", step)
			}
			progress = took.results
			seen := server.Inspect()
			show("%6.2f days: %s; %d agreements, %s GLM accepted", float64(i+1)*days/10, took, len(seen.Agreements), seen.Accepted)
		}
		close(leave)
		if err := <-left; err != nil {
			t.Error(err)
		}
		o.Store.Close()
		o = runner.Options{}
		rest := w.footprint()
		took.heap -= min(took.heap, rest.heap)
		took.goroutines -= rest.goroutines
	})
	return took, early
}

// longMarket is a market on which providers come and go: each is there for some
// hours, away for some, and sometimes refuses or leaves, and no two ask the same
// price, so that prices change with who is there. The daemon restarts once a day.
func longMarket(days float64) *devnet.Server {
	market := devnet.DrawProviders(3, 12)
	whole := time.Duration(days * float64(24*time.Hour))
	for i := range market {
		at, n := time.Duration(i)*time.Hour, 0
		for at < whole {
			as := devnet.Provider{}
			switch n % 4 {
			case 1:
				as.OfflineAfter = time.Nanosecond
			case 2:
				as.LeavesAfter = 2 * time.Hour
			case 3:
				as.RefuseAgreements = "not now"
			}
			market[i].Phases = append(market[i].Phases, devnet.Phase{After: at, As: as})
			at, n = at+time.Duration(3+i%5)*time.Hour, n+1
		}
	}
	var faults []devnet.Fault
	for day := range int(days) + 1 {
		faults = append(faults, devnet.Fault{From: time.Duration(day)*24*time.Hour + time.Hour, Times: 1, Restart: true})
	}
	return &devnet.Server{
		Seed: 3, Providers: market, Faults: faults,
		Runtime: devnet.Instant(func(golem.Run, devnet.Provider) devnet.Reply {
			return devnet.Reply{Stdout: "done\n", Wall: 15 * time.Minute, CPU: time.Minute}
		}),
	}
}
