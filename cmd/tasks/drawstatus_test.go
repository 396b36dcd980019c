package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"tasks/golem"
	"tasks/runner/report"
	"tasks/runner/state"
)

var began = time.Date(2026, 11, 24, 6, 0, 0, 0, time.UTC)

// amount is a pointer to a number of GLM.
func amount(s string) *golem.Amount {
	a := decimal.RequireFromString(s)
	return &a
}

func busyStatus() report.Status {
	total := int64(1000)
	return report.Status{
		RunID: "test_1", Name: "yacat", Daemon: daemonEmbedded, State: state.RunRunning, CreatedAt: began,
		Tasks:   report.Tasks{Pending: 868, Running: 10, Done: 120, Failed: 2, Total: &total},
		Stages:  map[string]report.Tasks{"keyspace": {Done: 4}, "attack": {Pending: 868, Running: 10, Done: 116, Failed: 2}},
		Results: 118, ResultsFile: "/home/ann/results/test_1.jsonl",
		Spent: *amount("0.0132"), Accepted: *amount("0.0132"), Reserved: *amount("0.002"), CostPerResult: amount("0.00011186"),
		Budget: []report.Limit{
			{Limit: "10/h", Amount: *amount("10"), Window: time.Hour, Spent: amount("0.0011")},
			{Limit: "50 in all", Amount: *amount("50"), Spent: amount("0.0132")},
		},
		Workers: report.Workers{Wanted: 10, Ready: 8, Starting: 2},
		Activities: []report.Activity{
			{
				ID: "6f2c91ab0123456789abcdef01234567", Provider: "0x035c56c5894c3bdb6eb74938546e00cc7a8be829",
				ProviderName: "lucky-otter-07", State: state.ActivityReady, Batches: 64, Results: 60,
				Cost: *amount("0.0072"), CostPerResult: amount("0.00012"),
			},
			{
				Provider: "0x135c56c5894c3bdb6eb74938546e00cc7a8be829", State: state.ActivityCreating,
			},
			{
				ID: "a81d03c40123456789abcdef01234567", Provider: "0x235c56c5894c3bdb6eb74938546e00cc7a8be829",
				ProviderName: "keen-owl-03", State: state.ActivityEnded, Batches: 12, Results: 0, Cost: *amount("0.006"),
				StopReason: "costs 0.006 GLM and gave no result, and max_price is 0.001",
			},
		},
	}
}

func doneStatus() report.Status {
	total := int64(10)
	return report.Status{
		RunID: "hello", Name: "hello", Daemon: "http://127.0.0.1:7465", State: state.RunDone, Note: "all tasks done",
		CreatedAt: began, FinishedAt: began.Add(2*time.Hour + 3*time.Minute + 4*time.Second),
		Tasks: report.Tasks{Done: 10, Total: &total}, Stages: map[string]report.Tasks{"tasks": {Done: 10}}, Results: 10,
		Spent: *amount("0.5"), Paid: *amount("0.25"), CostPerResult: amount("0.05"),
	}
}

