package devnet_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tasks/golem"
	"tasks/golem/devnet"
)

// processServer runs real processes, in real time.
func processServer(t *testing.T) *devnet.Server {
	const short = time.Millisecond
	return &devnet.Server{
		Dir:       t.TempDir(),
		Providers: []devnet.Provider{{Name: "keeper", StartUp: short}, {Name: "half", Speed: 0.5, StartUp: short}},
		Timings: devnet.Timings{
			Match: exactly(short), Answer: exactly(short), Approve: exactly(short), Commit: exactly(short),
			Create: exactly(short), Deploy: exactly(short), Start: exactly(short), Invoice: exactly(short),
			UsageReport: short,
		},
	}
}

func TestProcesses(t *testing.T) {
	server := processServer(t)
	r := newRequestor(t, server)
	demand := r.publish()
	a := r.activity(r.hire(demand))
	r.prepare(a)
	results := r.run(a,
		sh("echo data > /golem/output/out; pwd"),
		golem.Command{Run: &golem.Run{EntryPoint: "/bin/cat", Args: []string{"/golem/output/out"}, Capture: sh("").Run.Capture}},
		sh("i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; echo oops >&2; exit 3"),
	)
	if got := string(results[1].Stdout); got != "data\n" {
		t.Errorf("stdout of cat = %q, want what the command before it wrote", got)
	}
	if code, exited := results[2].ExitCode(); !exited || code != 3 || string(results[2].Stderr) != "oops\n" {
		t.Errorf("third result = %+v, want exit code 3", results[2])
	}
	usage := must[golem.Usage](r)(r.ActivityUsage(r.ctx, a, time.Second)).CurrentUsage
	if len(usage) != 2 || usage[0] <= 0 || usage[1] <= 0 {
		t.Errorf("usage = %v, want processor time and duration", usage)
	}
	dirs, err := filepath.Glob(filepath.Join(server.Dir, "*"))
	if err != nil || len(dirs) != 1 {
		t.Fatalf("directories of one activity: %v, %v", dirs, err)
	}
	r.check(r.DestroyActivity(r.ctx, a, 10*time.Second))
	if _, err := os.Stat(dirs[0]); !os.IsNotExist(err) {
		t.Errorf("directory of a destroyed activity: %v, want none", err)
	}
}

func TestNoSuchProgram(t *testing.T) {
	r := newRequestor(t, processServer(t))
	a := r.activity(r.hire(r.publish()))
	r.prepare(a)
	result := r.run(a, golem.Command{Run: &golem.Run{EntryPoint: "/no/such/program", Args: []string{}}})[0]
	if result.Result != golem.ResultError || result.Message == "" {
		t.Errorf("result = %+v, want an error with a message", result)
	}
	if s := must[golem.ActivityStatus](r)(r.ActivityStatus(r.ctx, a, time.Second)); s.Current != golem.ActivityReady {
		t.Errorf("state = %+v after a command that failed, want Ready", s)
	}
}

// TestDestroyKillsTheCommand ends an activity whose command would run for an
// hour.
func TestDestroyKillsTheCommand(t *testing.T) {
	r := newRequestor(t, processServer(t))
	a := r.activity(r.hire(r.publish()))
	r.prepare(a)
	batch := must[golem.BatchID](r)(r.Exec(r.ctx, a, []golem.Command{sh("sleep 3600")}, time.Second))
	for running := false; !running; {
		if results := must[[]golem.CommandResult](r)(r.BatchResults(r.ctx, a, batch, 10*time.Millisecond)); len(results) > 0 {
			t.Fatalf("a command of an hour is over: %+v", results)
		}
		_, command := r.call("GET", "/activity-api/v1/activity/"+string(a)+"/command", "")
		running = strings.Contains(command, "sleep 3600")
	}
	r.check(r.DestroyActivity(r.ctx, a, 10*time.Second))
	if _, err := r.BatchResults(r.ctx, a, batch, time.Minute); !golem.ActivityGone(err) {
		t.Errorf("results: error = %v, want gone", err)
	}
}

func TestCloseRemovesItsWorkspace(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	server := processServer(t)
	server.Dir = ""
	r := newRequestor(t, server)
	a := r.activity(r.hire(r.publish()))
	r.prepare(a)
	must[golem.BatchID](r)(r.Exec(r.ctx, a, []golem.Command{sh("sleep 3600")}, time.Second))
	if dirs, _ := filepath.Glob(filepath.Join(os.Getenv("TMPDIR"), "devnet-*")); len(dirs) != 1 {
		t.Fatalf("workspaces: %v, want one", dirs)
	}
	began := time.Now()
	r.check(server.Close())
	if took := time.Since(began); took > time.Minute {
		t.Errorf("Close took %v with a command running", took)
	}
	if dirs, _ := filepath.Glob(filepath.Join(os.Getenv("TMPDIR"), "devnet-*")); len(dirs) != 0 {
		t.Errorf("workspaces after Close: %v, want none", dirs)
	}
}

// TestBrisk holds the zero value to its promise: a whole run within three
// seconds, whatever the seed.
func TestBrisk(t *testing.T) {
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			r := newRequestor(t, &devnet.Server{Seed: seed, Runtime: devnet.Instant(quick)})
			r.allocate("1")
			id := r.hire(r.publish())
			a := r.activity(id)
			r.prepare(a)
			r.run(a, sh("echo hello"))
			r.check(r.DestroyActivity(r.ctx, a, time.Second))
			r.check(r.TerminateAgreement(r.ctx, id, nil))
			r.check(r.acceptInvoice(r.invoice()))
			if took := time.Since(began); took > 3*time.Second {
				t.Errorf("seed %d: a run took %v", seed, took)
			}
		})
	}
}

// BenchmarkExec sends one command after another to an exe-unit that answers at
// once: what the devnet itself costs for a task.
func BenchmarkExec(b *testing.B) {
	r := newRequestor(b, one(devnet.Provider{}))
	a := r.activity(r.hire(r.publish()))
	r.prepare(a)
	for b.Loop() {
		r.run(a, sh("true"))
	}
}

func TestCloseRemovesActivities(t *testing.T) {
	server := processServer(t)
	r := newRequestor(t, server)
	r.prepare(r.activity(r.hire(r.publish())))
	r.check(server.Close())
	if left, err := os.ReadDir(server.Dir); err != nil || len(left) != 0 {
		t.Errorf("directories after Close: %v, %v, want none", left, err)
	}
}

// TestSlowProviderUsesMore compares what a shell says it used with what a
// provider of half the speed reports.
func TestSlowProviderUsesMore(t *testing.T) {
	server := processServer(t)
	server.Providers = server.Providers[1:]
	r := newRequestor(t, server)
	a := r.activity(r.hire(r.publish()))
	r.prepare(a)
	out := r.run(a, sh("i=0; while [ $i -lt 400000 ]; do i=$((i+1)); done; cat /proc/$$/stat"))[0].Stdout
	fields := strings.Fields(string(out))
	if len(fields) < 15 {
		t.Skipf("no /proc here: %q", out)
	}
	user, _ := strconv.Atoi(fields[13])
	system, _ := strconv.Atoi(fields[14])
	used := float64(user+system) / 100
	reported := must[golem.Usage](r)(r.ActivityUsage(r.ctx, a, time.Second)).CurrentUsage[0]
	if used < 0.1 {
		t.Skipf("the loop used only %v s", used)
	}
	if reported < 1.7*used {
		t.Errorf("reported %v s of processor for %v s at half the speed", reported, used)
	}
}
