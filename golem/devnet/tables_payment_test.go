package devnet_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"tasks/golem"
	"tasks/golem/devnet"
)

// TestTable63 is that of allocations (protocol sections 6.2 and 6.3). The
// account holds 1000 GLM.
func TestTable63(t *testing.T) {
	create := func(body string) func(*requestor) (string, string) {
		return func(*requestor) (string, string) { return paymentAPI + "/allocations", body }
	}
	one := func(query, body string) func(*requestor) (string, string) {
		return func(r *requestor) (string, string) {
			return paymentAPI + "/allocations/" + string(r.allocate("2.5").AllocationID) + query, body
		}
	}
	released := func(query string) func(*requestor) (string, string) {
		return func(r *requestor) (string, string) {
			id := r.allocate("2.5").AllocationID
			r.check(r.ReleaseAllocation(r.ctx, id))
			return paymentAPI + "/allocations/" + string(id) + query, ""
		}
	}
	unknown := func(*requestor) (string, string) { return paymentAPI + "/allocations/" + noUUID, "" }
	problem := func(name string) string {
		const at = "/payment-api/v1/allocations/validation-error"
		return `…"instance":"` + at + `/` + name + `"…"requestBody":{…}…"type":"` + at + `"}`
	}
	walk(t, devnet.Provider{}, []row{
		{"create", "POST", create(`{"totalAmount":"2.5","paymentPlatform":"erc20-hoodi-tglm","timeout":"2000-01-01T02:00:00.000Z"}`), 201,
			`{"allocationId":"…","address":"0x…","paymentPlatform":"erc20-hoodi-tglm","totalAmount":"2.5","spentAmount":"0","remainingAmount":"2.5",` +
				`"timestamp":"2000-01-01T00:00:00Z","timeout":"2000-01-01T02:00:00Z","makeDeposit":false,` +
				`"createdTs":"2000-01-01T00:00:00Z","updatedTs":"2000-01-01T00:00:00Z"}`},
		{"no timeout", "POST", create(`{"totalAmount":1}`), 201, `{…"timeout":"2009-12-29T00:00:00Z"…}`},
		{"no platform", "POST", create(`{"totalAmount":"1"}`), 201, `{…"paymentPlatform":"erc20-holesky-tglm"…}`},
		{"only the token glm", "POST", create(`{"totalAmount":"1","paymentPlatform":{"token":"glm"}}`), 201, `{…"paymentPlatform":"erc20-polygon-glm"…}`},
		{"only the token tglm", "POST", create(`{"totalAmount":"1","paymentPlatform":{"token":"tglm"}}`), 201, `{…"paymentPlatform":"erc20-holesky-tglm"…}`},
		{"another address", "POST", create(`{"totalAmount":"1","address":"0x0102"}`), 201, `{…"address":"0x0102"…}`},
		{"nothing", "POST", create(`{"totalAmount":0,"makeDeposit":true,"extendTimeout":1}`), 201, `{…"totalAmount":"0"…"makeDeposit":false…}`},
		{"too much", "POST", create(`{"totalAmount":"1000.1","paymentPlatform":"erc20-hoodi-tglm"}`), 400,
			`{"address":"0x…","availableFunds":"1000","detail":"Insufficient funds to create the allocation. …` + problem("insufficient-account-funds")},
		{"in the past", "POST", create(`{"totalAmount":"1","timeout":"1999-12-31T23:59:59Z"}`), 400, problem("timeout-passed")},
		{"bad platform", "POST", create(`{"totalAmount":"1","paymentPlatform":"ERC20-hoodi-tglm"}`), 400,
			`{"detail":"Payment platform doesn't parse"…"type":"/payment-api/v1/allocations/bad-payment-platform"}`},
		{"no amount", "POST", create(`{}`), 400, "Json deserialize error: …totalAmount…"},

		{"get", "GET", one("", ""), 200, `{"allocationId":"…` + `"…}`},
		{"get a released one", "GET", released(""), 404, `{"message":null}`},
		{"get an unknown one", "GET", unknown, 404, `{"message":null}`},
		{"list", "GET", func(r *requestor) (string, string) {
			released("")(r)
			r.allocate("7")
			return paymentAPI + "/allocations", ""
		}, 200, `[{"allocationId":"…"totalAmount":"7"…}]`},
		{"list by timeout", "GET", func(r *requestor) (string, string) {
			r.allocate("7") // for a day
			return paymentAPI + "/allocations?afterTimestamp=2000-01-02T00:00:00Z", ""
		}, 200, `[]`},
		{"release", "DELETE", one("", ""), 200, "null"},
		{"release again", "DELETE", released(""), 410, `{"message":"Allocation … has been already released"}`},
		{"release an unknown one", "DELETE", unknown, 404, `{"message":"…"}`},
		{"expenditures", "GET", one("/expenditures", ""), 200, "[]"},

		{"amend", "PUT", one("", `{"totalAmount":"3","timeout":"2000-01-01T05:00:00Z"}`), 200,
			`{…"totalAmount":"3","spentAmount":"0","remainingAmount":"3"…"timeout":"2000-01-01T05:00:00Z"…}`},
		{"amend beyond the account", "PUT", one("", `{"totalAmount":"2000","paymentPlatform":"x"}`), 400, problem("insufficient-account-funds")},
		{"amend into the past", "PUT", one("", `{"timeout":"1999-01-01T00:00:00Z"}`), 400, `{"message":"New allocation timeout is in the past"}`},
		{"amend a released one", "PUT", func(r *requestor) (string, string) {
			path, _ := released("")(r)
			return path, `{"totalAmount":"3"}`
		}, 404, `{"message":null}`},
	})
	walk(t, priced(), []row{{"amend below what is spent", "PUT", func(r *requestor) (string, string) {
		r.rent()
		note, _ := r.note("")
		r.check(r.accept(note))
		return paymentAPI + "/allocations/" + string(r.alloc), `{"totalAmount":"0.01"}`
	}, 400, `{"message":"New allocation would be smaller than the already spent amount"}`}})
}

