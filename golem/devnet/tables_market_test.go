package devnet_test

import (
	"encoding/json"
	"testing"
	"time"

	"tasks/golem"
	"tasks/golem/devnet"
)

// asJSON writes a value for the body of a call.
func (r *requestor) asJSON(v any) string {
	r.t.Helper()
	b, err := json.Marshal(v)
	r.check(err)
	return string(b)
}

// proposalPath is the path of a proposal.
func proposalPath(d golem.DemandID, p golem.ProposalID) string {
	return marketAPI + "/demands/" + string(d) + "/proposals/" + string(p)
}

// An offer is a demand with the Initial proposal that it got.
func (r *requestor) offer() (golem.DemandID, golem.ProposalID) {
	r.t.Helper()
	d := r.publish()
	return d, r.next(d).Proposal.ProposalID
}

// TestTable25 is that of counter and reject (protocol section 2.5).
func TestTable25(t *testing.T) {
	counter := func(d golem.DemandID, p golem.ProposalID, r *requestor) (string, string) {
		return proposalPath(d, p), r.asJSON(r.counterSpec())
	}
	walk(t, devnet.Provider{OfflineAfter: offline}, []row{
		{"an offer", "POST", func(r *requestor) (string, string) {
			d, p := r.offer()
			return counter(d, p, r)
		}, 200, `"R-…"`},
		{"already countered", "POST", func(r *requestor) (string, string) {
			d, p := r.offer()
			r.counter(d, p)
			return counter(d, p, r)
		}, 410, `{"message":"Proposal [R-…] already has counter proposal. Can't counter for the second time."}`},
		{"own", "POST", func(r *requestor) (string, string) {
			d, p := r.offer()
			return counter(d, r.counter(d, p), r)
		}, 400, `{"message":"Can't react to own Proposal [R-…]."}`},
		{"unknown", "POST", func(r *requestor) (string, string) {
			return counter(r.publish(), noProposal, r)
		}, 404, `{"message":"Proposal [` + noProposal + `] not found (subscription […])."}`},
		{"of another demand", "POST", func(r *requestor) (string, string) {
			_, p := r.offer()
			return counter(r.publish(), p, r)
		}, 404, `{"message":"Proposal [R-…] not found (subscription […])."}`},
		{"demand gone", "POST", func(r *requestor) (string, string) {
			d, p := r.offer()
			r.check(r.DeleteDemand(r.ctx, d))
			return counter(d, p, r)
		}, 400, `{"message":"Subscription […] was already unsubscribed."}`},
		{"demand expired", "POST", func(r *requestor) (string, string) {
			d, p := r.offer()
			time.Sleep(time.Hour)
			return counter(d, p, r)
		}, 410, `{"message":"Subscription […] expired."}`},
		{"no match", "POST", func(r *requestor) (string, string) {
			d, p := r.offer()
			spec := r.counterSpec()
			spec.Constraints = "(golem.inf.mem.gib>=4000)"
			return proposalPath(d, p), r.asJSON(spec)
		}, 400, `{"message":"Proposal properties […] doesn't match previous Proposal [R-…]. Mismatched constraints - Offer: […golem.inf.mem.gib…], Demand: […]"}`},
		{"provider unreachable", "POST", func(r *requestor) (string, string) {
			time.Sleep(offline - time.Second)
			d, p := r.offer()
			time.Sleep(time.Minute)
			return counter(d, p, r)
		}, 500, `{"message":"Failed to send response for Proposal [R-…]. Error: …GSB error…"}`},
		{"provider unreachable, again", "POST", func(r *requestor) (string, string) {
			time.Sleep(offline - time.Second)
			d, p := r.offer()
			time.Sleep(time.Minute)
			_, _ = r.CounterProposal(r.ctx, d, p, r.counterSpec())
			return counter(d, p, r)
		}, 410, `{"message":"Proposal [R-…] already has counter proposal…"}`},
		{"rejected by us", "POST", func(r *requestor) (string, string) {
			d, p := r.offer()
			r.check(r.RejectProposal(r.ctx, d, p, nil))
			return counter(d, p, r)
		}, 200, `"R-…"`},
		{"rejected by the provider", "POST", func(r *requestor) (string, string) {
			d, p := r.offer()
			spec := r.counterSpec()
			delete(spec.Properties, golem.PropChosenPlatform)
			must[golem.ProposalID](r)(r.CounterProposal(r.ctx, d, p, spec))
			if e := r.next(d); e.EventType != golem.EventProposalRejected {
				r.t.Errorf("event %+v, want a rejection", e)
			}
			return counter(d, p, r)
		}, 410, `{"message":"Proposal [R-…] already has counter proposal…"}`},

		{"reject without a reason", "POST", func(r *requestor) (string, string) {
			d, p := r.offer()
			return proposalPath(d, p) + "/reject", "null"
		}, 204, ""},
		{"reject with a reason", "POST", func(r *requestor) (string, string) {
			d, p := r.offer()
			return proposalPath(d, p) + "/reject", `{"message":"no","golem.requestor.code":"x"}`
		}, 204, ""},
		{"reject without a message", "POST", func(r *requestor) (string, string) {
			d, p := r.offer()
			return proposalPath(d, p) + "/reject", `{"golem.requestor.code":"x"}`
		}, 400, `{"message":"Json deserialize error: missing field …message…"}`},
		{"reject an unknown one", "POST", func(r *requestor) (string, string) {
			return proposalPath(r.publish(), noProposal) + "/reject", "null"
		}, 500, `{"message":"…"}`},
		{"reject our own", "POST", func(r *requestor) (string, string) {
			d, p := r.offer()
			return proposalPath(d, r.counter(d, p)) + "/reject", "null"
		}, 400, `{"message":"Can't react to own Proposal [R-…]."}`},
		{"reject, provider unreachable", "POST", func(r *requestor) (string, string) {
			time.Sleep(offline - time.Second)
			d, p := r.offer()
			time.Sleep(time.Minute)
			return proposalPath(d, p) + "/reject", "null"
		}, 500, `{"message":"…GSB error…"}`},
		{"rejected although the provider is unreachable", "GET", func(r *requestor) (string, string) {
			time.Sleep(offline - time.Second)
			d, p := r.offer()
			time.Sleep(time.Minute)
			_ = r.RejectProposal(r.ctx, d, p, nil)
			return proposalPath(d, p), ""
		}, 200, `{…"state":"Rejected"…}`},
	})
}

