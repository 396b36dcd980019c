package reconcile_test

import (
	"fmt"
	"time"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"tasks/golem"
	"tasks/runner/ledger"
	"tasks/runner/reconcile"
	"tasks/runner/state"
)

// drawTime is a moment around start, in the future now and then, as after a clock
// was set back, or none at all.
func drawTime(t *rapid.T, label string) time.Time {
	seconds := rapid.OneOf(rapid.IntRange(-600, 60), rapid.SampledFrom([]int{-90_000, -30_000, 400, 90_000})).Draw(t, label)
	if rapid.IntRange(0, 19).Draw(t, label+" unknown") == 0 {
		return time.Time{}
	}
	return start.Add(time.Duration(seconds) * time.Second)
}

// drawGLM is an amount from nothing to a few first periods.
func drawGLM(t *rapid.T, label string) golem.Amount {
	return decimal.New(rapid.Int64Range(0, 80).Draw(t, label), -3)
}

func drawPricing(t *rapid.T) golem.Pricing {
	p := pricing()
	p.Start = decimal.New(rapid.Int64Range(0, 5).Draw(t, "start price"), -3)
	p.Coeffs[golem.UsageCPU] = decimal.New(rapid.Int64Range(0, 9).Draw(t, "cpu price"), -5)
	return p
}

func drawActivity(t *rapid.T, key int64, agreement int64, over bool) reconcile.Activity {
	live := []state.ActivityState{state.ActivityCreating, state.ActivityCreated, state.ActivityPreparing, state.ActivityReady, state.ActivityStopping}
	done := []state.ActivityState{state.ActivityEnded, state.ActivityFailed, state.ActivityLost}
	a := reconcile.Activity{Activity: state.Activity{
		Key: key, Agreement: agreement, CreatedAt: drawTime(t, "created"), UsageAt: drawTime(t, "usage at"),
		Authorised: drawGLM(t, "authorised"), Billed: drawGLM(t, "billed"), Accepted: drawGLM(t, "accepted"),
		Batches: rapid.IntRange(0, 2).Draw(t, "batches"), Reason: drawReason(t),
	}}
	if over {
		a.State, a.EndedAt = rapid.SampledFrom(done).Draw(t, "state"), drawTime(t, "ended")
		return a
	}
	a.State = rapid.SampledFrom(live).Draw(t, "state")
	a.ID = golem.ActivityID(rapid.SampledFrom([]string{"", "a"}).Draw(t, "id"))
	a.Usage = rapid.SampledFrom([][]float64{nil, {1, 2}, {100, 300}, {1}}).Draw(t, "usage")
	a.Busy, a.AskedAt = rapid.Bool().Draw(t, "busy"), drawTime(t, "asked")
	if a.State == state.ActivityReady {
		a.Working, a.Draining = rapid.Bool().Draw(t, "working"), drawReason(t)
		a.Attempt = a.Working && rapid.Bool().Draw(t, "attempt")
	}
	return a
}

func drawReason(t *rapid.T) string {
	return rapid.SampledFrom([]string{
		"", "", "", reconcile.ReasonNoTasks, reconcile.ReasonSurplus, reconcile.ReasonGone + ": x", reconcile.ReasonBudget,
	}).Draw(t, "reason")
}

