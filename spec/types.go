package spec

import (
	"strings"
	"time"

	"tasks/spec/diag"
)

// A Spec is one document after decoding, defaults and validation: what to run,
// on what, how much of it, for how much money. It is read-only once loaded.
// Every expression in it is text with its place; package policies compiles
// them.
//
// Beside diagnostics a Spec is as much of the document as could be read, good
// for finding more mistakes in its expressions, and for nothing else.
type Spec struct {
	File string // as it was named to Load, for messages
	Dir  string // absolute; paths in the document are relative to it
	Text []byte // the document itself; of several files, the first
	Kept []byte // the whole document, with other files and what --set put into it, kept as a revision of the run

	// Sources are the texts of all files that were read, by the names that places
	// have.
	Sources map[string][]byte

	Name     string
	Payload  Payload
	Golem    Golem
	Workers  Expr // an int; default 1
	Budget   Budget
	MaxPrice Expr    // GLM for one result; zero when the document sets none
	Params   []Param // in the order of the document
	Env      []EnvVar
	Stages   []Stage
	Policies Policies
	Results  Results
	Tests    []Case // in the order of the document
}

// Payload is what runs on the provider.
type Payload struct {
	Image        string   // "" only for runtimes without images; a sha3-224 hash (56 hex), a registry tag, or a URL
	URL          string   // where an image named by its hash is fetched; "" to ask the registry
	Runtime      string   // default "vm"
	Min          Minimum  // what the offer must have at least
	Capabilities []string // runtime capabilities the offer must list, such as "vpn"
	Constraints  string   // raw demand constraints and-ed to the ones above, or ""
	Volumes      []string // more places for files, besides those that images usually have; clean absolute paths
}

// String is what tells one payload from another: the runtime and the image.
func (p Payload) String() string { return strings.TrimSpace(p.Runtime + " " + p.Image) }

// Minimum is what an offer must have at least; zero fields ask nothing.
type Minimum struct {
	Cores, Threads  int
	Memory, Storage float64 // GiB
}

// Golem says which part of the network to use and how often to be billed.
type Golem struct {
	Network           string        // default "hoodi"
	Subnet            string        // default "public"
	DebitNoteInterval time.Duration // default 2m; 1 s to 24 h
	AcceptTimeout     time.Duration // the promise to answer each debit note; default 2m; 5 s to 4 min
	PaymentTimeout    time.Duration // default 12h
}

// An Expr is an expression with its place. The zero Expr is absent.
type Expr struct {
	Text string
	at   place
}

// Budget is what may be spent: every limit that is set holds at once.
type Budget struct {
	Limits        []Limit
	WhenExhausted string // Stop or Pause
}

// What a run does when its budget is exhausted.
const (
	Stop  = "stop"  // wind down
	Pause = "pause" // wait until there is room again
)

// A Limit allows Amount, an expression giving GLM, in every stretch of Window.
// Window 0 means the whole run.
type Limit struct {
	Amount Expr
	Window time.Duration
}

// A Stage is a stream of tasks that share commands.
type Stage struct {
	Name    string  // "tasks" where the document has a single stage
	From    *Source // nil for a stage that only gets what others emit
	After   []After // it begins when these have ended; they have an end, and wait for nobody that waits for them
	Steps   []Step  // at least one
	Timeout time.Duration
	Batch   Batch
	Result  Expr // zero: policies.task.result
	Emit    []Emit
	Place   diag.Place // of its name, or of "tasks"
}

// An After names a stage that has to end before another begins.
type After struct {
	Stage string
	Place diag.Place
}

// Source kinds.
const (
	SourceRange   = "range"
	SourceItems   = "items"
	SourceMatrix  = "matrix"
	SourceLines   = "lines"
	SourceCSV     = "csv"
	SourceJSONL   = "jsonl"
	SourceFiles   = "files"
	SourceResults = "results"
	SourceCommand = "command"
	SourceOnce    = "once" // one item, nothing: the task of a stage that only waits; no document says it
)

