package devnet_test

import (
	"testing"
	"testing/synctest"
	"time"

	"tasks/golem"
	"tasks/golem/devnet"
)

// TestA18RestartForgetsMemoryOnly asks for everything on both sides of a
// restart (protocol section 8).
func TestA18RestartForgetsMemoryOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := timedServer()
		server.Providers[0].Slots = 2
		r := newRequestor(t, server)
		r.allocate("10")
		demand := r.publish()
		id := r.hire(demand)
		a := r.activity(id)
		r.prepare(a)
		batch := must[golem.BatchID](r)(r.Exec(r.ctx, a, []golem.Command{sh("long"), sh("longer")}, time.Second))
		other := r.publish()
		initial := r.next(other).Proposal.ProposalID
		proposed := r.propose(r.publish())
		r.expect("POST", "/market-api/v1/scan", `{"type":"offer"}`, 201, `"1"`)
		note, _ := r.note("")
		r.check(r.accept(note))
		time.Sleep(time.Second)

		server.Restart()
		if _, err := r.Me(r.ctx); !golem.IsUnreachable(err) {
			t.Errorf("Me() of a daemon that is down: error = %v, want unreachable", err)
		}
		time.Sleep(time.Second)

		for _, gone := range []golem.DemandID{demand, other} {
			_, err := r.CollectOffers(r.ctx, gone, time.Second, 10)
			refused(t, err, 404, "Subscription ["+string(gone)+"] not found. Could be unsubscribed.")
		}
		if list := must[[]golem.Demand](r)(r.Demands(r.ctx)); len(list) != 0 {
			t.Errorf("Demands() = %v, want none", list)
		}
		_, err := r.CounterProposal(r.ctx, other, initial, r.counterSpec())
		refused(t, err, 404, "Proposal ["+string(initial)+"] not found")
		r.expect("GET", "/market-api/v1/scan/1/events", "", 404, "not found")

		if got := r.state(id); got != golem.AgreementApproved {
			t.Errorf("agreement is %s, want Approved", got)
		}
		if got := r.state(proposed); got != golem.AgreementProposal {
			t.Errorf("agreement that was not confirmed is %s, want Proposal", got)
		}
		if types, _ := r.eventTypes(); len(types) != 1 {
			t.Errorf("agreement events = %v, want the approval", types)
		}
		if results := must[[]golem.CommandResult](r)(r.BatchResults(r.ctx, a, batch, time.Minute)); len(results) != 2 {
			t.Errorf("results = %+v, want those of both commands", results)
		}
		equal(t, "spent", must[golem.Allocation](r)(r.GetAllocation(r.ctx, r.alloc)).SpentAmount, note.TotalAmountDue.String())
		if got := must[golem.DebitNote](r)(r.GetDebitNote(r.ctx, note.DebitNoteID)).Status; got != golem.StatusAccepted {
			t.Errorf("debit note is %s, want ACCEPTED", got)
		}
		r.check(r.ConfirmAgreement(r.ctx, proposed, session))
		r.check(r.WaitForApproval(r.ctx, proposed, time.Minute))
		r.check(r.TerminateAgreement(r.ctx, id, nil))
		if got := r.invoice().ActivityIDs; len(got) != 1 || got[0] != a {
			t.Errorf("invoice is for %v, want %s", got, a)
		}
		r.hire(r.publish()) // and the market goes on
	})
}

// TestRestartBreaksRequests has one of every kind that waits.
func TestRestartBreaksRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := timedServer()
		server.Providers[0].Slots = 2
		server.Providers[0].StartUp = 10 * time.Second
		r := newRequestor(t, server)
		demand := r.publish()
		id := r.hire(demand)
		a := r.activity(id)
		r.prepare(a)
		batch := must[golem.BatchID](r)(r.Exec(r.ctx, a, []golem.Command{sh("x"), sh("y")}, time.Second))
		waiting, second := r.propose(r.publish()), r.hire(r.publish())
		began := time.Now()
		calls := map[string]func() error{
			"collect":  func() error { _, err := r.CollectOffers(r.ctx, demand, time.Minute, 10); return err },
			"results":  func() error { _, err := r.BatchResults(r.ctx, a, batch, time.Minute); return err },
			"invoices": func() error { _, err := r.InvoiceEvents(r.ctx, "", session, time.Minute); return err },
			"create":   func() error { _, err := r.CreateActivity(r.ctx, second, time.Minute); return err },
			"approval": func() error {
				r.check(r.ConfirmAgreement(r.ctx, waiting, session))
				return r.WaitForApproval(r.ctx, waiting, time.Minute)
			},
			"stream": func() (last error) {
				for _, last = range r.BatchEvents(r.ctx, a, batch) {
				}
				return last
			},
		}
		type end struct {
			name string
			err  error
		}
		ends := make(chan end)
		for name, call := range calls {
			go func() { ends <- end{name, call()} }()
		}
		time.Sleep(50 * time.Millisecond)
		server.Restart()
		for range calls {
			if e := <-ends; !golem.IsUnreachable(e.err) || time.Since(began) != 50*time.Millisecond {
				t.Errorf("%s ended after %v with %v, want a connection that breaks after 50ms", e.name, time.Since(began), e.err)
			}
		}
		time.Sleep(time.Minute)
		if got := r.state(waiting); got != golem.AgreementRejected { // the provider has no slot for a third
			t.Errorf("agreement that was about to be approved is %s, want Rejected", got)
		}
		if ids := must[[]golem.ActivityID](r)(r.Activities(r.ctx, second)); len(ids) != 0 {
			t.Errorf("Activities() = %v, want none: the daemon never heard of it", ids)
		}
	})
}

func TestRestartWithNobodyThere(t *testing.T) {
	server := &devnet.Server{Providers: []devnet.Provider{}, Timings: devnet.Timings{Restart: 1}}
	r := newRequestor(t, server)
	server.Restart() // before the first request
	time.Sleep(time.Millisecond)
	if _, err := r.Me(r.ctx); err != nil {
		t.Errorf("Me() after a restart: %v", err)
	}
	r.check(server.Close())
	server.Restart() // nothing happens
	if _, err := r.Me(r.ctx); !golem.IsUnreachable(err) {
		t.Errorf("Me() of a closed server: error = %v, want unreachable", err)
	}
}
