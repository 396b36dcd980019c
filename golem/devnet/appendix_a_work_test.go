package devnet_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"tasks/golem"
	"tasks/golem/devnet"
)

func TestA10ActivityLimits(t *testing.T) {
	t.Run("latency, one at a time, idle", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := newRequestor(t, one(devnet.Provider{StartUp: 4 * time.Second}))
			id := r.hire(r.publish())
			began := time.Now()
			a := r.activity(id)
			if took := time.Since(began); took != 4*time.Second+time.Millisecond {
				t.Errorf("create took %v, want the provider's 4.001s", took)
			}
			_, err := r.CreateActivity(r.ctx, id, time.Second)
			refused(t, err, 500, "was abruptly terminated")
			time.Sleep(3 * time.Minute) // not idle
			r.check(r.DestroyActivity(r.ctx, a, time.Second))
			time.Sleep(90*time.Second - time.Microsecond)
			if got := r.state(id); got != golem.AgreementApproved {
				t.Errorf("agreement is %s before 90 s without activity", got)
			}
			time.Sleep(time.Microsecond)
			synctest.Wait()
			if reason := must[golem.Termination](r)(r.TerminateReason(r.ctx, id)).Reason; reason.Code() != "NoActivity" {
				t.Errorf("ended with %+v, want NoActivity", reason)
			}
		})
	})
	t.Run("expiration", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := newRequestor(t, one(devnet.Provider{}))
			id := r.hire(r.publish())
			a := r.activity(id)
			time.Sleep(20 * time.Minute)
			synctest.Wait()
			if reason := must[golem.Termination](r)(r.TerminateReason(r.ctx, id)).Reason; reason.Code() != "Expired" {
				t.Errorf("ended with %+v, want Expired", reason)
			}
			if s := must[golem.ActivityStatus](r)(r.ActivityStatus(r.ctx, a, 0)); s.Alive() {
				t.Errorf("activity of an expired agreement is %+v", s)
			}
		})
	})
	t.Run("unresponsive", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := newRequestor(t, one(devnet.Provider{HangsAfter: time.Minute}))
			a := r.activity(r.hire(r.publish()))
			time.Sleep(time.Minute) // it hangs since 100 ms: it was up before it was reported up
			began := time.Now()
			var got []string
			for range 12 {
				state := string(must[golem.ActivityStatus](r)(r.ActivityStatus(r.ctx, a, 0)).Current)
				if len(got) == 0 || got[len(got)-1] != state {
					got = append(got, time.Since(began).String(), state)
				}
				time.Sleep(time.Second)
			}
			if diff := cmp.Diff([]string{"0s", "Initialized", "5s", "Unresponsive", "10s", "Terminated"}, got); diff != "" {
				t.Errorf("states by the second (-want +got):\n%s", diff)
			}
		})
	})
}

// TestA11Results waits for the last command, which after a failure never comes.
func TestA11Results(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, scriptedServer())
		a := r.ready()
		bin := sh("hi")
		bin.Run.Capture.Stdout = &golem.CaptureMode{AtEnd: &golem.CapturePart{Format: "binary"}}
		batch := must[golem.BatchID](r)(r.Exec(r.ctx, a, []golem.Command{bin, sh("slow"), sh("fail"), sh("never")}, time.Second))
		path := activityPath(a, "/exec/"+string(batch))
		began := time.Now()
		poll := func(query string, took time.Duration, status int, answer string) {
			t.Helper()
			at := time.Now()
			if got, body := r.call("GET", path+query, ""); got != status || !like(answer, body) || time.Since(at) != took {
				t.Errorf("%s: %d %s after %v, want %d %s after %v", query, got, body, time.Since(at), status, answer, took)
			}
		}
		poll("?timeout=7", 7*time.Second, 200, `[{"index":0,…"stdout":[104,105,10]…"isBatchFinished":false…}]`)
		poll("?commandIndex=1&timeout=70", 53*time.Second, 200, `[{"index":0,…"stdout":null…},{"index":1,…"stdout":"done\n"…"isBatchFinished":true…}]`)
		poll("?timeout=9", 9*time.Second, 200, `[{"index":0,…},{"index":1,…},{"index":2,"result":"Error",…"isBatchFinished":true…}]`)
		poll("", 0, 200, `[{"index":0,…},{"index":1,…},{"index":2,…}]`)
		poll("?commandIndex=3&timeout=4", 4*time.Second, 408, `{"message":"Timeout"}`)
		if time.Since(began) != 73*time.Second {
			t.Errorf("in all %v, want 73s", time.Since(began))
		}
	})
}