// A Source is where a stage's items come from. Kind says which of the fields
// below it are set; it is "" only beside diagnostics.
type Source struct {
	Kind string

	First, Last, Step int64    // SourceRange, both ends included; Step is not 0
	Endless           bool     // SourceRange without an end; Last is meaningless
	Items             []any    // SourceItems: scalars, lists and maps as expressions see them
	Axes              []Axis   // SourceMatrix
	Exclude           []any    // SourceMatrix: mappings; what agrees with all of one is left out
	Path              string   // SourceLines, SourceCSV, SourceJSONL: absolute, or Stdin
	Columns           []string // SourceCSV: nil where the first record names them
	Delimiter         rune     // SourceCSV: between values; default ','
	Pattern           string   // SourceFiles: for Glob, with Dir
	Stage             string   // SourceResults: the stage whose results they are, one of After
	Argv              []string // SourceCommand: a local program that prints JSON lines
	Dir               string   // SourceCommand, SourceFiles: the document's folder

	Repeat int // how many times it is read; 0 is for ever, 1 once
	Place  diag.Place
}

// Stdin is the Path of a source that reads standard input.
const Stdin = "-"

// An Axis is one name of a matrix with the values it goes through.
type Axis struct {
	Name   string
	Values []any
}

// A Step is one part of a task: a command or a file to copy. Exactly one of the
// fields above Place is set. Argv is an argument vector that no shell sees; Shell
// goes to /bin/sh -c, with every interpolated value quoted.
type Step struct {
	Argv     []Template
	Shell    *Template
	Upload   *Upload
	Download *Download
	Place    diag.Place
}

// An Upload copies files to the machine: From, or a file with Data in it. From is
// an address (IsAddress) that the machine fetches, or a path of this computer,
// relative to the document's folder. To is in a volume of the machine.
type Upload struct {
	From, Data *Template // one is set
	To         Template
}

// Many reports whether To is a folder and From a pattern of file names.
func (u *Upload) Many() bool { return strings.HasSuffix(u.To.Text, "/") }

// A Download copies one file of the machine, in a volume of it, to a path of this
// computer, relative to the document's folder, or to an address by PUT.
type Download struct{ From, To Template }

// A Template is text with expressions in it, in the order of the text; no two
// literals follow each other. The zero Template is absent.
type Template struct {
	Text  string
	Parts []Part
	at    place
}

// A Part of a template is either Literal or, where Expr is not zero, an
// expression.
type Part struct {
	Literal string
	Expr    Expr
}

// An Emit makes tasks of another stage out of every result: Each gives a list,
// one item a task.
type Emit struct {
	Stage string
	Each  Expr
	Place diag.Place
}

// Policies are the expressions that decide. None is zero after Load: the
// defaults are filled in.
type Policies struct {
	OfferAccept     Expr
	OfferScore      Expr
	ActivityPrepare Expr
	ActivityKeep    Expr
	ActivityReuse   Expr
	DebitNoteAccept Expr
	InvoiceAccept   Expr
	TaskRetry       Expr
	TaskResult      Expr
}

// Results says where results go besides the database.
type Results struct {
	File  *Template // a JSON-lines file, or nil
	Count Expr      // how many results an attempt's value counts for; zero: 1
	Keep  Keep      // what the database keeps; Spec.Keeping has the defaults
}

// Keep says how much of what has ended the database keeps; the rest is rolled up.
type Keep struct {
	Set   bool          // the document says it; else the other fields are zero
	All   bool          // everything
	Tasks int64         // this many tasks that are done, 0 for any number
	Time  time.Duration // what has ended within it, 0 for however long
}

// Overrides are the command-line flags that beat the document; "" leaves it
// alone. They use the document's own syntax and are checked like it. Set are
// pairs path=value, put into the document in their order before the others beat
// it; Spec.Kept has them, so that they are given once and not with each Parse.
type Overrides struct {
	Workers, MaxPrice, Budget string
	Over                      []string // files that Load merges over the document, the later one over the earlier
	Set                       []string
	Vars                      []string // name=value for Params, kept like Set

	// Env looks up a variable of the environment for Spec.Env, as os.LookupEnv does.
	// nil asks nobody: a document that is read to be looked at needs no values.
	Env func(name string) (string, bool)
}

// DefaultDeadline is how long a run's agreements may live at most
// (golem.srv.comp.expiration): yagna wants an end, and a provider with an
// accept timeout allows a hundred years (protocol section 3.5).
const DefaultDeadline = 30 * 24 * time.Hour
