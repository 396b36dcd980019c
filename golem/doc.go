// Package golem is a client of yagna, the daemon of the Golem Network, for the
// requestor's side: market, activity and payment, with typed identifiers,
// exact amounts and the daemon's behaviour as it really is.
//
// # Lifetimes
//
// A Client holds no state beyond its HTTP connections and is safe for
// concurrent use. Every method takes a context first and makes one HTTP call;
// nothing retries, because only the caller knows what a repeat would cost.
// Demands and their events live in the daemon's memory; agreements, activities,
// allocations and bills are on its disk.
//
// # Waiting
//
// A timeout argument is how long the daemon waits, for an event or for a
// provider. The call itself has a deadline some seconds later, and ends with
// ErrUnreachable when that passes. Polls that end by themselves lose nothing;
// one that is cancelled can lose the events of a demand.
//
// # Order
//
// Events of agreements, debit notes and invoices come oldest first and can be
// read again from any Timestamp. Events of a demand come once, in no order.
//
// # Errors
//
// An answer other than 2xx is an *Error; no answer at all is ErrUnreachable; a
// context of the caller that ended is its cause, as context.Cause gives it.
package golem
