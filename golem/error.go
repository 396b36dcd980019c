package golem

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path"
	"strings"
)

// ErrUnreachable is the cause of every error in which the daemon gave no
// complete HTTP answer: connection refused or reset, or silence until the
// deadline of the call. What was asked may or may not have happened.
var ErrUnreachable = errors.New("daemon gave no answer")

// Ends of an agreement that WaitForApproval reports instead of an approval
// (protocol section 2.7). Each comes wrapped together with its *Error.
var (
	ErrAgreementRejected   = errors.New("agreement rejected by the provider")
	ErrAgreementCancelled  = errors.New("agreement cancelled")
	ErrAgreementExpired    = errors.New("agreement expired before it was approved")
	ErrAgreementTerminated = errors.New("agreement terminated")
)

// maxErrorBody is how much of an error's body is kept.
const maxErrorBody = 16 << 10

// An Error is an answer of the daemon other than 2xx.
type Error struct {
	Method string
	Path   string // without the query
	Status int    // HTTP status

	// Message is the daemon's explanation, whatever form it came in; "" when it
	// gave none.
	Message string

	// Problem holds the details of a refused allocation, nil for other errors.
	Problem *Problem

	// Body is the answer as it came, cut to 16 KiB.
	Body []byte
}

// A Problem is an RFC 7807 answer, which the daemon gives for allocations only
// (protocol section 6.3). Amounts are nil where the daemon does not state them.
type Problem struct {
	Type            string  `json:"type"`
	Instance        string  `json:"instance"`
	Title           string  `json:"title"`
	Detail          string  `json:"detail"`
	RequestedFunds  *Amount `json:"requestedFunds"`
	AvailableFunds  *Amount `json:"availableFunds"` // the account's balance
	ReservedFunds   *Amount `json:"reservedFunds"`  // what other allocations hold of it
	PaymentPlatform string  `json:"paymentPlatform"`
	Address         string  `json:"address"`
}

// Name returns the last part of Instance, or else of Type, such as
// "insufficient-account-funds", "timeout-passed" or "bad-payment-platform".
func (p *Problem) Name() string {
	for _, uri := range []string{p.Instance, p.Type} {
		if uri != "" {
			return path.Base(uri)
		}
	}
	return ""
}

func (p *Problem) message() string {
	text := p.Detail
	for _, alternative := range []string{p.Title, p.Name()} {
		if text == "" {
			text = alternative
		}
	}
	var funds []string
	for _, f := range []struct {
		word   string
		amount *Amount
	}{{"requested", p.RequestedFunds}, {"available", p.AvailableFunds}, {"reserved", p.ReservedFunds}} {
		if f.amount != nil {
			funds = append(funds, f.word+" "+f.amount.String())
		}
	}
	if len(funds) == 0 {
		return text
	}
	if p.PaymentPlatform != "" {
		funds = append(funds, "platform "+p.PaymentPlatform)
	}
	return text + " (" + strings.Join(funds, ", ") + ")"
}

// newError makes an Error of an answer. The key is scrubbed from everything
// that the daemon said.
func newError(method, path string, status int, answer []byte, key string) *Error {
	if key != "" {
		answer = bytes.ReplaceAll(answer, []byte(key), []byte("***"))
	}
	e := &Error{Method: method, Path: path, Status: status}
	e.Message, e.Problem = explain(answer)
	e.Body = answer[:min(len(answer), maxErrorBody)]
	return e
}

// explain reads the forms of section 1.2: an object with a message, a problem,
// or plain text. Content types are ignored, because the daemon sends JSON under
// others.
func explain(answer []byte) (string, *Problem) {
	answer = bytes.TrimSpace(answer)
	var object map[string]json.RawMessage
	if json.Unmarshal(answer, &object) != nil {
		return plain(answer), nil
	}
	if raw, ok := object["message"]; ok || len(object) == 0 {
		var message string
		if json.Unmarshal(raw, &message) != nil {
			message = plain(raw)
		}
		return message, nil
	}
	var p Problem
	if json.Unmarshal(answer, &p) == nil && p.Type != "" {
		return p.message(), &p
	}
	return plain(answer), nil
}

