package devnet_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tasks/golem"
	"tasks/golem/devnet"
)

// TestA19FaultSwitches turns each of them on once; that they do no more than
// they should is tested beside each.
func TestA19FaultSwitches(t *testing.T) {
	for _, test := range []struct {
		name     string
		provider devnet.Provider
		faults   []devnet.Fault
		shows    func(r *requestor) bool
	}{
		{name: "provider offline", provider: devnet.Provider{OfflineAfter: time.Minute}, shows: func(r *requestor) bool {
			id := r.propose(r.publish())
			time.Sleep(time.Minute)
			err := r.ConfirmAgreement(r.ctx, id, session)
			return golem.StatusOf(err) == 500 && strings.Contains(err.Error(), "GSB error")
		}},
		{name: "provider slow", provider: devnet.Provider{StartUp: time.Minute}, shows: func(r *requestor) bool {
			_, err := r.CreateActivity(r.ctx, r.hire(r.publish()), time.Second)
			return golem.IsTimeout(err)
		}},
		{name: "daemon slow after the effect", faults: []devnet.Fault{{Calls: []string{"POST /payment-api/v1/allocations"}, Status: 504, Effect: true}}, shows: func(r *requestor) bool {
			_, err := r.CreateAllocation(r.ctx, golem.NewAllocation{TotalAmount: amount("1"), PaymentPlatform: "erc20-hoodi-tglm", Timeout: time.Now().Add(time.Hour)})
			return golem.StatusOf(err) == 504 && len(r.server.Inspect().Allocations) == 1
		}},
		{name: "overbilling", provider: devnet.Provider{Duration: amount("0.001"), Overcharge: 2}, shows: func(r *requestor) bool {
			n := r.billed()
			return n.TotalAmountDue.Equal(amount("0.002").Mul(amount(r.asJSON(n.UsageCounterVector[1]))))
		}},
		{name: "silent", provider: devnet.Provider{Silent: true}, shows: func(r *requestor) bool {
			d, p := r.offer()
			r.counter(d, p)
			return len(must[[]golem.DemandEvent](r)(r.CollectOffers(r.ctx, d, 50*time.Minute, 10))) == 0
		}},
		{name: "exe-unit dies", provider: devnet.Provider{DiesAfter: time.Minute}, shows: func(r *requestor) bool {
			a := r.ready()
			time.Sleep(time.Minute)
			_, err := r.Exec(r.ctx, a, []golem.Command{sh("x")}, time.Second)
			return golem.ActivityGone(err)
		}},
		{name: "duplicated notes", provider: devnet.Provider{RepeatsNotes: 1}, shows: func(r *requestor) bool {
			r.rent()
			time.Sleep(3 * time.Minute)
			return len(must[[]golem.DebitNote](r)(r.DebitNotes(r.ctx, "", 0))) == 2
		}},
		{name: "late notes", provider: devnet.Provider{NotesLate: 30 * time.Second}, shows: func(r *requestor) bool {
			r.rent()
			time.Sleep(2*time.Minute + 10*time.Second)
			early := len(must[[]golem.DebitNote](r)(r.DebitNotes(r.ctx, "", 0)))
			time.Sleep(time.Minute)
			return early == 0 && len(must[[]golem.DebitNote](r)(r.DebitNotes(r.ctx, "", 0))) == 1
		}},
		{name: "late invoice", provider: devnet.Provider{InvoiceLate: time.Hour}, shows: func(r *requestor) bool {
			r.check(r.TerminateAgreement(r.ctx, r.hire(r.publish()), nil))
			time.Sleep(time.Minute)
			early := len(must[[]golem.Invoice](r)(r.Invoices(r.ctx, "", 0)))
			time.Sleep(time.Hour)
			return early == 0 && len(must[[]golem.Invoice](r)(r.Invoices(r.ctx, "", 0))) == 1
		}},
		{name: "reset after commit", faults: []devnet.Fault{{Calls: []string{"POST /market-api/v1/demands"}, Drop: true, Effect: true}}, shows: func(r *requestor) bool {
			_, err := r.PublishDemand(r.ctx, r.demand)
			return golem.IsUnreachable(err) && r.server.Inspect().Demands == 1
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := one(test.provider)
				server.Faults = test.faults
				r := newRequestor(t, server)
				server.Inspect() // its time begins
				if !test.shows(r) {
					t.Error("the fault does not show")
				}
			})
		})
	}
}

// oddFraction is a time whose fraction has a number of digits that the daemon
// never writes.
var oddFraction = regexp.MustCompile(`:\d\d\.(\d{1,2}|\d{4,5}|\d{7,8})Z"`)

func TestA20Encodings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, one(priced()))
		r.allocate("1")
		time.Sleep(100*time.Millisecond + 20*time.Microsecond) // an instant with zeros at its end
		i := r.invoiced()
		_, body := r.call("GET", paymentAPI+"/invoices/"+string(i.InvoiceID), "")
		var raw struct{ Amount any }
		r.check(json.Unmarshal([]byte(body), &raw))
		text, isText := raw.Amount.(string)
		_, places, _ := strings.Cut(text, ".")
		if !isText || len(places) != 18 || !strings.HasSuffix(places, "00") {
			t.Errorf("amount = %v, want a string of 18 places with zeros at its end", raw.Amount)
		}
		fractions := map[int]bool{}
		for _, path := range []string{
			paymentAPI + "/invoices", paymentAPI + "/debitNotes", paymentAPI + "/invoiceEvents", paymentAPI + "/allocations",
			marketAPI + "/agreements", marketAPI + "/agreementEvents", marketAPI + "/agreements/" + string(i.AgreementID), marketAPI + "/demands",
			paymentAPI + "/batchCycle/erc20-hoodi-tglm",
		} {
			_, body := r.call("GET", path, "")
			if odd := oddFraction.FindString(body); odd != "" {
				t.Errorf("GET %s has a time that ends with %s", path, odd)
			}
			for _, found := range regexp.MustCompile(`:\d\d(\.\d+)?Z"`).FindAllStringSubmatch(body, -1) {
				fractions[max(0, len(found[1])-1)] = true
			}
		}
		if !fractions[6] || !fractions[0] && !fractions[3] {
			t.Errorf("times with these numbers of digits: %v, want several", fractions)
		}
		// Fields that no specification has, and clients must not mind.
		r.expect("GET", paymentAPI+"/allocations", "", 200, `"createdTs":"`)
		if list := must[[]golem.Allocation](r)(r.Allocations(r.ctx)); len(list) != 2 {
			t.Errorf("Allocations() = %v, want both", list)
		}
	})
}
