package source

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"time"

	"tasks/spec"
)

// lingering is how long what a program leaves behind may hold on to its standard
// error after it ended.
const lingering = time.Second

// A program is a round of a local program that prints JSON lines. Nothing but
// its pipe is read ahead, so it waits when nobody wants its items.
type program struct {
	name   string
	cmd    *exec.Cmd
	out    *os.File // our end of its standard output
	lines  lines
	format *records
	where  string // "%s" of a line number, for messages
	words  tail   // of its standard error; complete once it was waited for
	skip   int64  // items to pass over: they were read from an earlier start
	reaped atomic.Bool
}

func startProgram(src spec.Source, at cursor) (*program, error) {
	if len(src.Argv) == 0 {
		return nil, errors.New("start program: the command is empty")
	}
	p := &program{name: name(src), where: ": line %d of its output", format: newRecords(src), skip: at.Index}
	p.cmd = exec.Command(src.Argv[0], src.Argv[1:]...)
	p.cmd.Dir = src.Dir
	return p, p.start()
}

func (p *program) start() error {
	out, theirs, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("start %s: %w", p.name, err)
	}
	defer theirs.Close()
	p.out, p.lines = out, newLines(out)
	p.cmd.Stdout, p.cmd.Stderr = theirs, &p.words
	p.cmd.SysProcAttr = ownGroup()
	p.cmd.WaitDelay = lingering
	if err := p.cmd.Start(); err != nil {
		out.Close()
		return fmt.Errorf("start %s: %w", p.name, err)
	}
	return nil
}

func (p *program) next(ctx context.Context, at *cursor) (any, json.RawMessage, error) {
	if p.skip > 0 {
		if err := p.pass(ctx, at); err != nil {
			return nil, nil, err
		}
	}
	record, err := p.record(ctx, at)
	if err == io.EOF {
		return nil, nil, p.end(ctx)
	}
	if err != nil {
		return nil, nil, err
	}
	value, raw, err := p.format.decode(record, at)
	if err != nil {
		return nil, nil, p.fault(at, err)
	}
	return value, raw, nil
}

// pass reads again what was read from an earlier start.
func (p *program) pass(ctx context.Context, at *cursor) error {
	at.Line = 0
	for done := int64(0); done < p.skip; done++ {
		_, err := p.record(ctx, at)
		if err == io.EOF {
			if err := p.end(ctx); err != io.EOF {
				return err
			}
			return fmt.Errorf("%s gave only %d items this time, and %d were read before: it must begin with the same ones", p.name, done, p.skip)
		}
		if err != nil {
			return err
		}
	}
	p.skip = 0
	return nil
}

// record waits for a record.
func (p *program) record(ctx context.Context, at *cursor) ([]byte, error) {
	record, err := p.format.read(func() ([]byte, error) { return p.line(ctx) }, at)
	if err == nil || err == io.EOF || ctx.Err() != nil && err == ctx.Err() {
		return record, err
	}
	return nil, p.fault(at, err)
}

// line waits for a line.
func (p *program) line(ctx context.Context) (line []byte, err error) {
	if p.lines.ready() {
		line, _, err = p.lines.next()
		return line, err
	}
	err = p.watched(ctx, func() (err error) {
		line, _, err = p.lines.next()
		return err
	})
	return line, err
}

// fault is an error in the line that the cursor has just passed.
func (p *program) fault(at *cursor, err error) error {
	return fmt.Errorf("%s"+p.where+": %w", p.name, at.Line, err)
}

// end is io.EOF, unless the program, which has closed its output, ends badly.
func (p *program) end(ctx context.Context) error {
	err := p.watched(ctx, p.wait)
	switch {
	case err == nil || errors.Is(err, exec.ErrWaitDelay):
		return io.EOF
	case err == ctx.Err():
		return err
	}
	if words := p.words.last(5); words != "" {
		return fmt.Errorf("%s: %w: %s", p.name, err, words)
	}
	return fmt.Errorf("%s: %w", p.name, err)
}

// watched does what may have to wait for the program, and kills it if ctx ends
// meanwhile.
func (p *program) watched(ctx context.Context, wait func() error) error {
	killed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(killed)
		p.kill()
	})
	err := wait()
	if stop() {
		return err
	}
	<-killed
	return ctx.Err()
}

// kill ends the program and everything in its group, and whoever waits for its
// output.
func (p *program) kill() {
	if !p.reaped.Load() { // or its number may be another's by now
		killGroup(p.cmd.Process)
	}
	_ = p.out.SetReadDeadline(time.Unix(1, 0))
}

// wait waits for the end of the program and kills what it leaves in its group,
// which keeps the group's number from being another's.
func (p *program) wait() error {
	err := p.cmd.Wait()
	killGroup(p.cmd.Process)
	p.reaped.Store(true)
	return err
}

func (p *program) close() error {
	if !p.reaped.Load() {
		p.kill()
		_ = p.wait() // how it ended is our doing
	}
	return p.out.Close()
}

// name is what a source is called in messages.
func name(src spec.Source) string {
	switch src.Kind {
	case spec.SourceLines, spec.SourceCSV, spec.SourceJSONL:
		return src.Path
	case spec.SourceResults:
		return "the results of stage " + src.Stage
	case spec.SourceFiles:
		return "the files " + src.Pattern
	case spec.SourceCommand:
		argv := src.Argv
		if len(argv) == 3 && argv[0] == "/bin/sh" && argv[1] == "-c" {
			argv = argv[2:]
		}
		return fmt.Sprintf("command %.60q", strings.Join(argv, " "))
	}
	return "the " + src.Kind
}
