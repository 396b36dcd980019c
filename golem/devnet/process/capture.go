package process

import (
	"bytes"
	"sync"
	"unicode/utf8"

	"tasks/golem"
)

// A capture keeps the wanted part of one stream of a command. Its writer never
// waits for anything but the sink.
type capture struct {
	stream     string
	sink       Sink // nil unless the mode is stream
	binary     bool
	off        bool // nothing is wanted
	head, tail int  // bytes to keep of each end
	maps       rewriter

	mu    sync.Mutex
	first []byte
	last  []byte // up to twice tail; the older half is dropped when it is full
	done  bool
}

// newCapture reads the mode (protocol section 5.5), bounded by limit.
func newCapture(stream string, mode *golem.CaptureMode, limit int64, sink Sink, maps rewriter) *capture {
	c := &capture{stream: stream, maps: maps}
	bound := func(n int64) int { return int(min(n, limit)) }
	switch {
	case mode != nil && mode.Stream != nil:
		c.sink = sink
		c.binary = isBinary(mode.Stream.Format)
		c.head = bound(orAll(mode.Stream.Limit))
	case mode != nil && mode.AtEnd != nil:
		part := mode.AtEnd
		c.binary = isBinary(part.Format)
		switch {
		case part.Head > 0:
			c.head = bound(part.Head)
		case part.Tail > 0:
			c.tail = bound(part.Tail)
		case part.HeadTail > 0:
			n := bound(part.HeadTail)
			c.head, c.tail = n/2, n-n/2
		default:
			c.head = bound(orAll(0))
		}
	default:
		c.off = true
	}
	return c
}

// Keep is what is kept of output that is there at once, as of a command's; a sink
// that is not nil is told of it where the mode is stream.
func Keep(stream, output string, mode *golem.CaptureMode, sink Sink) golem.Output {
	if mode == nil || output == "" {
		return nil
	}
	c := newCapture(stream, mode, maxKept, sink, rewriter{})
	_, _ = c.Write([]byte(output))
	return c.finish()
}

// maxKept bounds what Keep keeps.
const maxKept = 1 << 30

const all = 1<<63 - 1

func orAll(n int64) int64 {
	if n <= 0 {
		return all
	}
	return n
}

func isBinary(format string) bool { return format == "bin" || format == "binary" }

// Write keeps what is wanted of p and always succeeds.
func (c *capture) Write(p []byte) (int, error) {
	if c.off {
		return len(p), nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.done {
		c.keepLocked(p)
	}
	return len(p), nil
}

func (c *capture) keepLocked(p []byte) {
	n := min(len(p), c.head-len(c.first))
	c.first = append(c.first, p[:n]...)
	if n > 0 && c.sink != nil {
		c.sink(c.stream, bytes.Clone(c.maps.out(p[:n])))
	}
	if c.tail == 0 {
		return
	}
	p = p[n:]
	p = p[max(0, len(p)-c.tail):]
	c.last = append(c.last, p...)
	if len(c.last) > 2*c.tail {
		c.last = append(c.last[:0], c.last[len(c.last)-c.tail:]...)
	}
}

// finish returns what was kept, nil if that is nothing, and forgets what still
// comes.
func (c *capture) finish() golem.Output {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done = true
	out := append(c.first, c.last[max(0, len(c.last)-c.tail):]...)
	if len(out) == 0 {
		return nil
	}
	out = c.maps.out(out)
	if !c.binary && !utf8.Valid(out) {
		out = fromLatin1(out)
	}
	return out
}

func fromLatin1(b []byte) []byte {
	out := make([]byte, 0, len(b)+len(b)/2)
	for _, c := range b {
		out = utf8.AppendRune(out, rune(c))
	}
	return out
}
