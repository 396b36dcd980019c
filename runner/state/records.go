package state

import (
	"bytes"
	"encoding/json"
	"time"

	"tasks/golem"
)

// RunID names a run; a user chooses it, or it is random.
type RunID string

// A Run is one execution of a spec.
type Run struct {
	ID         RunID
	Name       string // the spec's name
	Payload    string // what runs on the machines, see spec.Payload; "" is not recorded
	Session    string // the app session of all its agreements at the daemon; unique
	State      RunState
	Note       string // why it is in that state, or ""
	Revision   int    // the revision of the spec in force, from 1
	Proposed   int    // a later one that waits to be taken over; 0 for none
	Daemon     string // "embedded", or the URL of the daemon last used
	Identity   golem.NodeID
	StopAsked  bool // `tasks stop` asked for an end
	RetryAsked bool // `tasks retry` asked for another try of what failed for good
	CreatedAt  time.Time
	StartedAt  time.Time // last start of a process
	FinishedAt time.Time // zero unless State is an end

	// The results file: how much of it is ours and on disk. Path "" is none.
	ResultsPath     string
	ResultsOffset   int64 // bytes written by us so far
	ResultsExported int64 // Result.Seq of the last line written
	ResultsHead     int64 // the task of the first line; 0 before there is one
	ResultsFirst    int64 // Result.Seq of the first line, as if none that came later were missing

	// Cursors of the daemon's event streams, verbatim.
	AgreementCursor, DebitNoteCursor, InvoiceCursor golem.Timestamp
}

// A Revision is the document of a run as it was applied. One that was applied to
// a run that is live waits until its process takes it over or refuses it.
type Revision struct {
	Run                       RunID
	Number                    int
	File, Dir                 string
	Text                      []byte
	Workers, MaxPrice, Budget string // overrides by flags, "" for none
	AppliedAt                 time.Time
	AdoptedAt                 time.Time // when the run began to go by it; zero if it never did
	Refused                   string    // why the run does not take it over, or ""
}

// Same reports whether two revisions are the same document, applied in the same
// way.
func (r Revision) Same(other Revision) bool {
	return bytes.Equal(r.Text, other.Text) && r.Dir == other.Dir &&
		r.Workers == other.Workers && r.MaxPrice == other.MaxPrice && r.Budget == other.Budget
}

// A Cursor is how far a stage's source has been read. Position is the source's
// own and opaque here.
type Cursor struct {
	Stage    string
	Position json.RawMessage // null before the first item
	Next     int64           // index of the next item, over all rounds
	Ended    bool            // the source has no more
}

// A Task is one item of a stage. ID is unique in the store and grows.
type Task struct {
	ID         int64
	Stage      string
	Index      int64 // position in the source, or in what emitted it
	Item       json.RawMessage
	Parent     int64 // task whose result emitted it; 0 for an item of the source
	State      TaskState
	Attempts   int       // tries begun
	Forgiven   int       // of those, the ones that no longer count, because a user put the task back
	NextTryAt  time.Time // not before this; zero is at once
	FinishedAt time.Time

	// FailedOn are the providers that the task failed on, the last one first, the
	// last 16 at most. It is set in pending tasks that are read to be handed out.
	FailedOn []golem.NodeID
}

// Tries is how many tries of the task count.
func (t Task) Tries() int { return t.Attempts - t.Forgiven }

// An Attempt is one try of a task in one activity. At most one attempt of a
// task is not Done.
type Attempt struct {
	ID         int64
	Task       int64
	Number     int   // 1 for the first try
	Activity   int64 // Activity.Key
	State      AttemptState
	Batch      golem.BatchID
	First      int // index of its first command in the batch, which tasks may share
	StartedAt  time.Time
	FinishedAt time.Time
	Fault      Fault
	ExitCode   int
	Message    string
	Stdout     []byte // kept for attempts that failed, cut to 64 KiB
	Stderr     []byte
	Revision   int // of the document that decided about it last: its commands, then its end
}

// A Result is what the result policy kept of a task.
type Result struct {
	Seq        int64 // order of recording, from 1 in each run without gaps
	Task       int64
	Attempt    int64
	Value      json.RawMessage
	Count      int // how many results it counts for
	FinishedAt time.Time
}

// Pricing is the price of an agreement as agreed, by counter name.
type Pricing = golem.Pricing

// An Agreement is our record of an agreement, from the intent on. Offer and Pricing
// are shared by all that read the record: nobody changes what is in them.
type Agreement struct {
	Key          int64 // ours; unique in the store
	Run          RunID
	ID           golem.AgreementID // "" while creating
	State        AgreementState
	Demand       golem.DemandID
	Proposal     golem.ProposalID // what it is made from
	Provider     golem.NodeID
	ProviderName string
	Offer        golem.Properties // the provider's last proposal; the agreed one once approved
	Pricing      Pricing
	Platform     string
	Interval     time.Duration // agreed least distance of debit notes
	AgreedAt     time.Time     // the daemon's creation time: origin of the debit-note grid; zero until known
	CreatedAt    time.Time     // ours, of the intent
	EndedAt      time.Time
	Reason       string       // why it ended or failed
	Accepted     golem.Amount // accepted so far, notes and invoice together
	Invoice      golem.InvoiceID
	InvoiceState BillState // "" until one arrives
	InvoiceTotal golem.Amount
	WaitUntil    time.Time // an invoice is waited for until then; zero before the end
}

