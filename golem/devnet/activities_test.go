package devnet_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"tasks/golem"
	"tasks/golem/devnet"
)

func TestCreateActivity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, one(devnet.Provider{StartUp: 4 * time.Second}))
		id := r.propose(r.publish())
		create := func(timeout time.Duration) error {
			_, err := r.CreateActivity(r.ctx, id, timeout)
			return err
		}
		refused(t, create(time.Second), 400, "Bad request: Agreement "+string(id)+" is not Approved. Current state: Proposal")
		r.check(r.ConfirmAgreement(r.ctx, id, session))
		refused(t, create(time.Second), 400, "Current state: Pending")
		r.check(r.WaitForApproval(r.ctx, id, time.Minute))

		began := time.Now()
		refused(t, create(time.Second), 408, "Timeout")
		if took := time.Since(began); took != 2*time.Second {
			t.Errorf("create with a timeout of 1 s took %v, want 2 s", took)
		}
		refused(t, create(time.Second), 500, "was abruptly terminated. Reason: another activity") // still on its way
		time.Sleep(10 * time.Second)
		if ids := must[[]golem.ActivityID](r)(r.Activities(r.ctx, id)); len(ids) != 0 {
			t.Errorf("Activities() = %v after a create that timed out, want none", ids)
		}

		first := r.activity(id)
		refused(t, create(time.Second), 500, "Service error: Activity ")
		r.check(r.DestroyActivity(r.ctx, first, time.Second))
		r.check(r.DestroyActivity(r.ctx, first, time.Second)) // again is fine
		second := r.activity(id)
		if diff := cmp.Diff([]golem.ActivityID{first, second}, must[[]golem.ActivityID](r)(r.Activities(r.ctx, id))); diff != "" {
			t.Errorf("Activities() (-want +got):\n%s", diff)
		}
		if got := must[golem.AgreementID](r)(r.ActivityAgreement(r.ctx, second)); got != id {
			t.Errorf("ActivityAgreement() = %s, want %s", got, id)
		}
		r.check(r.TerminateAgreement(r.ctx, id, nil))
		synctest.Wait()
		refused(t, create(time.Second), 400, "Current state: Terminated")
		if s := must[golem.ActivityStatus](r)(r.ActivityStatus(r.ctx, second, time.Second)); s.Alive() {
			t.Errorf("state of an activity of a terminated agreement is %+v", s)
		}
	})
}

func TestCreateActivityObjectForm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, one(devnet.Provider{}))
		id := r.hire(r.publish())
		r.expect("POST", "/activity-api/v1/activity?timeout=10", `{"agreementId":"`+string(id)+`"}`, 200, `{"activityId":"`)
	})
}

func TestTerminateWhileAnActivityIsBorn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, one(devnet.Provider{StartUp: 4 * time.Second}))
		id := r.hire(r.publish())
		born := make(chan error)
		go func() {
			_, err := r.CreateActivity(r.ctx, id, time.Minute)
			born <- err
		}()
		time.Sleep(time.Second)
		r.check(r.TerminateAgreement(r.ctx, id, nil))
		time.Sleep(time.Second)
		if got := r.server.Inspect().Agreements[0].Invoice; got != "" {
			t.Errorf("invoice is %s while an exe-unit is on its way, want none yet", got)
		}
		refused(t, <-born, 500, "was abruptly terminated")
		time.Sleep(time.Second)
		if snap := r.server.Inspect(); len(snap.Live) != 0 || snap.Agreements[0].Invoice != golem.StatusReceived {
			t.Errorf("Inspect() = %+v, want no activity and an invoice", snap)
		}
	})
}

