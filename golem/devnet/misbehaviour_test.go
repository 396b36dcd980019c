package devnet_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"tasks/golem"
	"tasks/golem/devnet"
)

// inBubble tests one provider in fake time.
func inBubble(t *testing.T, p devnet.Provider, test func(r *requestor)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(newRequestor(t, one(p))) })
}

func TestAnswersLate(t *testing.T) {
	inBubble(t, devnet.Provider{AnswersLate: 20 * time.Second}, func(r *requestor) {
		began := time.Now()
		id := r.propose(r.publish())
		if took := time.Since(began); took < 20*time.Second || took > 21*time.Second {
			t.Errorf("the counter was answered after %v, want 20 s", took)
		}
		r.check(r.ConfirmAgreement(r.ctx, id, session))
		refused(t, r.WaitForApproval(r.ctx, id, 15*time.Second), 408, "Timeout while waiting")
		r.check(r.WaitForApproval(r.ctx, id, 15*time.Second))
	})
}

func TestStartHangs(t *testing.T) {
	inBubble(t, devnet.Provider{StartHangs: true}, func(r *requestor) {
		id := r.hire(r.publish())
		_, err := r.CreateActivity(r.ctx, id, time.Minute)
		refused(t, err, 408, "Timeout")
		time.Sleep(10 * time.Minute)
		if got := r.state(id); got != golem.AgreementApproved {
			t.Errorf("agreement is %s, want Approved: the provider sees nothing wrong", got)
		}
		r.check(r.TerminateAgreement(r.ctx, id, nil))
		if invoice := r.invoice(); !invoice.Amount.IsZero() {
			t.Errorf("invoice is for %s, want nothing", invoice.Amount)
		}
	})
}

// notesOf lists the seconds that each debit note bills, as they arrive.
func notesOf(r *requestor, from golem.Timestamp, n int) (seconds []float64) {
	r.t.Helper()
	for len(seconds) < n {
		events := must[[]golem.DebitNoteEvent](r)(r.DebitNoteEvents(r.ctx, from, session, time.Hour))
		if len(events) == 0 {
			r.t.Fatalf("no debit note in an hour after %v", seconds)
		}
		for _, e := range events {
			note := must[golem.DebitNote](r)(r.GetDebitNote(r.ctx, e.DebitNoteID))
			seconds = append(seconds, note.UsageCounterVector[1])
			equal(r.t, "note", note.TotalAmountDue, decimalOf(note.UsageCounterVector[1]))
			from = e.EventDate
		}
	}
	return seconds
}

