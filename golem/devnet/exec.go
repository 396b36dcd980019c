package devnet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"tasks/golem"
)

// A batch is one exec of an activity. results only grows; execution stops at
// the first failure.
type batch struct {
	id       golem.BatchID
	commands []golem.Command
	results  []result
	readers  map[*reader]struct{} // of its events
	ctx      context.Context
	cancel   context.CancelFunc
	bell     bell
}

// exec answers POST /activity/{id}/exec: the script is checked for its form and
// begins at once.
func (s *Server) exec(r *http.Request) (answer, error) {
	var body struct {
		Text *string `json:"text"`
	}
	if err := decodePlain(r, &body); err != nil {
		return answer{}, err
	}
	if body.Text == nil {
		return answer{}, refusePlain(http.StatusBadRequest, "Json deserialize error: missing field `text`")
	}
	q := queryOf(r)
	timeout := q.seconds("timeout", activityTimeout) + activityMargin
	if q.err != nil {
		return answer{}, q.err
	}
	commands, err := parseScript(*body.Text)
	s.mu.Lock()
	defer s.mu.Unlock()
	a, missing := s.exeUnitLocked(r)
	switch {
	case missing != nil:
		return answer{}, missing
	case a.hung:
		return answer{}, s.timeOutLocked(r, a, timeout)
	case err != nil:
		return answer{}, err
	}
	b := &batch{id: golem.BatchID(randomHex(16)), commands: commands}
	b.ctx, b.cancel = context.WithCancel(a.ctx)
	a.keep(b)
	s.runLocked(func() { s.execute(a, b) })
	return ok(b.id)
}

// timeOutLocked is a call to an exe-unit that does not answer. It lets go of
// the lock while it waits.
func (s *Server) timeOutLocked(r *http.Request, a *activity, timeout time.Duration) error {
	s.mu.Unlock()
	defer s.mu.Lock()
	wait, stop := context.WithTimeout(r.Context(), timeout)
	defer stop()
	select {
	case <-wait.Done():
		if r.Context().Err() != nil {
			return errAborted
		}
		return refuse(http.StatusRequestTimeout, "Timeout")
	case <-a.over:
		return exeUnitGone(a.id)
	case <-s.ctx.Done():
		return errAborted
	}
}

// maxBatches is how many batches an exe-unit remembers. A real one remembers all
// of them until it runs out of memory.
const maxBatches = 256

// keep makes a batch known and forgets the oldest.
func (a *activity) keep(b *batch) {
	if len(a.recent) == maxBatches {
		delete(a.batches, a.recent[0])
		a.recent = a.recent[1:]
	}
	a.batches[b.id] = b
	a.recent = append(a.recent, b.id)
}

var commandNames = []string{"deploy", "start", "run", "transfer", "terminate", "sign"}

// parseScript reads a list of commands, each an object with one key.
func parseScript(text string) ([]golem.Command, error) {
	var script []map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &script); err != nil {
		return nil, badScript(text, len(text), "%v", err)
	}
	var commands []golem.Command
	if err := json.Unmarshal([]byte(text), &commands); err != nil {
		return nil, badScript(text, offsetOf(err, text), "%v", err)
	}
	for i, command := range script {
		if err := checkCommand(text, command); err != nil {
			return nil, err
		}
		if run := commands[i].Run; run != nil && run.EntryPoint == "" {
			return nil, badScript(text, strings.Index(text, "run")+3, "missing field `entry_point`")
		}
	}
	return commands, nil
}

func checkCommand(text string, command map[string]json.RawMessage) error {
	if len(command) != 1 {
		return badScript(text, len(text), "expected value")
	}
	for name, body := range command {
		known := false
		for _, each := range commandNames {
			known = known || each == name
		}
		at := strings.Index(text, name) + len(name) + 1
		if !known {
			return badScript(text, at, "unknown variant `%s`, expected one of `%s`", name, strings.Join(commandNames, "`, `"))
		}
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(body, &fields); err != nil || fields == nil {
			return badScript(text, at, "invalid type: expected struct variant `%s`", name)
		}
		if string(fields["args"]) == "null" {
			return badScript(text, at, "invalid type: null, expected a sequence")
		}
	}
	return nil
}

