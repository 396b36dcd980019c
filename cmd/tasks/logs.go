package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tasks/golem"
	"tasks/runner/state"
	"tasks/runner/store"
)

type logsOptions struct {
	run    runChoice
	task   int64
	follow bool
}

func (a *app) logsCommand() *cobra.Command {
	var o logsOptions
	cmd := &cobra.Command{
		Use:   "logs [RUN]",
		Short: "Print what failed attempts said; with --follow, what running tasks say",
		Long: `logs prints the output of the attempts that failed, the last 64 KiB of each stream,
and why they failed. With --follow it goes on until the run ends, and prints what
running tasks write as they write it: from the moment it is started, and as the
daemon passes it on. The output of tasks that end well is not kept; their results are.`,
		GroupID: groupSee,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.logs(cmd.Context(), o) },
	}
	takesRun(cmd, &o.run)
	cmd.Flags().Int64Var(&o.task, "task", 0, "only attempts of this task")
	cmd.Flags().BoolVarP(&o.follow, "follow", "f", false, "show the output of running tasks until the run ends")
	return cmd
}

func (a *app) logs(ctx context.Context, o logsOptions) error {
	st, run, err := a.openRun(ctx, o.run)
	if err != nil {
		return err
	}
	defer st.Close()
	if err := a.tellAttempts(ctx, st, run); err != nil {
		return err
	}
	l := &logReader{app: a, store: st, run: run.ID, task: o.task}
	if !o.follow {
		return l.wrong(ctx)
	}
	return a.followLogs(ctx, l, run)
}

// A logReader prints attempts, each once.
type logReader struct {
	*app
	store *store.Store
	run   state.RunID
	task  int64 // 0 for all
	after int64 // the last attempt that was printed
}

// logsPage is how many attempts, with their output, are in memory at once.
const logsPage = 50

// wrong prints the attempts that failed since it was called last.
func (l *logReader) wrong(ctx context.Context) error {
	for {
		var page []store.LogRow
		err := l.store.View(ctx, func(tx *store.Tx) (err error) {
			page, err = tx.WrongAttempts(l.run, l.after, logsPage)
			return err
		})
		if err != nil || len(page) == 0 {
			return err
		}
		for _, row := range page {
			l.after = row.ID
			if l.task != 0 && row.Task != l.task {
				continue
			}
			if err := l.print(row); err != nil {
				return err
			}
		}
	}
}

// A logLine is an attempt as logs -o json prints it.
type logLine struct {
	Task       int64            `json:"task"`
	Stage      string           `json:"stage"`
	Item       json.RawMessage  `json:"item"`
	Attempt    int              `json:"attempt"`
	State      string           `json:"state"`
	Fault      string           `json:"fault"`
	ExitCode   int              `json:"exit_code"`
	Message    string           `json:"message"`
	Provider   golem.NodeID     `json:"provider"`
	Activity   golem.ActivityID `json:"activity"`
	StartedAt  time.Time        `json:"started_at"`
	FinishedAt time.Time        `json:"finished_at"`
	Stdout     string           `json:"stdout"`
	Stderr     string           `json:"stderr"`
}

func (l *logReader) print(row store.LogRow) error {
	if l.json() {
		line, err := json.Marshal(logLine{
			Task: row.Task, Stage: row.Stage, Item: row.Item, Attempt: row.Number, State: string(row.State),
			Fault: string(row.Fault), ExitCode: row.ExitCode, Message: row.Message, Provider: row.Provider,
			Activity: row.ActivityID, StartedAt: row.StartedAt, FinishedAt: row.FinishedAt,
			Stdout: string(row.Stdout), Stderr: string(row.Stderr),
		})
		if err != nil {
			return err
		}
		_, err = l.out.Write(append(line, '\n'))
		return err
	}
	_, err := fmt.Fprintf(l.out, "%s %s: %s\n%s%s", attemptName(row), row.State, row.Message,
		quoted("stdout", row.Stdout), quoted("stderr", row.Stderr))
	return err
}

// attemptName says which attempt a line is about.
func attemptName(row store.LogRow) string {
	return fmt.Sprintf("task %d (%s) try %d on %s", row.Task, row.Stage, row.Number, row.ProviderName)
}

// quoted puts a mark before every line of output, so that it cannot be taken for
// ours.
func quoted(stream string, output []byte) string {
	if len(output) == 0 {
		return ""
	}
	var b strings.Builder
	for line := range strings.Lines(printable(string(output))) {
		b.WriteString("  " + stream + "| " + strings.TrimSuffix(line, "\n") + "\n")
	}
	return b.String()
}
