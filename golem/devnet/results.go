package devnet

import (
	"fmt"
	"net/http"
	"time"

	"tasks/golem"
	"tasks/golem/devnet/process"
)

// A result is one entry of a batch's results, in the daemon's JSON: output is
// null, a string or a list of byte values.
type result struct {
	Index           int       `json:"index"`
	Result          string    `json:"result"`
	Stdout          any       `json:"stdout"`
	Stderr          any       `json:"stderr"`
	Message         *string   `json:"message"`
	IsBatchFinished bool      `json:"isBatchFinished"`
	EventDate       time.Time `json:"eventDate"`

	code int // of the process; -1 for a failure that is no exit of one
}

func success(stdout any) result { return result{Result: golem.ResultOk, Stdout: stdout} }

func failure(index int, message string) result {
	return result{Index: index, Result: golem.ResultError, Message: &message, IsBatchFinished: true, code: -1}
}

func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// runResult is the entry of a run command that ended in this way.
func runResult(run golem.Run, out process.Outcome) result {
	res := success(nil)
	switch {
	case out.Err != nil:
		res = failure(0, "Runtime error: "+out.Err.Error())
	case out.ExitCode != 0:
		res = failure(0, fmt.Sprintf("ExeScript command exited with code %d", out.ExitCode))
		res.code = out.ExitCode
	}
	res.Stdout = outputValue(out.Stdout, stdoutMode(run))
	res.Stderr = outputValue(out.Stderr, stderrMode(run))
	return res
}

// outputValue is output as the requestor asked for it: text, or byte values
// for the binary format.
func outputValue(out golem.Output, mode *golem.CaptureMode) any {
	if len(out) == 0 {
		return nil
	}
	if format := formatOf(mode); format != "bin" && format != "binary" {
		return string(out)
	}
	values := make([]int, len(out))
	for i, b := range out {
		values[i] = int(b)
	}
	return values
}

func formatOf(mode *golem.CaptureMode) string {
	switch {
	case mode == nil:
		return ""
	case mode.AtEnd != nil:
		return mode.AtEnd.Format
	case mode.Stream != nil:
		return mode.Stream.Format
	}
	return ""
}

// batchResults answers GET /activity/{id}/exec/{batch}. Without commandIndex it
// waits for the last command of the batch, even when an earlier one has failed
// and the last will never come, and gives everything there is (protocol
// section 5.4).
func (s *Server) batchResults(r *http.Request) (answer, error) {
	if wantsEvents(r) {
		return s.streamEvents(r)
	}
	q := queryOf(r)
	timeout := q.seconds("timeout", 0)
	wanted := -1
	if q.has("commandIndex") {
		wanted = q.integer("commandIndex", 0)
	}
	if q.err != nil {
		return answer{}, q.err
	}
	var results []result
	var gone error
	inTime, err := s.poll(r.Context(), timeout, func() <-chan struct{} {
		var wake <-chan struct{}
		results, wake, gone = s.resultsLocked(r, wanted)
		return wake
	})
	switch {
	case err != nil:
		return answer{}, err
	case gone != nil:
		return answer{}, gone
	case wanted < 0 && results != nil:
		return ok(results)
	case !inTime:
		return answer{}, refuse(http.StatusRequestTimeout, "Timeout")
	}
	return ok(upTo(results, wanted))
}

// resultsLocked returns what a batch has so far, and what to wait for while the
// wanted result (-1 for the last) is not there. An exe-unit that hangs has
// none, not even an empty list.
func (s *Server) resultsLocked(r *http.Request, wanted int) ([]result, <-chan struct{}, error) {
	a, b, err := s.batchLocked(r)
	if err != nil {
		return nil, nil, err
	}
	if a.hung {
		return nil, a.over, nil
	}
	if wanted < 0 {
		wanted = len(b.commands) - 1
	}
	results := b.results[:len(b.results):len(b.results)]
	if results == nil {
		results = []result{}
	}
	if len(results) > wanted {
		return results, nil, nil
	}
	return results, b.bell.wait(), nil
}

// batchLocked finds a batch of an exe-unit that can be called. Of one that
// hangs, nobody knows whether it had the batch.
func (s *Server) batchLocked(r *http.Request) (*activity, *batch, error) {
	a, err := s.exeUnitLocked(r)
	if err != nil {
		return nil, nil, err
	}
	b := a.batches[golem.BatchID(r.PathValue("batch"))]
	if b == nil && a.hung {
		b = &batch{}
	}
	if b == nil {
		return nil, nil, refuse(http.StatusNotFound, "Not found: batch_id = %s", r.PathValue("batch"))
	}
	return a, b, nil
}

// upTo is the answer for one command: only that entry has its output, and it
// is marked as the last.
func upTo(results []result, index int) []result {
	cut := make([]result, index+1)
	copy(cut, results)
	for i := range cut[:index] {
		cut[i].Stdout, cut[i].Stderr, cut[i].IsBatchFinished = nil, nil, false
	}
	cut[index].IsBatchFinished = true
	return cut
}
