package state

import "slices"

// A Move is one transition that a record can make, and who makes it.
type Move struct {
	From, To string
	By       string // who: "runner", "provider", "daemon", "user", "recovery", or "retry": a user who puts back what had ended
	When     string
}

// A Machine is the table of moves of one kind of record. A state that no move
// leaves, but for a retry, is final.
type Machine struct {
	Record string // such as "agreement"
	Start  string // the state a record is created in
	States []string
	Moves  []Move
}

// Allows reports whether the table has a move.
func (m Machine) Allows(from, to string) bool {
	return slices.ContainsFunc(m.Moves, func(v Move) bool { return v.From == from && v.To == to })
}

// Final reports whether no move leaves a state, but for a retry.
func (m Machine) Final(state string) bool {
	return !slices.ContainsFunc(m.Moves, func(v Move) bool { return v.From == state && v.By != byRetry })
}

// Machines returns the tables of all records: runs, tasks, attempts, agreements,
// activities, bills, allocations.
func Machines() []Machine {
	return []Machine{
		machine("run", RunRunning, runStates, runMoves),
		machine("task", TaskPending, taskStates, taskMoves),
		machine("attempt", AttemptStarting, attemptStates, attemptMoves),
		machine("agreement", AgreementCreating, agreementStates, agreementMoves),
		machine("activity", ActivityCreating, activityStates, activityMoves),
		machine("bill", BillReceived, billStates, billMoves),
		machine("allocation", AllocationCreating, allocationStates, allocationMoves),
	}
}

// CanMove reports whether a run may go from s to another state.
func (s RunState) CanMove(to RunState) bool { return canMove(runMoves, s, to) }

// CanMove reports whether a task may go from s to another state.
func (s TaskState) CanMove(to TaskState) bool { return canMove(taskMoves, s, to) }

// CanMove reports whether an attempt may go from s to another state.
func (s AttemptState) CanMove(to AttemptState) bool { return canMove(attemptMoves, s, to) }

// CanMove reports whether an agreement may go from s to another state.
func (s AgreementState) CanMove(to AgreementState) bool { return canMove(agreementMoves, s, to) }

// CanMove reports whether an activity may go from s to another state.
func (s ActivityState) CanMove(to ActivityState) bool { return canMove(activityMoves, s, to) }

// CanMove reports whether a bill may go from s to another state.
func (s BillState) CanMove(to BillState) bool { return canMove(billMoves, s, to) }

// CanMove reports whether an allocation may go from s to another state.
func (s AllocationState) CanMove(to AllocationState) bool { return canMove(allocationMoves, s, to) }

// moves is a table in the making: several states left for the same one share a
// row.
type moves[S ~string] []struct {
	from []S
	to   S
	by   string
	when string
}

func canMove[S ~string](table moves[S], from, to S) bool {
	for _, m := range table {
		if m.to == to && slices.Contains(m.from, from) {
			return true
		}
	}
	return false
}

func machine[S ~string](record string, start S, states []S, table moves[S]) Machine {
	m := Machine{Record: record, Start: string(start)}
	for _, s := range states {
		m.States = append(m.States, string(s))
	}
	for _, row := range table {
		for _, from := range row.from {
			m.Moves = append(m.Moves, Move{From: string(from), To: string(row.to), By: row.by, When: row.when})
		}
	}
	return m
}
