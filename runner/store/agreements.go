package store

import (
	"fmt"
	"time"

	"tasks/golem"
	"tasks/runner/state"
)

const agreementColumns = `g.key, r.id, g.id, g.state, g.demand, g.proposal, p.id, g.provider_name, g.offer, g.pricing,
	g.platform, g.interval_us, g.agreed_at, g.created_at, g.ended_at, g.reason, g.accepted,
	g.invoice, g.invoice_state, g.invoice_total, g.wait_until`

const agreementTables = ` FROM agreements g JOIN runs r ON r.key = g.run JOIN providers p ON p.key = g.provider `

func (t *Tx) scanAgreement(row scanner) (a state.Agreement, err error) {
	err = row.Scan(&a.Key, &a.Run, textTo[golem.AgreementID]{&a.ID}, &a.State, &a.Demand, &a.Proposal,
		&a.Provider, &a.ProviderName, t.s.offers.to(&a.Offer), t.s.pricings.to(&a.Pricing),
		&a.Platform, spanTo{&a.Interval}, timeTo{&a.AgreedAt}, timeTo{&a.CreatedAt}, timeTo{&a.EndedAt}, &a.Reason,
		&a.Accepted, &a.Invoice, textTo[state.BillState]{&a.InvoiceState}, &a.InvoiceTotal, timeTo{&a.WaitUntil})
	return a, err
}

// An AgreementSet is what a move of an agreement records besides the state. Zero
// fields leave what is there.
type AgreementSet struct {
	ID           golem.AgreementID
	ProviderName string
	Offer        golem.Properties
	Pricing      *state.Pricing
	Platform     string
	Interval     time.Duration
	AgreedAt     time.Time
	WaitUntil    time.Time
	Reason       string // goes into the event; the record keeps the first one it was given
}

// AddAgreement records an intent, or an agreement that was found, and returns
// its key. Key of a is ignored; a zero CreatedAt is now.
func (t *Tx) AddAgreement(a state.Agreement) (key int64, err error) {
	run, err := t.runKey(a.Run)
	if err != nil {
		return 0, err
	}
	provider, err := t.providerKey(a.Provider, a.ProviderName)
	if err != nil {
		return 0, err
	}
	offer, err := document(a.Offer)
	if err != nil {
		return 0, wrap(err, "encode offer of", a.Provider)
	}
	pricing, err := document(a.Pricing)
	if err != nil {
		return 0, wrap(err, "encode pricing of", a.Provider)
	}
	_, key, err = t.exec(`INSERT INTO agreements (run, id, state, demand, proposal, provider, provider_name, offer, pricing,
			platform, interval_us, agreed_at, created_at, ended_at, reason, wait_until)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		run, text(a.ID), a.State, a.Demand, a.Proposal, provider, a.ProviderName, offer, pricing,
		a.Platform, a.Interval.Microseconds(), stamp(a.AgreedAt), stamp(t.or(a.CreatedAt)), t.endedAt(a.State.Done()),
		a.Reason, stamp(a.WaitUntil))
	if err != nil {
		return 0, wrap(err, "add agreement with", a.Provider)
	}
	return key, t.eventFor(run, "agreement."+string(a.State), subject(a.ID, "agreement", key), "with "+who(a.ProviderName, a.Provider))
}

// who names a provider for people.
func who(name string, id golem.NodeID) string {
	if name == "" {
		return string(id)
	}
	return name
}

// MoveAgreement moves an agreement, and sets EndedAt in a final state. The error
// wraps ErrStale if the agreement is not in the state from.
func (t *Tx) MoveAgreement(key int64, from, to state.AgreementState, set AgreementSet) error {
	if err := allowed("agreement", key, from, to); err != nil {
		return err
	}
	offer, pricing, err := set.documents()
	if err != nil {
		return wrap(err, "move agreement", key)
	}
	var run int64
	var id golem.AgreementID
	err = t.change(`UPDATE agreements SET state = ?3, ended_at = ?4, id = coalesce(?5, id),
			provider_name = coalesce(?6, provider_name), offer = coalesce(?7, offer), pricing = coalesce(?8, pricing),
			platform = coalesce(?9, platform), interval_us = coalesce(?10, interval_us),
			agreed_at = coalesce(?11, agreed_at), wait_until = coalesce(?12, wait_until),
			reason = CASE WHEN reason = '' THEN ?13 ELSE reason END
		WHERE key = ?1 AND state = ?2 RETURNING run, id`,
		[]any{key, from, to, t.endedAt(to.Done()), text(set.ID), text(set.ProviderName), offer, pricing, text(set.Platform),
			nonzero(set.Interval.Microseconds()), stamp(set.AgreedAt), stamp(set.WaitUntil), set.Reason},
		&run, textTo[golem.AgreementID]{&id})
	if err != nil {
		return stale(err, fmt.Sprintf("move agreement to %s:", to), key)
	}
	return t.eventFor(run, "agreement."+string(to), subject(id, "agreement", key), set.Reason)
}

// documents encodes what is set of offer and pricing.
func (s AgreementSet) documents() (offer, pricing any, err error) {
	if s.Offer != nil {
		if offer, err = document(s.Offer); err != nil {
			return nil, nil, err
		}
	}
	if s.Pricing != nil {
		pricing, err = document(s.Pricing)
	}
	return offer, pricing, err
}

// Agreement returns an agreement by its key; the error wraps ErrNotFound.
func (t *Tx) Agreement(key int64) (state.Agreement, error) {
	a, err := one(t, t.scanAgreement, `SELECT `+agreementColumns+agreementTables+`WHERE g.key = ?`, key)
	return a, notFound(err, "agreement", key)
}

// AgreementByID returns an agreement by the daemon's identifier, whatever run it
// is of; the error wraps ErrNotFound.
func (t *Tx) AgreementByID(id golem.AgreementID) (state.Agreement, error) {
	a, err := one(t, t.scanAgreement, `SELECT `+agreementColumns+agreementTables+`WHERE g.id = ?`, id)
	return a, notFound(err, "agreement", id)
}

// Agreements returns the agreements of a run by key, all or those whose state is
// not final.
func (t *Tx) Agreements(run state.RunID, live bool) ([]state.Agreement, error) {
	where := `WHERE g.run = (SELECT key FROM runs WHERE id = ?) `
	if live {
		where += `AND g.ended_at IS NULL `
	}
	all, err := list(t, t.scanAgreement, `SELECT `+agreementColumns+agreementTables+where+`ORDER BY g.key`, run)
	return all, wrap(err, "read agreements of run", run)
}

// UnsettledAgreements returns the agreements that were in force and ended, and
// of which no invoice is accepted: of one run, or of all for "".
func (t *Tx) UnsettledAgreements(run state.RunID) ([]state.Agreement, error) {
	all, err := list(t, t.scanAgreement, `SELECT `+agreementColumns+agreementTables+`
		WHERE g.key IN (SELECT key FROM agreements INDEXED BY agreements_unsettled
			WHERE state = 'ended' AND coalesce(invoice_state, '') NOT IN ('accepted', 'settled'))
		AND (?1 = '' OR r.id = ?1) ORDER BY g.key`, run)
	return all, wrap(err, "read unsettled agreements of run", run)
}

// SetInvoice records how the invoice of an agreement stands.
func (t *Tx) SetInvoice(key int64, id golem.InvoiceID, total golem.Amount, s state.BillState) error {
	err := t.update(`UPDATE agreements SET invoice = ?2, invoice_total = ?3, invoice_state = ?4 WHERE key = ?1`,
		key, id, total, text(s))
	return notFound(err, "agreement", key)
}
