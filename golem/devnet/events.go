package devnet

import (
	"net/http"
	"slices"
	"sort"
	"strings"
	"time"

	"tasks/golem"
)

// A documentLog holds the events of debit notes or of invoices, in order of
// time. They are kept, not consumed.
type documentLog struct {
	events []documentEvent
	bell   bell
}

type documentEvent struct {
	at        time.Time
	kind      string // as the header names it
	id        string
	agreement *agreement
}

// received is the kind of a new document's event; the others are spelled as
// the statuses of documents.
const received = string(golem.StatusReceived)

func (l *documentLog) add(e documentEvent) {
	l.events = append(l.events, e)
	l.bell.ring()
}

// after returns the events later than t; none of them is copied.
func (l *documentLog) after(t time.Time) []documentEvent {
	i := sort.Search(len(l.events), func(i int) bool { return l.events[i].at.After(t) })
	return l.events[i:]
}

// eventNames are the kinds of the X-Requestor-Events header and how their events
// are called after "DebitNote" or "Invoice" (protocol section 6.6).
var eventNames = map[string]string{
	"RECEIVED":      "ReceivedEvent",
	"ACCEPTED":      "AcceptedEvent",
	"REJECTED":      "RejectedEvent",
	"CANCELLED":     "CancelledEvent",
	"SETTLED":       "SettledEvent",
	"PAYMENT_EVENT": "PaymentStatusEvent",
	"PAYMENT_OK":    "PaymentOkEvent",
}

// An eventQuery is what an event endpoint was asked for.
type eventQuery struct {
	timeout time.Duration
	after   time.Time
	session string
	limit   int // 0 means all
	kinds   []string
}

func eventQueryOf(r *http.Request) (eventQuery, error) {
	q := queryOf(r)
	e := eventQuery{
		timeout: q.seconds("timeout", 5*time.Second),
		after:   q.time("afterTimestamp"),
		session: q.text("appSessionId"),
		limit:   q.integer("maxEvents", 0),
		kinds:   []string{"RECEIVED", "CANCELLED"},
	}
	if header := r.Header.Get("X-Requestor-Events"); header != "" {
		e.kinds = strings.Split(header, ",")
	}
	for _, kind := range e.kinds {
		if eventNames[kind] == "" && q.err == nil {
			return e, refusePlain(http.StatusBadRequest, "unknown event type `%s` in X-Requestor-Events", kind)
		}
	}
	if e.timeout < 0 {
		return e, errAborted // the daemon panics on it
	}
	return e, q.err
}

// pick applies the filters in the daemon's order: the limit comes before the
// kinds, so a page full of hidden events is empty.
func (q eventQuery) pick(events []documentEvent) []documentEvent {
	var page []documentEvent
	for _, e := range events {
		if q.session != "" && e.agreement.AppSessionID != q.session {
			continue
		}
		if q.limit > 0 && len(page) == q.limit {
			break
		}
		page = append(page, e)
	}
	return slices.DeleteFunc(page, func(e documentEvent) bool { return !slices.Contains(q.kinds, e.kind) })
}

// pollEvents answers an event endpoint with what write makes of its events.
func (s *Server) pollEvents(r *http.Request, log *documentLog, write func(documentEvent) any) (answer, error) {
	q, err := eventQueryOf(r)
	if err != nil {
		return answer{}, err
	}
	list := []any{}
	_, err = s.poll(r.Context(), q.timeout, func() <-chan struct{} {
		for _, e := range q.pick(log.after(q.after)) {
			list = append(list, write(e))
		}
		if len(list) == 0 {
			return log.bell.wait()
		}
		return nil
	})
	if err != nil {
		return answer{}, err
	}
	return ok(list)
}

// listDebitNoteEvents answers GET /debitNoteEvents.
func (s *Server) listDebitNoteEvents(r *http.Request) (answer, error) {
	return s.pollEvents(r, &s.disk.noteEvents, func(e documentEvent) any {
		return golem.DebitNoteEvent{
			EventType:   "DebitNote" + eventNames[e.kind],
			EventDate:   golem.NewTimestamp(e.at),
			DebitNoteID: golem.DebitNoteID(e.id),
		}
	})
}

// listInvoiceEvents answers GET /invoiceEvents.
func (s *Server) listInvoiceEvents(r *http.Request) (answer, error) {
	return s.pollEvents(r, &s.disk.invoiceEvents, func(e documentEvent) any {
		event := struct {
			golem.InvoiceEvent
			Rejection *golem.Rejection `json:"rejection,omitempty"`
		}{InvoiceEvent: golem.InvoiceEvent{
			EventType: "Invoice" + eventNames[e.kind],
			EventDate: golem.NewTimestamp(e.at),
			InvoiceID: golem.InvoiceID(e.id),
		}}
		if e.kind == string(golem.StatusRejected) {
			event.Rejection = s.disk.invoices[golem.InvoiceID(e.id)].rejection
		}
		return event
	})
}
