package devnet_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"tasks/golem"
	"tasks/golem/devnet"
)

func one(p devnet.Provider) *devnet.Server {
	if p.Name == "" {
		p.Name = "keeper"
	}
	return &devnet.Server{Providers: []devnet.Provider{p}, Timings: steady(), Runtime: devnet.Instant(quick)}
}

// quick answers every command at once.
func quick(golem.Run, devnet.Provider) devnet.Reply { return devnet.Reply{Stdout: "ok\n"} }

func TestCreateAgreementRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, one(devnet.Provider{}))
		create := func(id golem.ProposalID) error {
			_, err := r.CreateAgreement(r.ctx, id, time.Now().Add(time.Hour))
			return err
		}
		demand := r.publish()
		initial := r.next(demand).Proposal.ProposalID
		refused(t, create(initial), 400, "No negotiation with Provider took place. (You should counter Proposal at least one time)")
		own := r.counter(demand, initial)
		refused(t, create(own), 400, "Can't create Agreement for an own Proposal")
		refused(t, create(initial), 400, "Can't create Agreement for already countered Proposal ["+string(initial)+"].")
		draft := r.next(demand).Proposal.ProposalID
		r.check(r.RejectProposal(r.ctx, demand, draft, nil))
		refused(t, create(draft), 400, "Can't create Agreement for rejected Proposal ["+string(draft)+"].")
		r.counter(demand, draft)
		again := r.next(demand).Proposal.ProposalID
		r.check(create(again))
		refused(t, create(again), 409, "Can't create second Agreement for Proposal ["+string(again)+"].")
		_, err := r.CounterProposal(r.ctx, demand, again, r.counterSpec())
		refused(t, err, 410, "already part of an Agreement")
		if got := must[golem.Proposal](r)(r.GetProposal(r.ctx, demand, again)).State; got != golem.ProposalAccepted {
			t.Errorf("proposal of an agreement is %s, want Accepted", got)
		}
	})
}

