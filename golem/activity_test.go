package golem_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tasks/golem"
)

func TestActivities(t *testing.T) {
	const half = 500 * time.Millisecond
	runExchanges(t, []exchange{
		{
			name: "CreateActivity",
			call: func(ctx context.Context, c *golem.Client) (any, error) {
				return c.CreateActivity(ctx, "0e91", 30*time.Second)
			},
			method: "POST", uri: "/activity-api/v1/activity?timeout=30", body: `"0e91"`,
			status: 201, answer: `"1eff"`, want: golem.ActivityID("1eff"),
		},
		{
			name:   "Activities",
			call:   func(ctx context.Context, c *golem.Client) (any, error) { return c.Activities(ctx, "0e91") },
			method: "GET", uri: "/activity-api/v1/activity?agreementId=0e91",
			status: 200, answer: `["1eff","2eff"]`, want: []golem.ActivityID{"1eff", "2eff"},
		},
		{
			name: "DestroyActivity",
			call: func(ctx context.Context, c *golem.Client) (any, error) {
				return none(c.DestroyActivity(ctx, "1eff", 30*time.Second))
			},
			method: "DELETE", uri: "/activity-api/v1/activity/1eff?timeout=30", status: 200, answer: `null`,
		},
		{
			name:   "ActivityStatus alive",
			call:   func(ctx context.Context, c *golem.Client) (any, error) { return c.ActivityStatus(ctx, "1eff", half) },
			method: "GET", uri: "/activity-api/v1/activity/1eff/state?timeout=0.5",
			status: 200, answer: `{"state":["Ready",null]}`, want: golem.ActivityStatus{Current: golem.ActivityReady},
		},
		{
			name:   "ActivityStatus dead",
			call:   func(ctx context.Context, c *golem.Client) (any, error) { return c.ActivityStatus(ctx, "1eff", half) },
			method: "GET", uri: "/activity-api/v1/activity/1eff/state?timeout=0.5",
			status: 200, answer: `{"state":["Ready","Terminated"],"reason":"r","errorMessage":"m"}`,
			want: golem.ActivityStatus{Current: golem.ActivityReady, Pending: golem.ActivityTerminated, Reason: "r", ErrorMessage: "m"},
		},
		{
			name:   "ActivityUsage",
			call:   func(ctx context.Context, c *golem.Client) (any, error) { return c.ActivityUsage(ctx, "1eff", half) },
			method: "GET", uri: "/activity-api/v1/activity/1eff/usage?timeout=0.5",
			status: 200, answer: `{"currentUsage":[12.5,30.25],"timestamp":1775037630}`,
			want: golem.Usage{CurrentUsage: []float64{12.5, 30.25}, Timestamp: 1775037630},
		},
		{
			name:   "ActivityUsage before the first report",
			call:   func(ctx context.Context, c *golem.Client) (any, error) { return c.ActivityUsage(ctx, "1eff", half) },
			method: "GET", uri: "/activity-api/v1/activity/1eff/usage?timeout=0.5",
			status: 200, answer: `{"timestamp":1775037630}`, want: golem.Usage{Timestamp: 1775037630},
		},
		{
			name:   "RunningCommand",
			call:   func(ctx context.Context, c *golem.Client) (any, error) { return c.RunningCommand(ctx, "1eff", half) },
			method: "GET", uri: "/activity-api/v1/activity/1eff/command?timeout=0.5",
			status: 200, answer: `{"command":"Run","params":["/bin/sh","-c","true"]}`,
			want: golem.RunningCommand{Command: "Run", Params: []string{"/bin/sh", "-c", "true"}},
		},
		{
			name:   "ActivityAgreement",
			call:   func(ctx context.Context, c *golem.Client) (any, error) { return c.ActivityAgreement(ctx, "1eff") },
			method: "GET", uri: "/activity-api/v1/activity/1eff/agreement", status: 200, answer: `"0e91"`, want: golem.AgreementID("0e91"),
		},
		{
			name: "Exec",
			call: func(ctx context.Context, c *golem.Client) (any, error) {
				return c.Exec(ctx, "1eff", []golem.Command{
					{Deploy: &golem.Deploy{}}, {Start: &golem.Start{}}, {Run: &golem.Run{EntryPoint: "/bin/true"}},
					{Terminate: &golem.Terminate{}},
				}, 10*time.Second)
			},
			method: "POST", uri: "/activity-api/v1/activity/1eff/exec?timeout=10",
			body:   `{"text":"[{\"deploy\":{}},{\"start\":{\"args\":[]}},{\"run\":{\"entry_point\":\"/bin/true\",\"args\":[]}},{\"terminate\":{}}]"}`,
			status: 200, answer: `"4046"`, want: golem.BatchID("4046"),
		},
		{
			name: "BatchResults",
			call: func(ctx context.Context, c *golem.Client) (any, error) {
				return c.BatchResults(ctx, "1eff", "4046", 5*time.Second)
			},
			method: "GET", uri: "/activity-api/v1/activity/1eff/exec/4046?timeout=5", status: 200,
			answer: `[{"index":0,"result":"Ok","stdout":"{\"startMode\":\"blocking\"}","stderr":null,"message":null,
			           "isBatchFinished":false,"eventDate":"2026-04-01T10:00:20.000000Z"},
			          {"index":1,"result":"Error","stdout":"hi\n","stderr":[255,254,10],
			           "message":"ExeScript command exited with code 3","isBatchFinished":true,"eventDate":"2026-04-01T10:00:23Z"}]`,
			want: []golem.CommandResult{
				{Index: 0, Result: golem.ResultOk, Stdout: golem.Output(`{"startMode":"blocking"}`), EventDate: at("10:00:20")},
				{Index: 1, Result: golem.ResultError, Stdout: golem.Output("hi\n"), Stderr: golem.Output{255, 254, 10},
					Message: "ExeScript command exited with code 3", IsBatchFinished: true, EventDate: at("10:00:23")},
			},
		},
	})
}

