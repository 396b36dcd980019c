package golem

import (
	"time"

	"github.com/shopspring/decimal"
)

// An Amount is an exact amount of GLM; GLM has 18 decimal places. Compare with
// Equal, never with ==, and divide with DivRound.
type Amount = decimal.Decimal

// An Account is a payment account that can send.
type Account struct {
	Platform string `json:"platform"`
	Address  string `json:"address"`
	Driver   string `json:"driver"`
	Network  string `json:"network"`
	Token    string `json:"token"`
	Send     bool   `json:"send"`
	Receive  bool   `json:"receive"`
}

// A NewAllocation asks for money to be set aside. Always give PaymentPlatform
// in full and a Timeout: at that moment the daemon releases the allocation by
// itself (protocol section 6.3).
type NewAllocation struct {
	TotalAmount     Amount    `json:"totalAmount"`
	PaymentPlatform string    `json:"paymentPlatform"`
	Timeout         time.Time `json:"timeout"`
	Address         string    `json:"address,omitempty"` // "" means the identity of the key
}

// An AllocationChange amends an allocation; nil fields stay as they are.
type AllocationChange struct {
	TotalAmount *Amount    `json:"totalAmount,omitempty"`
	Timeout     *time.Time `json:"timeout,omitempty"`
}

// An Allocation is money set aside at our own daemon; every accepted bill moves
// its increment from RemainingAmount to SpentAmount.
type Allocation struct {
	AllocationID    AllocationID `json:"allocationId"`
	Address         string       `json:"address"`
	PaymentPlatform string       `json:"paymentPlatform"`
	TotalAmount     Amount       `json:"totalAmount"`
	SpentAmount     Amount       `json:"spentAmount"`
	RemainingAmount Amount       `json:"remainingAmount"`
	Timestamp       time.Time    `json:"timestamp"`
	Timeout         *time.Time   `json:"timeout,omitempty"`
	MakeDeposit     bool         `json:"makeDeposit"`
}

// An Expenditure is what one allocation has paid for one activity, or for an
// agreement as a whole (ActivityID ""). Daemons before 0.17 have none.
type Expenditure struct {
	AllocationID    AllocationID `json:"allocationId"`
	AgreementID     AgreementID  `json:"agreementId"`
	ActivityID      ActivityID   `json:"activityId,omitempty"`
	AcceptedAmount  Amount       `json:"acceptedAmount"`
	ScheduledAmount Amount       `json:"scheduledAmount"`
}

// Decorations are the properties and constraints that a demand paid from some
// allocations must carry.
type Decorations struct {
	Properties  []Decoration `json:"properties"`
	Constraints []string     `json:"constraints"` // each a whole expression; all must hold
}

// A Decoration is one property of Decorations.
type Decoration struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// DocumentStatus is the state of a debit note or an invoice on our side
// (protocol section 6.5).
type DocumentStatus string

const (
	StatusReceived  DocumentStatus = "RECEIVED"  // waits for our answer
	StatusAccepted  DocumentStatus = "ACCEPTED"  // charged to an allocation, not yet paid
	StatusRejected  DocumentStatus = "REJECTED"  // invoices only; may be accepted later
	StatusCancelled DocumentStatus = "CANCELLED" // withdrawn by the provider
	StatusSettled   DocumentStatus = "SETTLED"   // final: paid
)

// A DebitNote is the running bill of one activity. TotalAmountDue is cumulative
// for the activity; PaymentDueDate is nil for a note that is only a keep-alive.
type DebitNote struct {
	DebitNoteID         DebitNoteID    `json:"debitNoteId"`
	IssuerID            NodeID         `json:"issuerId"`
	RecipientID         NodeID         `json:"recipientId"`
	PayeeAddr           string         `json:"payeeAddr"`
	PayerAddr           string         `json:"payerAddr"`
	PaymentPlatform     string         `json:"paymentPlatform"`
	PreviousDebitNoteID DebitNoteID    `json:"previousDebitNoteId,omitempty"`
	Timestamp           time.Time      `json:"timestamp"`
	AgreementID         AgreementID    `json:"agreementId"`
	ActivityID          ActivityID     `json:"activityId"`
	TotalAmountDue      Amount         `json:"totalAmountDue"`
	UsageCounterVector  []float64      `json:"usageCounterVector,omitempty"`
	PaymentDueDate      *time.Time     `json:"paymentDueDate,omitempty"`
	Status              DocumentStatus `json:"status"`
}