// agreementPath is the path of a call on an agreement, with a body of null.
func agreementPath(id golem.AgreementID, call string) (path, body string) {
	return marketAPI + "/agreements/" + string(id) + call, "null"
}

// TestTable27 is that of create, confirm, wait and cancel (protocol section
// 2.7).
func TestTable27(t *testing.T) {
	create := func(p golem.ProposalID) (string, string) {
		return marketAPI + "/agreements", `{"proposalId":"` + string(p) + `","validTo":"2100-01-01T00:00:00Z"}`
	}
	confirmed := func(r *requestor, validTo time.Duration) golem.AgreementID {
		id := must[golem.AgreementID](r)(r.CreateAgreement(r.ctx, r.draft(r.publish()).ProposalID, time.Now().Add(validTo)))
		r.check(r.ConfirmAgreement(r.ctx, id, session))
		return id
	}
	walk(t, devnet.Provider{OfflineAfter: offline}, []row{
		{"create", "POST", func(r *requestor) (string, string) {
			return create(r.draft(r.publish()).ProposalID)
		}, 200, `"…"`},
		{"create from our own", "POST", func(r *requestor) (string, string) {
			d, p := r.offer()
			return create(r.counter(d, p))
		}, 400, `{"message":"Can't create Agreement for an own Proposal […]…"}`},
		{"create from Initial", "POST", func(r *requestor) (string, string) {
			_, p := r.offer()
			return create(p)
		}, 400, `{"message":"…No negotiation with Provider took place. (You should counter Proposal at least one time)"}`},
		{"create from a rejected one", "POST", func(r *requestor) (string, string) {
			d := r.publish()
			p := r.draft(d).ProposalID
			r.check(r.RejectProposal(r.ctx, d, p, nil))
			return create(p)
		}, 400, `{"message":"Can't create Agreement for rejected Proposal […]."}`},
		{"create from a countered one", "POST", func(r *requestor) (string, string) {
			d := r.publish()
			p := r.draft(d).ProposalID
			r.counter(d, p)
			return create(p)
		}, 400, `{"message":"Can't create Agreement for already countered Proposal […]."}`},
		{"create twice", "POST", func(r *requestor) (string, string) {
			p := r.draft(r.publish()).ProposalID
			must[golem.AgreementID](r)(r.CreateAgreement(r.ctx, p, time.Now().Add(time.Hour)))
			return create(p)
		}, 409, `{"message":"Can't create second Agreement for Proposal […]."}`},
		{"create from an unknown one", "POST", func(*requestor) (string, string) { return create(noProposal) }, 400, `{"message":"…"}`},
		{"create from a malformed one", "POST", func(*requestor) (string, string) { return create("P2") }, 400, `{"message":"…"}`},

		{"confirm", "POST", func(r *requestor) (string, string) {
			return agreementPath(r.propose(r.publish()), "/confirm?appSessionId=x")
		}, 204, ""},
		{"confirm twice", "POST", func(r *requestor) (string, string) {
			return agreementPath(confirmed(r, time.Hour), "/confirm")
		}, 410, `{"message":"Agreement [R-…]. Error: Can't update Agreement state from Pending to Pending."}`},
		{"confirm, provider unreachable", "POST", func(r *requestor) (string, string) {
			time.Sleep(offline - time.Second)
			id := r.propose(r.publish())
			time.Sleep(time.Minute)
			return agreementPath(id, "/confirm")
		}, 500, `{"message":"Protocol error: Propose Agreement [R-…] GSB error: …"}`},
		{"after that", "GET", func(r *requestor) (string, string) {
			time.Sleep(offline - time.Second)
			id := r.propose(r.publish())
			time.Sleep(time.Minute)
			_ = r.ConfirmAgreement(r.ctx, id, session)
			path, _ := agreementPath(id, "")
			return path, ""
		}, 200, `{…"state":"Proposal"…}`},
		{"after a confirm", "GET", func(r *requestor) (string, string) {
			path, _ := agreementPath(confirmed(r, time.Hour), "")
			return path, ""
		}, 200, `{…"state":"Pending"…}`},

		{"wait, approved", "POST", func(r *requestor) (string, string) {
			return agreementPath(confirmed(r, time.Hour), "/wait?timeout=60")
		}, 204, ""},
		{"wait, cancelled", "POST", func(r *requestor) (string, string) {
			id := confirmed(r, time.Hour)
			r.check(r.CancelAgreement(r.ctx, id, nil))
			return agreementPath(id, "/wait")
		}, 410, `{"message":"Cancelled"}`},
		{"wait, terminated", "POST", func(r *requestor) (string, string) {
			id := r.hire(r.publish())
			r.check(r.TerminateAgreement(r.ctx, id, nil))
			return agreementPath(id, "/wait")
		}, 400, `{"message":"Agreement [R-…] terminated."}`},
		{"wait, not confirmed", "POST", func(r *requestor) (string, string) {
			return agreementPath(r.propose(r.publish()), "/wait")
		}, 400, `{"message":"Agreement [R-…] should be confirmed, before waiting for approval."}`},
		{"wait, timeout", "POST", func(r *requestor) (string, string) {
			return agreementPath(confirmed(r, time.Hour), "/wait?timeout=0.05")
		}, 408, `{"message":"Timeout while waiting for Agreement [R-…] approval."}`},
		{"wait, timeout of 0", "POST", func(r *requestor) (string, string) {
			return agreementPath(confirmed(r, time.Hour), "/wait?timeout=0")
		}, 408, `{"message":"Timeout while waiting for Agreement [R-…] approval."}`},
		{"wait, unknown", "POST", func(*requestor) (string, string) { return agreementPath(noAgreement, "/wait") }, 404, `{"message":"…"}`},

		{"cancel from Proposal", "POST", func(r *requestor) (string, string) { return agreementPath(r.propose(r.publish()), "/cancel") }, 200, ""},
		{"cancel from Pending", "POST", func(r *requestor) (string, string) { return agreementPath(confirmed(r, time.Hour), "/cancel") }, 200, ""},
		{"cancel from Approved", "POST", func(r *requestor) (string, string) {
			return agreementPath(r.hire(r.publish()), "/cancel")
		}, 410, `{"message":"Agreement [R-…]. Error: Can't update Agreement state from Approved to Cancelled."}`},
		{"cancel from Cancelled", "POST", func(r *requestor) (string, string) {
			id := confirmed(r, time.Hour)
			r.check(r.CancelAgreement(r.ctx, id, nil))
			return agreementPath(id, "/cancel")
		}, 410, `{"message":"…from Cancelled to Cancelled."}`},
		{"cancel from Terminated", "POST", func(r *requestor) (string, string) {
			id := r.hire(r.publish())
			r.check(r.TerminateAgreement(r.ctx, id, nil))
			return agreementPath(id, "/cancel")
		}, 410, `{"message":"…from Terminated to Cancelled."}`},
		{"cancel from Expired", "POST", func(r *requestor) (string, string) {
			id := r.propose(r.publish())
			time.Sleep(2 * time.Hour)
			return agreementPath(id, "/cancel")
		}, 410, `{"message":"…from Expired to Cancelled."}`},
		{"cancel, provider unreachable", "POST", func(r *requestor) (string, string) {
			time.Sleep(offline - time.Second)
			id := r.propose(r.publish())
			time.Sleep(time.Minute)
			return agreementPath(id, "/cancel")
		}, 500, `{"message":"…GSB error…"}`},
	})
	walk(t, devnet.Provider{RefuseAgreements: "no"}, []row{{"wait, rejected", "POST", func(r *requestor) (string, string) {
		return agreementPath(confirmed(r, time.Hour), "/wait?timeout=60")
	}, 410, `{"message":"Rejected"}`}})
	walk(t, devnet.Provider{Undecided: true, OfflineAfter: offline}, []row{{"cancelled, provider unreachable", "GET", func(r *requestor) (string, string) {
		id := confirmed(r, time.Hour)
		time.Sleep(offline)
		_ = r.CancelAgreement(r.ctx, id, nil)
		path, _ := agreementPath(id, "")
		return path, ""
	}, 200, `{…"state":"Pending"…}`}})
	walk(t, devnet.Provider{Undecided: true}, []row{{"wait, expired", "POST", func(r *requestor) (string, string) {
		id := confirmed(r, time.Minute)
		time.Sleep(time.Hour)
		return agreementPath(id, "/wait?timeout=60")
	}, 410, `{"message":"Agreement [R-…] expired."}`}})
}

