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
	select {
	case answer := <-answers:
		if answer == nil {
			leave()
			return nil, errReset
		}
		if answer.ContentLength < 0 {
			answer.Body = streamBody{answer.Body, leave} // the handler is still at it
		} else {
			leave()
		}
		answer.Request = r
		return answer, nil
	case <-r.Context().Done():
		leave()
		return nil, r.Context().Err()
	}
}

// A streamBody ends its handler when it is closed.
type streamBody struct {
	io.ReadCloser
	leave func()
}

func (b streamBody) Close() error {
	b.leave()
	return b.ReadCloser.Close()
}

// errReset is how a connection that broke shows.
var errReset = connectionError("read", "read", syscall.ECONNRESET)

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
// It reports false when nobody listens.
func (s *Server) serve(r *http.Request, answers chan<- *http.Response) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.listeningLocked() {
		return false
	}
	recorder := &recorder{
		header: http.Header{}, status: http.StatusOK,
		answers: answers, request: r.Context(), life: s.life.ctx,
	}
	s.runLocked(func() {
		defer func() {
			switch broken := recover(); broken {
			case nil:
				recorder.finish(nil)
			case http.ErrAbortHandler:
				recorder.finish(errReset)
			default:
				panic(broken)
			}
		}()
		s.ServeHTTP(recorder, r)
	})
	return true
}

// A recorder keeps the whole answer in memory, up to the first Flush. From then
// on it passes on what is written, and waits until it is read; that ends when
// request or life do.
type recorder struct {
	header        http.Header
	status        int
	body          bytes.Buffer
	answers       chan<- *http.Response
	request, life context.Context

	stream *io.PipeWriter // nil before the first Flush
	stop   []func() bool
}

func (w *recorder) Header() http.Header    { return w.header }
func (w *recorder) WriteHeader(status int) { w.status = status }

func (w *recorder) Write(b []byte) (int, error) {
	if w.stream != nil {
		return w.stream.Write(b)
	}
	return w.body.Write(b)
}

// Flush makes a stream of the answer.
func (w *recorder) Flush() {
	if w.stream != nil {
		return
	}
	body, stream := io.Pipe()
	w.stream = stream
	w.stop = []func() bool{
		context.AfterFunc(w.request, func() { stream.CloseWithError(w.request.Err()) }),
		context.AfterFunc(w.life, func() { stream.CloseWithError(errReset) }),
	}
	answer := w.response()
	answer.Header, answer.Body, answer.ContentLength = w.header.Clone(), body, -1
	w.answers <- answer
	if w.body.Len() > 0 {
		_, _ = stream.Write(w.body.Bytes())
	}
}

// finish ends the answer; broken is what became of the connection, if anything.
func (w *recorder) finish(broken error) {
	for _, stop := range w.stop {
		stop()
	}
	switch {
	case w.stream != nil && w.request.Err() != nil:
		w.stream.CloseWithError(w.request.Err())
	case w.stream != nil:
		w.stream.CloseWithError(broken)
	case broken != nil:
		w.answers <- nil
	default:
		w.answers <- w.response()
	}
}

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
