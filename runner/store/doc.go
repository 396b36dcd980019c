// Package store keeps the records of runs in one SQLite file.
//
// # Transactions
//
// All work goes through [Store.Update] and [Store.View], which hand a [Tx] to a
// function. Updates that wait at the same time share one commit, and with it one
// sync of the disk; each of them is undone alone if its function fails. An
// update that was answered with nil is on disk. A View sees every update that
// was answered before it began, and nothing of one that was not.
//
// A function given to Update or View runs in its caller's goroutine while the
// whole store waits for it. It must therefore be short, do no other I/O, not
// call Update or View again, and not keep its Tx.
//
// # Transitions
//
// A row moves from one state to another with a guarded update that names the
// state it leaves; if the row is not in that state the answer is [ErrStale] and
// nothing changes. A move that the tables of package state do not have is
// [ErrForbidden]. Moves of all records but tasks and attempts add their event in
// the same transaction.
//
// # Processes
//
// Several processes may have the file open: it is in WAL mode, so readers never
// wait for writers, and writers wait for each other up to 5 s. Which process may
// work on a run is decided elsewhere.
package store
