package main

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
)

func TestLogLines(t *testing.T) {
	var out strings.Builder
	log := slog.New(&logLines{out: &out, level: slog.LevelInfo})
	log.Debug("not shown")
	log.Info("activity created", "provider", "misty-otter", "activity", "0123456789abcdef")
	log.Warn("bill not dealt with yet", "error", errors.New("read it: 500"))
	log.With("run", "test_1").Error("gone", "reason", "the provider left")
	want := `tasks: activity created: provider misty-otter, activity 01234567
tasks: warning: bill not dealt with yet: read it: 500
tasks: error: gone: run test_1, the provider left
`
	if out.String() != want {
		t.Errorf("lines:\n%swant:\n%s", out.String(), want)
	}
}