// acceptance is the body of an accept.
func (r *requestor) acceptance(total golem.Amount, from golem.AllocationID) string {
	r.t.Helper()
	return r.asJSON(golem.Acceptance{TotalAmountAccepted: total, AllocationID: from})
}

// billed rents until there is a debit note, or until there is an invoice.
func (r *requestor) billed() golem.DebitNote {
	r.t.Helper()
	r.rent()
	note, _ := r.note("")
	return note
}

func (r *requestor) invoiced() golem.Invoice {
	r.t.Helper()
	id, _ := r.rent()
	time.Sleep(time.Minute)
	r.check(r.TerminateAgreement(r.ctx, id, nil))
	return r.invoice()
}

// TestTable65 is that of accepting and rejecting, in the order of its checks
// (protocol section 6.5).
func TestTable65(t *testing.T) {
	note := func(n golem.DebitNote, call string) string {
		return paymentAPI + "/debitNotes/" + string(n.DebitNoteID) + call
	}
	invoice := func(i golem.Invoice, call string) string {
		return paymentAPI + "/invoices/" + string(i.InvoiceID) + call
	}
	const reject = `{"rejectionReason":"INCORRECT_AMOUNT","totalAmountAccepted":"0","message":"x"}`
	const least = "0.000000000000000001"
	walk(t, priced(), []row{
		{"unknown note", "POST", func(r *requestor) (string, string) {
			return note(golem.DebitNote{DebitNoteID: noUUID}, "/accept"), r.acceptance(amount("1"), noUUID)
		}, 404, `{"message":null}`},
		{"unknown invoice", "POST", func(r *requestor) (string, string) {
			return invoice(golem.Invoice{InvoiceID: noUUID}, "/accept"), r.acceptance(amount("1"), noUUID)
		}, 404, `{"message":null}`},
		{"wrong amount", "POST", func(r *requestor) (string, string) {
			n := r.billed()
			return note(n, "/accept"), r.acceptance(n.TotalAmountDue.Sub(amount(least)), noUUID)
		}, 400, `{"message":"Invalid amount accepted"}`},
		{"wrong amount of an accepted note", "POST", func(r *requestor) (string, string) {
			n := r.billed()
			r.check(r.accept(n))
			return note(n, "/accept"), r.acceptance(n.TotalAmountDue.Add(amount(least)), noUUID)
		}, 400, `{"message":"Invalid amount accepted"}`},
		{"accepted already", "POST", func(r *requestor) (string, string) {
			n := r.billed()
			r.check(r.accept(n))
			return note(n, "/accept"), r.acceptance(n.TotalAmountDue, noUUID) // the allocation is not looked at
		}, 200, "null"},
		{"settled already", "POST", func(r *requestor) (string, string) {
			i := r.invoiced()
			r.check(r.acceptInvoice(i))
			time.Sleep(5 * time.Minute)
			return invoice(i, "/accept"), r.acceptance(i.Amount, noUUID)
		}, 200, "null"},
		{"note after the invoice", "POST", func(r *requestor) (string, string) {
			i := r.invoiced()
			r.check(r.acceptInvoice(i))
			n := must[[]golem.DebitNote](r)(r.DebitNotes(r.ctx, "", 0))[0]
			return note(n, "/accept"), r.acceptance(n.TotalAmountDue, noUUID)
		}, 200, "null"},
		{"note after a rejected invoice", "POST", func(r *requestor) (string, string) {
			i := r.invoiced()
			r.check(r.RejectInvoice(r.ctx, i.InvoiceID, golem.Rejection{RejectionReason: golem.RejectBadService}, time.Second))
			n := must[[]golem.DebitNote](r)(r.DebitNotes(r.ctx, "", 0))[0]
			return note(n, "/accept"), r.acceptance(n.TotalAmountDue, noUUID)
		}, 200, "null"},
		{"unknown allocation", "POST", func(r *requestor) (string, string) {
			n := r.billed()
			return note(n, "/accept"), r.acceptance(n.TotalAmountDue, noUUID)
		}, 400, `{"message":"Allocation ` + noUUID + ` not found"}`},
		{"released allocation", "POST", func(r *requestor) (string, string) {
			i := r.invoiced()
			r.check(r.ReleaseAllocation(r.ctx, r.alloc))
			return invoice(i, "/accept"), r.acceptance(i.Amount, r.alloc)
		}, 400, `{"message":"Allocation … not found"}`},
		{"expired allocation", "POST", func(r *requestor) (string, string) {
			i := r.invoiced()
			time.Sleep(24 * time.Hour)
			return invoice(i, "/accept"), r.acceptance(i.Amount, r.alloc)
		}, 400, `{"message":"Allocation … not found"}`},
		{"too little left", "POST", func(r *requestor) (string, string) {
			i := r.invoiced()
			return invoice(i, "/accept"), r.acceptance(i.Amount, r.allocate("0.05").AllocationID)
		}, 400, `{"message":"Not enough funds. Allocated: 0.05 Needed: 0.06…"}`},
		{"accept a note", "POST", func(r *requestor) (string, string) {
			n := r.billed()
			return note(n, "/accept"), r.acceptance(n.TotalAmountDue, r.alloc)
		}, 200, "null"},
		{"accept an invoice", "POST", func(r *requestor) (string, string) {
			i := r.invoiced()
			return invoice(i, "/accept"), r.acceptance(i.Amount, r.alloc)
		}, 200, "null"},
		{"accept without time", "POST", func(r *requestor) (string, string) {
			i := r.invoiced()
			return invoice(i, "/accept?timeout=0"), r.acceptance(i.Amount, r.alloc)
		}, 504, `{"message":"Timeout accepting Invoice on remote Node."}`},
		{"accepted without time", "GET", func(r *requestor) (string, string) {
			i := r.invoiced()
			r.call("POST", invoice(i, "/accept?timeout=0"), r.acceptance(i.Amount, r.alloc))
			return invoice(i, ""), ""
		}, 200, `{…"status":"ACCEPTED"…}`},
		{"accept a rejected invoice", "POST", func(r *requestor) (string, string) {
			i := r.invoiced()
			r.check(r.RejectInvoice(r.ctx, i.InvoiceID, golem.Rejection{RejectionReason: golem.RejectBadService}, time.Second))
			return invoice(i, "/accept"), r.acceptance(i.Amount, r.alloc)
		}, 200, "null"},

		{"reject", "POST", func(r *requestor) (string, string) { return invoice(r.invoiced(), "/reject"), reject }, 200, "null"},
		{"reject again", "POST", func(r *requestor) (string, string) {
			i := r.invoiced()
			r.call("POST", invoice(i, "/reject"), reject)
			return invoice(i, "/reject"), reject
		}, 200, "null"},
		{"reject an accepted one", "POST", func(r *requestor) (string, string) {
			i := r.invoiced()
			r.check(r.acceptInvoice(i))
			return invoice(i, "/reject"), reject
		}, 400, `{"message":"Invoice accepted"}`},
		{"reject a settled one", "POST", func(r *requestor) (string, string) {
			i := r.invoiced()
			r.check(r.acceptInvoice(i))
			time.Sleep(5 * time.Minute)
			return invoice(i, "/reject"), reject
		}, 400, `{"message":"Invoice settled"}`},
		{"reject for no reason", "POST", func(r *requestor) (string, string) {
			return invoice(r.invoiced(), "/reject"), `{"rejectionReason":"MOOD","totalAmountAccepted":"0"}`
		}, 400, "Json deserialize error: …"},
		{"reject a note", "POST", func(r *requestor) (string, string) { return note(r.billed(), "/reject"), reject }, 501, `{"message":null}`},
		{"cancel a note", "POST", func(r *requestor) (string, string) { return note(r.billed(), "/cancel"), "null" }, 501, `{"message":null}`},
		{"payments of a note", "GET", func(r *requestor) (string, string) { return note(r.billed(), "/payments"), "" }, 501, `{"message":null}`},
	})
	fickle := priced()
	fickle.CancelsInvoice = time.Minute
	withdrawn := func(r *requestor) golem.Invoice {
		i := r.invoiced()
		time.Sleep(time.Minute + time.Second)
		return i
	}
	walk(t, fickle, []row{
		{"cancelled", "GET", func(r *requestor) (string, string) { return invoice(withdrawn(r), ""), "" }, 200, `{…"status":"CANCELLED"…}`},
		{"accept a cancelled one", "POST", func(r *requestor) (string, string) {
			i := withdrawn(r)
			return invoice(i, "/accept"), r.acceptance(i.Amount, r.alloc)
		}, 400, `{"message":"Invoice cancelled"}`},
		{"reject a cancelled one", "POST", func(r *requestor) (string, string) { return invoice(withdrawn(r), "/reject"), reject }, 400, `{"message":"Invoice cancelled"}`},
		{"note after a cancelled invoice", "POST", func(r *requestor) (string, string) {
			withdrawn(r)
			n := must[[]golem.DebitNote](r)(r.DebitNotes(r.ctx, "", 0))[0]
			return note(n, "/accept"), r.acceptance(n.TotalAmountDue, r.alloc)
		}, 200, "null"},
		{"which stays as it is", "GET", func(r *requestor) (string, string) {
			withdrawn(r)
			n := must[[]golem.DebitNote](r)(r.DebitNotes(r.ctx, "", 0))[0]
			r.check(r.accept(n))
			return note(n, ""), ""
		}, 200, `{…"status":"RECEIVED"…}`},
		{"cancelling an accepted one", "GET", func(r *requestor) (string, string) {
			i := r.invoiced()
			r.check(r.acceptInvoice(i))
			time.Sleep(time.Minute + time.Second)
			return invoice(i, ""), ""
		}, 200, `{…"status":"ACCEPTED"…}`},
		{"events of it", "GET", func(r *requestor) (string, string) {
			withdrawn(r)
			return paymentAPI + "/invoiceEvents?timeout=0", ""
		}, 200, `[{"eventType":"InvoiceReceivedEvent"…},{"eventType":"InvoiceCancelledEvent"…}]`},
	})
	repents := priced() // of an overcharge
	repents.Overcharge, repents.Phases = 3, []devnet.Phase{{After: 3 * time.Minute}}
	walk(t, repents, []row{{"invoice below what was accepted", "POST", func(r *requestor) (string, string) {
		id, _ := r.rent()
		n, _ := r.note("")
		r.check(r.accept(n))
		time.Sleep(time.Minute + 10*time.Second)
		r.check(r.TerminateAgreement(r.ctx, id, nil))
		i := r.invoice()
		return invoice(i, "/accept"), r.acceptance(i.Amount, noUUID) // the allocation is looked at later
	}, 400, `{"message":"Invoice is smaller than agreement.total_amount_accepted…"}`}})
}

