package golem_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"tasks/golem"
)

func glm(s string) golem.Amount { return decimal.RequireFromString(s) }

func glmPtr(s string) *golem.Amount { a := glm(s); return &a }

func timePtr(t time.Time) *time.Time { return &t }

const allocationJSON = `{"allocationId":"78de","address":"0x06d7","paymentPlatform":"erc20-hoodi-tglm",
	"totalAmount":"2.5","spentAmount":"0","remainingAmount":"2.500000000000000000",
	"timestamp":"2026-04-01T10:00:00.000000Z","timeout":"2026-04-01T12:00:00Z",
	"createdTs":"2026-04-01T10:00:00.000000Z","makeDeposit":false}`

var allocation = golem.Allocation{
	AllocationID: "78de", Address: "0x06d7", PaymentPlatform: "erc20-hoodi-tglm",
	TotalAmount: glm("2.5"), RemainingAmount: glm("2.5"), Timestamp: epoch, Timeout: timePtr(at("12:00:00")),
}

func TestAllocations(t *testing.T) {
	cest := time.FixedZone("CEST", 7200)
	runExchanges(t, []exchange{
		{
			name:   "Accounts",
			call:   func(ctx context.Context, c *golem.Client) (any, error) { return c.Accounts(ctx) },
			method: "GET", uri: "/payment-api/v1/requestorAccounts", status: 200,
			answer: `[{"platform":"erc20-hoodi-tglm","address":"0x06d7","driver":"erc20","network":"hoodi","token":"tGLM","send":true,"receive":false}]`,
			want:   []golem.Account{{Platform: "erc20-hoodi-tglm", Address: "0x06d7", Driver: "erc20", Network: "hoodi", Token: "tGLM", Send: true}},
		},
		{
			name: "CreateAllocation",
			call: func(ctx context.Context, c *golem.Client) (any, error) {
				return c.CreateAllocation(ctx, golem.NewAllocation{TotalAmount: glm("2.5"),
					PaymentPlatform: "erc20-hoodi-tglm", Timeout: at("12:00:00").In(cest)})
			},
			method: "POST", uri: "/payment-api/v1/allocations",
			body:   `{"totalAmount":"2.5","paymentPlatform":"erc20-hoodi-tglm","timeout":"2026-04-01T12:00:00Z"}`,
			status: 201, answer: allocationJSON, want: allocation,
		},
		{
			name:   "Allocations",
			call:   func(ctx context.Context, c *golem.Client) (any, error) { return c.Allocations(ctx) },
			method: "GET", uri: "/payment-api/v1/allocations", status: 200,
			answer: "[" + allocationJSON + "]", want: []golem.Allocation{allocation},
		},
		{
			name:   "GetAllocation",
			call:   func(ctx context.Context, c *golem.Client) (any, error) { return c.GetAllocation(ctx, "78de") },
			method: "GET", uri: "/payment-api/v1/allocations/78de", status: 200, answer: allocationJSON, want: allocation,
		},
		{
			name: "AmendAllocation amount",
			call: func(ctx context.Context, c *golem.Client) (any, error) {
				return c.AmendAllocation(ctx, "78de", golem.AllocationChange{TotalAmount: glmPtr("0.000000000000000001")})
			},
			method: "PUT", uri: "/payment-api/v1/allocations/78de", body: `{"totalAmount":"0.000000000000000001"}`,
			status: 200, answer: allocationJSON, want: allocation,
		},
		{
			name: "AmendAllocation timeout",
			call: func(ctx context.Context, c *golem.Client) (any, error) {
				return c.AmendAllocation(ctx, "78de", golem.AllocationChange{Timeout: timePtr(at("12:00:00").In(cest))})
			},
			method: "PUT", uri: "/payment-api/v1/allocations/78de", body: `{"timeout":"2026-04-01T12:00:00Z"}`,
			status: 200, answer: allocationJSON, want: allocation,
		},
		{
			name:   "ReleaseAllocation",
			call:   func(ctx context.Context, c *golem.Client) (any, error) { return none(c.ReleaseAllocation(ctx, "78de")) },
			method: "DELETE", uri: "/payment-api/v1/allocations/78de", status: 200, answer: `null`,
		},
		{
			name:   "Expenditures",
			call:   func(ctx context.Context, c *golem.Client) (any, error) { return c.Expenditures(ctx, "78de") },
			method: "GET", uri: "/payment-api/v1/allocations/78de/expenditures", status: 200,
			answer: `[{"allocationId":"78de","agreementId":"0e91","activityId":null,"acceptedAmount":"0.1","scheduledAmount":"0"}]`,
			want:   []golem.Expenditure{{AllocationID: "78de", AgreementID: "0e91", AcceptedAmount: glm("0.1")}},
		},
	})
}

