package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"tasks/runner/ledger"
	"tasks/runner/report"
	"tasks/runner/state"
)

// drawStatus writes the whole status for people.
func drawStatus(out *screen, s report.Status, width int, now time.Time) error {
	var b strings.Builder
	head := func(name, text string) {
		if text != "" {
			fmt.Fprintf(&b, "%-8s %s\n", name, text)
		}
	}
	head("run", runLine(out, s, now))
	head("note", oneLine(s.Note))
	head("tasks", tasksLine(s.Tasks))
	for _, line := range stageLines(s) {
		head("", line)
	}
	if s.Tasks.Failed > 0 {
		head("", fmt.Sprintf(`"tasks show --failed %s" says what failed, and why`, s.RunID))
	}
	head("results", resultsLine(s))
	head("money", moneyLine(s))
	head("budget", budgetLine(s.Budget))
	head("workers", workersLine(s))
	if _, err := fmt.Fprint(out, b.String()); err != nil || len(s.Activities) == 0 && s.RolledUp.Activities == 0 {
		return err
	}
	fmt.Fprintln(out)
	return drawActivities(out, s, true, width)
}

// drawActivities writes the table of workers, and below it that there were more.
func drawActivities(out *screen, s report.Status, providers bool, width int) error {
	if len(s.Activities) > 0 || s.RolledUp.Activities == 0 {
		if err := activityGrid(out, s.Activities, providers).draw(out, width); err != nil {
			return err
		}
	}
	if line := rolledLine(s.RolledUp); line != "" {
		_, err := fmt.Fprintln(out, line)
		return err
	}
	return nil
}

func runLine(out *screen, s report.Status, now time.Time) string {
	text := string(s.RunID)
	if s.Name != string(s.RunID) {
		text += " (" + s.Name + ")"
	}
	text += "  " + out.paint(stateStyle(s.State), string(s.State))
	if s.Daemon != "" {
		text += "  " + daemonText(s.Daemon)
	}
	return text + "  " + timeText(s, now)
}

func daemonText(daemon string) string {
	if daemon == daemonEmbedded {
		return "on the embedded devnet"
	}
	return "on " + oneLine(daemon)
}

// timeText says how long ago the run began and, when it has ended, how long it
// took.
func timeText(s report.Status, now time.Time) string {
	if !s.FinishedAt.IsZero() {
		return "took " + elapsed(s.FinishedAt.Sub(s.CreatedAt))
	}
	return "began " + elapsed(now.Sub(s.CreatedAt)) + " ago"
}

// elapsed is a time in the two units that matter.
func elapsed(d time.Duration) string {
	d = max(d, 0).Round(time.Second)
	days, d := d/(24*time.Hour), d%(24*time.Hour)
	hours, d := d/time.Hour, d%time.Hour
	minutes, seconds := d/time.Minute, d%time.Minute/time.Second
	switch {
	case days > 0:
		return fmt.Sprintf("%dd%dh", days, hours)
	case hours > 0:
		return fmt.Sprintf("%dh%dm", hours, minutes)
	case minutes > 0:
		return fmt.Sprintf("%dm%ds", minutes, seconds)
	}
	return fmt.Sprintf("%ds", seconds)
}

func stateStyle(s state.RunState) string {
	switch s {
	case state.RunDone, state.RunRunning:
		return styleGreen
	case state.RunFailed:
		return styleRed
	}
	return styleYellow
}

func tasksLine(t report.Tasks) string {
	text := fmt.Sprintf("%d done, %d running, %d pending", t.Done, t.Running, t.Pending)
	if t.Failed > 0 {
		text += fmt.Sprintf(", %d failed", t.Failed)
	}
	if t.Total != nil {
		text += fmt.Sprintf(" of %d", *t.Total)
	}
	return text
}

// stageLines are the tasks of each stage, where there are several.
func stageLines(s report.Status) []string {
	if len(s.Stages) < 2 {
		return nil
	}
	var lines []string
	for _, name := range s.StageNames() {
		lines = append(lines, name+": "+tasksLine(s.Stages[name]))
	}
	return lines
}

func resultsLine(s report.Status) string {
	text := fmt.Sprint(s.Results)
	if s.ResultsFile != "" {
		text += " in " + printable(s.ResultsFile)
	}
	return text
}

func moneyLine(s report.Status) string {
	return fmt.Sprintf("%s GLM spent, %s reserved, %s paid%s", ledger.Show(s.Spent), ledger.Show(s.Reserved), ledger.Show(s.Paid), perResultText(s))
}

func perResultText(s report.Status) string {
	if s.CostPerResult == nil || s.CostPerResult.IsZero() {
		return ""
	}
	return fmt.Sprintf("; %s a result", ledger.Show(*s.CostPerResult))
}

func budgetLine(limits []report.Limit) string {
	texts := make([]string, len(limits))
	for i, l := range limits {
		texts[i] = l.Limit
		if l.Spent != nil {
			texts[i] += fmt.Sprintf(" (%s spent)", ledger.Show(*l.Spent))
		}
	}
	return strings.Join(texts, ", ")
}

func workersLine(s report.Status) string {
	text := fmt.Sprintf("%d ready, %d starting", s.Workers.Ready, s.Workers.Starting)
	if s.State == state.RunRunning {
		text += fmt.Sprintf(" of %d wanted", s.Workers.Wanted)
	}
	return text
}

// activityGrid is a table of workers, with their providers or without.
func activityGrid(out *screen, list []report.Activity, providers bool) *grid {
	g := &grid{columns: []column{
		{name: "ACTIVITY"}, {name: "PROVIDER", cut: 8}, {name: "STATUS"}, {name: "BATCHES", right: true},
		{name: "GLM", right: true}, {name: "GLM/RESULT", right: true}, {name: "RESULTS", right: true},
		{name: "STOP REASON", cut: 16, wrap: true},
	}}
	if providers && out.file != nil {
		g.columns[3].drop = 1 // a terminal breaks lines that are too long, a pipe does not
	}
	if !providers {
		g.columns = slices.Insert(slices.Delete(g.columns, 1, 2), 6,
			column{name: "ACCEPTED", right: true, drop: 2}, column{name: "RESERVED", right: true, drop: 1})
	}
	for _, a := range list {
		row := []string{
			orDash(short(a.ID)), orDash(providerText(a)), out.paint(activityStyle(a.State), string(a.State)),
			fmt.Sprint(a.Batches), ledger.Show(a.Cost), glmOr(a.CostPerResult, "-"), fmt.Sprint(a.Results),
			orDash(oneLine(a.StopReason)),
		}
		if !providers {
			row = slices.Insert(slices.Delete(row, 1, 2), 6, ledger.Show(a.Accepted), ledger.Show(a.Reserved))
		}
		g.add(row...)
	}
	return g
}

func providerText(a report.Activity) string {
	if a.ProviderName != "" {
		return oneLine(a.ProviderName)
	}
	return shortProvider(a.Provider)
}

func activityStyle(s state.ActivityState) string {
	switch s {
	case state.ActivityReady:
		return styleGreen
	case state.ActivityFailed, state.ActivityLost:
		return styleRed
	}
	return ""
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// oneLine makes text from elsewhere fit for a cell.
func oneLine(s string) string { return strings.Join(strings.Fields(printable(s)), " ") }
