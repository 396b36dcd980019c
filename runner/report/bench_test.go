package report_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"tasks/runner/report"
	"tasks/runner/state"
	"tasks/runner/store"
)

// BenchmarkReport reads how runs of more and more finished tasks stand, as `tasks
// status` does, and their last results: neither may take longer for more tasks.
func BenchmarkReport(b *testing.B) {
	for _, tasks := range []int{10_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprintf("%d tasks", tasks), func(b *testing.B) {
			st := finishedRun(b, tasks)
			b.Run("status", func(b *testing.B) {
				for b.Loop() {
					view(b, st, func(tx *store.Tx) error {
						s, err := report.Load(tx, "r1", report.Options{})
						if err == nil && s.Tasks.Done != int64(tasks) {
							err = fmt.Errorf("%d tasks are done", s.Tasks.Done)
						}
						return err
					})
				}
			})
			b.Run("last results", func(b *testing.B) {
				for b.Loop() {
					view(b, st, func(tx *store.Tx) error {
						lines, _, err := report.Results(tx, "r1", int64(tasks-100), 100)
						if err == nil && len(lines) != 100 {
							err = fmt.Errorf("%d results", len(lines))
						}
						return err
					})
				}
			})
		})
	}
}

func view(b *testing.B, st *store.Store, fn func(*store.Tx) error) {
	b.Helper()
	if err := st.View(b.Context(), fn); err != nil {
		b.Fatal(err)
	}
}

// finishedRun opens a run with so many finished tasks, without what a runner would
// take to do them: one is finished, and its rows are copied.
func finishedRun(b *testing.B, tasks int) *store.Store {
	b.Helper()
	path := filepath.Join(b.TempDir(), "tasks.db")
	st, err := store.Open(b.Context(), path)
	if err != nil {
		b.Fatal(err)
	}
	book := book{b, st}
	book.run("r1", "name: hello")
	for i := range 100 {
		book.activity("r1", book.agreement("r1", fmt.Sprint("a", i), fmt.Sprint("p", i)), fmt.Sprint("v", i), state.ActivityReady)
	}
	book.finish(book.begin(book.tasks("r1", 1)[0], 1), `"hello"`)
	if err := st.Close(); err != nil {
		b.Fatal(err)
	}
	copyRows(b, path, tasks)
	if st, err = store.OpenReadOnly(b.Context(), path); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = st.Close() })
	return st
}

// copyRows makes many of the only finished task.
func copyRows(b *testing.B, path string, tasks int) {
	b.Helper()
	db, err := sql.Open("sqlite", path+"?_pragma=synchronous(off)")
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	for table, numbered := range map[string]string{"tasks": " id ", "attempts": " id task ", "results": " seq task attempt "} {
		var into, from []string
		for _, column := range columnsOf(b, db, table) {
			into, from = append(into, column), append(from, column)
			if strings.Contains(numbered, " "+column+" ") {
				from[len(from)-1] = "n"
			}
		}
		exec(b, db, fmt.Sprintf(`WITH RECURSIVE numbers(n) AS (VALUES (2) UNION ALL SELECT n + 1 FROM numbers WHERE n < %d)
			INSERT INTO %s (%s) SELECT %s FROM numbers, (SELECT * FROM %[2]s LIMIT 1)`,
			tasks, table, strings.Join(into, ", "), strings.Join(from, ", ")))
	}
	exec(b, db, fmt.Sprintf(`UPDATE stages SET done = %d, results = %[1]d`, tasks))
	exec(b, db, fmt.Sprintf(`UPDATE runs SET last_seq = %d`, tasks))
}

func exec(b *testing.B, db *sql.DB, query string) {
	b.Helper()
	if _, err := db.ExecContext(b.Context(), query); err != nil {
		b.Fatalf("%s: %v", query, err)
	}
}

func columnsOf(b *testing.B, db *sql.DB, table string) (columns []string) {
	b.Helper()
	rows, err := db.QueryContext(b.Context(), `SELECT name FROM pragma_table_info(?)`, table)
	if err != nil {
		b.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var column string
		if err := rows.Scan(&column); err != nil {
			b.Fatal(err)
		}
		columns = append(columns, column)
	}
	if err := rows.Err(); err != nil {
		b.Fatal(err)
	}
	return columns
}
