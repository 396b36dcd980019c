package devnet_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"tasks/golem"
	"tasks/golem/devnet"
)

// events connects to the stream of a batch and returns its body.
func (r *requestor) events(ctx context.Context, a golem.ActivityID, b golem.BatchID) *http.Response {
	r.t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://devnet/activity-api/v1/activity/"+string(a)+"/exec/"+string(b), nil)
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+devnet.DefaultAppKey)
	req.Header.Set("Accept", "text/event-stream")
	resp, err := r.server.Client().Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	return resp
}

// timed answers slowly enough that a reader can connect before anything happens.
func timed(run golem.Run, _ devnet.Provider) devnet.Reply {
	reply := devnet.Reply{Wall: time.Second, Stdout: run.Args[1] + "\n"}
	if run.Args[1] == "fail" {
		reply.ExitCode, reply.Stderr = 3, "oops\n"
	}
	return reply
}

func timedServer() *devnet.Server {
	server := one(devnet.Provider{})
	server.Runtime = devnet.Instant(timed)
	return server
}

// TestA12EventStream reads the frames of a batch to the letter, and finds no end
// behind its end.
func TestA12EventStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, timedServer())
		a := r.activity(r.hire(r.publish()))
		r.prepare(a)
		bin := sh("two")
		bin.Run.Capture = &golem.Capture{Stdout: &golem.CaptureMode{Stream: &golem.CaptureStream{Format: "bin"}}}
		batch := must[golem.BatchID](r)(r.Exec(r.ctx, a, []golem.Command{sh("one"), bin, sh("fail")}, time.Second))
		time.Sleep(500 * time.Millisecond) // the first command has begun: no replay

		ctx, cancel := context.WithTimeout(r.ctx, time.Minute)
		defer cancel()
		began := time.Now()
		resp := r.events(ctx, a, batch)
		defer resp.Body.Close()
		if got := resp.Header.Get("Content-Type"); resp.StatusCode != 200 || got != "text/event-stream" {
			t.Fatalf("GET = %d %s, want an event stream", resp.StatusCode, got)
		}
		body, err := io.ReadAll(resp.Body)
		if err != context.DeadlineExceeded || time.Since(began) != time.Minute {
			t.Errorf("the stream ended after %v with %v, want with its reader after 1m", time.Since(began), err)
		}
		start := began.Add(500 * time.Millisecond)
		frame := func(id, index, at int, kind string) string {
			return fmt.Sprintf("event: runtime\ndata: {\"batch_id\":%q,\"index\":%d,\"timestamp\":%q,\"kind\":%s}\nid: %d\n\n",
				batch, index, start.Add(time.Duration(at)*time.Second).UTC().Format("2006-01-02T15:04:05.000000"), kind, id)
		}
		command := func(script string, capture string) string {
			return `{"started":{"command":{"run":{"entry_point":"/bin/sh","args":["-c","` + script + `"],"capture":{` + capture + `}}}}}`
		}
		const text = `"stdout":{"stream":{}},"stderr":{"stream":{}}`
		want := frame(0, 0, 0, `{"stdout":"one\n"}`) +
			frame(1, 0, 0, `{"finished":{"message":null,"return_code":0}}`) +
			frame(2, 1, 0, command("two", `"stdout":{"stream":{"format":"bin"}}`)) +
			frame(3, 1, 1, `{"stdout":[116,119,111,10]}`) +
			frame(4, 1, 1, `{"finished":{"message":null,"return_code":0}}`) +
			frame(5, 2, 1, command("fail", text)) +
			frame(6, 2, 2, `{"stdout":"fail\n"}`) +
			frame(7, 2, 2, `{"stderr":"oops\n"}`) +
			frame(8, 2, 2, `{"finished":{"message":"ExeScript command exited with code 3","return_code":3}}`)
		if diff := cmp.Diff(want, string(body)); diff != "" {
			t.Errorf("stream (-want +got):\n%s", diff)
		}
	})
}

func TestEventStreamThroughTheClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, timedServer())
		a := r.activity(r.hire(r.publish()))
		batch := must[golem.BatchID](r)(r.Exec(r.ctx, a, []golem.Command{deploy(), start(), sh("hello"), sh("fail"), sh("never")}, time.Second))
		var got []string
		for e, err := range r.BatchEvents(r.ctx, a, batch) {
			r.check(err)
			switch kind := e.Kind; {
			case kind.Stdout != nil:
				got = append(got, fmt.Sprint(e.Index, " out ", string(kind.Stdout)))
			case kind.Stderr != nil:
				got = append(got, fmt.Sprint(e.Index, " err ", string(kind.Stderr)))
			case kind.Finished != nil:
				got = append(got, fmt.Sprint(e.Index, " end ", kind.Finished.ReturnCode))
			}
			if end := e.Kind.Finished; end != nil && end.ReturnCode != 0 {
				break
			}
		}
		want := []string{"0 end 0", "1 end 0", "2 out hello\n", "2 end 0", "3 out fail\n", "3 err oops\n", "3 end 3"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
		if results := must[[]golem.CommandResult](r)(r.BatchResults(r.ctx, a, batch, 0)); len(results) != 4 || string(results[2].Stdout) != "hello\n" {
			t.Errorf("results = %+v, want those of four commands, output included", results)
		}
	})
}

// TestEventStreamOutputModes: what is captured at the end, or not at all, is no
// event; a failure that is no exit has code -1.
func TestEventStreamOutputModes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, timedServer())
		a := r.activity(r.hire(r.publish()))
		r.prepare(a)
		atEnd, mute := sh("x"), sh("y")
		atEnd.Run.Capture = &golem.Capture{Stdout: &golem.CaptureMode{AtEnd: &golem.CapturePart{}}}
		mute.Run.Capture = nil
		batch := must[golem.BatchID](r)(r.Exec(r.ctx, a, []golem.Command{atEnd, mute, deploy()}, time.Second))
		var codes []int
		for e, err := range r.BatchEvents(r.ctx, a, batch) {
			r.check(err)
			if e.Kind.Stdout != nil {
				t.Errorf("event of output that was not to be streamed: %+v", e)
			}
			if end := e.Kind.Finished; end != nil {
				codes = append(codes, end.ReturnCode)
				if e.Index == 2 {
					break
				}
			}
		}
		if diff := cmp.Diff([]int{0, 0, -1}, codes); diff != "" {
			t.Errorf("return codes (-want +got):\n%s", diff)
		}
	})
}

// TestEventStreamBreaksAReaderThatFallsBehind reads one event and then no more
// until there are more than sixteen.
func TestEventStreamBreaksAReaderThatFallsBehind(t *testing.T) {
	for _, test := range []struct {
		name     string
		commands int // two events each, and one of output
		breaks   bool
	}{{"in time", 6, false}, {"behind", 7, true}} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRequestor(t, timedServer())
				a := r.activity(r.hire(r.publish()))
				r.prepare(a)
				commands := make([]golem.Command, test.commands)
				for i := range commands {
					commands[i] = sh("x")
				}
				batch := must[golem.BatchID](r)(r.Exec(r.ctx, a, commands, time.Second))
				synctest.Wait()
				ctx, cancel := context.WithTimeout(r.ctx, time.Minute)
				defer cancel()
				n, last := 0, error(nil)
				for _, err := range r.BatchEvents(ctx, a, batch) {
					if last = err; err == nil {
						n++
					}
					if n == 1 {
						time.Sleep(30 * time.Second) // meanwhile everything happens
					}
				}
				want := 3*test.commands - 1 // the first has begun before
				if broke := golem.IsUnreachable(last); broke != test.breaks || !broke && n != want || broke && n > 2 {
					t.Errorf("read %d events and %v, want %d or a broken stream: %v", n, last, want, test.breaks)
				}
			})
		})
	}
}

func TestEventStreamRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, timedServer())
		a := r.activity(r.hire(r.publish()))
		last := func(a golem.ActivityID, b golem.BatchID) (err error) {
			for _, err = range r.BatchEvents(r.ctx, a, b) {
			}
			return err
		}
		refused(t, last(noActivity, "b"), 500, "DAO error: Not found")
		refused(t, last(a, noActivity), 404, "Not found: batch_id = "+noActivity)
		r.check(r.DestroyActivity(r.ctx, a, time.Second))
		refused(t, last(a, noActivity), 500, "endpoint address not found")
	})
}

// TestEventStreamOutlivesItsActivity: pings are all that comes then.
func TestEventStreamOutlivesItsActivity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, timedServer())
		a := r.activity(r.hire(r.publish()))
		batch := must[golem.BatchID](r)(r.Exec(r.ctx, a, []golem.Command{deploy()}, time.Second))
		ctx, cancel := context.WithTimeout(r.ctx, 100*time.Second)
		defer cancel()
		resp := r.events(ctx, a, batch)
		defer resp.Body.Close()
		time.AfterFunc(time.Second, func() { _ = r.DestroyActivity(r.ctx, a, time.Second) })
		body, _ := io.ReadAll(resp.Body)
		if pings := strings.Count(string(body), ":ping\n\n"); pings != 3 || strings.Count(string(body), `"finished"`) != 1 {
			t.Errorf("stream of an activity that ended:\n%s\nwant the end of deploy and three pings", body)
		}
	})
}

func TestCloseBreaksEventStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, timedServer())
		a := r.activity(r.hire(r.publish()))
		r.prepare(a)
		batch := must[golem.BatchID](r)(r.Exec(r.ctx, a, []golem.Command{sh("x"), sh("y")}, time.Second))
		unread := r.events(r.ctx, a, batch) // its handler waits for a reader
		defer unread.Body.Close()
		broke := make(chan error)
		go func() {
			var last error
			for _, last = range r.BatchEvents(r.ctx, a, batch) {
			}
			broke <- last
		}()
		time.Sleep(1500 * time.Millisecond)
		r.check(r.server.Close())
		if err := <-broke; !golem.IsUnreachable(err) {
			t.Errorf("stream of a closed server ended with %v, want broken", err)
		}
		if _, err := io.ReadAll(unread.Body); err == nil {
			t.Error("stream of a closed server ended well")
		}
	})
}

// TestEventStreamOfProcesses reads real output over a real connection.
func TestEventStreamOfProcesses(t *testing.T) {
	server := &devnet.Server{Dir: t.TempDir(), Providers: []devnet.Provider{{Name: "one"}}}
	r := newRequestor(t, server)
	web := httptest.NewServer(server)
	t.Cleanup(web.Close)
	r.Client = &golem.Client{BaseURL: web.URL, AppKey: devnet.DefaultAppKey}
	t.Cleanup(r.Client.CloseIdleConnections)
	a := r.activity(r.hire(r.publish()))
	batch := must[golem.BatchID](r)(r.Exec(r.ctx, a, []golem.Command{deploy(), start(), sh("echo out; echo err >&2; exit 7")}, time.Second))
	var stdout, stderr string
	for e, err := range r.BatchEvents(r.ctx, a, batch) {
		r.check(err)
		stdout += string(e.Kind.Stdout)
		stderr += string(e.Kind.Stderr)
		if end := e.Kind.Finished; end != nil && e.Index == 2 {
			if end.ReturnCode != 7 {
				t.Errorf("return code %d, want 7", end.ReturnCode)
			}
			break
		}
	}
	if stdout != "out\n" || stderr != "err\n" {
		t.Errorf("streamed %q and %q, want out and err", stdout, stderr)
	}
}