// plain is what a person can read of a text body: one line, bounded, and out of
// its quotes when it is a JSON string.
func plain(answer []byte) string {
	text := string(answer)
	var quoted string
	if json.Unmarshal(answer, &quoted) == nil {
		text = quoted
	}
	text = strings.ToValidUTF8(strings.Join(strings.Fields(text), " "), "?")
	if len(text) > 500 {
		text = strings.ToValidUTF8(text[:500], "") + "..."
	}
	return text
}

// Error gives the call, the status and the daemon's explanation.
func (e *Error) Error() string {
	what := e.Message
	if what == "" {
		what = strings.ToLower(http.StatusText(e.Status))
	}
	if what == "" {
		what = "no explanation"
	}
	return fmt.Sprintf("%s %s: %d: %s", e.Method, e.Path, e.Status, what)
}

// Temporary reports whether the reason of the refusal may pass by itself: the
// daemon, the network or the provider was slow, busy or away (408, 429, 500,
// 502, 503, 504), or an agreement is between two states (AgreementTransient).
// A 500 that says what will never change, an activity that the daemon does not
// know or a refused allocation, is not temporary.
//
// It does not say that a repeat is harmless: after a 408 or a 504 the operation
// may have happened, and a counter proposal that was answered 500 is spent
// (protocol sections 1.3 and 2.5).
func (e *Error) Temporary() bool {
	switch e.Status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	case http.StatusInternalServerError:
		return e.Problem == nil && !strings.Contains(e.Message, unknownActivity)
	}
	return e.betweenStates()
}

// unknownActivity is how the daemon names an activity it does not know, with
// status 500 (section 5.1).
const unknownActivity = "DAO error: Not found"

// goneExeUnit is how the message bus says that nobody listens at an activity
// any more; what stands before it varies (section 5.4).
const goneExeUnit = "endpoint address not found"

func (e *Error) betweenStates() bool {
	from := strings.Contains(e.Message, "from Pending") || strings.Contains(e.Message, "from Approving")
	return e.Status == http.StatusGone && from && !strings.Contains(e.Message, "to Pending")
}

// StatusOf returns the HTTP status of the *Error in err, 0 if there is none.
func StatusOf(err error) int {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Status
	}
	return 0
}

// IsNotFound reports a 404: an object that the daemon does not know, that
// belongs to another identity, or that is over (a demand after its hour, an
// allocation after its release). Activities are different: see ActivityGone.
func IsNotFound(err error) bool { return StatusOf(err) == http.StatusNotFound }

// IsGone reports a 410: an object in a state from which this cannot be done.
// That is permanent unless AgreementTransient says otherwise.
func IsGone(err error) bool { return StatusOf(err) == http.StatusGone }

// IsTimeout reports a 408: the daemon waited as long as it was told to. The
// operation may still succeed later.
func IsTimeout(err error) bool { return StatusOf(err) == http.StatusRequestTimeout }

// IsUnauthorized reports a 401: a bad key, or a proposal of another identity.
func IsUnauthorized(err error) bool { return StatusOf(err) == http.StatusUnauthorized }

// IsUnreachable reports that the daemon gave no complete HTTP answer (see
// ErrUnreachable). It is false when the caller's own context ended the call.
func IsUnreachable(err error) bool { return errors.Is(err, ErrUnreachable) }

// ActivityGone reports a 500 that says that nobody answers for an activity:
// either the daemon does not know it, or its exe-unit does not listen. The
// second can be a hiccup, so ask for the ActivityStatus before giving up a
// provider (protocol section 10).
func ActivityGone(err error) bool {
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Status < 500 {
		return false
	}
	return strings.Contains(e.Message, unknownActivity) || strings.Contains(e.Message, goneExeUnit)
}

// AgreementTransient reports a 410 that will pass: the agreement is between
// confirmation and approval, so wait for it, cancel it, or try again (protocol
// section 2.8). A second confirm ("from Pending to Pending") is not one.
func AgreementTransient(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.betweenStates()
}
