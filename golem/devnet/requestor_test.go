package devnet_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"tasks/golem"
	"tasks/golem/devnet"
)

// exactly is a delay without chance.
func exactly(d time.Duration) devnet.Span { return devnet.Span{Min: d, Max: d} }

// steady are timings without chance, so that amounts are exact.
func steady() devnet.Timings {
	const ms = time.Millisecond
	return devnet.Timings{
		Match: exactly(50 * ms), Answer: exactly(100 * ms), Approve: exactly(100 * ms), Commit: exactly(5 * ms),
		Create: exactly(ms), Deploy: exactly(200 * ms), Start: exactly(50 * ms), Invoice: exactly(100 * ms),
	}
}

func amount(text string) golem.Amount { return decimal.RequireFromString(text) }

// A requestor drives one server through the client, failing the test at the
// first call that goes wrong.
type requestor struct {
	*golem.Client
	t      testing.TB
	ctx    context.Context
	server *devnet.Server
	demand golem.DemandSpec
	alloc  golem.AllocationID
	kept   map[golem.DemandID][]golem.DemandEvent // collected and not asked for yet
}

const session = "devnet-test"

// newRequestor closes the server when the test ends.
func newRequestor(t testing.TB, server *devnet.Server) *requestor {
	t.Helper()
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return &requestor{
		Client: &golem.Client{BaseURL: "http://devnet", AppKey: devnet.DefaultAppKey, HTTP: server.Client()},
		t:      t,
		ctx:    t.Context(),
		server: server,
		kept:   map[golem.DemandID][]golem.DemandEvent{},
		demand: golem.DemandSpec{
			Properties: golem.Properties{
				golem.PropExpiration:    float64(time.Now().Add(20 * time.Minute).UnixMilli()),
				golem.PropMultiActivity: true,
				golem.PropSubnet:        "public",
				golem.PropTaskPackage:   "hash:sha3:9a3b5d67b0b27746283cb5f287c13eab1beaa12d92a9f536b747c7ae:http://images.example/alpine.gvmi",
			},
			Constraints: "(&(golem.runtime.name=vm)(golem.node.debug.subnet=public))",
		},
	}
}

// must fails the test for an error, and names the call.
func must[T any](r *requestor) func(T, error) T {
	return func(v T, err error) T {
		r.t.Helper()
		if err != nil {
			r.t.Fatal(err)
		}
		return v
	}
}