func TestExeUnitStates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, one(devnet.Provider{}))
		a := r.activity(r.hire(r.publish()))
		for _, test := range []struct {
			name    string
			command golem.Command
			message string
			state   golem.ActivityState
		}{
			{"run first", sh("true"), "Activity is initialized - deploy() command is expected now", golem.ActivityInitialized},
			{"deploy", deploy(), "", golem.ActivityDeployed},
			{"run before start", sh("true"), "Activity is deployed - start() command is expected now", golem.ActivityDeployed},
			{"start", start(), "", golem.ActivityReady},
			{"run", sh("true"), "", golem.ActivityReady},
			{"deploy again", deploy(), "Cannot send command after a successful start()", golem.ActivityReady},
			{"transfer", golem.Command{Transfer: &golem.Transfer{From: "http://a.invalid/b", To: "container:/etc/b"}},
				"Local service error: Transfer error: path not found in container: /etc/b", golem.ActivityReady},
			{"terminate", golem.Command{Terminate: &golem.Terminate{}}, "", golem.ActivityInitialized},
			{"run after terminate", sh("true"), "deploy() command is expected now", golem.ActivityInitialized},
		} {
			result := r.run(a, test.command)[0]
			if (result.Result == golem.ResultOk) != (test.message == "") || !strings.Contains(result.Message, test.message) {
				t.Errorf("%s: result = %+v, want message %q", test.name, result, test.message)
			}
			if got := must[golem.ActivityStatus](r)(r.ActivityStatus(r.ctx, a, time.Second)); got.Current != test.state {
				t.Errorf("%s: state is %s, want %s", test.name, got.Current, test.state)
			}
		}
	})
}

// scripted answers by the script of a shell command.
func scripted(run golem.Run, _ devnet.Provider) devnet.Reply {
	switch run.Args[1] {
	case "fail":
		return devnet.Reply{Stdout: "before\n", Stderr: "oops\n", ExitCode: 3}
	case "slow":
		return devnet.Reply{Stdout: "done\n", Wall: time.Minute, CPU: 30 * time.Second}
	}
	return devnet.Reply{Stdout: run.Args[1] + "\n"}
}

func scriptedServer() *devnet.Server {
	server := one(devnet.Provider{})
	server.Runtime = devnet.Instant(scripted)
	return server
}

func TestBatchResults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, scriptedServer())
		a := r.activity(r.hire(r.publish()))
		r.prepare(a)
		path := "/activity-api/v1/activity/" + string(a) + "/exec/"
		batch := must[golem.BatchID](r)(r.Exec(r.ctx, a, []golem.Command{sh("one"), sh("fail"), sh("never")}, time.Second))
		began := time.Now()
		results := must[[]golem.CommandResult](r)(r.BatchResults(r.ctx, a, batch, 7*time.Second))
		if took := time.Since(began); took != 7*time.Second {
			t.Errorf("results after an early failure came after %v, want the full 7 s", took)
		}
		if len(results) != 2 || results[0].IsBatchFinished || !results[1].IsBatchFinished ||
			results[1].Message != "ExeScript command exited with code 3" ||
			string(results[1].Stdout) != "before\n" || string(results[1].Stderr) != "oops\n" {
			t.Errorf("results = %+v, want the success and the failure", results)
		}
		r.expect("GET", path+string(batch), "", 200, `"stderr":null,"message":null,"isBatchFinished":false`)
		r.expect("GET", path+string(batch)+"?timeout=1&commandIndex=1", "", 200, `[{"index":0,"result":"Ok","stdout":null`)
		r.expect("GET", path+string(batch)+"?timeout=1&commandIndex=2", "", 408, `{"message":"Timeout"}`)
		r.expect("GET", path+noActivity, "", 404, `{"message":"Not found: batch_id = `+noActivity+`"}`)
		r.expect("GET", path+string(batch)+"?timeout=x", "", 400, "Query deserialize error")

		_, body := r.call("POST", strings.TrimSuffix(path, "/"), `{"text":"[]"}`)
		r.expect("GET", path+strings.Trim(body, `"`)+"?timeout=2", "", 200, "[]")
		done := must[golem.BatchID](r)(r.Exec(r.ctx, a, []golem.Command{sh("x"), sh("y")}, time.Second))
		began = time.Now()
		if got := must[[]golem.CommandResult](r)(r.BatchResults(r.ctx, a, done, time.Hour)); len(got) != 2 || time.Since(began) != 0 {
			t.Errorf("results of a batch = %+v after %v, want two at once", got, time.Since(began))
		}
		r.expect("GET", path+string(done)+"?commandIndex=0", "", 200, `"stdout":"x\n","stderr":null,"message":null,"isBatchFinished":true`)
	})
}

