package source

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// maxLine is how long a line may be, in bytes, its end included.
const maxLine = 1 << 20

var errLongLine = errors.New("the line is longer than 1 MiB")

// lines splits a stream into lines. Its memory is bounded by maxLine.
type lines struct {
	r    *bufio.Reader
	long []byte // a line that does not fit into r
}

func newLines(r io.Reader) lines { return lines{r: bufio.NewReaderSize(r, 64<<10)} }

// next returns a line without its end, valid until the next call, and how many
// bytes it took. The last line needs no end; io.EOF comes after it.
func (l *lines) next() (line []byte, n int, err error) {
	part, err := l.r.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		part, err = l.rest(part)
	}
	if err == io.EOF && len(part) > 0 {
		err = nil
	}
	if err != nil {
		return nil, 0, err
	}
	return bytes.TrimSuffix(bytes.TrimSuffix(part, []byte("\n")), []byte("\r")), len(part), nil
}

// rest reads to the end of a line that begins with part.
func (l *lines) rest(part []byte) (line []byte, err error) {
	l.long = append(l.long[:0], part...)
	for {
		part, err = l.r.ReadSlice('\n')
		if len(l.long)+len(part) > maxLine {
			return nil, errLongLine
		}
		l.long = append(l.long, part...)
		if err != bufio.ErrBufferFull {
			return l.long, err
		}
	}
}

// ready reports whether next would not have to wait.
func (l *lines) ready() bool {
	buffered, _ := l.r.Peek(l.r.Buffered())
	return bytes.IndexByte(buffered, '\n') >= 0
}
