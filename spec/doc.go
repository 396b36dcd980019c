// Package spec reads the YAML document that says what to run, on what kind of
// machine, with how many workers and how much money. It decodes, fills in
// defaults, and checks all that can be checked without compiling an expression.
//
// # Mistakes
//
// A document is parsed into nodes and walked by hand, so that every mistake has
// a line, a column and words of its own: unknown and repeated keys, values of the
// wrong kind, bad units. All are reported at once, in file order, as package diag
// describes them. Expressions stay text here, and know where they stand; package
// policies compiles them and asks [Expr.Place] where its own mistakes are.
//
// # What is read, and what is not
//
// The document is one YAML document in UTF-8 of at most 8 MiB, without merge
// keys and foreign tags. Aliases are followed, as far as what they multiply stays
// bounded. Load also checks that the local files it names are there; Parse
// touches nothing, and serves for the stored revisions of a run.
//
// # Units
//
// Times are Go durations that may begin with days: 90s, 1h30m, 2d, 1d12h. Sizes
// have a unit, of 1000 (KB, MB, GB, TB) or of 1024 (KiB, MiB, GiB, TiB). Amounts
// are in GLM; the unit of time of a budget is what the text ends in, /h, /hour,
// /d or /day, so that "run.results * 0.01/h" is an expression for an hour.
//
// # Templates
//
// ${{ expr }} in a command or a file name is filled in; $${{ stands for the text
// ${{. In a command for the shell each value arrives as one quoted word, see
// [ShellQuote], and may stand only where quotes hold: not inside the author's own
// quotes, comments, here-documents, backticks, ${…} or arithmetic, nor behind
// quoting that shells read differently.
package spec
