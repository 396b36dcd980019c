package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"tasks/runner/report"
)

type statusOptions struct {
	run   runChoice
	watch bool
}

func (a *app) statusCommand() *cobra.Command {
	var o statusOptions
	cmd := &cobra.Command{
		Use:     "status [RUN]",
		Short:   "Show how a run stands: tasks, money, workers",
		GroupID: groupSee,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.status(cmd.Context(), o) },
	}
	takesRun(cmd, &o.run)
	cmd.Flags().BoolVarP(&o.watch, "watch", "w", false, "keep showing it until the run ends")
	return cmd
}

func (a *app) status(ctx context.Context, o statusOptions) error {
	st, err := a.openToRead(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	reader := &statusReader{store: st, live: a.live}
	if o.watch {
		return a.watch(ctx, reader, o.run)
	}
	s, err := reader.read(ctx, o.run, false)
	if err != nil {
		return err
	}
	return a.printStatus(s)
}

func (a *app) printStatus(s report.Status) error {
	if a.json() {
		return a.printJSON(s)
	}
	return drawStatus(a.out, s, a.out.width(), time.Now())
}

// watchEvery is how often a watched status is read.
const watchEvery = time.Second

// watch shows the status at every change until nobody works on the run: in
// place on a terminal, one after another elsewhere, as one line of JSON each
// with -o json.
func (a *app) watch(ctx context.Context, reader *statusReader, c runChoice) error {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	shown := watched{app: a, live: block{screen: a.out}}
	// The run that is the latest at first is watched to its end.
	id, err := reader.find(ctx, c)
	if err != nil {
		return err
	}
	for {
		live := reader.live(id) // before reading, so that the end is not missed
		s, err := reader.read(ctx, runChoice{flag: string(id)}, false)
		if err != nil {
			return err
		}
		if err := shown.show(s); err != nil || !live {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// watched is what a watch has shown so far.
type watched struct {
	*app
	live block
	last []byte // the status shown last, as JSON; nil before the first
}

func (w *watched) show(s report.Status) error {
	line, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if w.out.terminal && !w.json() {
		var b bytes.Buffer
		if err := drawStatus(&screen{Writer: &b, colour: w.out.colour}, s, w.out.width(), time.Now()); err != nil {
			return err
		}
		return w.live.redraw(b.Bytes())
	}
	again := w.last != nil
	if bytes.Equal(line, w.last) {
		return nil
	}
	w.last = line
	if w.json() {
		_, err := w.out.Write(append(line, '\n'))
		return err
	}
	if again {
		fmt.Fprintln(w.out)
	}
	return drawStatus(w.out, s, w.out.width(), time.Now())
}
