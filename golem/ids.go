package golem

// Identifiers are distinct types so that mixing them up does not compile. Each
// holds the text exactly as the daemon wrote it; the forms are listed with
// every type (protocol section 0).
type (
	// NodeID names a node of the network: "0x" and 40 lower-case hex digits.
	NodeID string
	// DemandID names a published demand (a subscription): 32 hex digits, "-",
	// 64 hex digits. It dies with the demand, one hour after publication, and
	// with the daemon's process.
	DemandID string
	// OfferID names a provider's published offer, in the form of a DemandID.
	OfferID string
	// ProposalID names one message of a negotiation: "R-" and 64 hex digits.
	ProposalID string
	// AgreementID names an agreement on both sides: 64 hex digits.
	AgreementID string
	// ActivityID names an activity: 32 hex digits, chosen by the provider.
	ActivityID string
	// BatchID names one exec of an activity: 32 hex digits, chosen by the
	// requestor's daemon. No endpoint lists batches, so keep it.
	BatchID string
	// AllocationID, DebitNoteID, InvoiceID and PaymentID are UUIDs.
	AllocationID string
	// DebitNoteID names a debit note.
	DebitNoteID string
	// InvoiceID names an invoice.
	InvoiceID string
	// PaymentID names a payment.
	PaymentID string
	// ScanID names an offer scan; it lives in the daemon's memory.
	ScanID string
)