func offsetOf(err error, text string) int {
	if wrong, isType := errors.AsType[*json.UnmarshalTypeError](err); isType {
		return int(wrong.Offset)
	}
	return len(text)
}

// badScript complains as the daemon's JSON reader does, with line and column.
func badScript(text string, offset int, format string, args ...any) error {
	before := text[:min(max(offset, 0), len(text))]
	line := 1 + strings.Count(before, "\n")
	column := len(before) - (strings.LastIndex(before, "\n") + 1)
	return refuse(http.StatusBadRequest, "Bad request: Error(%q, line: %d, column: %d)", fmt.Sprintf(format, args...), line, column)
}

// execute runs a batch to its end, its first failure, or the end of the
// exe-unit.
func (s *Server) execute(a *activity, b *batch) {
	defer b.cancel()
	for i, command := range b.commands {
		if !s.enter(a, b, i, command) {
			s.record(a, b, failure(i, "Local service error: State error: Busy: another batch is running"))
			return
		}
		res := s.perform(a, b, i, command)
		res.Index = i
		res.IsBatchFinished = i == len(b.commands)-1 || res.Result == golem.ResultError
		if !s.record(a, b, res) || res.IsBatchFinished {
			return
		}
	}
}

// enter makes command the running one; only terminate may interrupt another
// batch, whose end it is.
func (s *Server) enter(a *activity, b *batch, index int, command golem.Command) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if other := a.running; other != nil && other != b {
		if command.Terminate == nil {
			return false
		}
		other.cancel()
	}
	a.running, a.command = b, &command
	b.startedLocked(index, command)
	return true
}

// record adds a result, unless the exe-unit is gone or hangs, and reports whether
// it still lives.
func (s *Server) record(a *activity, b *batch, res result) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a.ended() || a.hung {
		return false
	}
	res.EventDate = s.stampLocked()
	b.results = append(b.results, res)
	if res.IsBatchFinished && a.running == b {
		// In one step with the result: who sees it may send the next batch.
		a.running, a.command = nil, nil
	}
	b.finishedLocked(res)
	b.bell.ring()
	return true
}

// perform does one command, in the exe-unit's state machine (protocol section
// 5.5).
func (s *Server) perform(a *activity, b *batch, index int, command golem.Command) result {
	if complaint := s.outOfTurn(a, command); complaint != "" {
		return failure(0, "Local service error: State error: "+complaint)
	}
	switch {
	case command.Deploy != nil:
		return s.deploy(a, b, *command.Deploy)
	case command.Start != nil:
		return s.become(a, b, golem.ActivityReady, s.drawn(s.timings.Start), "")
	case command.Terminate != nil:
		return s.become(a, b, golem.ActivityInitialized, 0, "")
	case command.Run != nil:
		return runResult(*command.Run, a.runner.Run(b.ctx, *command.Run, s.sink(b, index, *command.Run)))
	case command.Transfer != nil:
		m, end := s.report(b, index, *command.Transfer)
		defer end()
		return s.transfer(b.ctx, a.runner, *command.Transfer, m)
	}
	return failure(0, "Local service error: Command error: sign is not supported")
}

func (s *Server) drawn(p Span) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return p.draw(s.random)
}

// outOfTurn says why a command cannot be run in the exe-unit's state, or "".
func (s *Server) outOfTurn(a *activity, command golem.Command) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case command.Terminate != nil:
		return ""
	case a.state == golem.ActivityInitialized && command.Deploy == nil:
		return "Activity is initialized - deploy() command is expected now"
	case a.state == golem.ActivityDeployed && command.Start == nil:
		return "Activity is deployed - start() command is expected now"
	case a.state == golem.ActivityReady && (command.Deploy != nil || command.Start != nil):
		return "Cannot send command after a successful start()"
	}
	return ""
}

// become takes the exe-unit to its next state after a while.
func (s *Server) become(a *activity, b *batch, next golem.ActivityState, after time.Duration, output string) result {
	if err := sleep(b.ctx, after); err != nil {
		return failure(0, "Runtime error: interrupted")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !a.ended() {
		a.state = next
	}
	return success(text(output))
}
