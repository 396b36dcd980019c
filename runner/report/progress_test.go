package report_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tasks/runner/report"
)

// sample is done tasks out of total after so many seconds; total 0 is unknown.
func sample(second int, done, failed, total int64) report.Sample {
	s := report.Sample{At: time.Unix(int64(second), 0), Tasks: report.Tasks{Done: done, Failed: failed}}
	if total > 0 {
		s.Tasks.Total = &total
	}
	return s
}

func TestProgressOf(t *testing.T) {
	tests := []struct {
		name    string
		samples []report.Sample
		want    report.Progress
	}{
		{"nothing seen", nil, report.Progress{}},
		{"one sample has no rate", []report.Sample{sample(0, 5, 0, 10)}, report.Progress{}},
		{"nothing ended", []report.Sample{sample(0, 0, 0, 10), sample(30, 0, 0, 10)}, report.Progress{}},
		{"no time passed", []report.Sample{sample(0, 0, 0, 10), sample(0, 4, 0, 10)}, report.Progress{}},
		{
			"failed tasks have ended too",
			[]report.Sample{sample(0, 0, 0, 100), sample(10, 15, 5, 100)},
			report.Progress{Rate: 2, Left: 40 * time.Second, Known: true},
		},
		{
			"endless: a rate and no end",
			[]report.Sample{sample(0, 0, 0, 0), sample(10, 20, 0, 0)},
			report.Progress{Rate: 2},
		},
		{
			"only the last minute counts",
			[]report.Sample{sample(0, 0, 0, 1000), sample(100, 400, 0, 1000), sample(160, 460, 0, 1000)},
			report.Progress{Rate: 1, Left: 540 * time.Second, Known: true},
		},
		{
			"slow tasks are judged by all that was seen",
			[]report.Sample{sample(0, 0, 0, 4), sample(300, 1, 0, 4), sample(590, 2, 0, 4), sample(600, 2, 0, 4)},
			report.Progress{Rate: 2.0 / 600, Left: 600 * time.Second, Known: true},
		},
		{
			"done",
			[]report.Sample{sample(0, 0, 0, 10), sample(10, 10, 0, 10)},
			report.Progress{Rate: 1, Known: true},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, report.ProgressOf(test.samples)); diff != "" {
				t.Errorf("ProgressOf() (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTrim(t *testing.T) {
	var samples []report.Sample
	for second := range 500 {
		samples = report.Trim(append(samples, sample(second, int64(second), 0, 1000)))
	}
	if len(samples) != 62 {
		t.Errorf("%d samples are kept, want the first and 61 of the last minute", len(samples))
	}
	if got := samples[0]; got.At.Unix() != 0 {
		t.Errorf("the first sample is %v", got)
	}
	if got := report.ProgressOf(samples).Rate; got != 1 {
		t.Errorf("Rate = %v, want 1", got)
	}
}
