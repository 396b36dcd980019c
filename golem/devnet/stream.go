package devnet

import (
	"context"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"strings"
	"time"

	"tasks/golem"
	"tasks/golem/devnet/process"
)

// maxBehind is how many events a reader may leave unread before its stream
// breaks (protocol section 5.4).
const maxBehind = 16

// pingEvery is the distance of the comments that keep a stream open whose
// activity is over. They are all that still comes.
const pingEvery = 30 * time.Second

// A reader is one open event stream of a batch. Events are the JSON texts of
// RuntimeEvents; broken is closed when too many of them were not read.
type reader struct {
	events chan []byte
	broken chan struct{}
}

// A runtimeEvent is a golem.RuntimeEvent as the daemon writes it: output is a
// string or a list of byte values, and the time has no zone.
type runtimeEvent struct {
	BatchID   golem.BatchID  `json:"batch_id"`
	Index     int            `json:"index"`
	Timestamp string         `json:"timestamp"`
	Kind      map[string]any `json:"kind"`
}

// emit is emitLocked for those who do not hold the lock.
func (s *Server) emit(b *batch, index int, kind string, what any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b.emitLocked(index, kind, what)
}

// emitLocked tells all who read the batch's stream now. It waits for nobody.
func (b *batch) emitLocked(index int, kind string, what any) {
	if len(b.readers) == 0 {
		return
	}
	event, err := json.Marshal(runtimeEvent{
		BatchID: b.id, Index: index,
		Timestamp: now().Format("2006-01-02T15:04:05.000000"),
		Kind:      map[string]any{kind: what},
	})
	if err != nil {
		panic("devnet: event cannot be written: " + err.Error())
	}
	for each := range b.readers {
		select {
		case each.events <- event:
		default:
			close(each.broken)
			delete(b.readers, each)
		}
	}
}

// startedLocked and finishedLocked frame what a command has to say.
func (b *batch) startedLocked(index int, command golem.Command) {
	b.emitLocked(index, "started", map[string]any{"command": command})
}

func (b *batch) finishedLocked(res result) {
	b.emitLocked(res.Index, "finished", map[string]any{"return_code": res.code, "message": res.Message})
}

// sink passes on the output of a command as it comes, in the format that it
// was asked for in. Text may be cut within a character.
func (s *Server) sink(b *batch, index int, run golem.Run) process.Sink {
	return func(stream string, chunk []byte) {
		mode := stdoutMode(run)
		if stream == "stderr" {
			mode = stderrMode(run)
		}
		if value := outputValue(chunk, mode); value != nil {
			s.emit(b, index, stream, value)
		}
	}
}

// wantsEvents reports whether a client asks for an event stream.
func wantsEvents(r *http.Request) bool {
	for each := range strings.SplitSeq(r.Header.Get("Accept"), ",") {
		if kind, _, err := mime.ParseMediaType(each); err == nil && kind == typeEvents {
			return true
		}
	}
	return false
}

const typeEvents = "text/event-stream"

// streamEvents answers GET /activity/{id}/exec/{batch} with what happens in the
// batch from now on. The stream has no end, not even that of the activity.
func (s *Server) streamEvents(r *http.Request) (answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, b, err := s.batchLocked(r)
	if err != nil {
		return answer{}, err
	}
	to := &reader{events: make(chan []byte, maxBehind), broken: make(chan struct{})}
	if b.readers == nil {
		b.readers = map[*reader]struct{}{}
	}
	b.readers[to] = struct{}{}
	return answer{status: http.StatusOK, stream: func(w http.ResponseWriter) {
		defer func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			delete(b.readers, to)
		}()
		to.writeTo(w, r.Context(), a.over)
	}}, nil
}

// writeTo writes events until the reader leaves or the stream breaks; either
// way the connection is cut.
func (to *reader) writeTo(w http.ResponseWriter, ctx context.Context, over <-chan struct{}) {
	w.Header().Set("Content-Type", typeEvents)
	w.Header().Set("Cache-Control", "no-cache")
	out := http.NewResponseController(w)
	pings := time.NewTicker(pingEvery)
	defer pings.Stop()
	for id, err := 0, out.Flush(); err == nil; err = out.Flush() {
		select {
		case <-to.broken:
			panic(http.ErrAbortHandler)
		default:
		}
		select {
		case event := <-to.events:
			_, _ = fmt.Fprintf(w, "event: runtime\ndata: %s\nid: %d\n\n", event, id)
			id++
		case <-to.broken:
		case <-ctx.Done():
			panic(http.ErrAbortHandler)
		case <-pings.C:
			if isClosed(over) {
				_, _ = fmt.Fprint(w, ":ping\n\n")
			}
		}
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
