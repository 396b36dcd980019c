package simulation_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"tasks/golem"
	"tasks/golem/devnet"
	"tasks/runner"
	"tasks/runner/state"
	"tasks/runner/store"
)

// The invariants.
const (
	oneAttempt      = "never more than one live attempt of a task"
	resultOnce      = "a result is recorded exactly once, in the database and in the file"
	rightResult     = "a result is its task's"
	withinWindows   = "spent plus reserved is never above a window"
	sameSum         = "what is reserved is what it is when added up anew"
	acceptedTwice   = "no bill is accepted twice"
	oneAcceptance   = "one acceptance at a time"
	aboveAudit      = "no bill is accepted above its audit"
	afterInvoice    = "no debit note is accepted after its invoice"
	agreementsEnd   = "every approved agreement ends"
	activitiesEnd   = "no activity outlives its reason"
	nothingSetAside = "nothing stays set aside"
	quarantine      = "who is quarantined failed on five providers"
	inOrder         = "a stage begins when those that it waits for have ended"
	tasksEnd        = "with fair providers every task ends"
	sameBooks       = "the ledger says what the devnet was told"
	sameFigures     = "what is rolled up is in every figure"
	runEnds         = "a run ends or is wound down"
	noSurprise      = "a process fails only where it must"
)

// A violation is an invariant that did not hold.
type violation struct{ invariant, what string }

func violated(invariant, format string, args ...any) violation {
	return violation{invariant, fmt.Sprintf(format, args...)}
}

func (v violation) String() string { return v.invariant + ": " + v.what }

