// Package devnet simulates the Golem Network for a requestor: one yagna daemon
// behind its REST API, and a market of providers that negotiate, rent out
// exe-units, run commands and send bills. A client of somebody else's runs
// against it unchanged.
//
// States, refusals and their texts are those of yagna 0.17.6; what providers do
// is what the stock provider does, except for those that are told to
// misbehave. Commands run as processes of this computer, or in an Instant
// runtime without any.
//
// # Lifetimes
//
// A Server begins with its first request and ends with Close, which leaves
// nothing behind: no goroutine, no process, no directory of its own. It takes
// its time from the time package, has no other clock and never polls, so that in
// a testing/synctest bubble a month passes in a moment.
//
// # How it is tested
//
// Each item of the protocol's Appendix A has a test named after it (TestA01 and
// so on), each table of status codes one by the number of its section (TestTable13
// and so on), and Appendix B has TestAppendixB. The folder clients has programs that use
// Golem's own SDKs.
//
// # What is not simulated
//
//   - The behaviour of daemons older or newer than 0.17.6, more than one identity (so nothing is
//     ever 403), app-key roles.
//   - HTTP proxies into an activity, and encrypted exec: 501.
//   - Transfers of directories (format, depth, fileset).
//   - Images: nothing is fetched, deploy succeeds for any task_package, and
//     commands find the programs of this computer.
//   - Limits of memory and storage, manifests, certificates, black lists.
//   - VPN: 404. Of services that clients offer on the bus, over a websocket, only
//     those of files are ever called. Files published with gftp are read
//     and written by the devnet itself, which has to run on the computer that
//     they are on: package gftp's Server tells it where they are. They outlive a
//     gftp process that is killed.
//   - Offers that are published anew, withdrawn or expired, several presets of
//     one provider, offers of other nodes' demands.
//   - On-chain deposits, transaction fees, the 30-day window of payouts for
//     invoices and agreements (that for allocations is there), changes
//     of the payout schedule.
//   - Allocations of another platform than the bill's, whose acceptances a daemon
//     never pays: here they are paid all the same.
//   - Rows that are deleted after 90 days.
//   - Providers that let a message of the daemon wait until it times out: who cannot be
//     reached is known at once, and the end of an exe-unit is asked for and done.
//   - Deliveries that are tried again: whoever is offline stays so, and what
//     providers send while the daemon restarts has arrived when it is back.
//   - What a daemon refuses to its provider: an invoice below the debit notes so
//     far reaches the requestor here, who cannot accept it.
//   - Races inside the daemon: two accepts at once are one after the other, an
//     acceptance reaches its provider at once, and a charge and its status
//     change together.
//   - Events of a poll whose client vanished while the answer was on its way are
//     lost, as with the daemon, but here that moment is short.
package devnet