// TestTable66 is that of payment events (protocol section 6.6): one note of two
// is accepted and settled, and the invoice is rejected.
func TestTable66(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, one(priced()))
		id, a := r.rent()
		first, cursor := r.note("")
		r.check(r.accept(first))
		r.expect("POST", paymentAPI+"/batchCycle/erc20-hoodi-tglm/now", "", 200, "null")
		r.check(r.DestroyActivity(r.ctx, a, time.Second))
		r.check(r.TerminateAgreement(r.ctx, id, nil))
		invoice := r.invoice()
		r.check(r.RejectInvoice(r.ctx, invoice.InvoiceID, golem.Rejection{RejectionReason: golem.RejectBadService}, time.Second))

		event := func(kind, what string) string {
			return `{"eventType":"` + kind + `","eventDate":"…Z","` + what + `":"…"…}`
		}
		const all = "RECEIVED,ACCEPTED,REJECTED,CANCELLED,SETTLED,PAYMENT_EVENT,PAYMENT_OK"
		received, accepted, settled := event("DebitNoteReceivedEvent", "debitNoteId"), event("DebitNoteAcceptedEvent", "debitNoteId"), event("DebitNoteSettledEvent", "debitNoteId")
		for _, test := range []struct {
			name, query, kinds string
			answer             string
		}{
			{"notes by default", "/debitNoteEvents?timeout=0", "", "[" + received + "," + received + "]"},
			{"all of notes", "/debitNoteEvents?timeout=0", all, "[" + received + "," + accepted + "," + settled + "," + received + "]"},
			{"settled notes", "/debitNoteEvents?timeout=0", "SETTLED", "[" + settled + "]"},
			{"after the first", "/debitNoteEvents?timeout=0&afterTimestamp=" + string(cursor), "", "[" + received + "]"},
			{"of the session", "/debitNoteEvents?timeout=0&appSessionId=" + session, "ACCEPTED", "[" + accepted + "]"},
			{"of another session", "/debitNoteEvents?timeout=0&appSessionId=other", all, "[]"},
			{"first of all", "/debitNoteEvents?timeout=0&maxEvents=1", "", "[" + received + "]"},
			{"limit before filter", "/debitNoteEvents?timeout=0&maxEvents=3", "CANCELLED", "[]"},
			{"a page of hidden events", "/debitNoteEvents?timeout=0&maxEvents=2&afterTimestamp=" + string(cursor), "", "[]"},
			{"unknown names are ignored", "/debitNoteEvents?timeout=0&pollTimeout=9", "ACCEPTED", "[" + accepted + "]"},
			{"invoices by default", "/invoiceEvents?timeout=0", "", "[" + event("InvoiceReceivedEvent", "invoiceId") + "]"},
			{"rejected invoices", "/invoiceEvents?timeout=0", "REJECTED", `[{"eventType":"InvoiceRejectedEvent","eventDate":"…Z","invoiceId":"…","rejection":{"rejectionReason":"BAD_SERVICE"…}}]`},
		} {
			req, err := http.NewRequestWithContext(r.ctx, http.MethodGet, "http://devnet"+paymentAPI+test.query+"&authToken=devnet", nil)
			r.check(err)
			if test.kinds != "" {
				req.Header.Set("X-Requestor-Events", test.kinds)
			}
			began := time.Now()
			if status, got := r.send(req); status != 200 || !like(test.answer, got) || time.Since(began) != 0 {
				t.Errorf("%s: %d %s after %v\nwant %s", test.name, status, got, time.Since(began), test.answer)
			}
		}
	})
}
