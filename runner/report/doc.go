// Package report is the read model: what a run looks like from outside, as
// plain values from which tables, JSON and live views are drawn. It reads the
// store and changes nothing.
//
// Every amount is GLM as an exact decimal and travels as a string in JSON.
// Identifiers are whole here; cutting them short is up to a view.
package report
