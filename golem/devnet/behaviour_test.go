package devnet_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"tasks/golem"
	"tasks/golem/devnet"
)

// TestProviderEndsAgreement walks the table of protocol section 3.6.
func TestProviderEndsAgreement(t *testing.T) {
	for _, test := range []struct {
		name     string
		provider devnet.Provider
		demand   golem.Properties
		use      func(r *requestor, id golem.AgreementID)
		code     string
		after    time.Duration // since approval
	}{
		{name: "never used", code: "NoActivity", after: 90 * time.Second},
		{name: "idle after an activity", code: "NoActivity", after: time.Minute + 90*time.Second,
			use: func(r *requestor, id golem.AgreementID) {
				a := r.activity(id)
				time.Sleep(time.Minute - 101*time.Millisecond)
				r.check(r.DestroyActivity(r.ctx, a, time.Second))
			}},
		{name: "idle after a create that timed out", provider: devnet.Provider{StartUp: 9*time.Second - time.Millisecond},
			code: "NoActivity", after: 99 * time.Second,
			use: func(r *requestor, id golem.AgreementID) {
				_, err := r.CreateActivity(r.ctx, id, time.Second)
				refused(r.t, err, 408, "Timeout")
			}},
		{name: "expired", code: "Expired", after: 8*time.Minute - 255*time.Millisecond,
			demand: golem.Properties{golem.PropExpiration: 8 * time.Minute},
			use:    func(r *requestor, id golem.AgreementID) { r.activity(id) }},
		{name: "single activity", code: "Success", after: time.Minute,
			demand: golem.Properties{golem.PropMultiActivity: nil},
			use: func(r *requestor, id golem.AgreementID) {
				a := r.activity(id)
				time.Sleep(time.Minute - 101*time.Millisecond)
				r.check(r.DestroyActivity(r.ctx, a, time.Second))
			}},
		{name: "note not accepted", code: "DebitNotesDeadline", after: 90*time.Second - 105*time.Millisecond,
			demand: golem.Properties{golem.PropAcceptTimeout: 30.0, golem.PropDebitNoteInterval: 60.0},
			use:    func(r *requestor, id golem.AgreementID) { r.activity(id) }},
		{name: "leaves", provider: devnet.Provider{LeavesAfter: 40 * time.Second}, code: "Shutdown", after: 40 * time.Second},
		{name: "exe-unit does not start", provider: devnet.Provider{StartFails: "no KVM"}, code: "InitializationError", after: 101 * time.Millisecond,
			use: func(r *requestor, id golem.AgreementID) {
				_, err := r.CreateActivity(r.ctx, id, 30*time.Second)
				refused(r.t, err, 500, "was abruptly terminated. Reason: Initialization failed, message: no KVM")
			}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRequestor(t, one(test.provider))
				for key, value := range test.demand {
					if lifetime, isTime := value.(time.Duration); isTime {
						value = float64(time.Now().Add(lifetime).UnixMilli())
					}
					if r.demand.Properties[key] = value; value == nil {
						delete(r.demand.Properties, key)
					}
				}
				id := r.hire(r.publish())
				approved := *must[golem.Agreement](r)(r.GetAgreement(r.ctx, id)).ApprovedDate
				if test.use != nil {
					test.use(r, id)
				}
				events := must[[]golem.AgreementEvent](r)(r.AgreementEvents(r.ctx, golem.NewTimestamp(approved.Add(time.Millisecond)), session, time.Hour, 100))
				if len(events) != 1 || events[0].Terminator != "Provider" || events[0].Reason.Code() != test.code {
					t.Fatalf("events = %+v, want a termination by the provider with %s", events, test.code)
				}
				at, err := events[0].EventDate.Time()
				r.check(err)
				if got := at.Sub(approved).Round(time.Millisecond); got != test.after {
					t.Errorf("ended %v after approval, want %v", got, test.after)
				}
				time.Sleep(time.Second)
				if snap := r.server.Inspect(); len(snap.Live) != 0 || snap.Agreements[0].Invoice == "" {
					t.Errorf("after the end: %+v, want no activity and an invoice", snap)
				}
			})
		})
	}
}

