package golem

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// keptFor is for how long a connection is used again after its last call.
	// Well below the daemon's 60 s (protocol section 1.4), because nobody listens
	// on a connection in between, and a new one to a daemon on this computer
	// costs next to nothing.
	keptFor = time.Second
	// keptMost bounds the connections that no call is using.
	keptMost = 1024
)

// longAgo is a deadline that ends what is being read or written.
var longAgo = time.Unix(1, 0)

// A direct makes calls over plain connections, each in the goroutine of its
// caller. net/http hands every call to two goroutines of its connection and
// back, which takes three times the processor time: most of what a small task
// costs. The two calls of a task are made so, all others by net/http.
type direct struct {
	address string // HOST:PORT
	host    string // as the daemon was named
	path    string // before that of every request, mostly ""

	mu   sync.Mutex
	idle []*wire // the one used last is the last
}

// outgoing is a request as a direct is given it.
type outgoing struct {
	method, target string // below the daemon's address
	header         http.Header
	body           []byte
}

// A wire is one connection.
type wire struct {
	conn net.Conn
	in   *bufio.Reader
	out  []byte // for requests, one after another
	used time.Time
}

// newDirect returns nil where a daemon is not reached by a plain connection, but
// through TLS or a proxy, and for a key that is none.
func newDirect(base, key string) *direct {
	u, err := url.Parse(base)
	if err != nil || strings.ContainsAny(key, "\r\n") || u.Scheme != "http" || u.Hostname() == "" {
		return nil
	}
	proxy, err := http.ProxyFromEnvironment(&http.Request{URL: u})
	if err != nil || proxy != nil {
		return nil
	}
	return &direct{address: net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), "80")), host: u.Host, path: strings.TrimSuffix(u.EscapedPath(), "/")}
}

// call sends a request and reads the whole answer. limit bounds the call, and ctx
// can end it sooner.
func (d *direct) call(ctx context.Context, o outgoing, limit time.Duration) (int, []byte, error) {
	for {
		w, kept, err := d.take(ctx, limit)
		if err != nil {
			return 0, nil, err
		}
		status, answer, again, err := w.exchange(ctx, d.append(w.out[:0], o), limit)
		if again {
			d.give(w)
		} else {
			w.conn.Close()
		}
		if err == nil {
			return status, answer, nil
		}
		// The daemon may have closed a kept connection meanwhile. What it was asked
		// for is then open, so that only a question can be asked again.
		if !kept || o.method != http.MethodGet || errors.Is(err, os.ErrDeadlineExceeded) {
			return 0, nil, err
		}
	}
}

// take returns a connection, and whether it was used before.
func (d *direct) take(ctx context.Context, limit time.Duration) (w *wire, kept bool, err error) {
	if w := d.takeIdle(); w != nil {
		return w, true, nil
	}
	dialer := net.Dialer{Timeout: limit}
	conn, err := dialer.DialContext(ctx, "tcp", d.address)
	if err != nil {
		return nil, false, err
	}
	return &wire{conn: conn, in: bufio.NewReader(conn)}, false, nil
}

func (d *direct) takeIdle() *wire {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := len(d.idle)
	if n == 0 {
		return nil
	}
	if w := d.idle[n-1]; time.Since(w.used) < keptFor {
		d.idle = d.idle[:n-1]
		return w
	}
	d.dropLocked() // the others are older still
	return nil
}

func (d *direct) give(w *wire) {
	w.used = time.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.idle) == keptMost {
		w.conn.Close()
		return
	}
	d.idle = append(d.idle, w)
}

// drop closes the connections that no call is using.
func (d *direct) drop() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dropLocked()
}

func (d *direct) dropLocked() {
	for _, w := range d.idle {
		w.conn.Close()
	}
	d.idle = nil
}

// exchange is one call on a connection. again tells that it is good for another.
func (w *wire) exchange(ctx context.Context, request []byte, limit time.Duration) (status int, answer []byte, again bool, err error) {
	if err := w.conn.SetDeadline(time.Now().Add(limit)); err != nil {
		return 0, nil, false, err
	}
	stop := context.AfterFunc(ctx, func() { w.conn.SetDeadline(longAgo) })
	// A deadline that is set, or about to be, would end the next call.
	defer func() { again = stop() && again }()
	w.out = request
	if _, err := w.conn.Write(request); err != nil {
		return 0, nil, false, err
	}
	resp, err := http.ReadResponse(w.in, nil)
	if err != nil {
		return 0, nil, false, err
	}
	defer resp.Body.Close()
	answer, err = readAnswer(resp.Body)
	return resp.StatusCode, answer, err == nil && !resp.Close, err
}

// append writes a request as it goes over the wire.
func (d *direct) append(out []byte, o outgoing) []byte {
	out = fmt.Appendf(out, "%s %s%s HTTP/1.1\r\nHost: %s\r\n", o.method, d.path, o.target, d.host)
	for name, values := range o.header {
		for _, v := range values {
			out = append(append(append(append(out, name...), ": "...), v...), "\r\n"...)
		}
	}
	if o.method != http.MethodGet {
		out = append(strconv.AppendInt(append(out, "Content-Length: "...), int64(len(o.body)), 10), "\r\n"...)
	}
	return append(append(out, "\r\n"...), o.body...)
}
