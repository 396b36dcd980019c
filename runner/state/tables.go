package state

// Who moves records.
const (
	byRunner   = "runner"   // of its own accord
	byProvider = "provider" // and the runner records it
	byDaemon   = "daemon"   // and the runner records it
	byUser     = "user"
	byRecovery = "recovery" // the next process, finding what a dead one left
	byRetry    = "retry"    // a user, who puts back what had ended for good
)

var runStates = []RunState{RunRunning, RunPaused, RunStopped, RunExhausted, RunInterrupted, RunDone, RunFailed}

var runMoves = moves[RunState]{
	{[]RunState{RunRunning, RunPaused, RunStopped, RunExhausted, RunInterrupted}, RunDone, byRunner, "every task is done"},
	{[]RunState{RunRunning, RunPaused, RunStopped, RunExhausted, RunInterrupted}, RunFailed, byRunner, "every task ended, some failed for good"},
	{[]RunState{RunRunning, RunPaused, RunExhausted, RunInterrupted}, RunStopped, byUser, "`tasks stop`"},
	{[]RunState{RunRunning, RunPaused, RunStopped, RunInterrupted}, RunExhausted, byRunner, "no window of the budget has room"},
	{[]RunState{RunRunning, RunStopped, RunExhausted, RunInterrupted}, RunPaused, byRunner, "it waits for the budget"},
	{[]RunState{RunRunning, RunPaused, RunStopped, RunExhausted}, RunInterrupted, byUser, "a signal, or an error that no repeat can mend"},
	{[]RunState{RunPaused}, RunRunning, byRunner, "the budget has room again"},
	{[]RunState{RunStopped, RunExhausted, RunInterrupted}, RunRunning, byUser, "`tasks apply` resumes it"},
	{[]RunState{RunFailed}, RunInterrupted, byRetry, "`tasks retry` puts its failed tasks back"},
}

var taskStates = []TaskState{TaskPending, TaskRunning, TaskDone, TaskFailed}

var taskMoves = moves[TaskState]{
	{[]TaskState{TaskPending}, TaskRunning, byRunner, "a worker takes it: an attempt begins"},
	{[]TaskState{TaskRunning}, TaskDone, byRunner, "the attempt ended well; the result is recorded with it"},
	{[]TaskState{TaskRunning}, TaskPending, byRunner, "the attempt failed and is to be repeated, or was lost"},
	{[]TaskState{TaskRunning}, TaskFailed, byRunner, "the attempt failed and the retry policy gave the task up, or it fails wherever it runs"},
	{[]TaskState{TaskFailed}, TaskPending, byRetry, "`tasks retry`, or `tasks apply --retry-failed`; its tries so far are forgiven"},
}

var attemptStates = []AttemptState{AttemptStarting, AttemptRunning, AttemptDone, AttemptFailed, AttemptLost}

var attemptMoves = moves[AttemptState]{
	{[]AttemptState{AttemptStarting}, AttemptRunning, byRunner, "the daemon answered with the batch"},
	{[]AttemptState{AttemptStarting, AttemptRunning}, AttemptDone, byProvider, "all commands ended well; before its batch was recorded, that is recorded too"},
	{[]AttemptState{AttemptStarting, AttemptRunning}, AttemptFailed, byProvider, "a command failed, or the time was over"},
	{[]AttemptState{AttemptStarting, AttemptRunning}, AttemptLost, byRunner, "the activity went away, or nobody knows the outcome"},
}

var agreementStates = []AgreementState{
	AgreementCreating, AgreementCreated, AgreementConfirmed, AgreementApproved, AgreementEnding,
	AgreementEnded, AgreementFailed, AgreementLost,
}

