package golem

import (
	"encoding/json"
	"fmt"
	"time"
)

// A Timestamp is the date of an event, kept as the daemon wrote it, because
// that text is the cursor of the next poll and must go back unchanged
// (protocol section 2.9). "" is before every event.
type Timestamp string

// NewTimestamp returns t as the daemon writes it, with microseconds.
func NewTimestamp(t time.Time) Timestamp {
	return Timestamp(t.UTC().Format("2006-01-02T15:04:05.000000Z"))
}

// Time parses the timestamp; one without a zone is UTC (protocol section 0).
func (t Timestamp) Time() (time.Time, error) {
	if at, err := time.Parse(time.RFC3339Nano, string(t)); err == nil {
		return at, nil
	}
	at, err := time.Parse("2006-01-02T15:04:05.999999999", string(t))
	if err != nil {
		return time.Time{}, fmt.Errorf("parse timestamp %q: %w", string(t), err)
	}
	return at, nil
}

// UnmarshalJSON keeps the text and refuses what is no time; null changes
// nothing.
func (t *Timestamp) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		return nil
	}
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	*t = Timestamp(s)
	_, err := t.Time()
	return err
}

// MarshalJSON writes the text, or null for "".
func (t Timestamp) MarshalJSON() ([]byte, error) {
	if t == "" {
		return []byte("null"), nil
	}
	return json.Marshal(string(t))
}