func TestDecorations(t *testing.T) {
	const address = "golem.com.payment.platform.erc20-hoodi-tglm.address"
	c := answering(200, `{"properties":[{"key":"`+address+`","value":"0x06d7"},{"key":"golem.com.payment.protocol.version","value":"3"}],
		"constraints":["(`+address+`=*)","(golem.com.payment.protocol.version>1)"]}`)
	d, err := c.DemandDecorations(t.Context(), "78de")
	if err != nil {
		t.Fatal(err)
	}
	plain := golem.DemandSpec{Properties: golem.Properties{golem.PropSubnet: "public"}, Constraints: "(golem.runtime.name=vm)"}
	want := golem.DemandSpec{
		Properties: golem.Properties{golem.PropSubnet: "public", golem.PropProtocolVersion: "3",
			golem.PropPlatformAddress("erc20-hoodi-tglm"): "0x06d7"},
		Constraints: "(&(golem.runtime.name=vm)(" + address + "=*)(golem.com.payment.protocol.version>1))",
	}
	if diff := cmp.Diff(want, d.Decorate(plain)); diff != "" {
		t.Errorf("Decorate (-want +got):\n%s", diff)
	}
	if len(plain.Properties) != 1 {
		t.Errorf("Decorate changed its argument: %v", plain.Properties)
	}
	if got := d.Decorate(golem.DemandSpec{}).Constraints; got != "(&("+address+"=*)(golem.com.payment.protocol.version>1))" {
		t.Errorf("Decorate of nothing gave %s", got)
	}
}

const debitNoteJSON = `{"debitNoteId":"9425","issuerId":"0x6052","recipientId":"0x06d7","payeeAddr":"0x6052","payerAddr":"0x06d7",
	"paymentPlatform":"erc20-hoodi-tglm","timestamp":"2026-04-01T10:02:05.000000Z","agreementId":"0e91","activityId":"1eff",
	"totalAmountDue":"0.005062500000000000","usageCounterVector":[20.5,60.25],"status":"RECEIVED"}`

var debitNote = golem.DebitNote{
	DebitNoteID: "9425", IssuerID: "0x6052", RecipientID: "0x06d7", PayeeAddr: "0x6052", PayerAddr: "0x06d7",
	PaymentPlatform: "erc20-hoodi-tglm", Timestamp: at("10:02:05"), AgreementID: "0e91", ActivityID: "1eff",
	TotalAmountDue: glm("0.0050625"), UsageCounterVector: []float64{20.5, 60.25}, Status: golem.StatusReceived,
}