func (r *requestor) check(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// allocate sets money aside for an hour.
func (r *requestor) allocate(total string) golem.Allocation {
	r.t.Helper()
	a := must[golem.Allocation](r)(r.CreateAllocation(r.ctx, golem.NewAllocation{
		TotalAmount: amount(total), PaymentPlatform: "erc20-hoodi-tglm", Timeout: time.Now().Add(24 * time.Hour),
	}))
	r.alloc = a.AllocationID
	return a
}

// counterSpec is the demand as a counter proposal carries it.
func (r *requestor) counterSpec() golem.DemandSpec {
	spec := golem.DemandSpec{Properties: golem.Properties{}, Constraints: r.demand.Constraints}
	for k, v := range r.demand.Properties {
		spec.Properties[k] = v
	}
	spec.Properties[golem.PropChosenPlatform] = "erc20-hoodi-tglm"
	return spec
}

func (r *requestor) publish() golem.DemandID {
	r.t.Helper()
	return must[golem.DemandID](r)(r.PublishDemand(r.ctx, r.demand))
}

// next collects until there is one event and returns it.
func (r *requestor) next(demand golem.DemandID) golem.DemandEvent {
	r.t.Helper()
	return r.nextOf(demand, func(golem.DemandEvent) bool { return true })
}

// nextOf collects until there is an event that is wanted, and keeps the others.
func (r *requestor) nextOf(demand golem.DemandID, wanted func(golem.DemandEvent) bool) golem.DemandEvent {
	r.t.Helper()
	for {
		if i := slices.IndexFunc(r.kept[demand], wanted); i >= 0 {
			e := r.kept[demand][i]
			r.kept[demand] = slices.Delete(r.kept[demand], i, i+1)
			return e
		}
		events := must[[]golem.DemandEvent](r)(r.CollectOffers(r.ctx, demand, time.Minute, 1))
		if len(events) != 1 {
			r.t.Fatalf("CollectOffers() = %v, want one event", events)
		}
		r.kept[demand] = append(r.kept[demand], events...)
	}
}

func (r *requestor) counter(demand golem.DemandID, p golem.ProposalID) golem.ProposalID {
	r.t.Helper()
	return must[golem.ProposalID](r)(r.CounterProposal(r.ctx, demand, p, r.counterSpec()))
}

// draft negotiates with the next provider of demand up to its Draft.
func (r *requestor) draft(demand golem.DemandID) golem.Proposal {
	r.t.Helper()
	initial := r.next(demand)
	own := r.counter(demand, initial.Proposal.ProposalID)
	event := r.nextOf(demand, func(e golem.DemandEvent) bool {
		return e.ProposalID == own || e.Proposal != nil && e.Proposal.PrevProposalID == own
	})
	if event.Proposal == nil || event.Proposal.State != golem.ProposalDraft {
		r.t.Fatalf("answer to the counter is %+v, want a Draft", event)
	}
	return *event.Proposal
}

// propose makes an agreement, not confirmed yet.
func (r *requestor) propose(demand golem.DemandID) golem.AgreementID {
	r.t.Helper()
	return must[golem.AgreementID](r)(r.CreateAgreement(r.ctx, r.draft(demand).ProposalID, time.Now().Add(time.Hour)))
}

// hire negotiates with the next provider up to an approved agreement.
func (r *requestor) hire(demand golem.DemandID) golem.AgreementID {
	r.t.Helper()
	id := r.propose(demand)
	r.check(r.ConfirmAgreement(r.ctx, id, session))
	r.check(r.WaitForApproval(r.ctx, id, time.Minute))
	return id
}

func (r *requestor) activity(id golem.AgreementID) golem.ActivityID {
	r.t.Helper()
	return must[golem.ActivityID](r)(r.CreateActivity(r.ctx, id, 30*time.Second))
}

// run executes commands in one batch and waits for its end.
func (r *requestor) run(id golem.ActivityID, commands ...golem.Command) []golem.CommandResult {
	r.t.Helper()
	batch := must[golem.BatchID](r)(r.Exec(r.ctx, id, commands, 5*time.Second))
	for {
		results := must[[]golem.CommandResult](r)(r.BatchResults(r.ctx, id, batch, 5*time.Second))
		if n := len(results); n > 0 && results[n-1].IsBatchFinished {
			return results
		}
	}
}

// prepare gets an activity ready to run commands.
func (r *requestor) prepare(id golem.ActivityID) {
	r.t.Helper()
	r.run(id, deploy(), start())
}

func deploy() golem.Command { return golem.Command{Deploy: &golem.Deploy{}} }
func start() golem.Command  { return golem.Command{Start: &golem.Start{Args: []string{}}} }

// sh runs a shell command and captures its output.
func sh(script string) golem.Command {
	all := &golem.CaptureMode{Stream: &golem.CaptureStream{}}
	return golem.Command{Run: &golem.Run{
		EntryPoint: "/bin/sh", Args: []string{"-c", script},
		Capture: &golem.Capture{Stdout: all, Stderr: all},
	}}
}

// accept accepts a debit note from the allocation.
func (r *requestor) accept(n golem.DebitNote) error {
	return r.AcceptDebitNote(r.ctx, n.DebitNoteID, golem.Acceptance{TotalAmountAccepted: n.TotalAmountDue, AllocationID: r.alloc}, 15*time.Second)
}

// note waits for the next debit note after a cursor.
func (r *requestor) note(after golem.Timestamp) (golem.DebitNote, golem.Timestamp) {
	r.t.Helper()
	for {
		events := must[[]golem.DebitNoteEvent](r)(r.DebitNoteEvents(r.ctx, after, session, 10*time.Minute))
		if len(events) == 0 {
			r.t.Fatal("no debit note in ten minutes")
		}
		for _, e := range events {
			if after = e.EventDate; e.EventType == golem.EventDebitNoteReceived {
				return must[golem.DebitNote](r)(r.GetDebitNote(r.ctx, e.DebitNoteID)), after
			}
		}
	}
}

func (r *requestor) invoice() golem.Invoice {
	r.t.Helper()
	events := must[[]golem.InvoiceEvent](r)(r.InvoiceEvents(r.ctx, "", session, 10*time.Minute))
	if len(events) != 1 {
		r.t.Fatalf("InvoiceEvents() = %v, want one", events)
	}
	return must[golem.Invoice](r)(r.GetInvoice(r.ctx, events[0].InvoiceID))
}

func (r *requestor) state(id golem.AgreementID) golem.AgreementState {
	r.t.Helper()
	return must[golem.Agreement](r)(r.GetAgreement(r.ctx, id)).State
}

func (r *requestor) acceptInvoice(i golem.Invoice) error {
	return r.AcceptInvoice(r.ctx, i.InvoiceID, golem.Acceptance{TotalAmountAccepted: i.Amount, AllocationID: r.alloc}, 15*time.Second)
}

// equal compares amounts.
func equal(t testing.TB, what string, got golem.Amount, want string) {
	t.Helper()
	if !got.Equal(amount(want)) {
		t.Errorf("%s = %s, want %s", what, got, want)
	}
}
