package golem

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"mime"
	"net/http"
	"time"
)

// A RuntimeEvent is one thing that happened in a batch, as it happened. Index is
// that of the command. Timestamp is the provider's, without a zone, and means
// UTC.
type RuntimeEvent struct {
	BatchID   BatchID          `json:"batch_id"`
	Index     int              `json:"index"`
	Timestamp Timestamp        `json:"timestamp"`
	Kind      RuntimeEventKind `json:"kind"`
}

// A RuntimeEventKind says what happened. One field is set; none means a kind
// that this client does not know.
type RuntimeEventKind struct {
	Started  *CommandStarted  `json:"started,omitempty"`
	Finished *CommandFinished `json:"finished,omitempty"`
	// Stdout and Stderr are chunks of output, and come only for the capture mode
	// Stream. Text is cut anywhere, and a character that is cut through is lost;
	// the format "bin" loses nothing.
	Stdout Output `json:"stdout,omitempty"`
	Stderr Output `json:"stderr,omitempty"`
	// Progress comes for deploy and transfer when the command asks for it.
	Progress *CommandProgress `json:"progress,omitempty"`
}

// A CommandStarted is the begin of a command.
type CommandStarted struct {
	Command Command `json:"command"`
}

// A CommandFinished is the end of a command. ReturnCode is the exit code of its
// program, or -1 for a failure that is no exit. Message is "" for a success.
type CommandFinished struct {
	ReturnCode int    `json:"return_code"`
	Message    string `json:"message"` // null on the wire when empty
}

// A CommandProgress is how far a command is.
type CommandProgress struct {
	Step     [2]int    `json:"step"`     // done, of all
	Message  string    `json:"message"`  // null on the wire when empty
	Progress [2]*int64 `json:"progress"` // done, of all; nil when unknown
	Unit     string    `json:"unit"`     // such as "Bytes"; null on the wire when empty
}

// BatchEvents yields what happens in a batch from the moment on in which it is
// ranged over: begin right after Exec, because nothing is repeated. The stream
// does not end with the batch: stop at Finished of the last command, or at one
// with a ReturnCode other than 0, and confirm with BatchResults, which alone is
// complete (protocol section 5.4).
//
// It ends without an error when ctx ends. Otherwise the last thing it yields is
// an error: ErrUnreachable for a stream that broke, as that of a reader does who
// falls more than 16 events behind, or an *Error, ActivityGone included. An event
// that cannot be read yields an error too, and the stream goes on.
func (c *Client) BatchEvents(ctx context.Context, id ActivityID, batch BatchID) iter.Seq2[RuntimeEvent, error] {
	return func(yield func(RuntimeEvent, error) bool) {
		callCtx, cancel := context.WithCancel(ctx)
		defer cancel()
		body, err := c.openEvents(ctx, callCtx, cancel, id, batch)
		if err == nil {
			defer body.Close()
			if err = readEvents(body, yield); err == nil {
				return // the consumer has enough
			}
			err = fmt.Errorf("read events of batch %s: %w: %w", batch, ErrUnreachable, err)
		}
		if ctx.Err() == nil {
			yield(RuntimeEvent{}, err)
		}
	}
}

// openEvents connects in callCtx, a child of ctx that cancel ends. Only the
// connecting has a deadline.
func (c *Client) openEvents(ctx, callCtx context.Context, cancel func(), id ActivityID, batch BatchID) (io.ReadCloser, error) {
	r := request{
		method: http.MethodGet, prefix: activityAPI, accept: typeEvents,
		path: []string{"activity", string(id), "exec", string(batch)},
	}
	path, err := r.escaped()
	if err != nil {
		return nil, err
	}
	req, err := c.newHTTPRequest(callCtx, r, path)
	if err != nil {
		return nil, err
	}
	deadline := time.AfterFunc(plainLimit, cancel)
	resp, err := c.http().Do(req)
	deadline.Stop()
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", r.method, path, transportError(ctx, callCtx.Err() != nil, plainLimit, err))
	}
	if err := c.checkEvents(r.method, path, resp); err != nil {
		resp.Body.Close()
		return nil, err
	}
	return resp.Body, nil
}

const typeEvents = "text/event-stream"

// checkEvents makes an error of an answer that is no event stream.
func (c *Client) checkEvents(method, path string, resp *http.Response) error {
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		answer, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
		return newError(method, path, resp.StatusCode, answer, c.AppKey)
	}
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if kind != typeEvents {
		return fmt.Errorf("%s %s: answer is no event stream but %q", method, path, kind)
	}
	return nil
}

// readEvents yields the events of a stream and returns what ended it, or nil
// when the consumer did.
func readEvents(in io.Reader, yield func(RuntimeEvent, error) bool) error {
	frames := newFrameReader(in)
	for {
		f, err := frames.next()
		if errors.Is(err, io.EOF) {
			return io.ErrUnexpectedEOF // it has no end of its own
		}
		if err != nil {
			return err
		}
		if f.event != "runtime" && f.event != "" {
			continue
		}
		var e RuntimeEvent
		if err := json.Unmarshal([]byte(f.data), &e); err != nil {
			err = fmt.Errorf("decode event of the stream: %w", err)
			if !yield(RuntimeEvent{}, err) {
				return nil
			}
			continue
		}
		if !yield(e, nil) {
			return nil
		}
	}
}