func TestNotesGoWrong(t *testing.T) {
	for _, test := range []struct {
		name  string
		wrong func(*devnet.Provider)
		want  []float64 // the usage they report; a minute apart when honest
	}{
		{"honest", func(*devnet.Provider) {}, []float64{60, 120, 180, 240}},
		{"repeated", func(p *devnet.Provider) { p.RepeatsNotes = 2 }, []float64{60, 60, 60, 120, 120, 120}},
		{"reordered", func(p *devnet.Provider) { p.ReordersNotes = true }, []float64{120, 60, 240, 180}},
		{"lowered", func(p *devnet.Provider) { p.LowersTotals = 0.25 }, []float64{60, 30, 180, 60}},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := priced()
			test.wrong(&p)
			inBubble(t, p, func(r *requestor) {
				r.demand.Properties[golem.PropDebitNoteInterval] = 60.0
				r.rent()
				var got []float64
				for _, s := range notesOf(r, "", len(test.want)) {
					got = append(got, float64(int(s+0.5)))
				}
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("seconds billed (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestHeldNoteComesBehindTheLast(t *testing.T) {
	p := priced()
	p.ReordersNotes = true
	inBubble(t, p, func(r *requestor) {
		_, a := r.rent()
		time.Sleep(3 * time.Minute)
		r.check(r.DestroyActivity(r.ctx, a, time.Second))
		if got := notesOf(r, "", 2); got[0] < got[1] {
			t.Errorf("notes of %v s, want the last one first", got)
		}
	})
}

func TestNotesLate(t *testing.T) {
	p := priced()
	p.NotesLate = 10 * time.Minute
	inBubble(t, p, func(r *requestor) {
		_, a := r.rent()
		time.Sleep(time.Minute)
		r.check(r.DestroyActivity(r.ctx, a, time.Second))
		destroyed := time.Now()
		invoice := r.invoice()
		r.check(r.acceptInvoice(invoice))
		note, _ := r.note("")
		if late := time.Since(destroyed).Round(time.Second); late != 10*time.Minute {
			t.Errorf("the note came after %v, want 10 min", late)
		}
		r.check(r.accept(note))
		equal(t, "accepted", r.server.Inspect().Accepted, invoice.Amount.String())
	})
}

func TestInvoiceLateOrLost(t *testing.T) {
	for _, test := range []struct {
		name  string
		wrong devnet.Provider
		want  int // invoices after an hour
		early int // and after a minute
	}{
		{"honest", devnet.Provider{}, 1, 1},
		{"late", devnet.Provider{InvoiceLate: 30 * time.Minute}, 1, 0},
		{"lost", devnet.Provider{LosesInvoice: true}, 0, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, test.wrong, func(r *requestor) {
				id := r.hire(r.publish())
				r.check(r.TerminateAgreement(r.ctx, id, nil))
				for _, wait := range []struct {
					time time.Duration
					want int
				}{{time.Minute, test.early}, {time.Hour, test.want}} {
					time.Sleep(wait.time)
					if got := len(must[[]golem.Invoice](r)(r.Invoices(r.ctx, "", 0))); got != wait.want {
						t.Errorf("%d invoices %v later, want %d", got, wait.time, wait.want)
					}
				}
			})
		})
	}
}

// says is a runtime whose commands take four seconds and two of processor time.
func says(text string) devnet.Runtime {
	return devnet.Instant(func(golem.Run, devnet.Provider) devnet.Reply {
		return devnet.Reply{Stdout: text, Wall: 4 * time.Second, CPU: 2 * time.Second}
	})
}

func TestOutputGoesWrong(t *testing.T) {
	const text = "the answer is 0042 and 1\n"
	for _, test := range []struct {
		name  string
		wrong devnet.Provider
		want  string
	}{
		{"honest", devnet.Provider{}, text},
		{"truncated", devnet.Provider{TruncatesOutput: 10}, "the answer"},
		{"corrupted", devnet.Provider{CorruptsOutput: true}, "uhe answer is 0052 and 1\n"},
		{"both", devnet.Provider{CorruptsOutput: true, TruncatesOutput: 3}, "uhe"},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, test.wrong, func(r *requestor) {
				r.server.Runtime = says(text)
				_, a := r.rent()
				r.prepare(a)
				if got := r.run(a, sh("true"))[0].Stdout; string(got) != test.want {
					t.Errorf("output = %q, want %q", got, test.want)
				}
			})
		})
	}
}

func TestFastAndThenSlow(t *testing.T) {
	inBubble(t, devnet.Provider{Slower: 5, SlowerAfter: time.Minute}, func(r *requestor) {
		r.server.Runtime = says("")
		_, a := r.rent()
		r.prepare(a)
		for i, want := range []time.Duration{4 * time.Second, 20 * time.Second} {
			began := time.Now()
			r.run(a, sh("true"))
			if took := time.Since(began).Round(time.Second); took != want {
				t.Errorf("command %d took %v, want %v", i, took, want)
			}
			time.Sleep(time.Minute)
		}
		if usage := must[golem.Usage](r)(r.ActivityUsage(r.ctx, a, time.Second)); usage.CurrentUsage[0] != 12 {
			t.Errorf("usage = %v, want 2 + 10 s of processor time", usage.CurrentUsage)
		}
		began := time.Now()
		batch := must[golem.BatchID](r)(r.Exec(r.ctx, a, []golem.Command{sh("true")}, time.Second))
		time.Sleep(5 * time.Second)
		r.check(r.DestroyActivity(r.ctx, a, time.Second))
		if _, err := r.BatchResults(r.ctx, a, batch, time.Minute); err == nil || time.Since(began) > 6*time.Second {
			t.Errorf("BatchResults = %v after %v, want a slow command to end with its exe-unit", err, time.Since(began))
		}
	})
}

