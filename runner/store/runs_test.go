package store_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"tasks/golem"
	"tasks/runner/state"
	"tasks/runner/store"
)

func (w world) runNow(t testing.TB) state.Run {
	t.Helper()
	return ask(t, w.Store, func(tx *store.Tx) (state.Run, error) { return tx.Run(w.run) })
}

// refused checks how an update that must not succeed is answered.
func refused(t *testing.T, s *store.Store, want error, fn func(*store.Tx) error) {
	t.Helper()
	if err := s.Update(context.Background(), fn); !errors.Is(err, want) {
		t.Errorf("answered %v, want %v", err, want)
	}
}

func TestRunKeepsWhatItWasGiven(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t)
		want := state.Run{
			ID: "test_1", Name: "yacat", Session: "tasks-test_1-ab", State: state.RunRunning, Revision: 1,
			Daemon: "embedded", Identity: "0x06", CreatedAt: time.Now().UTC().Add(-time.Hour), ResultsPath: "results/test_1.jsonl", ResultsFirst: 1,
			AgreementCursor: "2026-04-01T10:02:05.123456789Z", DebitNoteCursor: "2026-04-01T10:02:06Z", InvoiceCursor: "x",
		}
		revision := state.Revision{
			Run: "test_1", Number: 1, File: "yacat.yaml", Dir: "/work", Text: []byte("name: yacat\n"),
			Workers: "10", MaxPrice: "0.001", Budget: "10/h", AppliedAt: time.Now().UTC(), AdoptedAt: time.Now().UTC(),
		}
		update(t, s, func(tx *store.Tx) error { return tx.CreateRun(want, revision) })
		got := ask(t, s, func(tx *store.Tx) (state.Run, error) { return tx.Run("test_1") })
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("run (-want +got):\n%s", diff)
		}
		gotRevision := ask(t, s, func(tx *store.Tx) (state.Revision, error) { return tx.Revision("test_1", 1) })
		if diff := cmp.Diff(revision, gotRevision); diff != "" {
			t.Errorf("revision (-want +got):\n%s", diff)
		}
	})
}

func TestRunIDsAndSessionsAreTakenOnce(t *testing.T) {
	w := newWorld(t)
	for name, run := range map[string]state.Run{"id": {ID: w.run, Session: "other"}, "session": {ID: "other", Session: "tasks-yacat"}} {
		t.Run(name, func(t *testing.T) {
			refused(t, w.Store, store.ErrExists, func(tx *store.Tx) error { return tx.CreateRun(run, state.Revision{}) })
		})
	}
}

func TestRunsThatAreNotThere(t *testing.T) {
	s := open(t)
	for name, fn := range map[string]func(*store.Tx) error{
		"Run":          func(tx *store.Tx) error { _, err := tx.Run("x"); return err },
		"LatestRun":    func(tx *store.Tx) error { _, err := tx.LatestRun(); return err },
		"Propose":      func(tx *store.Tx) error { _, err := tx.Propose(state.Revision{Run: "x"}); return err },
		"AddRevision":  func(tx *store.Tx) error { _, err := tx.AddRevision(state.Revision{Run: "x"}); return err },
		"Revision":     func(tx *store.Tx) error { _, err := tx.Revision("x", 1); return err },
		"MoveRun":      func(tx *store.Tx) error { return tx.MoveRun("x", state.RunDone, "") },
		"StartRun":     func(tx *store.Tx) error { return tx.StartRun("x", "", "") },
		"AskStop":      func(tx *store.Tx) error { return tx.AskStop("x") },
		"SetExported":  func(tx *store.Tx) error { return tx.SetExported("x", 1, 1) },
		"AddEvent":     func(tx *store.Tx) error { return tx.AddEvent("x", "k", "", "") },
		"AddTasks":     func(tx *store.Tx) error { _, err := tx.AddTasks("x", nil); return err },
		"SaveCursor":   func(tx *store.Tx) error { return tx.SaveCursor("x", state.Cursor{}) },
		"Snapshot":     func(tx *store.Tx) error { _, err := tx.Snapshot("x"); return err },
		"Totals":       func(tx *store.Tx) error { _, err := tx.Totals("x"); return err },
		"AddAgreement": func(tx *store.Tx) error { _, err := tx.AddAgreement(state.Agreement{Run: "x"}); return err },
		"AddActivity":  func(tx *store.Tx) error { _, err := tx.AddActivity(state.Activity{Run: "x"}); return err },
		"AddBill":      func(tx *store.Tx) error { _, err := tx.AddBill(state.Bill{Run: "x"}); return err },
		"AddDemand":    func(tx *store.Tx) error { return tx.AddDemand(state.Demand{Run: "x"}) },
	} {
		t.Run(name, func(t *testing.T) { refused(t, s, store.ErrNotFound, fn) })
	}
}

func TestRunsComeNewestFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t)
		for _, id := range []state.RunID{"b", "c", "a"} {
			update(t, s, func(tx *store.Tx) error { return tx.CreateRun(state.Run{ID: id}, state.Revision{}) })
			time.Sleep(time.Second)
		}
		var got []state.RunID
		for _, r := range ask(t, s, (*store.Tx).Runs) {
			got = append(got, r.ID)
		}
		if diff := cmp.Diff([]state.RunID{"a", "c", "b"}, got); diff != "" {
			t.Errorf("runs (-want +got):\n%s", diff)
		}
		if got := ask(t, s, (*store.Tx).LatestRun); got != "a" {
			t.Errorf("latest run is %s", got)
		}
	})
}

func TestRevisionsAreNumbered(t *testing.T) {
	w := newWorld(t)
	n := tell(t, w.Store, func(tx *store.Tx) (int, error) {
		return tx.AddRevision(state.Revision{Run: w.run, Text: []byte("second"), Number: 17})
	})
	if got := w.runNow(t).Revision; n != 2 || got != 2 {
		t.Errorf("the second revision has number %d, the run %d", n, got)
	}
	r := ask(t, w.Store, func(tx *store.Tx) (state.Revision, error) { return tx.Revision(w.run, 2) })
	if string(r.Text) != "second" || r.AppliedAt.IsZero() {
		t.Errorf("revision is %+v", r)
	}
}

func TestMoveRun(t *testing.T) {
	for _, c := range []struct {
		name     string
		path     []state.RunState
		want     error
		finished bool
	}{
		{"to done", []state.RunState{state.RunDone}, nil, true},
		{"to paused", []state.RunState{state.RunPaused}, nil, false},
		{"stopped and resumed", []state.RunState{state.RunStopped, state.RunRunning}, nil, false},
		{"interrupted twice", []state.RunState{state.RunInterrupted, state.RunInterrupted}, nil, true},
		{"done twice", []state.RunState{state.RunDone, state.RunDone}, nil, true},
		{"back from done", []state.RunState{state.RunDone, state.RunRunning}, store.ErrStale, true},
		{"back from failed", []state.RunState{state.RunFailed, state.RunStopped}, store.ErrStale, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			last := len(c.path) - 1
			for _, to := range c.path[:last] {
				update(t, w.Store, func(tx *store.Tx) error { return tx.MoveRun(w.run, to, "before") })
			}
			before := w.runNow(t).State
			err := w.Update(context.Background(), func(tx *store.Tx) error { return tx.MoveRun(w.run, c.path[last], "why") })
			if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
				t.Fatalf("answered %v, want %v", err, c.want)
			}
			want, note := c.path[last], "why"
			if c.want != nil {
				want, note = before, "before"
			}
			got := w.runNow(t)
			if got.State != want || got.Note != note || got.FinishedAt.IsZero() == c.finished {
				t.Errorf("run is %s, %q, finished at %v", got.State, got.Note, got.FinishedAt)
			}
		})
	}
}

func TestStartRunVoidsARequestToStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		update(t, w.Store, func(tx *store.Tx) error { return tx.AskStop(w.run) })
		if !ask(t, w.Store, func(tx *store.Tx) (bool, error) { return tx.StopAsked(w.run) }) {
			t.Error("nobody asked for a stop")
		}
		update(t, w.Store, func(tx *store.Tx) error { return tx.MoveRun(w.run, state.RunStopped, "asked") })
		time.Sleep(time.Minute)
		update(t, w.Store, func(tx *store.Tx) error { return tx.StartRun(w.run, "http://127.0.0.1:7465", "0x2") })
		got := w.runNow(t)
		if got.StopAsked || got.State != state.RunRunning || !got.FinishedAt.IsZero() || got.Note != "" {
			t.Errorf("run is %+v", got)
		}
		if !got.StartedAt.Equal(time.Now()) || got.Daemon != "http://127.0.0.1:7465" || got.Identity != "0x2" {
			t.Errorf("run started at %v on %s as %s", got.StartedAt, got.Daemon, got.Identity)
		}
		update(t, w.Store, func(tx *store.Tx) error { return tx.MoveRun(w.run, state.RunDone, "") })
		refused(t, w.Store, store.ErrStale, func(tx *store.Tx) error { return tx.StartRun(w.run, "", "") })
	})
}

func TestSetEventCursors(t *testing.T) {
	w := newWorld(t)
	note, invoice := golem.Timestamp("2026-01-01T00:00:00.1Z"), golem.Timestamp("2026-01-02T00:00:00Z")
	update(t, w.Store, func(tx *store.Tx) error { return tx.SetEventCursors(w.run, nil, &note, nil) })
	update(t, w.Store, func(tx *store.Tx) error { return tx.SetEventCursors(w.run, nil, nil, &invoice) })
	if got := w.runNow(t); got.AgreementCursor != "" || got.DebitNoteCursor != note || got.InvoiceCursor != invoice {
		t.Errorf("cursors are %q, %q, %q", got.AgreementCursor, got.DebitNoteCursor, got.InvoiceCursor)
	}
}

func TestSetExported(t *testing.T) {
	w := newWorld(t)
	update(t, w.Store, func(tx *store.Tx) error {
		if err := tx.SetResultsPath(w.run, "out.jsonl"); err != nil {
			return err
		}
		return tx.SetExported(w.run, 7, 1234)
	})
	if got := w.runNow(t); got.ResultsPath != "out.jsonl" || got.ResultsExported != 7 || got.ResultsOffset != 1234 {
		t.Errorf("run is %+v", got)
	}
}

func TestEvents(t *testing.T) {
	w := newWorld(t)
	update(t, w.Store, func(tx *store.Tx) error { return tx.CreateRun(state.Run{ID: "other"}, state.Revision{}) })
	all := ask(t, w.Store, func(tx *store.Tx) ([]state.Event, error) { return tx.Events(w.run, 0, 100) })
	var kinds []string
	for i, e := range all {
		kinds = append(kinds, e.Kind)
		if e.Run != w.run || e.At.IsZero() || i > 0 && e.Seq <= all[i-1].Seq {
			t.Errorf("event %d is %+v", i, e)
		}
	}
	want := []string{
		"run.created", "run.started",
		"agreement.creating", "agreement.created", "agreement.confirmed", "agreement.approved",
		"activity.creating", "activity.created", "activity.preparing", "activity.ready",
	}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if got := all[5].Subject; got != string(agreementID) {
		t.Errorf("subject of an approved agreement is %q", got)
	}
	rest := ask(t, w.Store, func(tx *store.Tx) ([]state.Event, error) { return tx.Events(w.run, all[2].Seq, 3) })
	if diff := cmp.Diff(all[3:6], rest); diff != "" {
		t.Errorf("a page of events (-want +got):\n%s", diff)
	}
}
