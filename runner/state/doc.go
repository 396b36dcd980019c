// Package state is what a run remembers: its records, their states and the
// moves between them, as pure data.
//
// Every record is a row of the store. A record that stands for something at the
// daemon is written before the daemon is asked for it (an intent), so that a
// process that dies in between leaves a trace for the next one to follow.
package state
