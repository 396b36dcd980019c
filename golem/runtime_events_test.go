package golem_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"tasks/golem"
)

// streaming returns a client whose daemon answers with an event stream.
func streaming(body io.Reader) *golem.Client {
	return through(func(r *http.Request) (*http.Response, error) {
		if got := r.Header.Get("Accept"); got != "text/event-stream" || r.URL.RawQuery != "" {
			return response(400, "Accept: "+got+", query: "+r.URL.RawQuery), nil
		}
		return &http.Response{
			StatusCode: 200, Header: http.Header{"Content-Type": {"text/event-stream; charset=utf-8"}},
			Body: io.NopCloser(body),
		}, nil
	})
}

// told describes events in short.
func told(c *golem.Client, ctx context.Context) (events []string, last error) {
	for e, err := range c.BatchEvents(ctx, "a", "b") {
		last = err
		switch kind := e.Kind; {
		case err != nil:
			events = append(events, "error")
		case kind.Started != nil && kind.Started.Command.Run != nil:
			events = append(events, "run "+kind.Started.Command.Run.EntryPoint)
		case kind.Finished != nil:
			events = append(events, "finished "+kind.Finished.Message+strings.Repeat("!", kind.Finished.ReturnCode&3))
		case kind.Stdout != nil:
			events = append(events, "out "+string(kind.Stdout))
		case kind.Stderr != nil:
			events = append(events, "err "+string(kind.Stderr))
		case kind.Progress != nil:
			events = append(events, "progress "+kind.Progress.Unit)
		default:
			events = append(events, "unknown")
		}
	}
	return events, last
}

func event(kind string) string {
	return "event: runtime\ndata: {\"batch_id\":\"b\",\"index\":2,\"timestamp\":\"2026-04-01T10:00:22.500000\",\"kind\":" + kind + "}\nid: 0\n\n"
}

func TestBatchEvents(t *testing.T) {
	for _, tc := range []struct {
		name, body string
		want       []string
	}{
		{"started", event(`{"started":{"command":{"run":{"entry_point":"/bin/sh","args":["-c","x"]}}}}`), []string{"run /bin/sh"}},
		{"finished", event(`{"finished":{"return_code":0,"message":null}}`), []string{"finished "}},
		{"failed", event(`{"finished":{"return_code":3,"message":"no"}}`), []string{"finished no!!!"}},
		{"failed without an exit", event(`{"finished":{"return_code":-1,"message":"gone"}}`), []string{"finished gone!!!"}},
		{"text", event(`{"stdout":"hi\n"}`), []string{"out hi\n"}},
		{"bytes", event(`{"stderr":[255,10]}`), []string{"err \xff\n"}},
		{"progress", event(`{"progress":{"step":[0,1],"message":null,"progress":[1048576,null],"unit":"Bytes"}}`), []string{"progress Bytes"}},
		{"of another kind", event(`{"slept":{}}`), []string{"unknown"}},
		{"several", event(`{"stdout":"a"}`) + event(`{"stdout":"b"}`), []string{"out a", "out b"}},
		{"data in several lines", "data: {\"kind\":\ndata:{\"stdout\":\ndata: \"x\"}}\n\n", []string{"out x"}},
		{"comments", ":ping\n\n: hello\n" + event(`{"stdout":"a"}`) + ":ping\n\n", []string{"out a"}},
		{"other line ends", strings.ReplaceAll(event(`{"stdout":"a"}`), "\n", "\r\n") + strings.ReplaceAll(event(`{"stdout":"b"}`), "\n", "\r"), []string{"out a", "out b"}},
		{"byte order mark", "\ufeff" + event(`{"stdout":"a"}`), []string{"out a"}},
		{"of another type", "event: hello\ndata: {}\n\n" + event(`{"stdout":"a"}`), []string{"out a"}},
		{"type without data", "event: hello\n\ndata: {\"kind\":{\"stdout\":\"a\"}}\n\n", []string{"out a"}},
		{"nonsense in between", "data: {\n\n" + event(`{"stdout":"a"}`), []string{"error", "out a"}},
		{"cut off", event(`{"stdout":"a"}`) + "data: {\"kind\":{}}\n", []string{"out a"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := told(streaming(iotest.OneByteReader(strings.NewReader(tc.body))), t.Context())
			if diff := cmp.Diff(append(tc.want, "error"), got); diff != "" {
				t.Errorf("events, and the end (-want +got):\n%s", diff)
			}
			if !golem.IsUnreachable(err) || !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("the stream ended with %v, want one that broke", err)
			}
		})
	}
}

