package golem

import (
	"context"
	"iter"
	"time"
)

// Pace of the streams. A poll ends by itself after pollTimeout, because one that
// is cut off can lose events (protocol section 1.4); between polls that brought
// nothing, at least pollPause passes, because a daemon may answer at once.
const (
	pollTimeout = 15 * time.Second
	pollPause   = time.Second
)

// DebitNoteStream yields the debit note events after after, "" for all of them,
// and waits for more until ctx ends; an empty appSessionID means all of the
// identity. A poll that fails yields its error; a consumer that goes on gets the
// next poll a second later, from where the last event left off. To carry on
// later, keep the EventDate of the last event as it is.
func (c *Client) DebitNoteStream(ctx context.Context, after Timestamp, appSessionID string) iter.Seq2[DebitNoteEvent, error] {
	poll := func(after Timestamp) ([]DebitNoteEvent, error) {
		return c.DebitNoteEvents(ctx, after, appSessionID, pollTimeout)
	}
	return stream(ctx, after, poll, func(e DebitNoteEvent) Timestamp { return e.EventDate })
}

// InvoiceStream yields invoice events as DebitNoteStream does debit note events.
func (c *Client) InvoiceStream(ctx context.Context, after Timestamp, appSessionID string) iter.Seq2[InvoiceEvent, error] {
	poll := func(after Timestamp) ([]InvoiceEvent, error) {
		return c.InvoiceEvents(ctx, after, appSessionID, pollTimeout)
	}
	return stream(ctx, after, poll, func(e InvoiceEvent) Timestamp { return e.EventDate })
}

// AgreementStream yields agreement events as DebitNoteStream does debit note
// events.
func (c *Client) AgreementStream(ctx context.Context, after Timestamp, appSessionID string) iter.Seq2[AgreementEvent, error] {
	poll := func(after Timestamp) ([]AgreementEvent, error) {
		return c.AgreementEvents(ctx, after, appSessionID, pollTimeout, MaxMarketEvents)
	}
	return stream(ctx, after, poll, func(e AgreementEvent) Timestamp { return e.EventDate })
}

// OfferStream yields the events of a demand until ctx ends. The daemon forgets
// an event once it was read, so a stream starts with what nobody has taken yet,
// two streams of one demand share its events, and those that were read but not
// yielded when the consumer stops are lost. After an error that IsNotFound the
// demand is over and the stream brings nothing more.
func (c *Client) OfferStream(ctx context.Context, demand DemandID) iter.Seq2[DemandEvent, error] {
	poll := func(Timestamp) ([]DemandEvent, error) {
		return c.CollectOffers(ctx, demand, pollTimeout, MaxMarketEvents)
	}
	return stream(ctx, "", poll, func(DemandEvent) Timestamp { return "" })
}

// stream polls until ctx ends or the consumer stops. date gives the cursor that
// an event leaves behind, "" for none.
func stream[E any](ctx context.Context, after Timestamp, poll func(Timestamp) ([]E, error), date func(E) Timestamp) iter.Seq2[E, error] {
	return func(yield func(E, error) bool) {
		cursor := after
		for ctx.Err() == nil {
			began := time.Now()
			events, err := poll(cursor)
			if ctx.Err() != nil && err != nil {
				return
			}
			if err != nil {
				var none E
				if !yield(none, err) {
					return
				}
				began = time.Now()
			}
			for _, e := range events {
				if d := date(e); d != "" {
					cursor = d
				}
				if !yield(e, nil) {
					return
				}
			}
			if len(events) == 0 {
				sleep(ctx, pollPause-time.Since(began))
			}
		}
	}
}

// sleep returns after d or when ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