// checkAlong looks at the run while it is under way.
func (w *world) checkAlong(ctx context.Context, db *store.Store) error {
	var s store.Snapshot
	live := map[int64]int{}
	var spends []store.Spend
	err := db.View(ctx, func(tx *store.Tx) (err error) {
		if s, err = tx.Snapshot(runID); err != nil {
			return err
		}
		open, err := tx.OpenAttempts(runID)
		for _, a := range open {
			live[a.Task]++
		}
		if err != nil {
			return err
		}
		if spends, err = tx.Spends(runID, time.Time{}); err != nil {
			return err
		}
		return w.checkFigures(tx, spends)
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil // there is no run yet
	}
	if err != nil {
		return err
	}
	for task, n := range live {
		if n > 1 {
			w.violate(oneAttempt, "task %d has %d", task, n)
		}
	}
	w.violations = append(w.violations, w.checkWindows(w.windows)...)
	w.checkReserved(s, spends)
	return nil
}

// checkFigures compares figures that are kept apart from the rows with the rows
// and what is rolled up of them.
func (w *world) checkFigures(tx *store.Tx, spends []store.Spend) error {
	rolled, err := tx.Rolled(runID)
	if err != nil {
		return err
	}
	money, err := tx.Totals(runID)
	if err != nil {
		return err
	}
	agreements, err := tx.Agreements(runID, false)
	if err != nil {
		return err
	}
	spent, accepted := golem.Amount{}, rolled.Accepted
	for _, s := range spends {
		spent = spent.Add(s.Amount)
	}
	for _, a := range agreements {
		accepted = accepted.Add(a.Accepted)
	}
	if !spent.Equal(money.Accepted) || !accepted.Equal(money.Accepted) {
		w.violate(sameFigures, "%s accepted, %s by the bills, %s by the agreements", money.Accepted, spent, accepted)
	}
	counts, err := tx.Counts(runID)
	if err != nil {
		return err
	}
	results, err := tx.Results(runID, 0, 1_000_000)
	if n := rolled.Results + int64(len(results)); n != counts.Results {
		w.violate(sameFigures, "%d results counted, %d rolled up or there", counts.Results, n)
	}
	return err
}

// checkReserved holds what is recorded as spent, and what is reserved at the same
// moment, against the budget. A bill on its way is in either, so that the devnet's
// figures would not do.
func (w *world) checkReserved(s store.Snapshot, spends []store.Spend) {
	kept := reserved(s)
	for _, limit := range w.windows {
		var spent golem.Amount
		for _, each := range spends {
			if limit.Span == 0 || time.Since(each.At) < limit.Span {
				spent = spent.Add(each.Amount)
			}
		}
		if spent.Add(kept).GreaterThan(limit.Limit) {
			w.violate(withinWindows, "%s spent and %s reserved of %s within %s", spent, kept, limit.Limit, limit.Span)
		}
	}
}

// reserved is what living activities may still bill. After the invoice of its
// agreement none may.
func reserved(s store.Snapshot) (sum golem.Amount) {
	closed := map[int64]bool{}
	for _, a := range s.Agreements {
		closed[a.Key] = a.InvoiceState != ""
		if a.InvoiceState == state.BillAccepting {
			sum = sum.Add(a.InvoiceTotal.Sub(a.Accepted))
		}
	}
	for _, a := range s.Activities {
		if rest := a.Authorised.Sub(a.Accepted); !a.State.Done() && !closed[a.Agreement] && rest.IsPositive() {
			sum = sum.Add(rest)
		}
	}
	return sum
}

// checkEnd looks at what is left when everything is over.
func (w *world) checkEnd(db *store.Store) error {
	w.violations = append(w.violations, w.witness.faults...)
	return db.View(context.Background(), func(tx *store.Tx) error {
		run, err := tx.Run(runID)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		return errors.Join(err, w.checkResults(tx, run), w.checkTasks(tx, run), w.checkDevnet(tx), w.checkNotes(tx))
	})
}

// checkResults compares the results in the database, in the file, and what they
// should be.
func (w *world) checkResults(tx *store.Tx, run state.Run) error {
	rows, err := tx.ResultRows(runID, 0, 1_000_000)
	if err != nil {
		return err
	}
	lines, err := readLines(filepath.Join(w.dir, "results.jsonl"))
	if err != nil {
		return err
	}
	rolled, err := tx.Rolled(runID)
	if err != nil {
		return err
	}
	w.tally.rolled = rolled
	w.firsts = countFirsts(lines, rows)
	seen := map[int64]bool{}
	for i, line := range lines {
		if seen[line.Task] {
			w.violate(resultOnce, "task %d has two in the file", line.Task)
		}
		seen[line.Task] = true
		if want := fmt.Sprintf("%q", "done "+w.item(line.Stage, line.Item)); string(line.Value) != want {
			w.violate(rightResult, "line %d: %s, want %s", i+1, line.Value, want)
		}
	}
	if int64(len(lines)) < rolled.Results {
		w.violate(resultOnce, "%d lines in the file, and %d results are rolled up", len(lines), rolled.Results)
	}
	seen = map[int64]bool{}
	for i, row := range rows {
		i += int(rolled.Results)
		if seen[row.Task] {
			w.violate(resultOnce, "task %d has two in the database", row.Task)
		}
		seen[row.Task] = true
		if i < len(lines) && (lines[i].Task != row.Task || !bytes.Equal(lines[i].Value, row.Value)) {
			w.violate(resultOnce, "line %d is of task %d, %s, not of task %d, %s", i+1, lines[i].Task, lines[i].Value, row.Task, row.Value)
		}
		if want := fmt.Sprintf("%q", "done "+w.item(row.Stage, row.Item)); string(row.Value) != want {
			w.violate(rightResult, "task %d: %s, want %s", row.Task, row.Value, want)
		}
	}
	w.checkOrder(rows)
	if all := len(rows) + int(rolled.Results); len(lines) != all && w.over(run) {
		w.violate(resultOnce, "%d lines in the file, %d in the database or rolled up", len(lines), all)
	}
	return nil
}

// item is the argument of a task's command.
func (w *world) item(stage string, task json.RawMessage) string {
	var emitted struct{ N json.Number }
	if stage == "second" && json.Unmarshal(task, &emitted) == nil {
		return emitted.N.String()
	}
	var printed string
	if stage == "fourth" && json.Unmarshal(task, &printed) == nil {
		return strings.TrimPrefix(printed, "done ") + "00000"
	}
	if stage == "third" {
		return fmt.Sprint(1000 + w.firsts)
	}
	return string(task)
}

// countFirsts is how many results the first stage has, in the file or not yet.
func countFirsts(lines []runner.Line, rows []store.ResultRow) int {
	tasks := map[int64]bool{}
	for _, line := range lines {
		if line.Stage == "first" {
			tasks[line.Task] = true
		}
	}
	for _, row := range rows {
		if row.Stage == "first" {
			tasks[row.Task] = true
		}
	}
	return len(tasks)
}

// checkOrder demands that what waits for the first stage began after its results.
func (w *world) checkOrder(rows []store.ResultRow) {
	var last time.Time
	for _, row := range rows {
		if row.Stage == "first" && row.FinishedAt.After(last) {
			last = row.FinishedAt
		}
	}
	for _, row := range rows {
		if (row.Stage == "third" || row.Stage == "fourth") && row.StartedAt.Before(last) {
			w.violate(inOrder, "task %d of stage %s began at %s, and a result of the first came at %s", row.Task, row.Stage, row.StartedAt, last)
		}
	}
}

func readLines(path string) (lines []runner.Line, err error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	in := bufio.NewScanner(bytes.NewReader(text))
	for in.Scan() && err == nil {
		var line runner.Line
		err = json.Unmarshal(in.Bytes(), &line)
		lines = append(lines, line)
	}
	return lines, err
}

// checkTasks demands the end of every task of a fair world.
func (w *world) checkTasks(tx *store.Tx, run state.Run) error {
	counts, err := tx.Counts(runID)
	if err != nil {
		return err
	}
	w.tally.tasks = counts.Done + counts.Failed
	failed, err := tx.FailedTasks(runID, 0, 1000)
	for _, f := range failed {
		blame, err2 := tx.Blame(f.Task, f.Provider, f.Fault)
		if err = errors.Join(err, err2); f.Quarantined && blame.Own != 5 {
			w.violate(quarantine, "task %d failed by its own fault on %d", f.Task, blame.Own)
		}
		if f.Quarantined {
			w.tally.quarantined++
		}
	}
	if err != nil {
		return err
	}
	if w.fair && !w.tight && !w.choosy && !run.State.Final() {
		w.violate(tasksEnd, "the run is %s (%s): %+v", run.State, run.Note, counts)
	}
	// Where providers fail, a task may run out of tries.
	if want := w.expected(); run.State.Final() && (w.fair || !w.failing) && (counts.Done != want.Done || counts.Failed != want.Failed) {
		w.violate(tasksEnd, "%d done and %d failed, want %d and %d", counts.Done, counts.Failed, want.Done, want.Failed)
	}
	return nil
}

// expected is how many tasks there are, and how they end.
func (p *plan) expected() (c state.Counts) {
	firsts := 0
	count := func(item string) bool {
		if p.fails(item) {
			c.Failed++
			return false
		}
		c.Done++
		return true
	}
	for i := 1; i <= p.tasks; i++ {
		ok := count(fmt.Sprint(i))
		if ok && p.follows {
			firsts++
			count(fmt.Sprintf("%d00000", i))
		}
		if !ok || !p.emits {
			continue
		}
		for n := range i % 3 {
			count(fmt.Sprint(i*10 + n))
		}
	}
	if p.follows {
		count(fmt.Sprint(1000 + firsts))
	}
	return c
}

// checkDevnet compares the devnet's books with ours, and demands that nothing is
// left there but what nobody can end.
func (w *world) checkDevnet(tx *store.Tx) error {
	snap := w.server.Inspect()
	agreements, err := tx.Agreements(runID, false)
	if err != nil {
		return err
	}
	ours := map[golem.AgreementID]golem.Amount{}
	for _, a := range agreements {
		ours[a.ID] = a.Accepted
	}
	rolled, err := tx.Rolled(runID)
	if err != nil {
		return err
	}
	var gone golem.Amount
	for _, a := range snap.Agreements {
		accepted, ok := ours[a.ID]
		if !ok {
			gone, accepted = gone.Add(a.Accepted), a.Accepted
		}
		w.checkAgreement(a, accepted)
	}
	if !gone.Equal(rolled.Accepted) {
		w.violate(sameBooks, "%s of agreements that are rolled up accepted here, %s there", rolled.Accepted, gone)
	}
	if len(snap.Allocations) > 0 {
		w.violate(nothingSetAside, "%v", snap.Allocations)
	}
	money, err := tx.Totals(runID)
	if !money.Accepted.Equal(snap.Accepted) {
		w.violate(sameBooks, "%s accepted here, %s there", money.Accepted, snap.Accepted)
	}
	return err
}

func (w *world) checkAgreement(a devnet.AgreementView, accepted golem.Amount) {
	if !a.Accepted.Equal(accepted) {
		w.violate(sameBooks, "%s of %s accepted here, %s there", accepted, a.ProviderName, a.Accepted)
	}
	if a.Accepted.GreaterThan(a.Earned.Add(w.unprovable(a))) {
		w.violate(aboveAudit, "%s accepted of %s, who earned %s", a.Accepted, a.ProviderName, a.Earned)
	}
	if w.away(a.ProviderName) {
		return
	}
	if a.State == golem.AgreementApproved {
		w.violate(agreementsEnd, "that with %s is %s", a.ProviderName, a.State)
	}
	for _, act := range a.Activities {
		if act.State != golem.ActivityTerminated && a.State == golem.AgreementApproved {
			w.violate(activitiesEnd, "%s of %s is %s", act.ID, a.ProviderName, act.State)
		}
	}
}

// unprovable is what an overcharging invoice can ask without being found out: where
// there is no final debit note, an audit has only the clock, which knows the end
// of an activity to some seconds.
func (w *world) unprovable(a devnet.AgreementView) golem.Amount {
	const seconds = 22 // the ledger's ClockSlack and lag of reports, and clock drift
	for _, p := range w.market {
		if p.Name == a.ProviderName && p.Overcharge != 0 {
			second := p.Duration.Add(p.CPU.Mul(decimal.NewFromFloat(1.05 * float64(p.Threads))))
			return second.Mul(decimal.NewFromInt(int64(seconds * len(a.Activities))))
		}
	}
	return golem.Amount{}
}

// away reports whether a provider is out of reach for good.
func (w *world) away(name string) bool {
	for _, p := range w.market {
		if p.Name == name {
			return p.OfflineAfter != 0
		}
	}
	return false
}

// checkNotes demands that nothing was paid for an agreement after its invoice.
func (w *world) checkNotes(tx *store.Tx) error {
	rolled, err := tx.Rolled(runID)
	if err != nil {
		return err
	}
	closed, unknown := map[golem.AgreementID]string{}, int64(0)
	for _, p := range w.witness.payments {
		if _, err := tx.Bill(p.bill); errors.Is(err, store.ErrNotFound) {
			unknown++
		} else if err != nil {
			return err
		}
		agreement, err := w.agreementOf(p)
		if err != nil {
			return err
		}
		if by, ok := closed[agreement]; ok && !p.invoice {
			w.violate(afterInvoice, "debit note %s, after invoice %s", p.bill, by)
		}
		if p.invoice {
			closed[agreement] = p.bill
		}
	}
	if unknown > rolled.Bills {
		w.violate(sameBooks, "%d bills were accepted that nobody here knows, and %d are rolled up", unknown, rolled.Bills)
	}
	return nil
}

// agreementOf asks the devnet what was paid for.
func (w *world) agreementOf(p payment) (golem.AgreementID, error) {
	client := golem.Client{BaseURL: "http://devnet", AppKey: devnet.DefaultAppKey, HTTP: &http.Client{Transport: w.server.Transport()}}
	if p.invoice {
		inv, err := client.GetInvoice(context.Background(), golem.InvoiceID(p.bill))
		return inv.AgreementID, err
	}
	note, err := client.GetDebitNote(context.Background(), golem.DebitNoteID(p.bill))
	return note.AgreementID, err
}
