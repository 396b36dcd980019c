package main

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"tasks/runner"
)

const (
	// copyShown is how long a copy takes before anybody is told of it.
	copyShown = 3 * time.Second
	// copiesTold is how often a pipe is told of the copies that take long.
	copiesTold = 10 * time.Second
	// maxCopies is how many are shown at once.
	maxCopies = 4
)

// long are the copies that have been going on for a while.
func long(copies []runner.Copy, now time.Time) []runner.Copy {
	return slices.DeleteFunc(copies, func(c runner.Copy) bool { return now.Sub(c.Since) < copyShown })
}

// copiesBlock is what is being copied, in lines that fit the screen; short copies
// are left out.
func copiesBlock(copies []runner.Copy, width int, now time.Time) []byte {
	var b bytes.Buffer
	copies = long(copies, now)
	for _, c := range copies[:min(len(copies), maxCopies)] {
		fmt.Fprintln(&b, cut("  "+copyVerb(c)+"  "+copyText(c, now), width))
	}
	if more := len(copies) - maxCopies; more > 0 {
		fmt.Fprintf(&b, "           and %d more\n", more)
	}
	return b.Bytes()
}

// tellCopiesLocked writes a line for each long copy to what is no terminal, now
// and then.
func (p *progress) tellCopiesLocked(now time.Time) {
	copies := long(p.copies.Now(), now)
	if len(copies) == 0 || now.Sub(p.told) < copiesTold {
		return
	}
	p.told = now
	for _, c := range copies[:min(len(copies), maxCopies)] {
		fmt.Fprintf(p.screen, "%s: %s %s\n", p.run.flag, copyVerb(c), copyText(c, now))
	}
}

// copyVerb is what happens to a file: two words of the same length.
func copyVerb(c runner.Copy) string {
	if c.Reading {
		return "reading"
	}
	return "copying"
}

// copyText says what moves, how much of how much, and how fast.
func copyText(c runner.Copy, now time.Time) string {
	way := " from "
	if c.Upload {
		way = " to "
	}
	text := oneLine(c.Name) + way + oneLine(c.Provider) + ": "
	if c.Reading {
		text = oneLine(c.Name) + ": "
	}
	took := now.Sub(c.Since)
	switch {
	case c.Done <= 0 && c.Size <= 0:
		return text + "for " + elapsed(took)
	case c.Done <= 0:
		return text + byteText(c.Size) + ", for " + elapsed(took)
	case c.Size <= 0:
		text += byteText(c.Done)
	default:
		text += fmt.Sprintf("%s of %s, %d %%", byteText(c.Done), byteText(c.Size), min(100, c.Done*100/c.Size))
	}
	if s := took.Seconds(); s > 0 {
		text += ", " + byteText(int64(float64(c.Done)/s)) + "/s"
	}
	return text
}

// byteText is a number of bytes in the largest unit that leaves something before
// the point.
func byteText(n int64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB"}
	value, unit := float64(n), 0
	for value >= 1024 && unit < len(units)-1 {
		value, unit = value/1024, unit+1
	}
	if unit == 0 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f %s", value, units[unit])
}
