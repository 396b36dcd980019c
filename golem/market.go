package golem

import (
	"encoding/json"
	"time"
)

// Properties are the flat properties of an offer or a demand: dotted keys and
// JSON values. Nothing here nests.
type Properties map[string]any

// A DemandSpec is what a requestor publishes and counters with: what it is, and
// what it wants of an offer. Constraints "" never match; use "(&)" for
// anything (protocol section 2.3).
type DemandSpec struct {
	Properties  Properties `json:"properties"`
	Constraints string     `json:"constraints"`
}

// A Demand is a published DemandSpec, alive for one hour after Timestamp.
type Demand struct {
	DemandSpec
	DemandID    DemandID  `json:"demandId"`
	RequestorID NodeID    `json:"requestorId"`
	Timestamp   time.Time `json:"timestamp"`
}

// An Offer is what a provider publishes.
type Offer struct {
	Properties  Properties `json:"properties"`
	Constraints string     `json:"constraints"`
	OfferID     OfferID    `json:"offerId"`
	ProviderID  NodeID     `json:"providerId"`
	Timestamp   time.Time  `json:"timestamp"`
}

// ProposalState is the state of one proposal (protocol section 2.6). The daemon
// never sets Expired.
type ProposalState string

const (
	ProposalInitial  ProposalState = "Initial"  // a match; the provider knows nothing yet
	ProposalDraft    ProposalState = "Draft"    // an answer to our counter; the only kind an agreement is made from
	ProposalRejected ProposalState = "Rejected" // by either side
	ProposalAccepted ProposalState = "Accepted" // an agreement was created from it
	ProposalExpired  ProposalState = "Expired"
)

// A Proposal is one message of a negotiation, here always one that the provider
// issued or the market made from its offer.
type Proposal struct {
	ProposalID     ProposalID    `json:"proposalId"`
	IssuerID       NodeID        `json:"issuerId"`
	State          ProposalState `json:"state"`
	Timestamp      time.Time     `json:"timestamp"`
	PrevProposalID ProposalID    `json:"prevProposalId,omitempty"`
	Properties     Properties    `json:"properties"`
	Constraints    string        `json:"constraints"`
}

// Event types of DemandEvent.
const (
	EventProposal         = "ProposalEvent"
	EventProposalRejected = "ProposalRejectedEvent"
)

// A DemandEvent is one item of CollectOffers: either a Proposal (EventType is
// EventProposal) or the refusal of our own counter ProposalID. Events of other
// types are delivered as they are and mean nothing.
type DemandEvent struct {
	EventType  string     `json:"eventType"`
	EventDate  time.Time  `json:"eventDate"`
	Proposal   *Proposal  `json:"proposal,omitempty"`
	ProposalID ProposalID `json:"proposalId,omitempty"`
	Reason     *Reason    `json:"reason,omitempty"`
}

// UnmarshalJSON reads an event of any type, and of a type that is not known only
// the type and the date: an answer is taken once, so what one event holds must
// not cost the others.
func (e *DemandEvent) UnmarshalJSON(b []byte) error {
	var head struct {
		EventType string    `json:"eventType"`
		EventDate time.Time `json:"eventDate"`
	}
	if err := json.Unmarshal(b, &head); err != nil {
		return err
	}
	*e = DemandEvent{EventType: head.EventType, EventDate: head.EventDate}
	if e.EventType != EventProposal && e.EventType != EventProposalRejected {
		return nil
	}
	type wire DemandEvent
	return json.Unmarshal(b, (*wire)(e))
}

// Conventional extra keys of a Reason.
const (
	ReasonRequestorCode = "golem.requestor.code"
	ReasonProviderCode  = "golem.provider.code"
	ReasonIsFinal       = "golem.proposal.rejection.is-final"
)

// A Reason explains a rejection, cancellation or termination. On the wire Extra
// lies flat beside the message (protocol section 2.5).
type Reason struct {
	Message string
	Extra   map[string]any
}

// MarshalJSON writes the message and the extra keys in one flat object.
func (r Reason) MarshalJSON() ([]byte, error) {
	m := make(map[string]any, len(r.Extra)+1)
	for k, v := range r.Extra {
		m[k] = v
	}
	m["message"] = r.Message
	return json.Marshal(m)
}