// An Invoice is the final bill of one agreement.
type Invoice struct {
	InvoiceID       InvoiceID      `json:"invoiceId"`
	IssuerID        NodeID         `json:"issuerId"`
	RecipientID     NodeID         `json:"recipientId"`
	PayeeAddr       string         `json:"payeeAddr"`
	PayerAddr       string         `json:"payerAddr"`
	PaymentPlatform string         `json:"paymentPlatform"`
	Timestamp       time.Time      `json:"timestamp"`
	AgreementID     AgreementID    `json:"agreementId"`
	ActivityIDs     []ActivityID   `json:"activityIds"`
	Amount          Amount         `json:"amount"`
	PaymentDueDate  time.Time      `json:"paymentDueDate"`
	Status          DocumentStatus `json:"status"`
}

// An Acceptance accepts a document in full; the daemon refuses any other
// amount.
type Acceptance struct {
	TotalAmountAccepted Amount       `json:"totalAmountAccepted"`
	AllocationID        AllocationID `json:"allocationId"`
}

// Reasons of a Rejection.
const (
	RejectUnsolicitedService = "UNSOLICITED_SERVICE"
	RejectBadService         = "BAD_SERVICE"
	RejectIncorrectAmount    = "INCORRECT_AMOUNT"
)

// A Rejection refuses an invoice.
type Rejection struct {
	RejectionReason     string `json:"rejectionReason"`
	TotalAmountAccepted Amount `json:"totalAmountAccepted"`
	Message             string `json:"message,omitempty"`
}

// Event types of DebitNoteEvent and InvoiceEvent that event polls ask for.
const (
	EventDebitNoteReceived  = "DebitNoteReceivedEvent"
	EventDebitNoteCancelled = "DebitNoteCancelledEvent"
	EventInvoiceReceived    = "InvoiceReceivedEvent"
	EventInvoiceCancelled   = "InvoiceCancelledEvent"
	EventDebitNoteSettled   = "DebitNoteSettledEvent"
	EventInvoiceSettled     = "InvoiceSettledEvent"
)

// A DebitNoteEvent is a persisted change of a debit note.
type DebitNoteEvent struct {
	EventType   string      `json:"eventType"`
	EventDate   Timestamp   `json:"eventDate"`
	DebitNoteID DebitNoteID `json:"debitNoteId"`
}

// An InvoiceEvent is a persisted change of an invoice.
type InvoiceEvent struct {
	EventType string    `json:"eventType"`
	EventDate Timestamp `json:"eventDate"`
	InvoiceID InvoiceID `json:"invoiceId"`
}

// A Payment is money that left the account for one payee.
type Payment struct {
	PaymentID       PaymentID `json:"paymentId"`
	PayerID         NodeID    `json:"payerId"`
	PayeeID         NodeID    `json:"payeeId"`
	PayerAddr       string    `json:"payerAddr"`
	PayeeAddr       string    `json:"payeeAddr"`
	PaymentPlatform string    `json:"paymentPlatform"`
	Amount          Amount    `json:"amount"`
	Timestamp       time.Time `json:"timestamp"`
	Details         string    `json:"details"` // base64 of the driver's transaction reference

	// What the money was for: the activity's share was accepted by debit notes,
	// the agreement's by its invoice alone.
	AgreementPayments []AgreementPayment `json:"agreementPayments"`
	ActivityPayments  []ActivityPayment  `json:"activityPayments"`
}

// An AgreementPayment is what a Payment paid for an agreement as a whole.
type AgreementPayment struct {
	AgreementID AgreementID `json:"agreementId"`
	Amount      Amount      `json:"amount"`
}

// An ActivityPayment is what a Payment paid for one activity.
type ActivityPayment struct {
	ActivityID ActivityID `json:"activityId"`
	Amount     Amount     `json:"amount"`
}