func TestDrawStatus(t *testing.T) {
	tests := []struct {
		name   string
		status report.Status
		width  int
		want   string
	}{
		{"busy, wide", busyStatus(), 140, `
run      test_1 (yacat)  running  on the embedded devnet  began 2m14s ago
tasks    120 done, 10 running, 868 pending, 2 failed of 1000
         attack: 116 done, 10 running, 868 pending, 2 failed
         keyspace: 4 done, 0 running, 0 pending
         "tasks show --failed test_1" says what failed, and why
results  118 in /home/ann/results/test_1.jsonl
money    0.0132 GLM spent, 0.002 reserved, 0 paid; 0.000112 a result
budget   10/h (0.0011 spent), 50 in all (0.0132 spent)
workers  8 ready, 2 starting of 10 wanted

ACTIVITY  PROVIDER        STATUS    BATCHES     GLM  GLM/RESULT  RESULTS  STOP REASON
6f2c91ab  lucky-otter-07  ready          64  0.0072     0.00012       60  -
-         135c56c5        creating        0       0           -        0  -
a81d03c4  keen-owl-03     ended          12   0.006           -        0  costs 0.006 GLM and gave no result, and max_price is 0.001
`},
		{"busy, in a pipe", busyStatus(), pipeWidth, `
run      test_1 (yacat)  running  on the embedded devnet  began 2m14s ago
tasks    120 done, 10 running, 868 pending, 2 failed of 1000
         attack: 116 done, 10 running, 868 pending, 2 failed
         keyspace: 4 done, 0 running, 0 pending
         "tasks show --failed test_1" says what failed, and why
results  118 in /home/ann/results/test_1.jsonl
money    0.0132 GLM spent, 0.002 reserved, 0 paid; 0.000112 a result
budget   10/h (0.0011 spent), 50 in all (0.0132 spent)
workers  8 ready, 2 starting of 10 wanted

ACTIVITY  PROVIDER  STATUS    BATCHES     GLM  GLM/RESULT  RESULTS  STOP REASON
6f2c91ab  lucky-o…  ready          64  0.0072     0.00012       60  -
-         135c56c5  creating        0       0           -        0  -
a81d03c4  keen-ow…  ended          12   0.006           -        0  costs 0.006 GLM
                                                                    and gave no
                                                                    result, and
                                                                    max_price is
                                                                    0.001
`},
		{"done", doneStatus(), pipeWidth, `
run      hello  done  on http://127.0.0.1:7465  took 2h3m
note     all tasks done
tasks    10 done, 0 running, 0 pending of 10
results  10
money    0.5 GLM spent, 0 reserved, 0.25 paid; 0.05 a result
workers  0 ready, 0 starting
`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var b strings.Builder
			err := drawStatus(&screen{Writer: &b}, test.status, test.width, began.Add(2*time.Minute+14*time.Second))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.TrimPrefix(test.want, "\n"), b.String()); diff != "" {
				t.Errorf("drawStatus() (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDrawStatusIsSafeForTheTerminal(t *testing.T) {
	s := doneStatus()
	s.Note = "a \x1b[2J note\nwith lines"
	s.Activities = []report.Activity{{ID: "a", ProviderName: "evil\x1b[31m", StopReason: "x\r\ny\x07"}}
	var b strings.Builder
	if err := drawStatus(&screen{Writer: &b}, s, 200, began); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(b.String(), "\x1b\r\x07") {
		t.Errorf("control characters came through: %q", b.String())
	}
}

func TestElapsed(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second:                 "0s",
		400 * time.Millisecond:       "0s",
		59600 * time.Millisecond:     "1m0s",
		134 * time.Second:            "2m14s",
		3*time.Hour + 59*time.Second: "3h0m",
		49*time.Hour + time.Minute:   "2d1h",
	} {
		if got := elapsed(d); got != want {
			t.Errorf("elapsed(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestProgressBlock(t *testing.T) {
	brief := busyStatus()
	for i := range brief.Budget {
		brief.Budget[i].Spent = nil
	}
	got := string(progressBlock(&screen{}, brief, report.Progress{Rate: 0.5, Left: 29 * time.Minute, Known: true}, 100, began.Add(time.Minute)))
	want := `
test_1 (yacat)  running  on the embedded devnet  began 1m0s ago
  tasks    120 done, 10 running, 868 pending, 2 failed of 1000; 30.0/min, 29m0s left
  workers  8 ready, 2 starting of 10 wanted
  money    0.0132 GLM spent, 0.002 reserved; 0.000112 a result; budget 10/h, 50 in all
`
	if diff := cmp.Diff(strings.TrimPrefix(want, "\n"), got); diff != "" {
		t.Errorf("progressBlock() (-want +got):\n%s", diff)
	}
}

func TestRateText(t *testing.T) {
	for want, p := range map[string]report.Progress{
		"":                    {},
		"; 2.5/s":             {Rate: 2.5},
		"; 30.0/min":          {Rate: 0.5},
		"; 18.0/h, 2h0m left": {Rate: 0.005, Left: 2 * time.Hour, Known: true},
	} {
		if got := rateText(p); got != want {
			t.Errorf("rateText(%v) = %q, want %q", p, got, want)
		}
	}
}

func TestBlockDrawsInPlace(t *testing.T) {
	var b strings.Builder
	live := block{screen: &screen{Writer: &b}}
	for _, text := range []string{"one\ntwo\n", "three\n"} {
		if err := live.redraw([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := live.clear(); err != nil {
		t.Fatal(err)
	}
	if err := live.clear(); err != nil {
		t.Fatal(err)
	}
	want := "one\ntwo\n" + "\x1b[2F\x1b[J" + "three\n" + "\x1b[1F\x1b[J"
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("what was written (-want +got):\n%s", diff)
	}
}
