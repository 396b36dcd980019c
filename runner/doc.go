// Package runner carries a run out: it observes the daemon and the store,
// lets reconcile decide, acts, and records.
//
// # The flow
//
// The loop (loop.go) is slow and level-triggered: it loads a view of the run,
// asks reconcile what to do, and starts an effect for every answer. An effect
// is a goroutine that writes its intent, calls the daemon, and writes what came
// of it; while it runs its record is busy and no decision is made about it.
//
// The hot path is not in the loop. Every ready activity has a worker (work.go)
// that takes tasks from the queue (queue.go), runs each as a batch, and records
// the outcome together with the tasks it emits.
//
// Bills (bills.go) have goroutines of their own, so that no bill is late because
// something else is slow.
//
// # Lifetimes
//
// Run blocks until the run has ended, is wound down, or is left at once. Every
// goroutine it starts has ended when it returns. Whatever is on disk at that
// moment, or at the moment of a kill -9, is enough for the next Run to carry on:
// recovery (recover.go) compares the records with what the daemon holds.
package runner
