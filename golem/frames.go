package golem

import (
	"bufio"
	"errors"
	"io"
	"strings"
)

// maxFrame bounds one event of an event stream.
const maxFrame = maxAnswer

var errFrameTooLong = errors.New("event of the stream is too long")

// A frame is one event of a text/event-stream. What the daemon has no use for,
// ids and retry times, is not kept.
type frame struct {
	event string // type, "" when it has none
	data  string // its lines joined by \n
}

// A frameReader reads an event stream by the rules of the HTML standard: lines
// end with \n, \r\n or \r; a line that begins with a colon is a comment; an
// event ends at an empty line, and one that is cut off by the end does not count.
type frameReader struct {
	in      *bufio.Reader
	afterCR bool // a \n now belongs to the line before
	begun   bool
}

func newFrameReader(in io.Reader) *frameReader { return &frameReader{in: bufio.NewReader(in)} }

// next returns the next event that has data, or what ended the stream.
func (r *frameReader) next() (frame, error) {
	var f frame
	var data strings.Builder
	for {
		line, err := r.line(maxFrame - data.Len())
		if err != nil {
			return frame{}, err
		}
		if line == "" {
			if data.Len() > 0 {
				f.data = strings.TrimSuffix(data.String(), "\n")
				return f, nil
			}
			f = frame{}
			continue
		}
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch name {
		case "event":
			f.event = value
		case "data":
			data.WriteString(value)
			data.WriteByte('\n')
		}
	}
}

// line reads up to the end of a line, which it leaves out.
func (r *frameReader) line(limit int) (string, error) {
	var line []byte
	for {
		c, err := r.in.ReadByte()
		if err != nil {
			return "", err
		}
		follows := r.afterCR
		r.afterCR = c == '\r'
		switch {
		case c == '\n' && follows:
			continue
		case c == '\n' || c == '\r':
			return r.withoutMark(string(line)), nil
		case len(line) >= limit:
			return "", errFrameTooLong
		}
		line = append(line, c)
	}
}

// withoutMark removes the byte order mark that a stream may begin with.
func (r *frameReader) withoutMark(line string) string {
	if r.begun {
		return line
	}
	r.begun = true
	return strings.TrimPrefix(line, "\ufeff")
}