// An Activity is our record of an activity, from the intent on.
type Activity struct {
	Key       int64
	Agreement int64 // Agreement.Key
	Run       RunID
	ID        golem.ActivityID // "" while creating
	State     ActivityState
	CreatedAt time.Time // ours, of the intent
	ReadyAt   time.Time
	EndedAt   time.Time
	Reason    string // why it was stopped or ended
	Batches   int    // tasks' batches that ended, well or not
	Results   int
	Failures  int           // attempts that failed or were lost
	Streak    int           // failures in a row, 0 after a success
	LastTask  time.Time     // when the last attempt began or ended
	Busy      time.Duration // the time of all its ended attempts together

	Usage        []float64 // last usage seen, in the pricing's order
	UsageAt      time.Time
	Billed       golem.Amount // highest audited total billed
	BilledAt     time.Time
	Accepted     golem.Amount // accepted for this activity
	Authorised   golem.Amount // the total up to which the budget is reserved for it
	PrepareBatch golem.BatchID
	Revision     int // of the document that it was stopped by; 0 until then
}

// Cost is what the activity has cost so far: what it was billed, or more where an
// invoice that was accepted said so.
func (a Activity) Cost() golem.Amount {
	if a.Accepted.GreaterThan(a.Billed) {
		return a.Accepted
	}
	return a.Billed
}

// A Bill is a debit note or an invoice.
type Bill struct {
	ID        string // DebitNoteID or InvoiceID
	Kind      string // BillDebitNote or BillInvoice
	Run       RunID
	Agreement int64
	Activity  int64        // 0 for invoices
	Total     golem.Amount // cumulative
	Increment golem.Amount // what accepting it charged; zero until accepted
	State     BillState
	Reason    string
	IssuedAt  time.Time
	SeenAt    time.Time
	DecidedAt time.Time
	Usage     []float64
}

// Kinds of Bill.
const (
	BillDebitNote = "debit_note"
	BillInvoice   = "invoice"
)

// An Allocation is our record of an allocation.
type Allocation struct {
	Key       int64
	Run       RunID
	ID        golem.AllocationID // "" while creating
	State     AllocationState
	Platform  string
	Total     golem.Amount
	Timeout   time.Time
	CreatedAt time.Time
}

// A Demand is our record of a published demand, so that one left by a dead
// process can be withdrawn.
type Demand struct {
	ID        golem.DemandID
	Run       RunID
	CreatedAt time.Time
	EndedAt   time.Time // zero while it may be alive
}

// A Provider is what this store remembers of a provider over all runs.
type Provider struct {
	ID          golem.NodeID
	Name        string
	Successes   int // tasks done
	Failures    int // attempts failed by the provider's fault
	Refusals    int // agreements or proposals refused
	Results     int
	Cost        golem.Amount // accepted
	LastFailure time.Time
}

// An Event is one line of a run's history: what changed, and why.
type Event struct {
	Seq     int64
	Run     RunID
	At      time.Time
	Kind    string // such as "agreement.approved"
	Subject string // whole identifier of what it is about
	Note    string

	Revision int // of the document that it was decided by; 0 in records of old versions
}

// EventChosen is the Kind of the event that says why a provider is hired; its
// Subject is the provider.
const EventChosen = "offer.chosen"

// EventNotKept is the Kind of the event that says what activity.keep saw when it
// did not keep an activity, which is its Subject.
const EventNotKept = "activity.not_kept"

// EventExhausted is the Kind of the event that says what the limits of the budget
// came to when it ended a run, which is its Subject, or made it wait.
const EventExhausted = "budget.exhausted"

// Counts are the numbers of tasks by state, and of results.
type Counts struct {
	Pending, Running, Done, Failed int64
	Results                        int64
}

// A Rejection is how many offers a rule has rejected, with the cheapest of them
// as the example. An offer that comes again counts again.
type Rejection struct {
	Rule            string
	Revision        int // of the document that the rule is from
	Count           int64
	FirstAt, LastAt time.Time

	Provider     golem.NodeID // of the example
	ProviderName string
	PerHour      golem.Amount // GLM for an hour with all threads busy
	Why          string       // the expression and the values it saw, or ""
}

// A SeenOffer is an offer of the market as a run judged it last.
type SeenOffer struct {
	Provider     golem.NodeID
	ProviderName string
	Properties   golem.Properties
	Env          json.RawMessage // what the policies saw besides the offer, by the names of expressions
	Rule         string          // what rejected it: a rule or the name of a policy; "" for nothing
	Score        *float64        // nil where it was rejected
	Revision     int             // of the document that judged it

	Times           int64 // how often it came
	FirstAt, LastAt time.Time
}
