package devnet_test

import (
	"regexp"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"tasks/golem"
	"tasks/golem/devnet"
)

func TestTable(t *testing.T) {
	table := devnet.Table{
		{Command: regexp.MustCompile(`^echo (?P<what>.*)`), Stdout: "$1, ${what}, $$1\n", Takes: exactly(2 * time.Second), CPU: exactly(time.Second)},
		{Command: regexp.MustCompile(`^cat .*no-such`), Stderr: "nothing there", ExitCode: 1},
		{Command: regexp.MustCompile(`^/usr/bin/write (\S+)`), Files: map[string]string{"/golem/output/out": "wrote $1"}},
	}
	for _, test := range []struct {
		name    string
		command golem.Run
		want    devnet.Reply
	}{
		{"a script", script("echo hello"), devnet.Reply{Stdout: "hello, hello, $1\n", Wall: 4 * time.Second, CPU: 2 * time.Second}},
		{"arguments", golem.Run{EntryPoint: "cat", Args: []string{"-n", "no-such"}}, devnet.Reply{Stderr: "nothing there", ExitCode: 1}},
		{"files", golem.Run{EntryPoint: "/usr/bin/write", Args: []string{"it"}}, devnet.Reply{}},
		{"no row", golem.Run{EntryPoint: "rm"}, devnet.Reply{ExitCode: 127, Stderr: "devnet: no row of the runtime's table matches \"rm\"\n"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				runner, err := table.Runtime(1)(devnet.Activity{Provider: devnet.Provider{Name: "half", Speed: 0.5}})
				if err != nil {
					t.Fatal(err)
				}
				defer runner.Close()
				test.command.Capture = sh("").Run.Capture
				out := runner.Run(t.Context(), test.command, nil)
				got := devnet.Reply{Stdout: string(out.Stdout), Stderr: string(out.Stderr), ExitCode: out.ExitCode, Err: out.Err, Wall: out.Wall, CPU: out.CPU}
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("reply (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func script(text string) golem.Run {
	return golem.Run{EntryPoint: "/bin/sh", Args: []string{"-c", text}}
}

// TestTableDraws wants the same time for the same command of the same provider,
// and other times for others.
func TestTableDraws(t *testing.T) {
	table := devnet.Table{{Takes: devnet.Span{Min: time.Second, Max: time.Hour}}}
	wall := func(seed uint64, provider, command string) (took time.Duration) {
		synctest.Test(t, func(t *testing.T) {
			runner, err := table.Runtime(seed)(devnet.Activity{Provider: devnet.Provider{Name: provider, Speed: 1}})
			if err != nil {
				t.Fatal(err)
			}
			took = runner.Run(t.Context(), script(command), nil).Wall
		})
		return took
	}
	first := wall(1, "a", "x")
	if again := wall(1, "a", "x"); again != first {
		t.Errorf("%v and then %v", first, again)
	}
	if wall(2, "a", "x") == first || wall(1, "b", "x") == first || wall(1, "a", "y") == first {
		t.Error("seed, provider and command do not matter")
	}
}

// TestNoDelays wants a whole rental to take no time but that of its work.
func TestNoDelays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		r := newRequestor(t, &devnet.Server{
			Providers: []devnet.Provider{{Name: "fast", StartUp: 1}},
			Timings:   devnet.NoDelays(),
			Runtime:   devnet.Table{{Takes: exactly(time.Second)}}.Runtime(1),
		})
		id, a := r.rent()
		r.prepare(a)
		r.run(a, sh("true"))
		r.check(r.DestroyActivity(r.ctx, a, time.Second))
		r.check(r.TerminateAgreement(r.ctx, id, nil))
		r.invoice()
		if took := time.Since(began); took < time.Second || took > time.Second+time.Millisecond {
			t.Errorf("took %v, want the second of its command", took)
		}
	})
}
