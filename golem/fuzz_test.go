package golem_test

import (
	"encoding/json"
	"testing"

	"tasks/golem"
)

// FuzzEvents reads any bytes as every kind of event list: no panic, every date
// is one, and what was understood survives being written and read again.
func FuzzEvents(f *testing.F) {
	for _, seed := range []string{
		`[]`, `null`, `[null]`, `[{}]`, `{"message":"x"}`,
		`[{"eventType":"ProposalEvent","eventDate":"2026-04-01T10:00:02.123456Z","proposal":{"proposalId":"R-0","properties":{"a":[1]}}}]`,
		`[{"eventtype":"ProposalRejectedEvent","eventDate":"2026-04-01T10:00:05Z","proposalId":"R-1","reason":{"message":null,"x":{}}}]`,
		`[{"eventDate":"2026-04-01T10:03:00","agreementId":"0e91","eventType":"AgreementTerminatedEvent","terminator":"Provider","reason":null}]`,
		`[{"debitNoteId":"9425","eventDate":"2026-04-01T10:02:05.300000Z","eventType":"DebitNoteReceivedEvent"}]`,
		`[{"index":0,"result":"Error","stdout":"hi\n","stderr":[255,254],"message":"ExeScript command exited with code 3","isBatchFinished":true,"eventDate":"2026-04-01T10:00:20Z"}]`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		c := answering(200, string(body))
		ctx := t.Context()
		if events, err := c.CollectOffers(ctx, "d", 0, 0); err == nil {
			checkStable(t, events)
		}
		if events, err := c.AgreementEvents(ctx, "", "", 0, 0); err == nil {
			checkStable(t, events)
			for _, e := range events {
				checkDate(t, e.EventDate)
			}
		}
		if events, err := c.DebitNoteEvents(ctx, "", "", 0); err == nil {
			checkStable(t, events)
			for _, e := range events {
				checkDate(t, e.EventDate)
			}
		}
		if results, err := c.BatchResults(ctx, "a", "b", 0); err == nil {
			checkStable(t, results)
			for _, r := range results {
				r.ExitCode()
			}
		}
	})
}

func checkDate(t *testing.T, ts golem.Timestamp) {
	if _, err := ts.Time(); err != nil && ts != "" {
		t.Errorf("accepted a date that is none: %v", err)
	}
}

// checkStable writes v, reads that and writes it again: both texts must agree.
func checkStable[E any](t *testing.T, v []E) {
	first, err := json.Marshal(v)
	if err != nil {
		t.Errorf("write what was read: %v", err)
		return
	}
	var again []E
	if err := json.Unmarshal(first, &again); err != nil {
		t.Errorf("read what was written: %v\n%s", err, first)
		return
	}
	if second, err := json.Marshal(again); err != nil || string(second) != string(first) {
		t.Errorf("written again it differs: %v\n%s\n%s", err, first, second)
	}
}