// TestA13Billing rents for five minutes at a thousandth of a GLM a second.
func TestA13Billing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, one(priced()))
		r.demand.Properties[golem.PropDebitNoteInterval] = 60.0
		id := r.hire(r.publish())
		created := must[golem.Agreement](r)(r.GetAgreement(r.ctx, id)).Timestamp
		time.Sleep(time.Until(created.Add(30*time.Second - 101*time.Millisecond)))
		a := r.activity(id) // metered from half a minute on, less the start-up
		var usage []float64
		for range 3 {
			time.Sleep(10 * time.Second)
			usage = append(usage, must[golem.Usage](r)(r.ActivityUsage(r.ctx, a, 0)).CurrentUsage[1])
		}
		if !(usage[0] < usage[1] && usage[1] < usage[2]) {
			t.Errorf("usage at three times = %v, want it to grow", usage)
		}
		time.Sleep(time.Until(created.Add(200 * time.Second)))
		r.check(r.DestroyActivity(r.ctx, a, time.Second))
		r.check(r.TerminateAgreement(r.ctx, id, nil))
		var at []time.Duration
		var totals []string
		previous := golem.DebitNoteID("")
		for _, n := range must[[]golem.DebitNote](r)(r.DebitNotes(r.ctx, "", 0)) {
			at = append(at, n.Timestamp.Sub(created).Round(time.Millisecond))
			totals = append(totals, n.TotalAmountDue.Round(4).String())
			if n.PreviousDebitNoteID != previous {
				t.Errorf("note at %v follows %q, want %q", at[len(at)-1], n.PreviousDebitNoteID, previous)
			}
			previous = n.DebitNoteID
		}
		if diff := cmp.Diff([]time.Duration{time.Minute, 2 * time.Minute, 3 * time.Minute, 200 * time.Second}, at); diff != "" {
			t.Errorf("notes, since the agreement (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"0.0301", "0.0901", "0.1501", "0.1701"}, totals); diff != "" {
			t.Errorf("totals (-want +got):\n%s", diff)
		}
		if got := r.invoice().Amount.Round(4).String(); got != "0.1701" {
			t.Errorf("invoice of %s, want the total of the last note", got)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, one(priced()))
		r.check(r.TerminateAgreement(r.ctx, r.hire(r.publish()), nil))
		if i := r.invoice(); !i.Amount.IsZero() || len(i.ActivityIDs) != 0 {
			t.Errorf("invoice of no activity: %+v, want of 0", i)
		}
	})
}

// TestA14Acceptance charges increments from the named allocation, each once.
func TestA14Acceptance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, one(priced()))
		id, _ := r.rent()
		time.Sleep(5 * time.Minute)
		notes := must[[]golem.DebitNote](r)(r.DebitNotes(r.ctx, "", 0))
		spent := func(want golem.Amount) {
			t.Helper()
			a := must[golem.Allocation](r)(r.GetAllocation(r.ctx, r.alloc))
			if !a.SpentAmount.Equal(want) || !a.RemainingAmount.Equal(amount("10").Sub(want)) {
				t.Errorf("spent %s, remaining %s, want %s of 10 spent", a.SpentAmount, a.RemainingAmount, want)
			}
		}
		r.check(r.accept(notes[1]))
		spent(notes[1].TotalAmountDue)
		r.check(r.accept(notes[0]))
		r.check(r.accept(notes[1]))
		spent(notes[1].TotalAmountDue)
		r.check(r.TerminateAgreement(r.ctx, id, nil))
		invoice := r.invoice()
		r.check(r.acceptInvoice(invoice))
		r.check(r.acceptInvoice(invoice))
		spent(invoice.Amount)
		time.Sleep(24 * time.Hour)
		path := paymentAPI + "/allocations"
		r.expect("GET", path+"/"+string(r.alloc), "", 404, `{"message":null}`)
		r.expect("GET", path, "", 200, "[]")
	})
}

