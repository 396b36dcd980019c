package main

import (
	"bufio"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tasks/runner/report"
)

func resultLine(task int64, item, value string) report.ResultLine {
	return report.ResultLine{
		Task: task, Stage: "tasks", Item: json.RawMessage(item), Value: json.RawMessage(value),
		Provider: "0x035c56c5894c3bdb6eb74938546e00cc7a8be829", Attempts: 1, Cost: *amount("0.0001"),
	}
}

// TestResultPages has a second page that would be wider than the first.
func TestResultPages(t *testing.T) {
	var b strings.Builder
	out := bufio.NewWriter(&b)
	print := (&app{out: &screen{Writer: &b}, format: formatTable}).resultPrinter(out)
	for _, page := range [][]report.ResultLine{
		{resultLine(1, `{"mask":"?a"}`, `"two\nlines"`), resultLine(2, `null`, `[1, 2]`)},
		{},
		{resultLine(3, `"a much longer item than those before"`, `""`)},
	} {
		if err := print(page); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Flush(); err != nil {
		t.Fatal(err)
	}
	want := `
TASK  STAGE  ITEM           VALUE      PROVIDER  TRIES     GLM
   1  tasks  {"mask":"?a"}  two lines  035c56c5      1  0.0001
   2  tasks  -              [1, 2]     035c56c5      1  0.0001
   3  tasks  a much longe…  -          035c56c5      1  0.0001
`
	if diff := cmp.Diff(strings.TrimPrefix(want, "\n"), b.String()); diff != "" {
		t.Errorf("the pages (-want +got):\n%s", diff)
	}
}
