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
// # Errors
//
// An answer other than 2xx is an *Error; transport failures are wrapped as
// they come from net/http.
package golem
