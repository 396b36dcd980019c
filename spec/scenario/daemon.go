package scenario

import (
	"regexp"
	"time"

	"tasks/golem/devnet"
	"tasks/spec"
)

// callForm is a path or its beginning, with or without a method.
var callForm = regexp.MustCompile(`^((GET|POST|PUT|DELETE) )?/[A-Za-z0-9/_.*-]*$`)

// fault reads one way in which the daemon goes wrong.
func (d *decoder) fault(v spec.Value) {
	var f devnet.Fault
	var w window
	ends := 0
	status := func(effect bool) func(spec.Value) {
		return func(v spec.Value) {
			n, _ := d.wholes(400, 599)(v)
			f.Status, f.Effect, ends = int(n), effect, ends+1
		}
	}
	fields := append(d.windowFields(&w),
		spec.Field{Key: "calls", Read: func(v spec.Value) { d.calls(v, &f) }},
		spec.Field{Key: "share", Read: func(v spec.Value) { f.Share, _ = d.portion(v) }},
		spec.Field{Key: "times", Read: func(v spec.Value) { f.Times = int(d.Integer(v, "a whole number of at least 1", 1)) }},
		spec.Field{Key: "fails", Read: status(false)},
		spec.Field{Key: "loses_answer", Read: status(true)},
		spec.Field{Key: "drops", Read: func(v spec.Value) { d.drops(v, &f); ends++ }},
		spec.Field{Key: "restarts", Read: func(v spec.Value) {
			if f.Restart = d.truth(v); f.Restart {
				ends++
			}
		}},
		spec.Field{Key: "delays", Read: func(v spec.Value) { f.Delay = d.Duration(v, time.Millisecond, aDay) }},
		spec.Field{Key: "repeats_events", Read: func(v spec.Value) { f.RepeatEvents = d.truth(v) }},
	)
	has := d.Fields(v, fields...)
	if !v.IsMapping() {
		return
	}
	d.checkWindow(v, w)
	switch {
	case ends > 1:
		d.Report(v, "fails, loses_answer, drops and restarts exclude each other", "make an entry of each")
	case nothing(has, "calls", "share", "times", "from", "until"):
		d.Report(v, "nothing goes wrong here", "say what the daemon does, such as fails: 500")
	}
	if f.Restart && !has["times"] && !has["share"] {
		f.Times = 1
	}
	f.From, f.Until = w.from, w.until
	d.scenario.Faults = append(d.scenario.Faults, f)
}

func (d *decoder) drops(v spec.Value, f *devnet.Fault) {
	const wants = "before or after, which is when the request takes effect"
	s, ok := d.Text(v, wants, "")
	if ok && s != "before" && s != "after" {
		d.Wrong(v, wants, "")
	}
	f.Drop, f.Effect = true, s == "after"
}

func (d *decoder) calls(v spec.Value, f *devnet.Fault) {
	const wants = "a call such as POST /payment-api/v1/allocations"
	one := func(v spec.Value) {
		s, ok := d.Text(v, wants, "")
		switch {
		case ok && !callForm.MatchString(s):
			d.Wrong(v, wants, "a method or none, then the beginning of a path, with * for anything within a segment")
		case ok:
			f.Calls = append(f.Calls, s)
		}
	}
	if v.IsList() {
		d.List(v, wants, "", one)
		return
	}
	one(v)
}