// UnmarshalJSON reads the flat object, or a text as the message; a missing
// message reads as "".
func (r *Reason) UnmarshalJSON(b []byte) error {
	*r = Reason{}
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &r.Message)
	}
	var m map[string]any
	if err := json.Unmarshal(b, &m); err != nil {
		return err
	}
	r.Message, _ = m["message"].(string)
	delete(m, "message")
	r.Extra = m
	return nil
}

// Code returns the coded reason of either side, or "".
func (r *Reason) Code() string {
	if r == nil {
		return ""
	}
	for _, key := range []string{ReasonProviderCode, ReasonRequestorCode} {
		if code, ok := r.Extra[key].(string); ok {
			return code
		}
	}
	return ""
}

// Final reports whether a rejection said that asking again is useless. A
// rejection that does not say is not final.
func (r *Reason) Final() bool {
	if r == nil {
		return false
	}
	final, _ := r.Extra[ReasonIsFinal].(bool)
	return final
}

// AgreementState is the state of an agreement as the daemon shows it (protocol
// section 2.8). The daemon's inner "Approving" is shown as Pending.
type AgreementState string

const (
	AgreementProposal   AgreementState = "Proposal"   // created, not sent to the provider
	AgreementPending    AgreementState = "Pending"    // confirmed by us, waiting for the provider
	AgreementApproved   AgreementState = "Approved"   // in force until somebody terminates it
	AgreementRejected   AgreementState = "Rejected"   // final: the provider refused
	AgreementCancelled  AgreementState = "Cancelled"  // final: we cancelled before approval
	AgreementExpired    AgreementState = "Expired"    // final: validTo passed before approval
	AgreementTerminated AgreementState = "Terminated" // final: either side ended it
)

// Done reports whether the state is final.
func (s AgreementState) Done() bool {
	switch s {
	case AgreementRejected, AgreementCancelled, AgreementExpired, AgreementTerminated:
		return true
	}
	return false
}

// An Agreement is a contract with one provider: until it ends, the provider
// runs activities for us at the prices of the proposal it was made from.
//
// The daemon owns the agreement; this value is what we last saw of it. State
// moves only forward, and Approved may become Terminated without notice,
// because a provider can leave at any time. Its invoice may arrive, and must
// be settled, after that.
type Agreement struct {
	AgreementID  AgreementID    `json:"agreementId"`
	Demand       Demand         `json:"demand"` // our last counter: chosen platform, timeouts
	Offer        Offer          `json:"offer"`  // the provider's last proposal: prices, usage vector
	ValidTo      time.Time      `json:"validTo"`
	ApprovedDate *time.Time     `json:"approvedDate,omitempty"` // nil until approved
	State        AgreementState `json:"state"`
	Timestamp    time.Time      `json:"timestamp"` // creation: the origin of the debit-note grid
	AppSessionID string         `json:"appSessionId,omitempty"`

	ProposedSignature  string `json:"proposedSignature,omitempty"`
	ApprovedSignature  string `json:"approvedSignature,omitempty"`
	CommittedSignature string `json:"committedSignature,omitempty"`
}

// An AgreementEntry is one line of ListAgreements. Role is "Requestor" or
// "Provider"; a daemon lists both.
type AgreementEntry struct {
	ID           AgreementID `json:"id"`
	Timestamp    time.Time   `json:"timestamp"`
	ApprovedDate *time.Time  `json:"approvedDate"`
	Role         string      `json:"role"`
}

// Event types of AgreementEvent.
const (
	EventAgreementApproved   = "AgreementApprovedEvent"
	EventAgreementRejected   = "AgreementRejectedEvent"
	EventAgreementCancelled  = "AgreementCancelledEvent"
	EventAgreementTerminated = "AgreementTerminatedEvent"
)

// An AgreementEvent is a persisted change of an agreement. Terminator
// ("Requestor" or "Provider") is set for terminations. There is no event for
// expiry (protocol section 2.9).
type AgreementEvent struct {
	EventType   string      `json:"eventType"`
	EventDate   Timestamp   `json:"eventDate"`
	AgreementID AgreementID `json:"agreementId"`
	Terminator  string      `json:"terminator,omitempty"`
	Signature   string      `json:"signature,omitempty"`
	Reason      *Reason     `json:"reason,omitempty"`
}
