package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// logLines is a log for a person who watches a run: a line a record, the level
// in words where it matters, the facts behind the message.
type logLines struct {
	out   io.Writer
	level slog.Level
	attrs []slog.Attr
}

func (l *logLines) Enabled(_ context.Context, level slog.Level) bool { return level >= l.level }

// Handle writes the record in one call, so that lines stay whole.
func (l *logLines) Handle(_ context.Context, r slog.Record) error {
	var line strings.Builder
	line.WriteString("tasks: ")
	switch {
	case r.Level >= slog.LevelError:
		line.WriteString("error: ")
	case r.Level >= slog.LevelWarn:
		line.WriteString("warning: ")
	}
	line.WriteString(r.Message)
	facts := 0
	fact := func(a slog.Attr) bool {
		sep := ", "
		if facts == 0 {
			sep = ": "
		}
		fmt.Fprintf(&line, "%s%s", sep, factText(a))
		facts++
		return true
	}
	for _, a := range l.attrs {
		fact(a)
	}
	r.Attrs(fact)
	line.WriteByte('\n')
	_, err := io.WriteString(l.out, line.String())
	return err
}

// factText leaves out the key of an error or a reason, which speak for
// themselves, and cuts identifiers as tables do.
func factText(a slog.Attr) string {
	text := a.Value.String()
	switch a.Key {
	case "error", "reason":
		return text
	case "agreement", "activity":
		text = short(text)
	}
	return a.Key + " " + text
}

func (l *logLines) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &logLines{out: l.out, level: l.level, attrs: append(l.attrs[:len(l.attrs):len(l.attrs)], attrs...)}
}

// WithGroup keeps the names as they are: nobody groups.
func (l *logLines) WithGroup(string) slog.Handler { return l }