func TestBusyAndCommand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, scriptedServer())
		a := r.activity(r.hire(r.publish()))
		r.prepare(a)
		slow := must[golem.BatchID](r)(r.Exec(r.ctx, a, []golem.Command{sh("slow")}, time.Second))
		time.Sleep(time.Second)
		r.expect("GET", "/activity-api/v1/activity/"+string(a)+"/command", "", 200, `{"command":"Run","params":["/bin/sh","-c","slow"]}`)
		if second := r.run(a, sh("x")); !strings.Contains(second[0].Message, "Busy: ") {
			t.Errorf("second batch at once = %+v, want Busy", second)
		}
		if results := must[[]golem.CommandResult](r)(r.BatchResults(r.ctx, a, slow, time.Hour)); string(results[0].Stdout) != "done\n" {
			t.Errorf("results of the first batch = %+v", results)
		}
		r.expect("GET", "/activity-api/v1/activity/"+string(a)+"/command", "", 404, "no command is running")

		slow = must[golem.BatchID](r)(r.Exec(r.ctx, a, []golem.Command{sh("slow")}, time.Second))
		time.Sleep(time.Second)
		r.run(a, golem.Command{Terminate: &golem.Terminate{}})
		if results := must[[]golem.CommandResult](r)(r.BatchResults(r.ctx, a, slow, time.Second)); len(results) != 1 || results[0].Result != golem.ResultError {
			t.Errorf("results of a batch that was stopped = %+v, want an error", results)
		}
	})
}

func TestScripts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, scriptedServer())
		a := r.activity(r.hire(r.publish()))
		exec := "/activity-api/v1/activity/" + string(a) + "/exec"
		for _, test := range []struct{ name, body, part string }{
			{"no text", `{}`, "missing field `text`"},
			{"no list", `{"text":"{}"}`, "Bad request: Error("},
			{"unknown command", `{"text":"[{\"fly\":{}}]"}`, "unknown variant `fly`"},
			{"two commands in one", `{"text":"[{\"deploy\":{},\"start\":{}}]"}`, "Bad request: Error("},
			{"no entry point", `{"text":"[{\"run\":{\"args\":[]}}]"}`, "missing field `entry_point`"},
			{"null args", `{"text":"[{\"start\":{\"args\":null}}]"}`, "invalid type: null, expected a sequence"},
			{"wrong type", `{"text":"[{\"run\":{\"entry_point\":7}}]"}`, ", line: 1, column: "},
		} {
			if status, got := r.call("POST", exec, test.body); status != 400 || !strings.Contains(got, test.part) {
				t.Errorf("%s: %d %q, want 400 with %q", test.name, status, got, test.part)
			}
		}
		r.expect("POST", exec, `{"text":"[{\"deploy\":{\"volumes\":[\"/golem/work\"]}},{\"start\":{}}]"}`, 200, `"`)
	})
}

func TestBinaryOutput(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, scriptedServer())
		a := r.activity(r.hire(r.publish()))
		r.prepare(a)
		command := sh("hi")
		command.Run.Capture = &golem.Capture{Stdout: &golem.CaptureMode{AtEnd: &golem.CapturePart{Format: "bin"}}}
		batch := must[golem.BatchID](r)(r.Exec(r.ctx, a, []golem.Command{command}, time.Second))
		r.expect("GET", "/activity-api/v1/activity/"+string(a)+"/exec/"+string(batch)+"?timeout=5", "", 200, `"stdout":[104,105,10],"stderr":null`)
	})
}

func TestEndOfActivityWhileWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, scriptedServer())
		a := r.activity(r.hire(r.publish()))
		r.prepare(a)
		batch := must[golem.BatchID](r)(r.Exec(r.ctx, a, []golem.Command{sh("slow")}, time.Second))
		ended := make(chan error)
		go func() {
			_, err := r.BatchResults(r.ctx, a, batch, time.Minute)
			ended <- err
		}()
		time.Sleep(10 * time.Second)
		r.check(r.DestroyActivity(r.ctx, a, time.Second))
		if err := <-ended; !golem.ActivityGone(err) {
			t.Errorf("results of an activity that ended: error = %v, want gone", err)
		}
		_, err := r.Exec(r.ctx, a, []golem.Command{sh("x")}, time.Second)
		refused(t, err, 500, "endpoint address not found")
		usage := must[golem.Usage](r)(r.ActivityUsage(r.ctx, a, time.Second))
		if usage.CurrentUsage[0] != 5 { // ten of sixty seconds, of thirty
			t.Errorf("usage = %v, want 5 s of processor", usage.CurrentUsage)
		}
	})
}

func TestExeUnitDies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := scriptedServer()
		server.Providers[0].DiesAfter = 30 * time.Second
		r := newRequestor(t, server)
		a := r.activity(r.hire(r.publish()))
		r.prepare(a)
		batch := must[golem.BatchID](r)(r.Exec(r.ctx, a, []golem.Command{sh("slow")}, time.Second))
		if _, err := r.BatchResults(r.ctx, a, batch, time.Minute); !golem.ActivityGone(err) {
			t.Errorf("results: error = %v, want gone", err)
		}
		status := must[golem.ActivityStatus](r)(r.ActivityStatus(r.ctx, a, time.Second))
		if status.Current != golem.ActivityTerminated || status.Reason != "ExeUnit process exited" || status.ErrorMessage == "" {
			t.Errorf("status = %+v, want terminated with a reason", status)
		}
	})
}

func TestExeUnitHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := scriptedServer()
		server.Providers[0].HangsAfter = 30 * time.Second
		r := newRequestor(t, server)
		a := r.activity(r.hire(r.publish()))
		r.prepare(a)
		batch := must[golem.BatchID](r)(r.Exec(r.ctx, a, []golem.Command{sh("slow")}, time.Second))
		time.Sleep(31 * time.Second)
		_, err := r.BatchResults(r.ctx, a, batch, 2*time.Second)
		refused(t, err, 408, "Timeout")
		_, err = r.Exec(r.ctx, a, []golem.Command{sh("x")}, time.Second)
		refused(t, err, 408, "Timeout")
		time.Sleep(time.Second)
		if s := must[golem.ActivityStatus](r)(r.ActivityStatus(r.ctx, a, time.Second)); s.Current != golem.ActivityUnresponsive || !s.Alive() {
			t.Errorf("status = %+v after 5 s without reports, want Unresponsive", s)
		}
		if _, err := r.BatchResults(r.ctx, a, batch, time.Minute); !golem.ActivityGone(err) {
			t.Errorf("results: error = %v, want gone", err)
		}
		if s := must[golem.ActivityStatus](r)(r.ActivityStatus(r.ctx, a, time.Second)); s.Alive() || s.Reason != "Unresponsive" {
			t.Errorf("status = %+v after 10 s, want terminated", s)
		}
	})
}

func TestOldBatchesAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, scriptedServer())
		a := r.activity(r.hire(r.publish()))
		r.prepare(a)
		first := must[golem.BatchID](r)(r.Exec(r.ctx, a, []golem.Command{sh("x")}, time.Second))
		for range 256 {
			r.run(a, sh("y"))
		}
		_, err := r.BatchResults(r.ctx, a, first, 0)
		refused(t, err, 404, "Not found: batch_id = "+string(first))
	})
}

// TestNextBatchRightAfterTheLastResult sends batch after batch with nothing in
// between: whoever has seen the last result finds the exe-unit free.
func TestNextBatchRightAfterTheLastResult(t *testing.T) {
	r := newRequestor(t, scriptedServer())
	a := r.activity(r.hire(r.publish()))
	r.prepare(a)
	for range 3000 {
		if result := r.run(a, sh("x"))[0]; result.Result != golem.ResultOk {
			t.Fatalf("result = %+v, want success", result)
		}
	}
}
