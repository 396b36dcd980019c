package devnet_test

import (
	"encoding/json"
	"testing"
	"time"

	"tasks/golem"
	"tasks/golem/devnet"
)

// activityPath is the path of a call on an activity.
func activityPath(id golem.ActivityID, call string) string {
	return activityAPI + "/" + string(id) + call
}

// TestTable52 is that of create and destroy (protocol section 5.2).
func TestTable52(t *testing.T) {
	create := func(id golem.AgreementID) (string, string) {
		return activityAPI + "?timeout=10", `"` + string(id) + `"`
	}
	walk(t, devnet.Provider{OfflineAfter: offline}, []row{
		{"bare id", "POST", func(r *requestor) (string, string) { return create(r.hire(r.publish())) }, 200, `"…"`},
		{"object", "POST", func(r *requestor) (string, string) {
			return activityAPI + "?timeout=10", `{"agreementId":"` + string(r.hire(r.publish())) + `","requestorPubKey":null}`
		}, 200, `{"activityId":"…"}`},
		{"not approved", "POST", func(r *requestor) (string, string) {
			return create(r.propose(r.publish()))
		}, 400, `{"message":"Bad request: Agreement … is not Approved. Current state: Proposal"}`},
		{"approving", "POST", func(r *requestor) (string, string) {
			id := r.propose(r.publish())
			r.check(r.ConfirmAgreement(r.ctx, id, session))
			time.Sleep(102 * time.Millisecond)
			return create(id)
		}, 400, `{"message":"Bad request: Agreement … is not Approved. Current state: Approving"}`},
		{"terminated", "POST", func(r *requestor) (string, string) {
			id := r.hire(r.publish())
			r.check(r.TerminateAgreement(r.ctx, id, nil))
			return create(id)
		}, 400, `{"message":"Bad request: Agreement … is not Approved. Current state: Terminated"}`},
		{"unknown agreement", "POST", func(*requestor) (string, string) { return create(noAgreement) }, 404, `{"message":"Not found: ` + noAgreement + `"}`},
		{"second at once", "POST", func(r *requestor) (string, string) {
			id := r.hire(r.publish())
			r.activity(id)
			return create(id)
		}, 500, `{"message":"Service error: Activity … was abruptly terminated. Reason: …, message: …"}`},
		{"provider offline", "POST", func(r *requestor) (string, string) {
			time.Sleep(offline - time.Second)
			id := r.hire(r.publish())
			time.Sleep(time.Minute)
			return create(id)
		}, 500, `{"message":"GSB error: …"}`},
		{"malformed", "POST", func(*requestor) (string, string) { return activityAPI, `{"agreement` }, 400, "Json deserialize error: …"},

		{"destroy", "DELETE", func(r *requestor) (string, string) { return activityPath(r.ready(), "?timeout=10"), "" }, 200, "null"},
		{"destroy again", "DELETE", func(r *requestor) (string, string) {
			a := r.ready()
			r.check(r.DestroyActivity(r.ctx, a, time.Second))
			return activityPath(a, ""), ""
		}, 200, "null"},
		{"destroy, provider offline", "DELETE", func(r *requestor) (string, string) {
			time.Sleep(offline - 10*time.Second)
			a := r.ready()
			time.Sleep(time.Minute)
			return activityPath(a, ""), ""
		}, 500, `{"message":"GSB error: …"}`},
		{"destroy an unknown one", "DELETE", func(*requestor) (string, string) {
			return activityPath(noActivity, ""), ""
		}, 500, `{"message":"DAO error: Not found: agreement id for activity: ` + noActivity + `"}`},
	})
	walk(t, devnet.Provider{StartUp: time.Minute}, []row{{"not up in time", "POST", func(r *requestor) (string, string) {
		return create(r.hire(r.publish()))
	}, 408, `{"message":"Timeout"}`}})
	walk(t, devnet.Provider{StartFails: "no KVM"}, []row{{"exe-unit crashed", "POST", func(r *requestor) (string, string) {
		return create(r.hire(r.publish()))
	}, 500, `{"message":"Service error: Activity … was abruptly terminated. Reason: …, message: no KVM"}`}})
}

