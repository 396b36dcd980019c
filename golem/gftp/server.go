package gftp

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
)

// protocolVersion is the version of the gftp program that a Server stands in for.
const protocolVersion = "0.4.1"

// A Server stands in for "gftp server" beside a devnet: it tells the devnet which
// files of this computer are behind which URLs, and the devnet, which has to run
// on the same computer, reads and writes them. Its fields are set before the
// first call.
type Server struct {
	Devnet Devnet
}

// Serve answers requests, one JSON text a line, until the input ends, a request
// asks for the end, or ctx is done. Requests are answered as they are ready, which
// is not always in their order. All URLs are taken back at the end. The error
// is that of reading or writing.
func (s *Server) Serve(ctx context.Context, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	v := &session{Server: s, out: out, stop: cancel, urls: map[string]bool{}}
	lines := make(chan []byte)
	ended := make(chan error, 1)
	go func() { ended <- scan(ctx, in, lines) }() // ends with the input
	var err error
	for serving := true; serving; {
		select {
		case line := <-lines:
			v.calls.Go(func() { v.answer(ctx, line) })
		case err = <-ended:
			serving = false
		case <-ctx.Done():
			serving = false
		}
	}
	v.calls.Wait()
	v.takeBack(context.WithoutCancel(ctx))
	return errors.Join(err, v.failed())
}

// scan cuts the input into lines.
func scan(ctx context.Context, in io.Reader, lines chan<- []byte) error {
	scanner := bufio.NewScanner(in)
	scanner.Buffer(nil, maxLine)
	for scanner.Scan() {
		select {
		case lines <- append([]byte(nil), scanner.Bytes()...):
		case <-ctx.Done():
			return nil
		}
	}
	return scanner.Err()
}

// Dial starts the server inside this process: it is the Start of a Client that
// needs no other program.
func (s *Server) Dial() (io.ReadWriteCloser, error) {
	requests, toServer := io.Pipe()
	fromServer, answers := io.Pipe()
	d := &dialled{PipeReader: fromServer, in: toServer, done: make(chan struct{})}
	go func() { // ends with Close
		defer close(d.done)
		err := s.Serve(context.Background(), requests, answers)
		_ = requests.CloseWithError(io.ErrClosedPipe)
		_ = answers.CloseWithError(errors.Join(err, io.EOF))
	}()
	return d, nil
}

// A dialled server is two pipes.
type dialled struct {
	*io.PipeReader
	in   *io.PipeWriter
	done chan struct{} // closed when the server has ended
}

func (d *dialled) Write(b []byte) (int, error) { return d.in.Write(b) }

func (d *dialled) Close() error {
	_ = d.in.Close()
	_ = d.PipeReader.Close()
	<-d.done
	return nil
}

// A session is one Serve.
type session struct {
	*Server
	stop  context.CancelFunc
	calls sync.WaitGroup

	mu   sync.Mutex
	urls map[string]bool // to be taken back

	writing sync.Mutex // one line after the other
	out     io.Writer
	err     error // of writing
}

func (v *session) failed() error {
	v.writing.Lock()
	defer v.writing.Unlock()
	return v.err
}

func (v *session) answer(ctx context.Context, line []byte) {
	var r request
	if err := json.Unmarshal(line, &r); err != nil {
		v.send(response{Error: &Error{codeParse, "Parse error: " + err.Error()}})
		return
	}
	result, err := v.do(ctx, r)
	answer := response{ID: r.ID}
	if err == nil {
		answer.Result, err = json.Marshal(result)
	}
	if err != nil {
		answer.Error = &Error{codeFailed, err.Error()}
		if told, ok := errors.AsType[*Error](err); ok {
			answer.Error = told
		}
	}
	v.send(answer)
	if r.Method == "shutdown" {
		v.stop()
	}
}

// send writes an answer; its line ends as those of the gftp program.
func (v *session) send(answer response) {
	answer.Version = jsonrpc
	if answer.ID == nil {
		answer.ID = json.RawMessage("null")
	}
	line, err := json.Marshal(answer)
	if err != nil {
		line = fmt.Appendf(nil, `{"jsonrpc":"2.0","id":null,"error":{"code":%d,"message":"Internal error"}}`, codeInternal)
	}
	v.writing.Lock()
	defer v.writing.Unlock()
	if _, err := v.out.Write(append(line, '\r', '\n')); err != nil && v.err == nil {
		v.err = err
		v.stop()
	}
}

// params are those of every method.
type params struct {
	Files      []string `json:"files"`
	OutputFile string   `json:"output_file"`
	URL        string   `json:"url"`
	File       string   `json:"file"`
	URLs       []string `json:"urls"`
}

func (v *session) do(ctx context.Context, r request) (any, error) {
	var p params
	if len(r.Params) > 0 {
		if err := json.Unmarshal(r.Params, &p); err != nil {
			return nil, &Error{codeParams, "Invalid params: " + err.Error()}
		}
	}
	switch r.Method {
	case "version":
		return protocolVersion, nil
	case "publish":
		return v.publish(ctx, p.Files)
	case "receive":
		url, err := v.Devnet.receive(ctx, p.OutputFile)
		return entry{p.OutputFile, v.keep(url)}, err
	case "upload":
		return entry{p.File, p.URL}, v.Devnet.upload(ctx, p.URL, p.File)
	case "download":
		return entry{p.OutputFile, p.URL}, v.Devnet.download(ctx, p.URL, p.OutputFile)
	case "close":
		return v.close(ctx, p.URLs), nil
	case "shutdown":
		return "ok", nil
	}
	return nil, &Error{codeMethod, "Method not found: " + r.Method}
}

func (v *session) publish(ctx context.Context, files []string) ([]entry, error) {
	out := make([]entry, len(files))
	for i, file := range files {
		url, err := v.Devnet.publish(ctx, file)
		if err != nil {
			return nil, err
		}
		out[i] = entry{file, v.keep(url)}
	}
	return out, nil
}

func (v *session) close(ctx context.Context, urls []string) []string {
	out := make([]string, len(urls))
	for i, url := range urls {
		out[i] = "ok"
		if v.Devnet.close(ctx, url) != nil {
			out[i] = "error"
		}
		v.mu.Lock()
		delete(v.urls, url)
		v.mu.Unlock()
	}
	return out
}

// keep remembers a URL for the end.
func (v *session) keep(url string) string {
	if url != "" {
		v.mu.Lock()
		defer v.mu.Unlock()
		v.urls[url] = true
	}
	return url
}

func (v *session) takeBack(ctx context.Context) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for url := range v.urls {
		_ = v.Devnet.close(ctx, url) // the devnet may be gone, and the URL with it
	}
}
