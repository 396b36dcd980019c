// Package policies compiles the expressions and templates of a spec, and
// answers the questions that a run asks of them.
//
// Every policy has an environment of its own, a struct of this package whose
// fields are the names that its expressions may use; Names lists them and
// Functions lists what can be called, so that documentation is made from the
// code. An expression sees data and nothing else: no clock (run.now is a field),
// no file, no network, no environment variable.
//
// # Mistakes
//
// Compile finds a misspelt name, a wrong type and a wrong result before
// anything is spent, all of them at once and each with its place. What cannot be
// known before a value is there comes back as a *Failure, and with it the answer
// that does no harm: the offer is rejected, the worker and the task are kept, no
// worker is hired and no money allowed.
//
// # Money
//
// Expressions compute with float64, which is what prices of offers are to begin
// with. The books do not: an amount that the document writes as a number is
// taken as an exact decimal, and a computed one is turned into a decimal at once.
//
// # Bounds
//
// Expressions have no loops but those over lists. Length, memory, the number of
// steps of loops inside loops, and the text that joining and repeating can make
// are bounded; passing a bound is a Failure.
//
// # Concurrency
//
// A Set is immutable once compiled, and safe for concurrent use.
package policies
