package main

import (
	"io"
	"os"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/term"
)

// pipeWidth is how wide tables are where nothing says how wide they may be.
const pipeWidth = 80

// A screen is a place to write text for people to.
type screen struct {
	io.Writer
	file     *os.File // nil when it is not one
	terminal bool     // it can be redrawn
	colour   bool
}

func newScreen(w io.Writer) *screen {
	s := &screen{Writer: w}
	if file, ok := w.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		s.file = file
		s.terminal = os.Getenv("TERM") != "dumb"
		s.colour = s.terminal && os.Getenv("NO_COLOR") == ""
	}
	return s
}

// width is how many columns there are now: a window can change at any time.
func (s *screen) width() int {
	if s.file != nil {
		if width, _, err := term.GetSize(int(s.file.Fd())); err == nil && width > 0 {
			return width
		}
	}
	if width, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && width > 0 {
		return width
	}
	return pipeWidth
}

// height is how many lines a terminal has now, or 0 for no terminal.
func (s *screen) height() int {
	if s.file == nil {
		return 0
	}
	_, height, err := term.GetSize(int(s.file.Fd()))
	if err != nil {
		return 0
	}
	return height
}

// The ANSI styles in use.
const (
	styleBold   = "1"
	styleDim    = "2"
	styleRed    = "31"
	styleGreen  = "32"
	styleYellow = "33"
)

// paint gives text a style, where there are colours.
func (s *screen) paint(style, text string) string {
	if !s.colour || style == "" || text == "" {
		return text
	}
	return "\x1b[" + style + "m" + text + "\x1b[0m"
}

// printable makes text from elsewhere harmless: it cannot move the cursor or
// change colours.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case unicode.IsPrint(r):
			return r
		}
		return '\ufffd'
	}, s)
}
