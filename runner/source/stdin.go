package source

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"time"

	"tasks/spec"
)

// interrupted is how long the end of standard input is not believed. A Ctrl-C
// ends the program that writes into it too, and is to be seen as what it is.
const interrupted = 500 * time.Millisecond

// stdin is the round of standard input. Another program reads it, so that waiting
// for it can be given up; like that of a program, its beginning is read again and
// passed over when it is carried on with.
type stdin struct{ program }

func readStdin(src spec.Source, at cursor) (*stdin, error) {
	info, err := os.Stdin.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice != 0 {
		return nil, errors.New("read standard input: nothing is piped into it; put a program that prints the items, or cat and a file, before the command with a |")
	}
	r := &stdin{program{name: "standard input", where: ":%d", format: newRecords(src), skip: at.Index}}
	r.cmd = exec.Command("cat")
	r.cmd.Stdin = os.Stdin
	return r, r.start()
}

func (r *stdin) next(ctx context.Context, at *cursor) (any, json.RawMessage, error) {
	value, raw, err := r.program.next(ctx, at)
	if err != io.EOF {
		return value, raw, err
	}
	t := time.NewTimer(interrupted)
	defer t.Stop()
	select {
	case <-t.C:
		return nil, nil, io.EOF
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
}