func TestRefusingProviders(t *testing.T) {
	for _, test := range []struct {
		name     string
		provider devnet.Provider
		want     []string
		state    golem.AgreementState
	}{
		{"refuses agreements", devnet.Provider{RefuseAgreements: "not today"}, []string{golem.EventAgreementRejected}, golem.AgreementRejected},
		{"undecided", devnet.Provider{Undecided: true}, nil, golem.AgreementExpired},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRequestor(t, one(test.provider))
				id := r.propose(r.publish())
				r.check(r.ConfirmAgreement(r.ctx, id, session))
				if err := r.WaitForApproval(r.ctx, id, 2*time.Hour); err == nil {
					t.Error("approved")
				}
				if got := r.state(id); got != test.state {
					t.Errorf("agreement is %s, want %s", got, test.state)
				}
				types, _ := r.eventTypes()
				if diff := cmp.Diff(test.want, types); diff != "" {
					t.Errorf("events (-want +got):\n%s", diff)
				}
			})
		})
	}
	for _, test := range []struct {
		name     string
		provider devnet.Provider
		reject   string
	}{
		{"silent", devnet.Provider{Silent: true}, ""},
		{"refuses proposals", devnet.Provider{RefuseProposals: "blacklisted"}, "blacklisted"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRequestor(t, one(test.provider))
				demand := r.publish()
				r.counter(demand, r.next(demand).Proposal.ProposalID)
				events := must[[]golem.DemandEvent](r)(r.CollectOffers(r.ctx, demand, time.Minute, 10))
				if test.reject == "" && len(events) != 0 || test.reject != "" && (len(events) != 1 || events[0].Reason.Message != test.reject || !events[0].Reason.Final()) {
					t.Errorf("events = %+v, want %q", events, test.reject)
				}
			})
		})
	}
}

// TestOfflineProvider lets a provider vanish and makes every call that needs
// it.
func TestOfflineProvider(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := one(devnet.Provider{OfflineAfter: 10 * time.Minute})
		server.Providers = append(server.Providers, devnet.Provider{Name: "spare", OfflineAfter: 10 * time.Minute, Slots: 9})
		r := newRequestor(t, server)
		demand := r.publish()
		time.Sleep(time.Second)
		hired, confirmed := r.hire(demand), r.propose(demand)
		other := r.publish()
		waiting := r.next(other).Proposal.ProposalID
		activity := r.activity(hired)
		r.prepare(activity)
		time.Sleep(10 * time.Minute)
		_, err := r.CounterProposal(r.ctx, other, waiting, r.counterSpec())
		refused(t, err, 500, "Failed to send response for Proposal ["+string(waiting)+"]. Error: Countering Proposal [R-")
		_, err = r.CounterProposal(r.ctx, other, waiting, r.counterSpec())
		refused(t, err, 410, "already has counter proposal")
		refused(t, r.ConfirmAgreement(r.ctx, confirmed, session), 500, "Protocol error: Propose Agreement [R-"+string(confirmed)+"] GSB error: ")
		if got := r.state(confirmed); got != golem.AgreementProposal {
			t.Errorf("agreement is %s after a confirm that failed, want Proposal", got)
		}
		_, err = r.ActivityStatus(r.ctx, activity, time.Second)
		refused(t, err, 500, "GSB error")
		_, err = r.Exec(r.ctx, activity, []golem.Command{sh("true")}, time.Second)
		refused(t, err, 500, "endpoint address not found")
		refused(t, r.DestroyActivity(r.ctx, activity, time.Second), 500, "GSB error")
		refused(t, r.TerminateAgreement(r.ctx, hired, nil), 500, "Protocol error while terminating: Terminate Agreement [R-"+string(hired)+"] GSB error")
		if got := r.state(hired); got != golem.AgreementApproved {
			t.Errorf("agreement is %s after a terminate that failed, want Approved", got)
		}
		time.Sleep(time.Hour) // beyond the expiration
		if got := r.state(hired); got != golem.AgreementApproved {
			t.Errorf("agreement is %s, want Approved: the provider cannot say that it left", got)
		}
	})
}

func TestProviderVanishesBeforeItApproves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, one(devnet.Provider{OfflineAfter: 200 * time.Millisecond}))
		id := r.propose(r.publish())
		r.check(r.ConfirmAgreement(r.ctx, id, session)) // at 150 ms, to be decided at 250
		refused(t, r.WaitForApproval(r.ctx, id, time.Minute), 408, "Timeout while waiting")
	})
}

func TestLaterNoteCoversEarlier(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, one(priced()))
		r.demand.Properties[golem.PropAcceptTimeout] = 90.0
		r.demand.Properties[golem.PropDebitNoteInterval] = 60.0
		id, _ := r.rent()
		_, cursor := r.note("") // minute 1, never accepted
		second, _ := r.note(cursor)
		r.check(r.accept(second))
		time.Sleep(140 * time.Second) // beyond the first note's deadline, before the third's
		if got := r.state(id); got != golem.AgreementApproved {
			t.Errorf("agreement is %s, want Approved: the second note includes the first", got)
		}
		time.Sleep(20 * time.Second)
		if got := r.state(id); got != golem.AgreementTerminated {
			t.Errorf("agreement is %s, want Terminated: nobody accepted the third note", got)
		}
	})
}