// TestAgreementStates makes every call in every state.
func TestAgreementStates(t *testing.T) {
	reach := map[golem.AgreementState]func(r *requestor, demand golem.DemandID) golem.AgreementID{
		golem.AgreementProposal: (*requestor).propose,
		golem.AgreementPending: func(r *requestor, demand golem.DemandID) golem.AgreementID {
			id := r.propose(demand)
			r.check(r.ConfirmAgreement(r.ctx, id, session))
			return id
		},
		golem.AgreementApproved: (*requestor).hire,
		golem.AgreementCancelled: func(r *requestor, demand golem.DemandID) golem.AgreementID {
			id := r.propose(demand)
			r.check(r.CancelAgreement(r.ctx, id, nil))
			return id
		},
		golem.AgreementExpired: func(r *requestor, demand golem.DemandID) golem.AgreementID {
			id := r.propose(demand)
			time.Sleep(2 * time.Hour)
			return id
		},
		golem.AgreementTerminated: func(r *requestor, demand golem.DemandID) golem.AgreementID {
			id := r.hire(demand)
			r.check(r.TerminateAgreement(r.ctx, id, nil))
			return id
		},
	}
	calls := map[string]func(r *requestor, id golem.AgreementID) error{
		"confirm":   func(r *requestor, id golem.AgreementID) error { return r.ConfirmAgreement(r.ctx, id, session) },
		"wait":      func(r *requestor, id golem.AgreementID) error { return r.WaitForApproval(r.ctx, id, 0) },
		"cancel":    func(r *requestor, id golem.AgreementID) error { return r.CancelAgreement(r.ctx, id, nil) },
		"terminate": func(r *requestor, id golem.AgreementID) error { return r.TerminateAgreement(r.ctx, id, nil) },
	}
	for _, test := range []struct {
		state  golem.AgreementState
		call   string
		status int // 0 is a success
		part   string
	}{
		{golem.AgreementProposal, "confirm", 0, ""},
		{golem.AgreementProposal, "wait", 400, "should be confirmed, before waiting for approval."},
		{golem.AgreementProposal, "cancel", 0, ""},
		{golem.AgreementProposal, "terminate", 409, "Can't update Agreement state from Proposal to Terminated."},
		{golem.AgreementPending, "confirm", 410, "from Pending to Pending."},
		{golem.AgreementPending, "wait", 408, "Timeout while waiting for Agreement [R-"},
		{golem.AgreementPending, "cancel", 0, ""},
		{golem.AgreementPending, "terminate", 410, "from Pending to Terminated."},
		{golem.AgreementApproved, "confirm", 410, "from Approved to Pending."},
		{golem.AgreementApproved, "wait", 0, ""},
		{golem.AgreementApproved, "cancel", 410, "from Approved to Cancelled."},
		{golem.AgreementApproved, "terminate", 0, ""},
		{golem.AgreementCancelled, "confirm", 410, "from Cancelled to Pending."},
		{golem.AgreementCancelled, "wait", 410, "Cancelled"},
		{golem.AgreementCancelled, "terminate", 410, "from Cancelled to Terminated."},
		{golem.AgreementExpired, "confirm", 410, "from Expired to Pending."},
		{golem.AgreementExpired, "wait", 410, "expired."},
		{golem.AgreementExpired, "cancel", 410, "from Expired to Cancelled."},
		{golem.AgreementTerminated, "wait", 400, "terminated."},
		{golem.AgreementTerminated, "cancel", 410, "from Terminated to Cancelled."},
		{golem.AgreementTerminated, "terminate", 410, "from Terminated to Terminated."},
	} {
		t.Run(string(test.state)+"/"+test.call, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRequestor(t, one(devnet.Provider{}))
				id := reach[test.state](r, r.publish())
				if got := r.state(id); got != test.state {
					t.Fatalf("agreement is %s, want %s", got, test.state)
				}
				err := calls[test.call](r, id)
				if test.status == 0 {
					r.check(err)
					return
				}
				refused(t, err, test.status, test.part)
			})
		})
	}
}

func TestListAgreements(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, one(devnet.Provider{Slots: 2}))
		first := r.hire(r.publish())
		time.Sleep(time.Minute)
		middle := time.Now()
		time.Sleep(time.Minute)
		second := r.propose(r.publish())
		for _, test := range []struct {
			name   string
			filter golem.AgreementFilter
			want   []golem.AgreementID
		}{
			{"all", golem.AgreementFilter{}, []golem.AgreementID{first, second}},
			{"state", golem.AgreementFilter{State: golem.AgreementProposal}, []golem.AgreementID{second}},
			{"before", golem.AgreementFilter{Before: middle}, []golem.AgreementID{first}},
			{"after", golem.AgreementFilter{After: middle}, []golem.AgreementID{second}},
			{"session", golem.AgreementFilter{AppSessionID: session}, []golem.AgreementID{first}},
		} {
			var got []golem.AgreementID
			for _, e := range must[[]golem.AgreementEntry](r)(r.ListAgreements(r.ctx, test.filter)) {
				got = append(got, e.ID)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", test.name, diff)
			}
		}
	})
}

func TestApprovingIsShownAsPending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, one(devnet.Provider{}))
		id := r.propose(r.publish())
		r.check(r.ConfirmAgreement(r.ctx, id, session))
		time.Sleep(102 * time.Millisecond) // decided after 100, committed after 105
		if got := r.state(id); got != golem.AgreementPending {
			t.Errorf("agreement is %s while the provider approves, want Pending", got)
		}
		refused(t, r.CancelAgreement(r.ctx, id, nil), 410, "from Approving to Cancelled.")
		refused(t, r.TerminateAgreement(r.ctx, id, nil), 410, "from Approving to Terminated.")
		if list := must[[]golem.AgreementEntry](r)(r.ListAgreements(r.ctx, golem.AgreementFilter{State: golem.AgreementPending})); len(list) != 0 {
			t.Errorf("ListAgreements(Pending) = %v, want none while approving", list)
		}
		r.check(r.WaitForApproval(r.ctx, id, time.Second))
	})
}

func TestAgreementRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, one(devnet.Provider{}))
		r.demand.Properties[golem.PropDebitNoteInterval] = 60.0
		id := r.hire(r.publish())
		g := must[golem.Agreement](r)(r.GetAgreement(r.ctx, id))
		if g.Demand.Properties.Text(golem.PropChosenPlatform) != "erc20-hoodi-tglm" || g.AppSessionID != session ||
			g.ApprovedDate == nil || g.ApprovedSignature != "NoSignature" {
			t.Errorf("agreement is %+v", g)
		}
		if got, _ := g.Offer.Properties.Number(golem.PropDebitNoteInterval); got != 60 {
			t.Errorf("negotiated interval = %v, want 60", got)
		}
		r.expect("GET", "/market-api/v1/agreements?state=Approved", "", 200, `"role":"Requestor"`)
		r.expect("GET", "/market-api/v1/agreements?state=Terminated", "", 200, `[]`)
		r.expect("GET", "/market-api/v1/agreements/"+string(id)+"/terminate/reason", "", 400, "not terminated yet.")
		r.check(r.TerminateAgreement(r.ctx, id, &golem.Reason{Message: "Finished", Extra: map[string]any{golem.ReasonRequestorCode: "Success"}}))
		end := must[golem.Termination](r)(r.TerminateReason(r.ctx, id))
		if end.Terminator != "Requestor" || end.Reason.Message != "Finished" || end.Reason.Code() != "Success" {
			t.Errorf("TerminateReason() = %+v, reason %+v", end, end.Reason)
		}
	})
}

// eventTypes collects the agreement events of a session from the beginning.
func (r *requestor) eventTypes() (types []string, last *golem.Reason) {
	r.t.Helper()
	for _, e := range must[[]golem.AgreementEvent](r)(r.AgreementEvents(r.ctx, "", session, 0, 100)) {
		types = append(types, e.EventType)
		last = e.Reason
	}
	return types, last
}

func TestAgreementEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, &devnet.Server{Timings: steady(), Providers: []devnet.Provider{{Name: "a"}, {Name: "b"}}})
		demand := r.publish()
		time.Sleep(time.Second)
		first := r.hire(demand)
		events := must[[]golem.AgreementEvent](r)(r.AgreementEvents(r.ctx, "", session, time.Minute, 100))
		if len(events) != 1 || events[0].AgreementID != first {
			t.Fatalf("AgreementEvents() = %+v, want the approval", events)
		}
		cursor := events[0].EventDate
		began := time.Now()
		if later := must[[]golem.AgreementEvent](r)(r.AgreementEvents(r.ctx, cursor, session, 3*time.Second, 100)); len(later) != 0 || time.Since(began) != 3*time.Second {
			t.Errorf("events after the last one: %v after %v, want none after 3 s", later, time.Since(began))
		}
		go func() {
			time.Sleep(time.Second)
			_ = r.TerminateAgreement(r.ctx, first, &golem.Reason{Message: "enough"})
		}()
		later := must[[]golem.AgreementEvent](r)(r.AgreementEvents(r.ctx, cursor, session, time.Minute, 100))
		if len(later) != 1 || later[0].EventType != golem.EventAgreementTerminated || later[0].Terminator != "Requestor" || later[0].Reason.Message != "enough" {
			t.Errorf("AgreementEvents() = %+v, want the termination", later)
		}
		if other := must[[]golem.AgreementEvent](r)(r.AgreementEvents(r.ctx, "", "other", 0, 100)); len(other) != 0 {
			t.Errorf("events of another session: %v", other)
		}
		if paged := must[[]golem.AgreementEvent](r)(r.AgreementEvents(r.ctx, "", "", 0, 1)); len(paged) != 1 || paged[0].EventDate != cursor {
			t.Errorf("first page = %v, want the approval alone", paged)
		}
	})
}

func TestOneSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, one(devnet.Provider{}))
		mine, theirs := r.publish(), r.publish()
		early := r.draft(theirs) // a Draft holds no slot
		hired := r.hire(mine)
		late := must[golem.AgreementID](r)(r.CreateAgreement(r.ctx, early.ProposalID, time.Now().Add(time.Hour)))
		r.check(r.ConfirmAgreement(r.ctx, late, session))
		if err := r.WaitForApproval(r.ctx, late, time.Minute); !errors.Is(err, golem.ErrAgreementRejected) {
			t.Errorf("second agreement: error = %v, want rejected", err)
		}
		if _, reason := r.eventTypes(); reason == nil || reason.Message != "No capacity available. Reached Agreements limit: 1" || reason.Final() {
			t.Errorf("rejection because of %+v", reason)
		}

		third := r.publish()
		own := r.counter(third, r.next(third).Proposal.ProposalID)
		rejected := r.next(third)
		if rejected.ProposalID != own || rejected.Reason.Message != "No capacity available. Reached Agreements limit: 1" || rejected.Reason.Final() {
			t.Fatalf("counter to a busy provider: %+v, reason %+v", rejected, rejected.Reason)
		}
		r.check(r.TerminateAgreement(r.ctx, hired, nil))
		counter := r.next(third)
		if counter.Proposal == nil || counter.Proposal.PrevProposalID != own || counter.Proposal.State != golem.ProposalDraft {
			t.Fatalf("event after the slot is free = %+v, want a late Draft after %s", counter, own)
		}
		if fresh := r.next(mine).Proposal; fresh.State != golem.ProposalInitial {
			t.Errorf("proposal after the termination is %s, want a fresh Initial one", fresh.State)
		}
		if events := must[[]golem.DemandEvent](r)(r.CollectOffers(r.ctx, theirs, time.Minute, 10)); len(events) != 0 {
			t.Errorf("a demand whose agreement was rejected got %+v", events)
		}
	})
}

// TestCursorPassesOneEvent pages through events of the same instant.
func TestCursorPassesOneEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, one(devnet.Provider{Slots: 3}))
		ids := map[golem.AgreementID]bool{}
		for range 3 {
			ids[r.propose(r.publish())] = true
		}
		for id := range ids {
			r.check(r.CancelAgreement(r.ctx, id, &golem.Reason{Message: "no"}))
		}
		cursor := golem.Timestamp("")
		for range 3 {
			page := must[[]golem.AgreementEvent](r)(r.AgreementEvents(r.ctx, cursor, "", 0, 1))
			if len(page) != 1 || !ids[page[0].AgreementID] {
				t.Fatalf("page = %+v, want the next cancellation", page)
			}
			delete(ids, page[0].AgreementID)
			cursor = page[0].EventDate
		}
	})
}

func TestExpirationIsCheckedAgainAtApproval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, one(devnet.Provider{}))
		r.demand.Properties[golem.PropExpiration] = float64(time.Now().Add(6 * time.Minute).UnixMilli())
		id := r.propose(r.publish())
		time.Sleep(time.Minute)
		r.check(r.ConfirmAgreement(r.ctx, id, session))
		if err := r.WaitForApproval(r.ctx, id, time.Minute); !errors.Is(err, golem.ErrAgreementRejected) {
			t.Errorf("error = %v, want rejected: less than five minutes are left", err)
		}
	})
}

func TestSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, one(devnet.Provider{Slots: 2}))
		r.hire(r.publish())
		r.hire(r.publish())
		demand := r.publish()
		r.counter(demand, r.next(demand).Proposal.ProposalID)
		if e := r.next(demand); e.Reason == nil || e.Reason.Message != "No capacity available. Reached Agreements limit: 2" {
			t.Errorf("third counter: %+v", e)
		}
	})
}