func TestA15EventDefaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, one(priced()))
		r.check(r.accept(r.billed()))
		for _, test := range []struct {
			query, kinds string
			want         int
		}{
			{"", "", 1}, // RECEIVED, not ACCEPTED
			{"", "", 1}, // not consumed
			{"", "RECEIVED,ACCEPTED", 2},
			{"&maxEvents=1", "ACCEPTED", 0}, // the hidden one fills the page
			{"&maxEvents=2", "ACCEPTED", 1},
		} {
			if got := r.countNoteEvents(test.query, test.kinds); got != test.want {
				t.Errorf("events with %q, %q: %d, want %d", test.query, test.kinds, got, test.want)
			}
		}
	})
}

func TestA16Payouts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := one(priced())
		server.Timings.PayoutCycle = time.Hour
		r := newRequestor(t, server)
		r.server.Inspect() // cycles are counted from here
		i := r.invoiced()
		r.check(r.acceptInvoice(i))
		status := func() golem.DocumentStatus {
			return must[golem.Invoice](r)(r.GetInvoice(r.ctx, i.InvoiceID)).Status
		}
		time.Sleep(50 * time.Minute)
		if got := status(); got != golem.StatusAccepted {
			t.Errorf("invoice is %s before the end of the cycle, want ACCEPTED", got)
		}
		time.Sleep(9 * time.Minute)
		if got := status(); got != golem.StatusSettled {
			t.Errorf("invoice is %s after the end of the cycle, want SETTLED", got)
		}
		if list := must[[]golem.Payment](r)(r.Payments(r.ctx, "")); len(list) != 1 || !list[0].Amount.Equal(i.Amount) {
			t.Errorf("payments = %+v, want one of %s", list, i.Amount)
		}
		r.demand.Properties[golem.PropExpiration] = float64(time.Now().Add(20 * time.Minute).UnixMilli())
		r.check(r.TerminateAgreement(r.ctx, r.hire(r.publish()), nil))
		time.Sleep(time.Second)
		zero := must[[]golem.Invoice](r)(r.Invoices(r.ctx, "", 0))[1]
		r.check(r.acceptInvoice(zero))
		if got := must[golem.Invoice](r)(r.GetInvoice(r.ctx, zero.InvoiceID)).Status; got != golem.StatusSettled {
			t.Errorf("accepted invoice of 0 is %s, want SETTLED at once", got)
		}
	})
}

func TestA17OddStatuses(t *testing.T) {
	walk(t, priced(), []row{
		{"unknown activity", "GET", func(*requestor) (string, string) {
			return activityPath(noActivity, "/state"), ""
		}, 500, `{"message":"DAO error: Not found: agreement id for activity: ` + noActivity + `"}`},
		{"reject an unknown proposal", "POST", func(r *requestor) (string, string) {
			return proposalPath(r.publish(), noProposal) + "/reject", "null"
		}, 500, `{"message":"…"}`},
		{"reject a debit note", "POST", func(r *requestor) (string, string) {
			return paymentAPI + "/debitNotes/" + string(r.billed().DebitNoteID) + "/reject", `{"rejectionReason":"BAD_SERVICE","totalAmountAccepted":"0"}`
		}, 501, `{"message":null}`},
	})
}