func TestActivityStatusAlive(t *testing.T) {
	for _, tc := range []struct {
		status golem.ActivityStatus
		want   bool
	}{
		{golem.ActivityStatus{Current: golem.ActivityReady}, true},
		{golem.ActivityStatus{Current: golem.ActivityUnresponsive}, true},
		{golem.ActivityStatus{Current: golem.ActivityReady, Pending: golem.ActivityTerminated}, false},
		{golem.ActivityStatus{Current: golem.ActivityTerminated}, false},
	} {
		if got := tc.status.Alive(); got != tc.want {
			t.Errorf("%+v.Alive() = %t, want %t", tc.status, got, tc.want)
		}
	}
}

func TestExitCode(t *testing.T) {
	for _, tc := range []struct {
		result, message string
		code            int
		ok              bool
	}{
		{golem.ResultOk, "", 0, true},
		{golem.ResultError, "ExeScript command exited with code 3", 3, true},
		{golem.ResultError, "ExeScript command exited with code 137.", 137, true},
		{golem.ResultError, "Runtime error: ExeScript command exited with code -1", -1, true},
		{golem.ResultError, "ExeScript command exited with code ", 0, false},
		{golem.ResultError, "ExeScript command exited with code 99999999999999999999", 0, false},
		{golem.ResultError, "Local service error: Transfer error: no such host", 0, false},
		{golem.ResultError, "", 0, false},
	} {
		code, ok := golem.CommandResult{Result: tc.result, Message: tc.message}.ExitCode()
		if ok != tc.ok || ok && code != tc.code {
			t.Errorf("%s %q: ExitCode() = %d, %t, want %d, %t", tc.result, tc.message, code, ok, tc.code, tc.ok)
		}
	}
}

// TestWireForms writes values as the daemon would, for the devnet's sake.
func TestWireForms(t *testing.T) {
	for _, tc := range []struct {
		name  string
		value any
		want  string
	}{
		{"result without message or output", golem.CommandResult{Index: 1, Result: golem.ResultOk, Stdout: golem.Output{}, EventDate: epoch},
			`{"index":1,"result":"Ok","stdout":null,"stderr":null,"message":null,"isBatchFinished":false,"eventDate":"2026-04-01T10:00:00Z"}`},
		{"result with both", golem.CommandResult{Result: golem.ResultError, Stdout: golem.Output("é\n"), Stderr: golem.Output{0xff, 10},
			Message: "m", IsBatchFinished: true, EventDate: epoch},
			`{"index":0,"result":"Error","stdout":"é\n","stderr":[255,10],"message":"m","isBatchFinished":true,"eventDate":"2026-04-01T10:00:00Z"}`},
		{"status", golem.ActivityStatus{Current: golem.ActivityReady}, `{"state":["Ready",null]}`},
		{"capture", golem.Command{Run: &golem.Run{EntryPoint: "a", Args: []string{"b"},
			Capture: &golem.Capture{Stdout: &golem.CaptureMode{Stream: &golem.CaptureStream{}}}}},
			`{"run":{"entry_point":"a","args":["b"],"capture":{"stdout":{"stream":{}}}}}`},
		{"reason", golem.Reason{Message: "m"}, `{"message":"m"}`},
	} {
		got, err := json.Marshal(tc.value)
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
			continue
		}
		if diff := cmp.Diff(parseJSON(t, tc.want), parseJSON(t, string(got))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, diff)
		}
	}
}

func TestOutputRefusesWhatIsNoByte(t *testing.T) {
	for _, text := range []string{`[256]`, `[-1]`, `[1.5]`, `{}`, `true`} {
		var o golem.Output
		if err := json.Unmarshal([]byte(text), &o); err == nil {
			t.Errorf("%s read as %v without an error", text, []byte(o))
		}
	}
}

func TestTimestamp(t *testing.T) {
	for _, text := range []string{
		"2026-04-01T10:00:00Z", "2026-04-01T10:00:00.000Z", "2026-04-01T10:00:00.000000000Z",
		"2026-04-01T12:00:00+02:00", "2026-04-01T10:00:00", "2026-04-01T10:00:00.000000",
	} {
		var ts golem.Timestamp
		if err := json.Unmarshal([]byte(`"`+text+`"`), &ts); err != nil {
			t.Errorf("read %s: %v", text, err)
			continue
		}
		if string(ts) != text {
			t.Errorf("%s was kept as %s", text, ts)
		}
		if got, err := ts.Time(); err != nil || !got.Equal(epoch) {
			t.Errorf("%s is %v, %v", text, got, err)
		}
	}
	var ts golem.Timestamp
	for _, text := range []string{`"yesterday"`, `""`, `17`} {
		if err := json.Unmarshal([]byte(text), &ts); err == nil {
			t.Errorf("%s was accepted", text)
		}
	}
	if got, want := golem.NewTimestamp(epoch.Add(1500*time.Microsecond)), golem.Timestamp("2026-04-01T10:00:00.001500Z"); got != want {
		t.Errorf("NewTimestamp = %s, want %s", got, want)
	}
}
