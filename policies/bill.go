package policies

import "time"

// Bill is a debit note or an invoice as expressions see it.
type Bill struct {
	ID       string        `expr:"id" doc:"identifier of the bill"`
	Total    float64       `expr:"total" doc:"GLM that it asks for in all: a debit note for its activity so far, an invoice for its agreement"`
	Adds     float64       `expr:"adds" doc:"GLM by which accepting it raises what we pay"`
	Accepted float64       `expr:"accepted" doc:"GLM that were accepted before, for the same activity or agreement"`
	Age      time.Duration `expr:"age" doc:"time since its provider wrote it"`
}

// Usage is what a bill says was used; for an invoice, what the activities of its
// agreement are known to have used together.
type Usage struct {
	CPUSec      float64        `expr:"cpu_sec" doc:"seconds of CPU time"`
	DurationSec float64        `expr:"duration_sec" doc:"seconds of time"`
	Counters    map[string]any `expr:"counters" doc:"every counter by its full key, such as \"golem.usage.cpu_sec\""`
}

// Agreement is the contract that a bill is under.
type Agreement struct {
	ID         string        `expr:"id" doc:"identifier of the agreement"`
	Age        time.Duration `expr:"age" doc:"time since it was approved"`
	Accepted   float64       `expr:"accepted" doc:"GLM accepted under it so far"`
	Activities int           `expr:"activities" doc:"activities made under it"`
	Results    int           `expr:"results" doc:"results that they gave"`
}

// Audit is what our own reckoning says of a bill that passed it.
type Audit struct {
	Expected float64 `expr:"expected" doc:"GLM that the usage costs by the agreed prices"`
	Most     float64 `expr:"most" doc:"GLM that could be due at most, by our clock"`
}

// BudgetLeft is how much room a bill finds.
type BudgetLeft struct {
	Room     float64 `expr:"room" doc:"GLM that the tightest limit has left for this bill, beside what is reserved for others"`
	Spent    float64 `expr:"spent" doc:"GLM spent by the run so far"`
	Reserved float64 `expr:"reserved" doc:"GLM reserved for others than this bill's activities"`
}

// InvoiceEnv is what invoice.accept sees.
type InvoiceEnv struct {
	Bill      Bill       `expr:"bill" doc:"the bill"`
	Usage     Usage      `expr:"usage" doc:"what was used"`
	Audit     Audit      `expr:"audit" doc:"what we reckon is due"`
	Budget    BudgetLeft `expr:"budget" doc:"what the budget has left"`
	Agreement Agreement  `expr:"agreement" doc:"the agreement it is under"`
	Offer     Offer      `expr:"offer" doc:"the offer it was hired by"`
	Provider  Provider   `expr:"provider" doc:"our own history with its provider"`
	Run       Run        `expr:"run" doc:"the run"`
	MaxPrice  *float64   `expr:"max_price" doc:"GLM for one result; there is no such name where the document sets none"`
}

// DebitNoteEnv is what debit_note.accept sees.
type DebitNoteEnv struct {
	InvoiceEnv `expr:"-"`
	Activity   Activity `expr:"activity" doc:"the worker that is billed"`
}

// AcceptDebitNote reports whether to accept a debit note that passed the audit;
// false on a Failure.
func (s *Set) AcceptDebitNote(e DebitNoteEnv) (bool, *Failure) {
	e.Provider.settle()
	return s.note.bool(&e)
}

// AcceptInvoice reports whether to accept an invoice that passed the audit; false
// on a Failure.
func (s *Set) AcceptInvoice(e InvoiceEnv) (bool, *Failure) {
	e.Provider.settle()
	return s.invoice.bool(&e)
}
