package devnet

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"syscall"
)

// Client returns an HTTP client that reaches the server in the same process,
// whatever the URL's host. It opens no connection and keeps none, so it is at
// home in a testing/synctest bubble.
func (s *Server) Client() *http.Client { return &http.Client{Transport: s.Transport()} }

// Transport is the round tripper of Client. A closed server refuses the
// connection, as a daemon that is down does.
func (s *Server) Transport() http.RoundTripper { return transport{s} }

type transport struct{ server *Server }

// RoundTrip serves the request in a goroutine of its own, so that a caller
// whose context ends is not held up by a handler that is still at it.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := consume(r)
	if err != nil {
		return nil, err
	}
	t.server.start()
	ctx, leave := context.WithCancel(r.Context())
	in := r.Clone(ctx)
	in.Body, in.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	in.RequestURI, in.RemoteAddr = r.URL.RequestURI(), "127.0.0.1:0"
	if in.Host == "" {
		in.Host = r.URL.Host
	}
	answers := make(chan *http.Response, 1)
	if !t.server.serve(in, answers) {
		leave()
		return nil, connectionError("dial", "connect", syscall.ECONNREFUSED)
	}
	defer leave()
	select {
	case answer := <-answers:
		if answer == nil {
			return nil, connectionError("read", "read", syscall.ECONNRESET)
		}
		answer.Request = r
		return answer, nil
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}

func consume(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(r.Body)
	return body, errors.Join(err, r.Body.Close())
}

func connectionError(op, call string, errno syscall.Errno) error {
	return &net.OpError{Op: op, Net: "tcp", Err: os.NewSyscallError(call, errno)}
}

// serve answers r in the background; nil stands for a connection that broke.
// It reports false when the server is closed.
func (s *Server) serve(r *http.Request, answers chan<- *http.Response) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.runLocked(func() {
		recorder := &recorder{header: http.Header{}, status: http.StatusOK}
		defer func() {
			if broken := recover(); broken == nil {
				answers <- recorder.response()
			} else if broken == http.ErrAbortHandler {
				answers <- nil
			} else {
				panic(broken)
			}
		}()
		s.ServeHTTP(recorder, r)
	})
	return true
}

// A recorder keeps the whole answer in memory.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *recorder) Header() http.Header         { return w.header }
func (w *recorder) WriteHeader(status int)      { w.status = status }
func (w *recorder) Write(b []byte) (int, error) { return w.body.Write(b) }

func (w *recorder) response() *http.Response {
	return &http.Response{
		Status:        strconv.Itoa(w.status) + " " + http.StatusText(w.status),
		StatusCode:    w.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        w.header,
		Body:          io.NopCloser(&w.body),
		ContentLength: int64(w.body.Len()),
	}
}
