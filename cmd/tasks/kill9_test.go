package main_test

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var (
	kills    = flag.Int("kills", 2, "how often TestKill9 kills a run")
	killSeed = flag.Uint64("kill-seed", uint64(time.Now().UnixNano()), "draws the moments")
)

// outlast is how many tasks of the first stage keep a run going for one kill.
const outlast = 12

const kill9Spec = `
name: kill9
payload: golem/alpine:latest
workers: 4
tasks:
  outer:
    from: {range: [1, %d]}
    run: sleep 0.2; echo outer ${{ task.item }}
    emit: {stage: inner, each: '[task.item]'}
  inner:
    run: sleep 0.1; echo inner ${{ task.item }}
results: {file: "results/${{ run.id }}.jsonl"}
`

// TestKill9 kills the process of a run at moments that nobody chose, starts it
// again until it is done, and compares with what an undisturbed run gives. `make
// kill9` does it more often.
func TestKill9(t *testing.T) {
	s := newSite(t, time.Minute+time.Duration(*kills)*10*time.Second)
	daemon := s.devnet("--seed", "9")
	n := outlast * (*kills + 2)
	s.write("kill9.yaml", fmt.Sprintf(kill9Spec, n))
	moments := rand.New(rand.NewPCG(*killSeed, 9))
	t.Logf("-kill-seed %d", *killSeed)
	done := 0
	for done < *kills && s.killAfter(time.Duration(moments.Int64N(int64(2500*time.Millisecond)))) {
		done++
		t.Logf("kill %d: %d results", done, bytes.Count(wholeLines(s.killedResults()), []byte("\n")))
	}
	s.run("apply", "kill9.yaml", "--run-id", "k")
	s.checkKill9(n)
	s.checkNothingAlive(daemon)
	t.Logf("%d kills, %d results, each once; %d activities", done, 2*n, len(s.status("k").Activities))
}

// killAfter starts the run and kills it after some time. It reports false when
// the run was faster.
func (s *site) killAfter(d time.Duration) bool {
	s.Helper()
	p := s.start("apply", "kill9.yaml", "--run-id", "k")
	select {
	case <-time.After(d):
	case <-p.ended:
		p.end(0)
		return false
	}
	if p.cmd.Process.Signal(syscall.SIGKILL) != nil {
		p.end(0)
		return false
	}
	<-p.ended
	return true
}

// checkKill9 wants each result once, in the database and in the file.
func (s *site) checkKill9(n int) {
	s.Helper()
	want := map[string]int{}
	for i := 1; i <= n; i++ {
		want[fmt.Sprintf("outer %d", i)], want[fmt.Sprintf("inner %d", i)] = 1, 1
	}
	for name, list := range map[string][]result[int, string]{
		"database":     resultsOf[int, string](s, "k"),
		"results file": decodeResults[int, string](s, s.readFile(s.killedResults())),
	} {
		got := map[string]int{}
		for _, r := range list {
			got[r.Value]++
		}
		if diff := cmp.Diff(want, got); diff != "" {
			s.Errorf("results in the %s (-want +got):\n%s", name, diff)
		}
	}
}
