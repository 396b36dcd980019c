package source

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"tasks/spec"
)

// An Item is one item of a source.
type Item struct {
	Value    any             // as expressions see it
	JSON     json.RawMessage // Value as JSON
	Position json.RawMessage // the cursor after this item, for Open
}

// A Reader reads the items of one source. It is not safe for concurrent use, and
// must be closed.
type Reader struct {
	src   spec.Source
	at    cursor
	gave  bool  // the round has given an item, perhaps to an earlier Reader
	round round // nil between rounds
	err   error // what Next returns from now on

	results Results // of other stages; nil where nobody has them
}

// A round is one reading of a source from its beginning to its end.
type round interface {
	// next returns the next item and moves the cursor behind it; io.EOF ends
	// the round.
	next(ctx context.Context, at *cursor) (any, json.RawMessage, error)
	close() error
}

// Open opens a source at a position, the one of the last Item that was made use
// of; empty or null is the beginning. It fails for a position that is none, a
// file that cannot be read or is shorter than the position, and a program that
// cannot be started.
func Open(src spec.Source, position json.RawMessage) (*Reader, error) {
	return OpenResults(src, position, nil)
}

// open begins a round at the cursor.
func (r *Reader) open() (round, error) {
	if r.src.Kind == spec.SourceResults && r.results != nil {
		return &results{stage: r.src.Stage, read: r.results}, nil
	}
	return openRound(r.src, r.at)
}

func openRound(src spec.Source, at cursor) (round, error) {
	switch src.Kind {
	case spec.SourceOnce:
		return once{}, nil
	case spec.SourceRange:
		return newCounter(src)
	case spec.SourceItems:
		return list(src.Items), nil
	case spec.SourceMatrix:
		return newMatrix(src), nil
	case spec.SourceLines, spec.SourceCSV, spec.SourceJSONL:
		if src.Path == spec.Stdin {
			return readStdin(src, at)
		}
		return openFile(src, at)
	case spec.SourceFiles:
		return openFiles(src, at)
	case spec.SourceCommand:
		return startProgram(src, at)
	}
	return nil, fmt.Errorf("open source: unknown kind %q", src.Kind)
}

// over reports whether the source was read as often as it should be.
func (r *Reader) over() bool {
	return r.src.Repeat > 0 && r.at.Round >= int64(r.src.Repeat)
}

// Next returns the next item, io.EOF after the last one, or ctx's error. Every
// other error is the end too, and says where in the source it is: a line that is
// too long, not UTF-8, not JSON or not CSV, a file that shrank, a program that ended badly,
// a source without items that is to be repeated. It waits only for a program
// and standard input, which do not survive a ctx that ends meanwhile.
func (r *Reader) Next(ctx context.Context) (Item, error) {
	if err := ctx.Err(); err != nil {
		return Item{}, err
	}
	if r.err != nil {
		return Item{}, r.err
	}
	item, err := r.read(ctx)
	if err != nil {
		r.err = err
	}
	return item, err
}

func (r *Reader) read(ctx context.Context) (Item, error) {
	for !r.over() {
		if r.round == nil {
			next, err := r.open()
			if err != nil {
				return Item{}, err
			}
			r.round = next
		}
		value, raw, err := r.round.next(ctx, &r.at)
		if err == nil {
			r.at.Index++
			r.gave = true
			return Item{Value: value, JSON: raw, Position: r.at.json()}, nil
		}
		if err != io.EOF {
			return Item{}, err
		}
		if err := r.turn(); err != nil {
			return Item{}, err
		}
	}
	return Item{}, io.EOF
}

// turn goes on to the next round.
func (r *Reader) turn() error {
	if !r.gave && r.src.Repeat != 1 {
		return fmt.Errorf("read %s: it gives no items, and is to be repeated", name(r.src))
	}
	err := r.closeRound()
	r.at, r.gave = cursor{Round: r.at.Round + 1}, false
	return err
}

// Close lets go of the source; a program is killed. Next fails after it.
func (r *Reader) Close() error {
	if r.err == nil {
		r.err = errClosed
	}
	return r.closeRound()
}

var errClosed = errors.New("read source: it is closed")

func (r *Reader) closeRound() error {
	if r.round == nil {
		return nil
	}
	err := r.round.close()
	r.round = nil
	return err
}
