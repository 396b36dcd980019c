package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tasks/golem"
	"tasks/runner/state"
	"tasks/runner/store"
)

// oldRows are rows of every table of the first two versions of the schema.
var oldRows = []string{
	`INSERT INTO runs (key, id, name, session, state, revision, daemon, identity, created_at, results_path, results_offset, results_exported, last_seq, accepted, paid)
		VALUES (1, 'old', 'yacat', 's1', 'running', 1, 'embedded', '0x1', 1000000, 'out.jsonl', 120, 1, 1, '0.5', '0.25')`,
	`INSERT INTO revisions VALUES (1, 1, 'run.yaml', '/work', CAST('name: yacat' AS BLOB), '3', '', '1/h', 1000000)`,
	`INSERT INTO stages (key, run, name, position, next, pending, running, done, failed, results) VALUES (1, 1, 'attack', '7', 4, 1, 1, 1, 1, 1)`,
	`INSERT INTO providers VALUES (1, '0xab', 'ann', 1, 1, 2, 1, '0.5', 5000000)`,
	`INSERT INTO agreements (key, run, id, state, demand, proposal, provider, provider_name, offer, pricing, platform, interval_us, agreed_at, created_at, accepted, paid)
		VALUES (1, 1, 'a1', 'approved', 'd1', 'p1', 1, 'ann', '{"golem.inf.cpu.cores":4}', '{"start":"0.1"}', 'erc20-hoodi-tglm', 120000000, 2000000, 1500000, '0.5', '0.25')`,
	`INSERT INTO activities (key, run, agreement, id, state, created_at, ready_at, batches, results, failures, busy_us, accepted)
		VALUES (1, 1, 1, 'v1', 'ready', 2000000, 3000000, 2, 1, 1, 4000000, '0.5')`,
	`INSERT INTO tasks VALUES (1, 1, 1, 0, '"one"', NULL, 'done', 1, NULL, 4000000)`,
	`INSERT INTO tasks VALUES (2, 1, 1, 1, '"two"', NULL, 'failed', 1, NULL, 5000000)`,
	`INSERT INTO tasks VALUES (3, 1, 1, 2, '"three"', 1, 'running', 1, NULL, NULL)`,
	`INSERT INTO tasks VALUES (4, 1, 1, 3, '"four"', 1, 'pending', 0, NULL, NULL)`,
	`INSERT INTO attempts VALUES (1, 1, 1, 1, 'done', 'b1', 3000000, 4000000, NULL, NULL, NULL, NULL, NULL)`,
	`INSERT INTO attempts VALUES (2, 2, 1, 1, 'failed', 'b2', 4000000, 5000000, 'provider', 1, 'broke', x'6f7574', x'657272')`,
	`INSERT INTO attempts VALUES (3, 3, 1, 1, 'running', 'b3', 5000000, NULL, NULL, NULL, NULL, NULL, NULL)`,
	`INSERT INTO results VALUES (1, 1, 1, 1, '"found"', 1)`,
	`INSERT INTO bills VALUES (1, 'n1', 'debit_note', 1, 1, 1, '0.5', '0.5', 'settled', '', 3500000, 3600000, 3700000, '[1,2]')`,
	`INSERT INTO allocations VALUES (1, 1, 'l1', 'active', 'erc20-hoodi-tglm', '1', 9000000, 1000000, NULL)`,
	`INSERT INTO demands VALUES ('d1', 1, 1200000, NULL)`,
	`INSERT INTO events VALUES (1, 1, 1000000, 'run.created', 'old', '')`,
	`INSERT INTO rejections VALUES (1, 1, 'offer.score', 3, 1000000, 2000000, '0xcd', 'bob', '2', 'too dear')`,
}

// oldDatabase is what the second version of the program left.
func oldDatabase(t *testing.T) (path string) {
	t.Helper()
	var script []string
	for _, name := range []string{"0001_first.sql", "0002_rejections.sql"} {
		text, err := os.ReadFile(filepath.Join("migrations", name))
		if err != nil {
			t.Fatal(err)
		}
		script = append(script, string(text))
	}
	return foreign(t, append(append(script, oldRows...), `PRAGMA user_version = 2`)...)
}

// dump is all that the named columns of tables hold; without names, it names the
// columns of all tables that there are.
func dump(t *testing.T, path string, columns map[string][]string) (names map[string][]string, rows map[string]string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	query := func(q string) (out []string) {
		got, err := db.QueryContext(context.Background(), q)
		if err != nil {
			t.Fatalf("%s: %v", q, err)
		}
		defer got.Close()
		for got.Next() {
			var s string
			if err := got.Scan(&s); err != nil {
				t.Fatal(err)
			}
			out = append(out, s)
		}
		return out
	}
	if columns == nil {
		columns = map[string][]string{}
		for _, table := range query(`SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`) {
			columns[table] = query(fmt.Sprintf(`SELECT name FROM pragma_table_info('%s') ORDER BY cid`, table))
		}
	}
	rows = map[string]string{}
	for table, names := range columns {
		each := "quote(" + strings.Join(names, ") || ' ' || quote(") + ")"
		rows[table] = strings.Join(query(fmt.Sprintf(`SELECT %s FROM %s ORDER BY 1`, each, table)), "\n")
	}
	return columns, rows
}

// TestAnOldDatabaseKeepsItsRows brings a database of the second version up to date,
// and goes on with the run in it.
func TestAnOldDatabaseKeepsItsRows(t *testing.T) {
	path := oldDatabase(t)
	columns, before := dump(t, path, nil)
	for table, rows := range before {
		if rows == "" {
			t.Errorf("the test has no row of table %s", table)
		}
	}
	s := openAt(t, path)
	_, after := dump(t, path, columns)
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("rows (-before +after):\n%s", diff)
	}

	rev := ask(t, s, func(tx *store.Tx) (state.Revision, error) { return tx.Revision("old", 1) })
	if string(rev.Text) != "name: yacat" || !rev.AdoptedAt.Equal(rev.AppliedAt) {
		t.Errorf("revision %+v", rev)
	}
	got := ask(t, s, func(tx *store.Tx) ([]state.Result, error) { return tx.Results("old", 0, 10) })
	if len(got) != 1 || string(got[0].Value) != `"found"` {
		t.Errorf("results %v", got)
	}
	at := ask(t, s, func(tx *store.Tx) ([]state.Attempt, error) { return tx.OpenAttempts("old") })[0]
	end := store.AttemptEnd{Attempt: at.ID, State: state.AttemptDone, Task: state.TaskDone, Value: doc(`"more"`), Count: 1}
	if f := tell(t, s, func(tx *store.Tx) (store.Finished, error) { return tx.FinishAttempt(end) }); f.Seq != 2 {
		t.Errorf("finished %+v", f)
	}
	histories := ask(t, s, func(tx *store.Tx) ([]state.History, error) {
		return tx.Histories(state.Work{Name: "yacat", Payload: "vm any"})
	})
	if len(histories) != 1 || histories[0].Provider != golem.NodeID("0xab") || histories[0].Tasks != 2 || histories[0].Results != 2 {
		t.Errorf("histories %+v", histories)
	}
	counts := ask(t, s, func(tx *store.Tx) (state.Counts, error) { return tx.Counts("old") })
	if want := (state.Counts{Pending: 1, Done: 2, Failed: 1, Results: 2}); counts != want {
		t.Errorf("counts %+v, want %+v", counts, want)
	}
}
