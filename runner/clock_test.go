package runner_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"tasks/golem/devnet"
	"tasks/runner/state"
	"tasks/runner/store"
)

// setClock makes every recorded time differ as if the clock had been moved by d
// since: in a bubble the recorded times move and the clock does not.
func (w *world) setClock(d time.Duration) {
	w.t.Helper()
	db, err := sql.Open("sqlite", w.dsn)
	if err != nil {
		w.t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	rows, err := db.QueryContext(w.t.Context(), `SELECT t.name, c.name FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table'
		AND (c.name = 'at' OR c.name LIKE '%\_at' ESCAPE '\' OR c.name IN ('wait_until', 'timeout')) AND c.type = 'INTEGER'`)
	if err != nil {
		w.t.Fatal(err)
	}
	var changes []string
	for rows.Next() {
		var table, column string
		if err := rows.Scan(&table, &column); err != nil {
			w.t.Fatal(err)
		}
		changes = append(changes, fmt.Sprintf("UPDATE %s SET %[2]s = %[2]s - %d WHERE %[2]s IS NOT NULL", table, column, d.Microseconds()))
	}
	if err := rows.Close(); err != nil || len(changes) < 15 {
		w.t.Fatalf("%d columns hold times, %v", len(changes), err)
	}
	if _, err := db.ExecContext(w.t.Context(), strings.Join(changes, ";\n")); err != nil {
		w.t.Fatal(err)
	}
}

// However the clock moves while nobody is there, every task is done once, what we
// accepted is what the market was told, and the run ends in its time.
func TestTheClockMoves(t *testing.T) {
	long(t)
	for _, d := range []time.Duration{
		0, -5 * time.Second, -5 * time.Minute, -time.Hour, -24 * time.Hour, 5 * time.Minute, 8 * time.Hour, 24 * time.Hour,
	} {
		t.Run(d.String(), func(t *testing.T) {
			inWorld(t, &devnet.Server{Seed: 51}, func(w *world) {
				began := time.Now()
				for range 2 {
					w.leaveAfter(100*time.Second, "sixty", sixty)
					w.setClock(d)
				}
				w.mustRun("sixty", sixty, state.RunDone)
				if took := time.Since(began); took > 25*time.Minute {
					t.Errorf("took %s", took)
				}
				w.wantSixty("sixty")
				w.checkBooks("sixty")
				if refused := w.refused("sixty"); d >= -5*time.Minute && len(refused) > 0 {
					t.Errorf("honest bills refused: %v", refused)
				}
			})
		})
	}
}

// refused are the reasons why agreements' bills were refused.
func (w *world) refused(id state.RunID) (out []string) {
	w.t.Helper()
	w.view(func(tx *store.Tx) error {
		bills, err := tx.OpenBills(id)
		for _, b := range bills {
			out = append(out, b.Reason)
		}
		return err
	})
	return out
}

// Money that was spent stays spent when the clock goes back, and a budget that it
// used up is not used again.
func TestASetBackClockMakesNoMoney(t *testing.T) {
	long(t)
	for _, d := range []time.Duration{-5 * time.Minute, -24 * time.Hour} {
		t.Run(d.String(), func(t *testing.T) {
			inWorld(t, &devnet.Server{Seed: 52}, func(w *world) {
				document := sixty + "\nbudget: 0.02/h\n"
				got, err := w.process().run(w.t.Context(), "sixty", document)
				if got != state.RunExhausted || err != nil {
					t.Fatalf("run: %s, %v", got, err)
				}
				w.setClock(d)
				if got, err = w.process().run(w.t.Context(), "sixty", document); got != state.RunExhausted || err != nil {
					t.Errorf("with the clock set back: %s, %v", got, err)
				}
				if spent := w.srv.Inspect().Accepted.InexactFloat64(); spent > 0.02 {
					t.Errorf("spent %v of 0.02 in an hour", spent)
				}
				w.checkBooks("sixty")
			})
		})
	}
}
