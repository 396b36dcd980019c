// Package source reads the items of a stage from where its spec says they come
// from: a range of numbers, a list, the lines of a file, or a local program.
//
// A Reader is a cursor. It reads no further than Next is called, so that ten
// million items are never in memory, and every Item carries the position after
// it: small JSON that is opaque to callers, kept beside the item, from which Open
// carries on with the following one.
//
// # Values
//
// An item is what expressions see: the numbers of a range are int; a line is a
// string; JSON numbers are int where they are whole and fit, and float64
// otherwise. Item.JSON is the same value as text, with every digit that the
// source has.
//
// # What a position can and cannot do
//
// A file is carried on with at a byte offset: it may grow at its end, and one
// that was cut or overwritten meanwhile is an error where that shows. A program
// cannot be carried on with. It is started again and as many items are skipped
// as were read from it in the round, so it must print the same beginning again.
// Items are not compared: a range or a list edited meanwhile is carried on with
// at the same place in the order.
//
// # Lifetime
//
// Only a program runs beside its Reader: it and all processes of its group are
// killed when the context of a waiting Next ends, and by Close. On Linux it does
// not outlive this process either.
package source
