// Package schema writes the JSON Schema of a document that a decoder of ours
// reads, from the decoder's own code and the comments in it.
//
// [ReadComments] walks the code for the keys it takes; the comment above a key is
// its description. What values a key takes is said by a [Form], because only the
// decoder's code itself knows it. [Grammar.Build] puts the two together, and says
// which key lacks one of them.
//
// Nothing of it is in the program: a test writes the schema into a file, which the
// package of the decoder embeds.
package schema
