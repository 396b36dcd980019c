package golem

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// Results of a CommandResult.
const (
	ResultOk    = "Ok"
	ResultError = "Error"
)

// A CommandResult is the outcome of one command of a batch. Execution stops at
// the first Error. Message holds the exit code of a failed program, and is the
// only place of it (see ExitCode).
type CommandResult struct {
	Index           int       `json:"index"`
	Result          string    `json:"result"`
	Stdout          Output    `json:"stdout"`
	Stderr          Output    `json:"stderr"`
	Message         string    `json:"message"` // null on the wire when empty
	IsBatchFinished bool      `json:"isBatchFinished"`
	EventDate       time.Time `json:"eventDate"`
}

// exitPhrase stands before the exit code of a failed program (protocol section
// 5.4).
const exitPhrase = "ExeScript command exited with code "

// ExitCode returns the exit code of the command's program: 0 for a result of
// Ok, else the number in Message. ok is false for failures that are no exit of a
// program, such as a transfer or a limit that was passed.
func (r CommandResult) ExitCode() (code int, ok bool) {
	if r.Result == ResultOk {
		return 0, true
	}
	_, rest, found := strings.Cut(r.Message, exitPhrase)
	if !found {
		return 0, false
	}
	end := len(rest)
	for i, c := range rest {
		if (c < '0' || c > '9') && (i > 0 || c != '-') {
			end = i
			break
		}
	}
	code, err := strconv.Atoi(rest[:end])
	return code, err == nil
}

// MarshalJSON writes an empty message as null, as the daemon does.
func (r CommandResult) MarshalJSON() ([]byte, error) {
	type wire CommandResult
	w := struct {
		wire
		Message *string `json:"message"`
	}{wire: wire(r)}
	if r.Message != "" {
		w.Message = &r.Message
	}
	return json.Marshal(w)
}