// TestTable53 is that of state, usage and command (protocol section 5.3).
func TestTable53(t *testing.T) {
	walk(t, devnet.Provider{}, []row{
		{"initialized", "GET", func(r *requestor) (string, string) {
			return activityPath(r.activity(r.hire(r.publish())), "/state"), ""
		}, 200, `{"state":["Initialized",null]}`},
		{"ready", "GET", func(r *requestor) (string, string) { return activityPath(r.ready(), "/state"), "" }, 200, `{"state":["Ready",null]}`},
		{"terminated", "GET", func(r *requestor) (string, string) {
			a := r.ready()
			r.check(r.DestroyActivity(r.ctx, a, time.Second))
			return activityPath(a, "/state"), ""
		}, 200, `{"state":["Terminated",null]}`},
		{"state of an unknown one", "GET", func(*requestor) (string, string) {
			return activityPath(noActivity, "/state"), ""
		}, 500, `{"message":"DAO error: Not found: agreement id for activity: ` + noActivity + `"}`},
		{"usage before the first report", "GET", func(r *requestor) (string, string) {
			return activityPath(r.activity(r.hire(r.publish())), "/usage"), ""
		}, 200, `{"timestamp":946684800}`},
		{"usage", "GET", func(r *requestor) (string, string) {
			a := r.ready() // the exe-unit is up for 100 ms before it is reported up, then for 250
			time.Sleep(10*time.Second - 350*time.Millisecond)
			return activityPath(a, "/usage"), ""
		}, 200, `{"currentUsage":[0.0,10.0],"timestamp":946684810}`},
		{"command", "GET", func(r *requestor) (string, string) {
			a := r.activity(r.hire(r.publish()))
			must[golem.BatchID](r)(r.Exec(r.ctx, a, []golem.Command{deploy()}, time.Second))
			time.Sleep(time.Millisecond)
			return activityPath(a, "/command"), ""
		}, 200, `{"command":"Deploy"}`},
		{"agreement", "GET", func(r *requestor) (string, string) { return activityPath(r.ready(), "/agreement"), "" }, 200, `"…"`},
		{"list", "GET", func(r *requestor) (string, string) {
			id := r.hire(r.publish())
			r.activity(id)
			return activityAPI + "?agreementId=" + string(id), ""
		}, 200, `["…"]`},
		{"list of an unknown agreement", "GET", func(*requestor) (string, string) { return activityAPI + "?agreementId=" + noAgreement, "" }, 200, `[]`},
	})
	walk(t, devnet.Provider{DiesAfter: time.Minute}, []row{{"died", "GET", func(r *requestor) (string, string) {
		a := r.ready()
		time.Sleep(time.Minute)
		return activityPath(a, "/state"), ""
	}, 200, `{"state":["Terminated",null],"reason":"…","errorMessage":"…"}`}})
	walk(t, devnet.Provider{HangsAfter: time.Minute}, []row{{"hangs", "GET", func(r *requestor) (string, string) {
		a := r.ready()
		time.Sleep(time.Minute + 6*time.Second)
		return activityPath(a, "/state"), ""
	}, 200, `{"state":["Unresponsive",null]}`}})
}

// script is the body of an exec.
func (r *requestor) script(commands ...golem.Command) string {
	r.t.Helper()
	list, err := json.Marshal(commands)
	r.check(err)
	return r.asJSON(map[string]string{"text": string(list)})
}