// TestTable28 is that of terminate (protocol section 2.8).
func TestTable28(t *testing.T) {
	refusal := func(from string) string {
		return `{"message":"Agreement [R-…]. Error: Can't update Agreement state from ` + from + ` to Terminated."}`
	}
	walk(t, devnet.Provider{OfflineAfter: offline}, []row{
		{"Approved", "POST", func(r *requestor) (string, string) {
			path, _ := agreementPath(r.hire(r.publish()), "/terminate")
			return path, `{"message":"Finished","golem.requestor.code":"Success"}`
		}, 200, ""},
		{"Proposal", "POST", func(r *requestor) (string, string) {
			return agreementPath(r.propose(r.publish()), "/terminate")
		}, 409, refusal("Proposal")},
		{"Pending", "POST", func(r *requestor) (string, string) {
			id := r.propose(r.publish())
			r.check(r.ConfirmAgreement(r.ctx, id, session))
			return agreementPath(id, "/terminate")
		}, 410, refusal("Pending")},
		{"Approving", "POST", func(r *requestor) (string, string) {
			id := r.propose(r.publish())
			r.check(r.ConfirmAgreement(r.ctx, id, session))
			time.Sleep(102 * time.Millisecond)
			return agreementPath(id, "/terminate")
		}, 410, refusal("Approving")},
		{"Terminated", "POST", func(r *requestor) (string, string) {
			id := r.hire(r.publish())
			r.check(r.TerminateAgreement(r.ctx, id, nil))
			return agreementPath(id, "/terminate")
		}, 410, refusal("Terminated")},
		{"Cancelled", "POST", func(r *requestor) (string, string) {
			id := r.propose(r.publish())
			r.check(r.CancelAgreement(r.ctx, id, nil))
			return agreementPath(id, "/terminate")
		}, 410, refusal("Cancelled")},
		{"Expired", "POST", func(r *requestor) (string, string) {
			id := r.propose(r.publish())
			time.Sleep(2 * time.Hour)
			return agreementPath(id, "/terminate")
		}, 410, refusal("Expired")},
		{"unknown", "POST", func(*requestor) (string, string) {
			return agreementPath(noAgreement, "/terminate")
		}, 404, `{"message":"Agreement [` + noAgreement + `] not found."}`},
		{"provider unreachable", "POST", func(r *requestor) (string, string) {
			time.Sleep(offline - time.Second)
			id := r.hire(r.publish())
			time.Sleep(time.Minute)
			return agreementPath(id, "/terminate")
		}, 500, `{"message":"Protocol error while terminating: Terminate Agreement [R-…] GSB error: …"}`},
		{"after that", "GET", func(r *requestor) (string, string) {
			time.Sleep(offline - time.Second)
			id := r.hire(r.publish())
			time.Sleep(time.Minute)
			_ = r.TerminateAgreement(r.ctx, id, nil)
			path, _ := agreementPath(id, "")
			return path, ""
		}, 200, `{…"state":"Approved"…}`},
		{"reason", "GET", func(r *requestor) (string, string) {
			id := r.hire(r.publish())
			r.check(r.TerminateAgreement(r.ctx, id, &golem.Reason{Message: "Finished", Extra: map[string]any{golem.ReasonRequestorCode: "Success"}}))
			path, _ := agreementPath(id, "/terminate/reason")
			return path, ""
		}, 200, `{"eventDate":"…Z","agreementId":"…","terminator":"Requestor","signature":"","reason":{…"Success"…}}`},
		{"reason before the end", "GET", func(r *requestor) (string, string) {
			path, _ := agreementPath(r.hire(r.publish()), "/terminate/reason")
			return path, ""
		}, 400, `{"message":"Agreement […] not terminated yet."}`},
	})
	walk(t, devnet.Provider{RefuseAgreements: "no"}, []row{{"Rejected", "POST", func(r *requestor) (string, string) {
		id := r.propose(r.publish())
		r.check(r.ConfirmAgreement(r.ctx, id, session))
		time.Sleep(time.Second)
		return agreementPath(id, "/terminate")
	}, 410, refusal("Rejected")}})
}
