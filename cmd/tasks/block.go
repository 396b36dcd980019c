package main

import (
	"bytes"
	"fmt"
	"io"
)

// A block is some lines at the bottom of a terminal that are drawn again in
// place. Its lines must not be wider than the screen.
type block struct {
	screen *screen
	lines  int // that the last drawing left, all above the cursor
}

// redraw replaces what the block showed.
func (b *block) redraw(text []byte) error {
	var out bytes.Buffer
	b.up(&out)
	text = fitHeight(text, b.screen.height())
	out.Write(text)
	b.lines = bytes.Count(text, []byte("\n"))
	_, err := b.screen.Write(out.Bytes())
	return err
}

// clear takes the block off the screen; what is written next stands in its
// place.
func (b *block) clear() error {
	var out bytes.Buffer
	b.up(&out)
	b.lines = 0
	_, err := b.screen.Write(out.Bytes())
	return err
}

// up moves to the block's first line and erases from there.
func (b *block) up(w io.Writer) {
	if b.lines > 0 {
		fmt.Fprintf(w, "\x1b[%dF\x1b[J", b.lines)
	}
}

// fitHeight cuts text to what a screen of so many lines can draw again: the
// cursor cannot go back to a line that has left it.
func fitHeight(text []byte, height int) []byte {
	room := height - 1
	lines := bytes.SplitAfter(text, []byte("\n"))
	if height <= 1 || len(lines)-1 <= room {
		return text
	}
	kept := bytes.Join(lines[:room-1], nil)
	return fmt.Appendf(kept, "... %d lines more\n", len(lines)-1-(room-1))
}