func TestDebitNotes(t *testing.T) {
	accept := golem.Acceptance{TotalAmountAccepted: glm("0.0050625"), AllocationID: "78de"}
	acceptJSON := `{"totalAmountAccepted":"0.0050625","allocationId":"78de"}`
	runExchanges(t, []exchange{
		{
			name:   "DebitNotes",
			call:   func(ctx context.Context, c *golem.Client) (any, error) { return c.DebitNotes(ctx, "", 0) },
			method: "GET", uri: "/payment-api/v1/debitNotes", status: 200,
			answer: "[" + debitNoteJSON + "]", want: []golem.DebitNote{debitNote},
		},
		{
			name: "DebitNotes after",
			call: func(ctx context.Context, c *golem.Client) (any, error) {
				return c.DebitNotes(ctx, "2026-04-01T10:00:00.123456789Z", 50)
			},
			method: "GET", uri: "/payment-api/v1/debitNotes?afterTimestamp=2026-04-01T10%3A00%3A00.123456789Z&maxItems=50",
			status: 200, answer: `[]`, want: []golem.DebitNote{},
		},
		{
			name:   "GetDebitNote",
			call:   func(ctx context.Context, c *golem.Client) (any, error) { return c.GetDebitNote(ctx, "9425") },
			method: "GET", uri: "/payment-api/v1/debitNotes/9425", status: 200, answer: debitNoteJSON, want: debitNote,
		},
		{
			name: "DebitNoteEvents",
			call: func(ctx context.Context, c *golem.Client) (any, error) {
				return c.DebitNoteEvents(ctx, "2026-04-01T10:00:00+00:00", "s", 5*time.Second)
			},
			method: "GET", uri: "/payment-api/v1/debitNoteEvents?afterTimestamp=2026-04-01T10%3A00%3A00%2B00%3A00&appSessionId=s&timeout=5",
			status: 200, answer: `[{"debitNoteId":"9425","eventDate":"2026-04-01T10:02:05.300000Z","eventType":"DebitNoteReceivedEvent"}]`,
			want: []golem.DebitNoteEvent{{EventType: golem.EventDebitNoteReceived, EventDate: "2026-04-01T10:02:05.300000Z", DebitNoteID: "9425"}},
		},
		{
			name: "AcceptDebitNote",
			call: func(ctx context.Context, c *golem.Client) (any, error) {
				return none(c.AcceptDebitNote(ctx, "9425", accept, 20*time.Second))
			},
			method: "POST", uri: "/payment-api/v1/debitNotes/9425/accept?timeout=20", body: acceptJSON, status: 200, answer: `null`,
		},
		{
			name: "AcceptDebitNote with the daemon's timeout",
			call: func(ctx context.Context, c *golem.Client) (any, error) {
				return none(c.AcceptDebitNote(ctx, "9425", accept, 0))
			},
			method: "POST", uri: "/payment-api/v1/debitNotes/9425/accept", body: acceptJSON, status: 204,
		},
	})
}

