package runner

import (
	"log/slog"
	"time"

	"tasks/golem"
	"tasks/policies"
	"tasks/runner/state"
	"tasks/runner/store"
	"tasks/spec"
)

// Options say what to run and with what. All fields without a stated zero
// value are required.
type Options struct {
	Store     *store.Store
	Run       state.RunID
	Spec      *spec.Spec
	Policies  *policies.Set // compiled from Spec
	Overrides spec.Overrides

	Client *golem.Client
	Daemon string // "embedded", or the daemon's URL; recorded and shown

	// Registry is the base URL of the image registry that resolves image tags;
	// "" asks the daemon itself when it is a devnet, and golem.DefaultRegistry
	// otherwise.
	Registry string

	Log *slog.Logger // nil discards

	// Scratch is a folder that belongs to this run alone, for the data of uploads
	// while they last. It is made when it is needed; what is in it at the start
	// was left by a dead process, and removed. "" keeps such data among the
	// system's temporary files, where a dead process leaves it.
	Scratch string

	// RetryFailed puts the tasks of a run that exists and failed for good back first,
	// even where the run had ended with them.
	RetryFailed bool

	// Secrets, if not nil, learns the secrets of the documents that the run goes by,
	// and may know others. They are blotted out of what tasks print and of all that
	// is recorded.
	Secrets *spec.Secrets

	// Copies, if not nil, is told what is being copied.
	Copies *Copies

	// DrainTimeout is how long tasks may go on after the run was asked to end;
	// 0 means DefaultDrainTimeout.
	DrainTimeout time.Duration
	// InvoiceWait is how long the invoice of an ended agreement is waited for;
	// 0 means DefaultInvoiceWait. A later one is settled by the next start.
	InvoiceWait time.Duration

	// Reserved, if not nil, is told at every look what is reserved for bills to come, as
	// it is kept and as it is when added up anew. Tests hold one against the other.
	Reserved func(kept, anew golem.Amount)

	// Hurry, when closed, makes Run leave at once, with everything still alive at
	// the daemon; nil never does.
	Hurry <-chan struct{}
}

// How long the end of a run takes at most, if nobody says otherwise: tasks may go
// on, and then invoices are waited for.
const (
	DefaultDrainTimeout = 30 * time.Second
	DefaultInvoiceWait  = 30 * time.Second
)

func (o *Options) setDefaults() {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Secrets == nil {
		o.Secrets = new(spec.Secrets)
	}
	if o.DrainTimeout == 0 {
		o.DrainTimeout = DefaultDrainTimeout
	}
	if o.InvoiceWait == 0 {
		o.InvoiceWait = DefaultInvoiceWait
	}
}

// Log keys.
const (
	logRun       = "run"
	logAgreement = "agreement"
	logAllocated = "allocation"
	logActivity  = "activity"
	logProvider  = "provider"
	logTask      = "task"
	logStage     = "stage"
	logProviders = "providers"
	logReason    = "reason"
	logError     = "error"
	logTimes     = "times"
	logRevision  = "revision"
)
