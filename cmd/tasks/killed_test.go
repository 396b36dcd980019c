package main_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tasks/golem"
)

const killedSpec = `
name: killed
payload: golem/alpine:latest
workers: 4
tasks:
  from: {range: [1, 40]}
  run: sleep 0.3; echo done ${{ task.item }}
results: {file: "results/${{ run.id }}.jsonl"}
`

const killedTasks, killedWorkers = 40, 4

// TestKilledRunCarriesOn kills the process of a run three times, without notice,
// while the daemon and its providers live on. What comes out is what an
// undisturbed run gives, from workers that live through the kills.
func TestKilledRunCarriesOn(t *testing.T) {
	s := newSite(t, 2*time.Minute)
	daemon := s.devnet("--seed", "7")
	before := s.killAndFinish(1, 14, 28)
	s.checkAllDone()
	activities := s.status("k").Activities
	t.Logf("%d activities for %d workers, over %d kills", len(activities), killedWorkers, len(before))
	if limit := killedWorkers * (1 + len(before)); len(activities) > limit {
		t.Errorf("%d activities, more than %d", len(activities), limit)
	}
	s.checkReuse(before)
	s.checkNothingAlive(daemon)
}

// TestKilledRunCarriesOnWithoutItsDaemon kills the devnet together with the run
// that embeds it: the tasks carry on at workers of another market.
func TestKilledRunCarriesOnWithoutItsDaemon(t *testing.T) {
	s := newSite(t, 2*time.Minute)
	s.killAndFinish(5, 20)
	s.checkAllDone()
	if left, err := os.ReadDir(s.tmp); err != nil || len(left) > 0 {
		t.Errorf("the killed devnets leave behind %v, %v", left, err)
	}
}

// killAndFinish starts a run, kills it each time when so many results are in its
// file, and lets it end at last. It returns the results that there were after
// each kill.
func (s *site) killAndFinish(kills ...int) (before [][]result[int, string]) {
	s.Helper()
	s.write("killed.yaml", killedSpec)
	for _, n := range kills {
		p := s.start("apply", "killed.yaml", "--run-id", "k")
		p.await(fmt.Sprintf("%d results", n), func() bool {
			return bytes.Count(wholeLines(s.killedResults()), []byte("\n")) >= n
		})
		p.signal(syscall.SIGKILL)
		p.end(-1)
		before = append(before, resultsOf[int, string](s, "k"))
	}
	if st := s.status("k"); st.State != "interrupted" || st.Tasks.Done >= killedTasks {
		s.Fatalf("after the last kill the run is %s, with tasks %+v: it was not killed midway", st.State, st.Tasks)
	}
	s.run("apply", "killed.yaml", "--run-id", "k")
	return before
}

func (s *site) killedResults() string { return filepath.Join(s.dir, "results", "k.jsonl") }

// devnet serves a market on a free port until the end of the test, points later
// commands at it, and returns a client of it.
func (s *site) devnet(args ...string) *golem.Client {
	s.Helper()
	p := s.start(append([]string{"devnet", "--listen", "127.0.0.1:0"}, args...)...)
	var env []string
	p.await("exports", func() bool {
		env = nil
		for line := range strings.Lines(p.out.String()) {
			if v, ok := strings.CutPrefix(line, "export "); ok && strings.HasSuffix(v, "\n") {
				env = append(env, strings.TrimSpace(v))
			}
		}
		return len(env) == 2
	})
	s.env = append(s.env, env...)
	client := new(golem.Client)
	for _, v := range env {
		switch name, value, _ := strings.Cut(v, "="); name {
		case "YAGNA_API_URL":
			client.BaseURL = value
		case "YAGNA_APPKEY":
			client.AppKey = value
		}
	}
	s.Cleanup(func() {
		client.CloseIdleConnections()
		p.signal(syscall.SIGTERM)
		p.end(0)
		if left, err := os.ReadDir(s.tmp); err != nil || len(left) > 0 {
			s.Errorf("the devnet leaves behind %v, %v", left, err)
		}
	})
	return client
}

// checkAllDone compares the results, in the database and in the file, with
// those of an undisturbed run.
func (s *site) checkAllDone() {
	s.Helper()
	if st := s.status("k"); st.State != "done" || st.Tasks.Done != killedTasks {
		s.Errorf("the run is %s, with tasks %+v", st.State, st.Tasks)
	}
	want := map[int][]string{}
	for n := 1; n <= killedTasks; n++ {
		want[n] = []string{fmt.Sprintf("done %d", n)}
	}
	for name, list := range map[string][]result[int, string]{
		"database":     resultsOf[int, string](s, "k"),
		"results file": decodeResults[int, string](s, s.readFile(s.killedResults())),
	} {
		got := map[int][]string{}
		for _, r := range list {
			got[r.Item] = append(got[r.Item], r.Value)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			s.Errorf("results in the %s (-want +got):\n%s", name, diff)
		}
	}
}

// checkReuse wants workers to live through the kills: of the activities that had
// given results before one, some give results after it.
func (s *site) checkReuse(before [][]result[int, string]) {
	s.Helper()
	final := resultsOf[int, string](s, "k")
	reuses := 0
	for i, had := range before {
		if diff := cmp.Diff(had, final[:min(len(had), len(final))]); diff != "" {
			s.Errorf("results that there were at kill %d are others now (-then +now):\n%s", i+1, diff)
			return
		}
		old, reused := map[string]bool{}, map[string]bool{}
		for _, r := range had {
			old[r.Activity] = true
		}
		for _, r := range final[len(had):] {
			if old[r.Activity] {
				reused[r.Activity] = true
			}
		}
		s.Logf("kill %d, after %d results: %d of %d activities gave more", i+1, len(had), len(reused), len(old))
		reuses += len(reused)
	}
	if reuses == 0 {
		s.Error("no activity was used again after a kill")
	}
}

// checkNothingAlive asks the daemon what is still held there.
func (s *site) checkNothingAlive(daemon *golem.Client) {
	s.Helper()
	agreements, err := daemon.ListAgreements(s.ctx, golem.AgreementFilter{State: golem.AgreementApproved})
	if err != nil || len(agreements) > 0 {
		s.Errorf("agreements in force at the end: %v, %v", agreements, err)
	}
	demands, err := daemon.Demands(s.ctx)
	if err != nil || len(demands) > 0 {
		s.Errorf("demands published at the end: %v, %v", demands, err)
	}
	allocations, err := daemon.Allocations(s.ctx)
	if err != nil || len(allocations) > 0 {
		s.Errorf("allocations held at the end: %v, %v", allocations, err)
	}
}