func TestPhases(t *testing.T) {
	changing := devnet.Provider{
		RefuseProposals: "not yet",
		Phases: []devnet.Phase{
			{After: time.Minute},
			{After: 2 * time.Minute, As: devnet.Provider{OfflineAfter: -1}},
			{After: 3 * time.Minute, As: devnet.Provider{RefuseProposals: "closed"}},
		},
	}
	inBubble(t, changing, func(r *requestor) {
		for _, want := range []string{"not yet", "Draft", "", "closed"} {
			began := time.Now()
			if got := r.answer(r.publish()); got != want {
				t.Errorf("the answer is %q, want %q", got, want)
			}
			time.Sleep(time.Minute - time.Since(began))
		}
	})
}

// answer is how the one provider answers a counter: Draft, a reason against it, or
// "" without a proposal to counter.
func (r *requestor) answer(demand golem.DemandID) string {
	r.t.Helper()
	initial := must[[]golem.DemandEvent](r)(r.CollectOffers(r.ctx, demand, 10*time.Second, 1))
	if len(initial) == 0 {
		return ""
	}
	r.counter(demand, initial[0].Proposal.ProposalID)
	event := r.next(demand)
	if event.Reason != nil {
		return event.Reason.Message
	}
	return string(event.Proposal.State)
}

// decimalOf is seconds in thousandths of a GLM.
func decimalOf(seconds float64) string { return decimal.NewFromFloat(seconds).Shift(-3).String() }

// TestInvoiceEarly wants an invoice in the middle of the work, debit notes after
// it, and no second one. Once it is accepted a note changes nothing.
func TestInvoiceEarly(t *testing.T) {
	p := priced()
	p.InvoiceEarly = 90 * time.Second
	inBubble(t, p, func(r *requestor) {
		r.demand.Properties[golem.PropDebitNoteInterval] = 60.0
		id, a := r.rent()
		began := time.Now()
		invoice := r.invoice()
		if came := time.Since(began).Round(time.Second); came != 90*time.Second || r.state(id) != golem.AgreementApproved {
			t.Errorf("the invoice came after %v of an agreement that is %s, want 1m30s, Approved", came, r.state(id))
		}
		if got := invoice.Amount.Round(2).String(); got != "0.09" {
			t.Errorf("it is for %s GLM, want those of 90 s", got)
		}
		r.check(r.acceptInvoice(invoice))
		seconds := notesOf(r, "", 2)
		if seconds[1] < 110 {
			t.Errorf("notes of %v s, want one after the invoice", seconds)
		}
		notes := must[[]golem.DebitNote](r)(r.DebitNotes(r.ctx, "", 0))
		r.check(r.accept(notes[len(notes)-1]))
		equal(t, "accepted", r.server.Inspect().Accepted, invoice.Amount.String())
		r.check(r.DestroyActivity(r.ctx, a, time.Second))
		r.check(r.TerminateAgreement(r.ctx, id, nil))
		time.Sleep(time.Hour)
		if got := len(must[[]golem.Invoice](r)(r.Invoices(r.ctx, "", 0))); got != 1 {
			t.Errorf("%d invoices, want the early one alone", got)
		}
	})
}

// TestInvoiceEarlyOfAShortAgreement wants the usual invoice.
func TestInvoiceEarlyOfAShortAgreement(t *testing.T) {
	inBubble(t, devnet.Provider{InvoiceEarly: time.Hour}, func(r *requestor) {
		r.check(r.TerminateAgreement(r.ctx, r.hire(r.publish()), nil))
		time.Sleep(2 * time.Hour)
		if got := len(must[[]golem.Invoice](r)(r.Invoices(r.ctx, "", 0))); got != 1 {
			t.Errorf("%d invoices, want 1", got)
		}
	})
}