func TestBatchEventFields(t *testing.T) {
	for e, err := range streaming(strings.NewReader(event(`{"stdout":"a"}`))).BatchEvents(t.Context(), "a", "b") {
		if err != nil {
			t.Fatal(err)
		}
		at, err := e.Timestamp.Time()
		if err != nil || e.BatchID != "b" || e.Index != 2 || !at.Equal(time.Date(2026, 4, 1, 10, 0, 22, 5e8, time.UTC)) {
			t.Errorf("event = %+v at %v, %v", e, at, err)
		}
		break
	}
}

func TestBatchEventsRefused(t *testing.T) {
	for _, tc := range []struct {
		name   string
		client *golem.Client
		is     func(error) bool
	}{
		{"exe-unit gone", answering(500, `{"message":"GSB error: endpoint address not found"}`), golem.ActivityGone},
		{"unknown batch", answering(404, `{"message":"Not found: batch_id = b"}`), golem.IsNotFound},
		{"no event stream", answering(200, `[]`), func(err error) bool {
			return strings.Contains(err.Error(), "no event stream") && !golem.IsUnreachable(err)
		}},
		{"no daemon", through(func(*http.Request) (*http.Response, error) { return nil, io.ErrClosedPipe }), golem.IsUnreachable},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got, err := told(tc.client, t.Context()); len(got) != 1 || !tc.is(err) {
				t.Errorf("events %v, error %v", got, err)
			}
		})
	}
	for _, err := range answering(200, "").BatchEvents(t.Context(), "a", "") {
		if err == nil || !strings.Contains(err.Error(), "empty identifier") {
			t.Errorf("events of no batch: %v", err)
		}
	}
}

func TestBatchEventsEndWithTheirContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		body, feed := io.Pipe()
		context.AfterFunc(ctx, func() { feed.CloseWithError(context.Canceled) }) // as net/http does
		go io.WriteString(feed, event(`{"stdout":"a"}`))
		began := time.Now()
		got, err := told(streaming(body), ctx)
		if diff := cmp.Diff([]string{"out a"}, got); diff != "" || err != nil || time.Since(began) != time.Hour {
			t.Errorf("ended after %v with %v (-want +got):\n%s", time.Since(began), err, diff)
		}
	})
}

func TestBatchEventsWaitForAnAnswerOnlySoLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		c := through(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		if _, err := told(c, t.Context()); !golem.IsUnreachable(err) || time.Since(began) != 30*time.Second {
			t.Errorf("after %v: %v, want unreachable after 30s", time.Since(began), err)
		}
	})
}

// FuzzBatchEvents reads any bytes as an event stream: no panic, an end that is
// an error, and the same events however the bytes arrive.
func FuzzBatchEvents(f *testing.F) {
	for _, seed := range []string{
		"", ":ping\n\n", "data", "data:\n\n", "\ufeffdata: {}\r\r\n\n", "event: x\rdata: 1\r\r",
		event(`{"stdout":"hi"}`), event(`{"finished":{"return_code":0,"message":null}}`), event(`{"stderr":[1,2]}`) + event(`null`),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		whole, err := told(streaming(strings.NewReader(body)), t.Context())
		if err == nil || len(whole) == 0 || whole[len(whole)-1] != "error" {
			t.Errorf("events %v ended with %v, want an error", whole, err)
		}
		split, _ := told(streaming(iotest.OneByteReader(strings.NewReader(body))), t.Context())
		if diff := cmp.Diff(whole, split); diff != "" {
			t.Errorf("byte by byte (-whole +split):\n%s", diff)
		}
	})
}
