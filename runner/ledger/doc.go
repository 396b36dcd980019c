// Package ledger is the arithmetic of money: what was spent in any window of
// time and what room that leaves (Book, Window), what a running activity may
// bill and is likely to (Meter), and whether a bill is honest (AuditNote,
// AuditInvoice).
//
// It is pure. It has no clock and does no I/O: the time, the prices and what the
// provider reported come in as arguments, and nothing here remembers more than
// it is given. Amounts are exact decimals of GLM throughout; usage is float64,
// as providers report it.
package ledger