func TestInvoices(t *testing.T) {
	const invoiceJSON = `{"invoiceId":"4229","issuerId":"0x6052","recipientId":"0x06d7","payeeAddr":"0x6052","payerAddr":"0x06d7",
		"paymentPlatform":"erc20-hoodi-tglm","timestamp":"2026-04-01T10:02:50Z","agreementId":"0e91","activityIds":["1eff"],
		"amount":"0.0095519383499","paymentDueDate":"2026-04-01T22:02:50Z","status":"ACCEPTED"}`
	invoice := golem.Invoice{InvoiceID: "4229", IssuerID: "0x6052", RecipientID: "0x06d7", PayeeAddr: "0x6052", PayerAddr: "0x06d7",
		PaymentPlatform: "erc20-hoodi-tglm", Timestamp: at("10:02:50"), AgreementID: "0e91", ActivityIDs: []golem.ActivityID{"1eff"},
		Amount: glm("0.0095519383499"), PaymentDueDate: at("22:02:50"), Status: golem.StatusAccepted}
	runExchanges(t, []exchange{
		{
			name: "Invoices",
			call: func(ctx context.Context, c *golem.Client) (any, error) {
				return c.Invoices(ctx, "2026-04-01T10:00:00Z", 3)
			},
			method: "GET", uri: "/payment-api/v1/invoices?afterTimestamp=2026-04-01T10%3A00%3A00Z&maxItems=3", status: 200,
			answer: "[" + invoiceJSON + "]", want: []golem.Invoice{invoice},
		},
		{
			name:   "GetInvoice",
			call:   func(ctx context.Context, c *golem.Client) (any, error) { return c.GetInvoice(ctx, "4229") },
			method: "GET", uri: "/payment-api/v1/invoices/4229", status: 200, answer: invoiceJSON, want: invoice,
		},
		{
			name:   "InvoiceEvents from the beginning",
			call:   func(ctx context.Context, c *golem.Client) (any, error) { return c.InvoiceEvents(ctx, "", "", 0) },
			method: "GET", uri: "/payment-api/v1/invoiceEvents?timeout=0", status: 200,
			answer: `[{"invoiceId":"4229","eventDate":"2026-04-01T10:02:51Z","eventType":"InvoiceReceivedEvent"}]`,
			want:   []golem.InvoiceEvent{{EventType: golem.EventInvoiceReceived, EventDate: "2026-04-01T10:02:51Z", InvoiceID: "4229"}},
		},
		{
			name: "AcceptInvoice",
			call: func(ctx context.Context, c *golem.Client) (any, error) {
				return none(c.AcceptInvoice(ctx, "4229", golem.Acceptance{TotalAmountAccepted: glm("0.0095519383499"), AllocationID: "78de"}, 15*time.Second))
			},
			method: "POST", uri: "/payment-api/v1/invoices/4229/accept?timeout=15",
			body: `{"totalAmountAccepted":"0.0095519383499","allocationId":"78de"}`, status: 200, answer: `null`,
		},
		{
			name: "RejectInvoice",
			call: func(ctx context.Context, c *golem.Client) (any, error) {
				return none(c.RejectInvoice(ctx, "4229", golem.Rejection{RejectionReason: golem.RejectIncorrectAmount, Message: "too much"}, 15*time.Second))
			},
			method: "POST", uri: "/payment-api/v1/invoices/4229/reject?timeout=15",
			body: `{"rejectionReason":"INCORRECT_AMOUNT","totalAmountAccepted":"0","message":"too much"}`, status: 200, answer: `null`,
		},
		{
			name:   "InvoicePayments",
			call:   func(ctx context.Context, c *golem.Client) (any, error) { return c.InvoicePayments(ctx, "4229") },
			method: "GET", uri: "/payment-api/v1/invoices/4229/payments", status: 200, answer: `[]`, want: []golem.Payment{},
		},
	})
}

func TestPayments(t *testing.T) {
	want := golem.Payment{PaymentID: "0b21", PayerID: "0x06d7", PayeeID: "0x6052", PayerAddr: "0x06d7", PayeeAddr: "0x6052",
		PaymentPlatform: "erc20-hoodi-tglm", Amount: glm("0.0095519383499"), Timestamp: at("10:09:00"), Details: "MHhhYmNk",
		AgreementPayments: []golem.AgreementPayment{{AgreementID: "0e91", Amount: glm("0.0044894383499")}},
		ActivityPayments:  []golem.ActivityPayment{{ActivityID: "1eff", Amount: glm("0.0050625")}}}
	body := `{"paymentId":"0b21","payerId":"0x06d7","payeeId":"0x6052","payerAddr":"0x06d7","payeeAddr":"0x6052",
		"paymentPlatform":"erc20-hoodi-tglm","amount":"0.0095519383499","timestamp":"2026-04-01T10:09:00Z","details":"MHhhYmNk",
		"agreementPayments":[{"agreementId":"0e91","amount":"0.0044894383499"}],
		"activityPayments":[{"activityId":"1eff","amount":"0.0050625"}],"signature":[1,2]}`
	runExchanges(t, []exchange{{
		name: "Payments",
		call: func(ctx context.Context, c *golem.Client) (any, error) {
			return c.Payments(ctx, "2026-04-01T10:00:00Z")
		},
		method: "GET", uri: "/payment-api/v1/payments?afterTimestamp=2026-04-01T10%3A00%3A00Z&timeout=0", status: 200,
		answer: "[" + body + "]", want: []golem.Payment{want},
	}})
}