func drawAgreement(t *rapid.T, key int64) reconcile.Agreement {
	a := reconcile.Agreement{Agreement: state.Agreement{
		Key: key, Provider: golem.NodeID(fmt.Sprintf("0x%d", key)), Pricing: drawPricing(t), Interval: 2 * time.Minute, AgreedAt: drawTime(t, "agreed"),
		WaitUntil: drawTime(t, "wait until"), Reason: drawReason(t),
		State: rapid.SampledFrom([]state.AgreementState{
			state.AgreementCreating, state.AgreementCreated, state.AgreementConfirmed, state.AgreementApproved, state.AgreementApproved,
			state.AgreementApproved, state.AgreementEnding, state.AgreementEnded, state.AgreementFailed, state.AgreementLost,
		}).Draw(t, "agreement state"),
		InvoiceState: rapid.SampledFrom([]state.BillState{"", "", state.BillAccepted, state.BillRefused}).Draw(t, "invoice"),
	}, Threads: rapid.IntRange(0, 4).Draw(t, "threads"), Busy: rapid.Bool().Draw(t, "agreement busy")}
	for i := range rapid.IntRange(0, 3).Draw(t, "activities") {
		a.Activities = append(a.Activities, drawActivity(t, 10*key+int64(i), key, true))
	}
	if rapid.Bool().Draw(t, "has a machine") {
		a.Activities = append(a.Activities, drawActivity(t, 10*key+9, key, false))
	}
	return a
}

// drawView is any view at all, sensible or not.
func drawView(t *rapid.T) reconcile.View {
	v := view(rapid.IntRange(0, 4).Draw(t, "workers"))
	v.Tasks = reconcile.Tasks{
		Pending: rapid.Int64Range(0, 6).Draw(t, "pending"), Running: rapid.Int64Range(0, 3).Draw(t, "running"),
		Failed: rapid.Int64Range(0, 1).Draw(t, "failed"), More: rapid.Bool().Draw(t, "more"),
		Later: rapid.Bool().Draw(t, "later"),
	}
	for i := range rapid.IntRange(0, 4).Draw(t, "agreements") {
		v.Agreements = append(v.Agreements, drawAgreement(t, int64(i+1)))
	}
	for i := range rapid.IntRange(0, 4).Draw(t, "offers") {
		o := offer(i)
		o.Pricing = drawPricing(t)
		v.Offers = append(v.Offers, o)
	}
	if v.Tasks.Running == 0 && !v.Tasks.More {
		v.TriedOn = rapid.SampledFrom([][]golem.NodeID{nil, {"0x1"}, {"0x2", "0x3"}}).Draw(t, "tried on")
	}
	drawMoney(t, &v)
	drawPause(t, &v)
	v.DemandOpen, v.DemandBusy = rapid.Bool().Draw(t, "demand open"), rapid.Bool().Draw(t, "demand busy")
	if rapid.IntRange(0, 3).Draw(t, "ending") == 0 {
		v.Ending = reconcile.Ending{State: state.RunStopped, Note: "stopped", Deadline: drawTime(t, "deadline"), GiveUp: drawTime(t, "give up")}
	}
	return v
}

func drawPause(t *rapid.T, v *reconcile.View) {
	v.PauseWhenExhausted, v.FixedBudget = rapid.Bool().Draw(t, "pauses"), rapid.Bool().Draw(t, "fixed budget")
	if v.PauseWhenExhausted && rapid.IntRange(0, 2).Draw(t, "paused") == 0 {
		v.Pause = &reconcile.Pause{Need: drawGLM(t, "need"), Until: drawTime(t, "paused until")}
	}
}

func drawMoney(t *rapid.T, v *reconcile.View) {
	v.Windows = nil
	for _, span := range []time.Duration{time.Hour, 24 * time.Hour, 0}[:rapid.IntRange(0, 3).Draw(t, "windows")] {
		v.Windows = append(v.Windows, ledger.Window{Span: span, Limit: drawGLM(t, "limit")})
	}
	for range rapid.IntRange(0, 3).Draw(t, "spends") {
		v.Book.Add(ledger.Spend{At: drawTime(t, "spent at"), Amount: drawGLM(t, "spent")})
	}
	v.Allocation.Total, v.Allocation.Timeout = drawGLM(t, "allocated"), drawTime(t, "until")
	v.AllocationBusy = rapid.Bool().Draw(t, "allocation busy")
	if rapid.IntRange(0, 2).Draw(t, "no allocation") == 0 {
		v.Allocation = nil
	}
}
