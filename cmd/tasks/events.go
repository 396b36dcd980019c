package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tasks/runner/state"
	"tasks/runner/store"
)

type eventsOptions struct {
	run    runChoice
	follow bool
	since  string
	last   int
}

func (a *app) eventsCommand() *cobra.Command {
	var o eventsOptions
	cmd := &cobra.Command{
		Use:   "events [RUN]",
		Short: "Print what happened in a run, and go on with --follow",
		Long: `events prints the history of a run: what became of offers, agreements, activities,
bills and money set aside, when and why, the oldest first. The last 100 events are
printed, or all since a time. Attempts at tasks have no events: "tasks logs" and
"tasks results" have them. With --follow it goes on until nobody works on the run.`,
		GroupID: groupSee,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.events(cmd.Context(), o) },
	}
	takesRun(cmd, &o.run)
	flags := cmd.Flags()
	flags.BoolVarP(&o.follow, "follow", "f", false, "print events as they come until the run ends")
	flags.StringVar(&o.since, "since", "", "only events since then: 10m ago, or a time such as 2026-11-24T12:00:00Z")
	flags.IntVarP(&o.last, "last", "n", 0, "how many of the last events (default 100, or all with --since)")
	return cmd
}

const (
	eventsShown = 100 // events that are printed without being asked for more
	eventsPage  = 500 // events in memory at once
)

func (a *app) events(ctx context.Context, o eventsOptions) error {
	since, err := sinceTime(o.since, time.Now())
	if err != nil {
		return err
	}
	switch {
	case o.last < 0:
		return &usageError{fact: "--last is below 0", hint: "it wants how many events, such as 20"}
	case o.last == 0 && since.IsZero():
		o.last = eventsShown
	}
	st, run, err := a.openRun(ctx, o.run)
	if err != nil {
		return err
	}
	defer st.Close()
	r := &eventReader{app: a, store: st, run: run.ID}
	err = st.View(ctx, func(tx *store.Tx) (err error) {
		r.after, err = tx.LastEvents(run.ID, o.last, since)
		return err
	})
	if err != nil || !o.follow {
		if err == nil {
			err = r.print(ctx)
		}
		return err
	}
	return r.follow(ctx)
}

// sinceTime reads how long ago, or when.
func sinceTime(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if ago, err := time.ParseDuration(text); err == nil && ago >= 0 {
		return now.Add(-ago), nil
	}
	if days, err := strconv.Atoi(strings.TrimSuffix(text, "d")); err == nil && days >= 0 && strings.HasSuffix(text, "d") {
		return now.AddDate(0, 0, -days), nil
	}
	for _, form := range []string{time.RFC3339, "2006-01-02T15:04", time.DateOnly} {
		if at, err := time.ParseInLocation(form, text, time.UTC); err == nil {
			return at, nil
		}
	}
	return time.Time{}, &usageError{
		fact: "--since cannot be " + quote(text),
		hint: "it wants a time that has passed, such as 10m, or a moment, such as 2026-11-24T12:00:00Z",
	}
}

// An eventReader prints events, each once.
type eventReader struct {
	*app
	store *store.Store
	run   state.RunID
	after int64 // the last event that was printed
}

// print prints what is new, a page at a time.
func (r *eventReader) print(ctx context.Context) error {
	for {
		var page []state.Event
		err := r.store.View(ctx, func(tx *store.Tx) (err error) {
			page, err = tx.Events(r.run, r.after, eventsPage)
			return err
		})
		if err != nil || len(page) == 0 {
			return err
		}
		for _, e := range page {
			r.after = e.Seq
			if err := r.line(e); err != nil {
				return err
			}
		}
	}
}

// An eventLine is an event as events -o json prints it.
type eventLine struct {
	Seq      int64     `json:"seq"`
	At       time.Time `json:"at"`
	Kind     string    `json:"kind"`
	Subject  string    `json:"subject"`
	Note     string    `json:"note"`
	Revision int       `json:"revision"`
}

func (r *eventReader) line(e state.Event) error {
	if r.json() {
		line, err := json.Marshal(eventLine{Seq: e.Seq, At: e.At, Kind: e.Kind, Subject: e.Subject, Note: e.Note, Revision: e.Revision})
		if err != nil {
			return err
		}
		_, err = r.out.Write(append(line, '\n'))
		return err
	}
	note := oneLine(e.Note)
	if note != "" {
		note = "  " + note
	}
	_, err := fmt.Fprintf(r.out, "%s  %-20s %s%s\n", e.At.UTC().Format("2006-01-02 15:04:05"), e.Kind, subjectText(e.Subject), note)
	return err
}

// subjectText cuts identifiers that only programs need whole.
func subjectText(subject string) string {
	if subject = oneLine(subject); len(subject) >= 32 {
		return subject[:8]
	}
	return subject
}

// follow prints until nobody works on the run.
func (r *eventReader) follow(ctx context.Context) error {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for {
		live := r.live(r.run) // before reading, so that the end is not missed
		if err := r.print(ctx); err != nil || !live {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