// TestTable54 is that of exec and batch results (protocol section 5.4).
func TestTable54(t *testing.T) {
	// results executes commands and asks for what came of them.
	results := func(query string, commands ...golem.Command) func(r *requestor) (string, string) {
		return func(r *requestor) (string, string) {
			a := r.ready()
			b := must[golem.BatchID](r)(r.Exec(r.ctx, a, commands, time.Second))
			return activityPath(a, "/exec/"+string(b)) + query, ""
		}
	}
	entry := func(index, result, stdout, stderr, message, last string) string {
		return `{"index":` + index + `,"result":"` + result + `","stdout":` + stdout + `,"stderr":` + stderr +
			`,"message":` + message + `,"isBatchFinished":` + last + `,"eventDate":"…Z"}`
	}
	one := entry("0", "Ok", `"one\n"`, "null", "null", "false")
	failed := entry("1", "Error", `"before\n"`, `"oops\n"`, `"ExeScript command exited with code 3"`, "true")
	bin := sh("hi")
	bin.Run.Capture.Stdout = &golem.CaptureMode{Stream: &golem.CaptureStream{Format: "bin"}}
	mute := sh("hi")
	mute.Run.Capture = nil
	walkScripted(t, []row{
		{"exec", "POST", func(r *requestor) (string, string) { return activityPath(r.ready(), "/exec"), r.script(sh("x")) }, 200, `"…"`},
		{"exec of nonsense", "POST", func(r *requestor) (string, string) {
			return activityPath(r.ready(), "/exec"), `{"text":"[{\"fly\":{}}]"}`
		}, 400, `{"message":"Bad request: Error(\"unknown variant …\", line: 1, column: …)"}`},
		{"exec after the end", "POST", func(r *requestor) (string, string) {
			a := r.ready()
			r.check(r.DestroyActivity(r.ctx, a, time.Second))
			return activityPath(a, "/exec"), r.script(sh("x"))
		}, 500, `{"message":"GSB error: …endpoint address not found…"}`},
		{"exec in an unknown activity", "POST", func(r *requestor) (string, string) {
			return activityPath(noActivity, "/exec"), r.script(sh("x"))
		}, 500, `{"message":"DAO error: Not found: agreement id for activity: ` + noActivity + `"}`},

		{"all commands", "GET", results("?timeout=5", sh("one"), sh("two")), 200,
			"[" + one + "," + entry("1", "Ok", `"two\n"`, "null", "null", "true") + "]"},
		{"early failure", "GET", results("?timeout=5", sh("one"), sh("fail"), sh("never")), 200, "[" + one + "," + failed + "]"},
		{"nothing yet", "GET", results("?timeout=5", sh("slow")), 200, "[]"},
		{"some yet", "GET", results("?timeout=5", sh("one"), sh("slow")), 200, "[" + one + "]"},
		{"without a timeout", "GET", results("", sh("slow")), 200, "[]"},
		{"bytes", "GET", results("?timeout=5", bin), 200, "[" + entry("0", "Ok", "[104,105,10]", "null", "null", "true") + "]"},
		{"not captured", "GET", results("?timeout=5", mute), 200, "[" + entry("0", "Ok", "null", "null", "null", "true") + "]"},
		{"up to an index", "GET", results("?timeout=5&commandIndex=1", sh("one"), sh("two"), sh("slow")), 200,
			"[" + entry("0", "Ok", "null", "null", "null", "false") + "," + entry("1", "Ok", `"two\n"`, "null", "null", "true") + "]"},
		{"up to an index that is not done", "GET", results("?timeout=5&commandIndex=1", sh("one"), sh("slow")), 408, `{"message":"Timeout"}`},
		{"up to an index after a failure", "GET", results("?timeout=5&commandIndex=2", sh("one"), sh("fail"), sh("never")), 408, `{"message":"Timeout"}`},
		{"empty script", "GET", func(r *requestor) (string, string) {
			a := r.ready()
			_, id := r.call("POST", activityPath(a, "/exec"), `{"text":"[]"}`)
			return activityPath(a, "/exec/"+id[1:len(id)-1]) + "?timeout=5", ""
		}, 200, "[]"},
		{"deploy", "GET", func(r *requestor) (string, string) {
			a := r.activity(r.hire(r.publish()))
			b := must[golem.BatchID](r)(r.Exec(r.ctx, a, []golem.Command{deploy()}, time.Second))
			return activityPath(a, "/exec/"+string(b)) + "?timeout=5", ""
		}, 200, "[" + entry("0", "Ok", `"{\"startMode\":…\"valid\":{\"Ok\":\"\"}…}"`, "null", "null", "true") + "]"},
		{"unknown batch", "GET", func(r *requestor) (string, string) {
			return activityPath(r.ready(), "/exec/"+noActivity), ""
		}, 404, `{"message":"Not found: batch_id = ` + noActivity + `"}`},
		{"results after the end", "GET", func(r *requestor) (string, string) {
			path, _ := results("?timeout=5", sh("one"))(r)
			for _, id := range r.server.Inspect().Live {
				r.check(r.DestroyActivity(r.ctx, id, time.Second))
			}
			return path, ""
		}, 500, `{"message":"GSB error: …endpoint address not found…"}`},
	})
}
