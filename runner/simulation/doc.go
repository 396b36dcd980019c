// Package simulation is a test of the whole program under everything that we
// know can go wrong: the real runner, the real store and the devnet run in one
// bubble of fake time, in a world that a seed draws. The seed says what the run
// is, who is on the market and how they misbehave, what is wrong with the daemon,
// and where the process of the runner dies, at a write or at a call.
//
// All along and at the end invariants are checked, each by its name. Most of them
// judge the runner by what the devnet was told, not by what the runner believes.
//
// The package holds tests only.
package simulation
