package report_test

import (
	"encoding/json"
	"path/filepath"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"tasks/golem"
	"tasks/runner/report"
	"tasks/runner/state"
	"tasks/runner/store"
)

// TestResultsShareTheCostByTime has one activity that cost 1 GLM, and attempts
// of one, two and three seconds in it.
func TestResultsShareTheCostByTime(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		st, err := store.Open(t.Context(), filepath.Join(dir, "tasks.db"))
		if err != nil {
			t.Fatal(err)
		}
		defer st.Close()
		b := book{t, st}
		b.run("r1", document)
		agreement := b.agreement("r1", "agr", "misty-otter")
		activity := b.activity("r1", agreement, "act", state.ActivityReady)
		for i, id := range b.tasks("r1", 3) {
			attempt := b.begin(id, activity)
			time.Sleep(time.Duration(i+1) * time.Second)
			b.finish(attempt, strconv.Itoa(10*i))
		}
		b.accept("r1", "note", agreement, activity, "1", "1")
		got := b.results("r1", 0, 10)
		for i := range got {
			got[i].FinishedAt = time.Time{}
		}
		line := func(task int64, item, value, cost string) report.ResultLine {
			return report.ResultLine{
				Task: task, Stage: "tasks", Item: json.RawMessage(item), Value: json.RawMessage(value),
				Provider: "0xmisty-otter", ProviderName: "misty-otter", Activity: "act", Cost: glm(cost), Attempts: 1,
			}
		}
		want := []report.ResultLine{
			line(1, "0", "0", "0.166666666666666667"),
			line(2, "1", "10", "0.333333333333333333"),
			line(3, "2", "20", "0.5"),
		}
		if diff := cmp.Diff(want, got, amounts); diff != "" {
			t.Errorf("Results() (-want +got):\n%s", diff)
		}
	})
}

func (b book) results(id state.RunID, after int64, limit int) (lines []report.ResultLine) {
	b.t.Helper()
	err := b.View(b.t.Context(), func(tx *store.Tx) (err error) {
		lines, _, err = report.Results(tx, id, after, limit)
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return lines
}

func TestResultsPageByPage(t *testing.T) {
	b := open(t)
	b.run("r1", document)
	activity := b.activity("r1", b.agreement("r1", "agr", "misty-otter"), "act", state.ActivityReady)
	for i, id := range b.tasks("r1", 5) {
		b.finish(b.begin(id, activity), strconv.Itoa(i))
	}
	var values []string
	for last := int64(0); ; {
		var page []report.ResultLine
		before := last
		b.write(func(tx *store.Tx) (err error) {
			page, last, err = report.Results(tx, "r1", before, 2)
			return err
		})
		if last == before {
			break
		}
		for _, l := range page {
			values = append(values, string(l.Value))
		}
	}
	if diff := cmp.Diff([]string{"0", "1", "2", "3", "4"}, values); diff != "" {
		t.Errorf("the pages together (-want +got):\n%s", diff)
	}
}

func TestResultLineJSON(t *testing.T) {
	line := report.ResultLine{
		Task: 7, Stage: "attack", Item: json.RawMessage(`{"a":1}`), Value: json.RawMessage(`"x"`), Provider: "0xab",
		ProviderName: "misty-otter", Activity: "act", Cost: golem.Amount{}, Attempts: 2,
		FinishedAt: time.Date(2026, 11, 24, 6, 0, 0, 0, time.UTC),
	}
	text, err := json.Marshal(line)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"task":7,"stage":"attack","item":{"a":1},"value":"x","provider":"0xab","activity":"act",` +
		`"cost":"0","attempts":2,"finished_at":"2026-11-24T06:00:00Z"}`
	if string(text) != want {
		t.Errorf("a line is\n%s\nwant\n%s", text, want)
	}
}
