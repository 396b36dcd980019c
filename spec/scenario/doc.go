// Package scenario reads the YAML files that describe a market of the devnet and
// what goes wrong in it, with the manners of a spec: every mistake is found, with
// its place and what would be right.
//
// A file has up to six parts, all of them optional: seed, market, misbehaviour,
// daemon, runtime and timings. The same file and seed make the same market, and what is drawn for
// one property of one provider does not depend on the others.
package scenario
