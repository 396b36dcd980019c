package gftp

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"
)

// ErrEnded is wrapped by errors of calls whose process ended before it answered.
var ErrEnded = errors.New("the gftp process ended")

// A Client publishes files through a gftp process, which it starts for the first
// file. Set Start before the first call. Safe for concurrent use; Close it to end
// the process.
type Client struct {
	// Start starts the process: what is written to the connection is its input,
	// what is read its output, and closing it ends the process. See Command and
	// (*Server).Dial. Required.
	Start func() (io.ReadWriteCloser, error)

	mu     sync.Mutex
	conn   *conn // nil before the first call, and after Close
	closed bool
}

// A File is reachable by providers under URL until it is closed.
type File struct {
	URL string

	conn *conn
	once sync.Once
}

// Publish offers the content of a file of this computer. Equal contents share
// one URL, which lasts until the last of their Files is closed.
func (c *Client) Publish(ctx context.Context, path string) (*File, error) {
	conn, err := c.dial()
	if err != nil {
		return nil, err
	}
	if err := conn.lock(ctx); err != nil {
		return nil, err
	}
	defer conn.unlock()
	var entries []entry
	err = conn.call(ctx, "publish", map[string][]string{"files": {path}}, &entries)
	if err == nil && (len(entries) != 1 || entries[0].URL == "") {
		err = errors.New("gftp: answer without a URL")
	}
	if err != nil {
		return nil, fmt.Errorf("publish %s: %w", path, err)
	}
	conn.users[entries[0].URL]++
	return &File{URL: entries[0].URL, conn: conn}, nil
}

// Receive makes a URL that a provider can write to; what comes is found at path.
func (c *Client) Receive(ctx context.Context, path string) (*File, error) {
	conn, err := c.dial()
	if err != nil {
		return nil, err
	}
	var e entry
	if err := conn.call(ctx, "receive", map[string]string{"output_file": path}, &e); err != nil {
		return nil, fmt.Errorf("receive %s: %w", path, err)
	}
	if err := conn.lock(ctx); err != nil {
		return nil, err
	}
	defer conn.unlock()
	conn.users[e.URL]++
	return &File{URL: e.URL, conn: conn}, nil
}

// Close takes the URL back, once nobody else uses it. A second Close does
// nothing; neither does one after the process has ended.
func (f *File) Close(ctx context.Context) (err error) {
	f.once.Do(func() { err = f.conn.release(ctx, f.URL) })
	return err
}

// Close ends the process, and with it every URL.
func (c *Client) Close() error {
	c.mu.Lock()
	conn := c.conn
	c.conn, c.closed = nil, true
	c.mu.Unlock()
	if conn == nil {
		return nil
	}
	err := conn.close()
	<-conn.ended
	return err
}

// dial is the process at work, or a new one.
func (c *Client) dial() (*conn, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, ErrEnded
	}
	if c.conn != nil && !c.conn.over() {
		return c.conn, nil
	}
	rw, err := c.Start()
	if err != nil {
		return nil, fmt.Errorf("start gftp: %w", err)
	}
	c.conn = newConn(rw)
	return c.conn, nil
}

// A conn is one process and the calls to it that wait for an answer.
type conn struct {
	rw    io.ReadWriteCloser
	close func() error  // of rw, once
	ended chan struct{} // closed when nothing more can be read

	// turn is held while a URL may be made or taken back, so that one that is
	// just being published again is not closed (protocol section 5.6).
	turn  chan struct{}
	users map[string]int // by URL; guarded by turn

	writing chan struct{} // held while a line is written

	mu      sync.Mutex
	last    int
	waiting map[string]chan response
}

func newConn(rw io.ReadWriteCloser) *conn {
	c := &conn{
		rw: rw, close: sync.OnceValue(rw.Close), ended: make(chan struct{}),
		turn: make(chan struct{}, 1), users: map[string]int{},
		writing: make(chan struct{}, 1), waiting: map[string]chan response{},
	}
	go c.read() // ends with the process; Client.Close waits for it
	return c
}

func (c *conn) over() bool {
	select {
	case <-c.ended:
		return true
	default:
		return false
	}
}

func (c *conn) lock(ctx context.Context) error { return hold(ctx, c.turn) }
func (c *conn) unlock()                        { <-c.turn }

// hold takes what only one can have, or gives up with ctx.
func hold(ctx context.Context, turn chan struct{}) error {
	select {
	case turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// release counts one user less of a URL.
func (c *conn) release(ctx context.Context, url string) error {
	if err := c.lock(ctx); err != nil {
		return err
	}
	defer c.unlock()
	if c.users[url]--; c.users[url] > 0 {
		return nil
	}
	delete(c.users, url)
	if c.over() {
		return nil
	}
	var answers []string
	err := c.call(ctx, "close", map[string][]string{"urls": {url}}, &answers)
	if err == nil && (len(answers) != 1 || answers[0] != "ok") {
		err = fmt.Errorf("gftp answers %q", answers)
	}
	if err != nil && !errors.Is(err, ErrEnded) {
		return fmt.Errorf("close %s: %w", url, err)
	}
	return nil
}

// call makes one call and decodes its result.
func (c *conn) call(ctx context.Context, method string, params, out any) error {
	id, answers := c.expect()
	defer c.forget(id)
	if err := c.write(ctx, id, method, params); err != nil {
		return err
	}
	select {
	case answer := <-answers:
		if answer.Error != nil {
			return answer.Error
		}
		if err := json.Unmarshal(answer.Result, out); err != nil {
			return fmt.Errorf("decode answer of gftp: %w", err)
		}
		return nil
	case <-c.ended:
		return ErrEnded
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (c *conn) expect() (id string, answers chan response) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last++
	id, answers = strconv.Itoa(c.last), make(chan response, 1)
	c.waiting[id] = answers
	return id, answers
}

func (c *conn) forget(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.waiting, id)
}

func (c *conn) write(ctx context.Context, id, method string, params any) error {
	body, err := json.Marshal(params)
	if err != nil {
		return fmt.Errorf("encode request: %w", err)
	}
	line, err := json.Marshal(request{Version: jsonrpc, ID: json.RawMessage(id), Method: method, Params: body})
	if err != nil {
		return fmt.Errorf("encode request: %w", err)
	}
	if err := hold(ctx, c.writing); err != nil {
		return err
	}
	defer func() { <-c.writing }()
	if _, err := c.rw.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("%w: %w", ErrEnded, err)
	}
	return nil
}

// read hands every answer to the call that waits for it. What is no answer is
// passed over: it cannot be told whose it is.
func (c *conn) read() {
	defer close(c.ended)
	defer func() { _ = c.close() }() // also when it ended by itself
	lines := bufio.NewScanner(c.rw)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		var answer response
		if json.Unmarshal(lines.Bytes(), &answer) != nil {
			continue
		}
		c.mu.Lock()
		answers := c.waiting[string(answer.ID)]
		delete(c.waiting, string(answer.ID))
		c.mu.Unlock()
		if answers != nil {
			answers <- answer
		}
	}
}