var agreementMoves = moves[AgreementState]{
	{[]AgreementState{AgreementCreating}, AgreementCreated, byRunner, "the daemon answered with the id"},
	{[]AgreementState{AgreementCreated}, AgreementConfirmed, byRunner, "the provider was asked"},
	{[]AgreementState{AgreementConfirmed}, AgreementApproved, byProvider, "the provider approved"},
	{[]AgreementState{AgreementCreating, AgreementCreated, AgreementConfirmed, AgreementApproved}, AgreementEnding, byRunner, "it is not wanted any more"},
	{[]AgreementState{AgreementCreated, AgreementConfirmed, AgreementApproved}, AgreementEnded, byProvider, "the provider ended it"},
	{[]AgreementState{AgreementEnding}, AgreementEnded, byRunner, "it was in force and is terminated"},
	{[]AgreementState{AgreementCreating, AgreementCreated, AgreementConfirmed}, AgreementFailed, byProvider, "it was refused, rejected, cancelled or expired"},
	{[]AgreementState{AgreementApproved}, AgreementFailed, byDaemon, "the daemon says that it never was in force"},
	{[]AgreementState{AgreementEnding}, AgreementFailed, byRunner, "it never came into force"},
	{[]AgreementState{AgreementCreating, AgreementCreated, AgreementConfirmed, AgreementApproved, AgreementEnding}, AgreementLost, byRecovery, "the daemon does not know it any more"},
}

var activityStates = []ActivityState{
	ActivityCreating, ActivityCreated, ActivityPreparing, ActivityReady, ActivityStopping,
	ActivityEnded, ActivityFailed, ActivityLost,
}

var activityMoves = moves[ActivityState]{
	{[]ActivityState{ActivityCreating}, ActivityCreated, byRunner, "the provider answered with the id"},
	{[]ActivityState{ActivityCreated}, ActivityPreparing, byRunner, "its preparation is about to be asked for"},
	{[]ActivityState{ActivityPreparing}, ActivityReady, byProvider, "the preparation ended well"},
	{[]ActivityState{ActivityCreating, ActivityCreated, ActivityPreparing, ActivityReady}, ActivityStopping, byRunner, "it is not wanted any more, or went wrong"},
	{[]ActivityState{ActivityCreating, ActivityCreated, ActivityPreparing, ActivityReady}, ActivityEnded, byProvider, "it went away by itself"},
	{[]ActivityState{ActivityStopping}, ActivityEnded, byRunner, "it is destroyed"},
	{[]ActivityState{ActivityCreating, ActivityCreated, ActivityPreparing, ActivityStopping}, ActivityFailed, byProvider, "it never became ready"},
	{[]ActivityState{ActivityCreating, ActivityCreated, ActivityPreparing, ActivityReady, ActivityStopping}, ActivityLost, byRecovery, "the daemon does not know it any more"},
}

var billStates = []BillState{BillReceived, BillAccepting, BillAccepted, BillRefused, BillIgnored, BillSettled}

var billMoves = moves[BillState]{
	{[]BillState{BillReceived}, BillAccepting, byRunner, "audit, policy and budget agree"},
	{[]BillState{BillRefused}, BillAccepting, byUser, "`tasks settle` accepts it after all"},
	{[]BillState{BillAccepting}, BillAccepted, byDaemon, "the daemon charged it to the allocation"},
	{[]BillState{BillReceived, BillAccepting}, BillRefused, byRunner, "audit, policy or budget said no"},
	{[]BillState{BillReceived, BillAccepting, BillRefused}, BillIgnored, byRunner, "it is repeated, reordered, after its invoice, or withdrawn"},
	{[]BillState{BillAccepted}, BillSettled, byDaemon, "it is paid"},
}

var allocationStates = []AllocationState{AllocationCreating, AllocationActive, AllocationReleased, AllocationLost}

var allocationMoves = moves[AllocationState]{
	{[]AllocationState{AllocationCreating}, AllocationActive, byDaemon, "the daemon answered with the id"},
	{[]AllocationState{AllocationActive}, AllocationReleased, byRunner, "no bill is waited for any more"},
	{[]AllocationState{AllocationCreating, AllocationActive}, AllocationLost, byDaemon, "it was refused, or the daemon does not know it any more"},
}
