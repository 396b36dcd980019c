package main

import (
	"context"
	"fmt"
	"strings"

	"tasks/runner/report"
	"tasks/runner/store"
)

// sayLeft tells what a process that is done with a run leaves open at the
// daemon, and who will settle it; nothing where nothing is open.
func (a *app) sayLeft(st *store.Store, s report.Status) {
	if s.Daemon == daemonEmbedded {
		return // it ends with this process, and all that is in it
	}
	var left report.Left
	err := st.View(context.Background(), func(tx *store.Tx) (err error) {
		left, err = report.LeftOf(tx, s.RunID)
		return err
	})
	if err != nil {
		fmt.Fprintf(a.err, "what is left at the daemon is not known: %v\n", err)
		return
	}
	for _, line := range leftLines(left, s) {
		fmt.Fprintln(a.err, line)
	}
}

func leftLines(left report.Left, s report.Status) (lines []string) {
	if left.Agreements > 0 {
		text := "still open at the daemon: " + number(left.Agreements, "agreement")
		if left.Activities > 0 {
			text += " with " + number(left.Activities, "machine")
		}
		if left.Attempts > 0 {
			text += " and " + number(left.Attempts, "running task")
		}
		lines = append(lines, text+", which may go on costing money")
		if s.State.Final() {
			lines = append(lines, fmt.Sprintf(`"tasks gc %s" ends them`, s.RunID))
		} else {
			lines = append(lines, fmt.Sprintf(`the next apply of the run takes them up or ends them; "tasks gc %s" ends them`, s.RunID))
		}
	}
	if left.Invoices > 0 {
		lines = append(lines, fmt.Sprintf(`not there yet: %s of ended agreements; "tasks settle %s" answers what comes`,
			number(left.Invoices, "invoice"), s.RunID))
	}
	return lines
}

// number is a count with its noun, in the plural where it needs one.
func number(n int, noun string) string {
	if n != 1 && !strings.HasSuffix(noun, "s") {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}
