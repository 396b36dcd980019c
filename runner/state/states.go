package state

// RunState says how a run stands. A run is Running from its first apply until a
// process ends it; a process that dies leaves Running behind, and the report
// shows such a run as interrupted because nobody holds its lock.
type RunState string

const (
	RunRunning     RunState = "running"     // being worked on, or left by a process that died
	RunDone        RunState = "done"        // final: every task done
	RunFailed      RunState = "failed"      // final: every task ended, some failed for good
	RunStopped     RunState = "stopped"     // ended by `tasks stop`; apply resumes it
	RunExhausted   RunState = "exhausted"   // ended because no window of the budget had room; apply resumes it
	RunPaused      RunState = "paused"      // waiting for the budget
	RunInterrupted RunState = "interrupted" // ended by a signal; apply resumes it
)

// Final reports whether nothing is left to do: apply of such a run changes
// nothing, unless it is to try failed tasks again.
func (s RunState) Final() bool { return s == RunDone || s == RunFailed }

// TaskState says how a task stands.
type TaskState string

const (
	TaskPending TaskState = "pending" // waits for a worker, or for NextTryAt
	TaskRunning TaskState = "running" // has one live attempt
	TaskDone    TaskState = "done"    // final: an attempt ended well and its result, if any, is recorded
	TaskFailed  TaskState = "failed"  // final, unless a user puts it back: the retry policy gave it up
)

// Done reports whether the state is final.
func (s TaskState) Done() bool { return s == TaskDone || s == TaskFailed }

// AttemptState says how one try of a task in one activity stands.
type AttemptState string

const (
	AttemptStarting AttemptState = "starting" // intent: exec is about to be asked for, the batch is not known
	AttemptRunning  AttemptState = "running"  // the batch is known
	AttemptDone     AttemptState = "done"     // final: all commands ended well
	AttemptFailed   AttemptState = "failed"   // final: a command failed or the time was over
	AttemptLost     AttemptState = "lost"     // final: the activity went away, or nobody knows the outcome
)

// Done reports whether the state is final.
func (s AttemptState) Done() bool {
	return s == AttemptDone || s == AttemptFailed || s == AttemptLost
}

// AgreementState says how an agreement stands with us. It is coarser than
// golem.AgreementState and knows intents.
type AgreementState string

const (
	AgreementCreating  AgreementState = "creating"  // intent: create is about to be asked for, no id yet
	AgreementCreated   AgreementState = "created"   // has an id; confirm is about to be asked for
	AgreementConfirmed AgreementState = "confirmed" // the provider has been asked
	AgreementApproved  AgreementState = "approved"  // in force
	AgreementEnding    AgreementState = "ending"    // intent: cancel or terminate is about to be asked for
	AgreementEnded     AgreementState = "ended"     // final: was in force and is terminated by either side
	AgreementFailed    AgreementState = "failed"    // final: never came into force
	AgreementLost      AgreementState = "lost"      // final: the daemon no longer knows it
)

// Done reports whether the state is final. Bills may still arrive.
func (s AgreementState) Done() bool {
	return s == AgreementEnded || s == AgreementFailed || s == AgreementLost
}

// Making reports whether the agreement is on its way to be approved.
func (s AgreementState) Making() bool {
	return s == AgreementCreating || s == AgreementCreated || s == AgreementConfirmed
}

// ActivityState says how an activity stands with us.
type ActivityState string

const (
	ActivityCreating  ActivityState = "creating"  // intent: create is about to be asked for, no id yet
	ActivityCreated   ActivityState = "created"   // has an id; nothing was executed in it
	ActivityPreparing ActivityState = "preparing" // the prepare batch runs
	ActivityReady     ActivityState = "ready"     // takes tasks
	ActivityStopping  ActivityState = "stopping"  // intent: destroy is about to be asked for
	ActivityEnded     ActivityState = "ended"     // final: destroyed, or gone by itself
	ActivityFailed    ActivityState = "failed"    // final: never became ready
	ActivityLost      ActivityState = "lost"      // final: the daemon no longer knows it
)

// Done reports whether the state is final.
func (s ActivityState) Done() bool {
	return s == ActivityEnded || s == ActivityFailed || s == ActivityLost
}

// Making reports whether the activity is on its way to be ready.
func (s ActivityState) Making() bool {
	return s == ActivityCreating || s == ActivityCreated || s == ActivityPreparing
}

// BillState says how a debit note or an invoice stands with us.
type BillState string

const (
	BillReceived  BillState = "received"  // to be decided
	BillAccepting BillState = "accepting" // intent: accept is about to be asked for
	BillAccepted  BillState = "accepted"  // charged to our allocation
	BillRefused   BillState = "refused"   // audit, policy or budget said no; may be accepted later by settling
	BillIgnored   BillState = "ignored"   // final: repeated, reordered, after its invoice, or withdrawn; means nothing
	BillSettled   BillState = "settled"   // final: paid
)

// Undecided reports whether the bill is there and its answer is not: what it asks
// may yet be charged.
func (s BillState) Undecided() bool { return s == BillReceived || s == BillAccepting }

// AllocationState says how an allocation stands with us.
type AllocationState string

const (
	AllocationCreating AllocationState = "creating" // intent: no id yet
	AllocationActive   AllocationState = "active"
	AllocationReleased AllocationState = "released" // final
	AllocationLost     AllocationState = "lost"     // final: the daemon no longer knows it
)

// Fault says whose fault a failed attempt was.
type Fault string

const (
	FaultNone     Fault = ""
	FaultTask     Fault = "task"     // a command ended with an error
	FaultTimeout  Fault = "timeout"  // the task's time was over
	FaultProvider Fault = "provider" // the activity or the provider went away
)
