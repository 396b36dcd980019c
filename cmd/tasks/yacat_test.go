package main_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"

	"tasks/runner/state"
	"tasks/runner/store"
)

// An attack is an item of the stage `attack` of yacat.yaml.
type attack struct {
	Hash, Mask  string
	Skip, Limit int
}

// testYacat lets real hashcats crack every hash of the file once. The first of
// them compiles its kernels, which can take a minute.
func testYacat(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes; run without -short")
	}
	if _, err := exec.LookPath("hashcat"); err != nil {
		t.Skip("hashcat is not installed: the providers of the devnet run it as a program of this computer")
	}
	s := newSite(t, 4*time.Minute)
	hashes := s.hashes()
	p := s.start("apply", "examples/yacat.yaml", "--run-id", "y")
	file := s.example("results/y.jsonl")
	p.await("a word for each hash", func() bool {
		found := map[string]bool{}
		for _, r := range decodeResults[attack, string](s, wholeLines(file)) {
			found[r.Item.Hash] = true
		}
		return len(found) == len(hashes)
	})
	s.run("stop", "y")
	p.end(130)
	if st := s.status("y"); st.State != "stopped" || st.Tasks.Failed != 0 {
		t.Errorf("the run is %s, with tasks %+v", st.State, st.Tasks)
	}
	for _, r := range resultsOf[attack, string](s, "y") {
		hash, word, _ := strings.Cut(r.Value, ":")
		if sum := sha256.Sum256([]byte(word)); hash != r.Item.Hash || hex.EncodeToString(sum[:]) != hash {
			t.Errorf("%q is no word of hash %s", r.Value, r.Item.Hash)
		}
	}
	s.checkChunks()
}

// hashes are those of the file that yacat.yaml reads.
func (s *site) hashes() []string {
	s.Helper()
	var list []string
	for line := range strings.Lines(string(s.readFile(s.example("hashes.jsonl")))) {
		var item struct{ Hash string }
		if err := json.Unmarshal([]byte(line), &item); err != nil {
			s.Fatal(err)
		}
		list = append(list, item.Hash)
	}
	if len(list) == 0 {
		s.Fatal("there are no hashes")
	}
	return list
}

// A chunk is a part of the keyspace that a task of the first stage found.
type chunk struct {
	keyspace int64
	skip     int
}

// checkChunks reads the records: each chunk is one task, done at most once.
func (s *site) checkChunks() {
	s.Helper()
	st, err := store.OpenReadOnly(s.ctx, s.dsn)
	if err != nil {
		s.Fatal(err)
	}
	defer st.Close()
	tasks, done := map[chunk]int{}, 0
	err = st.View(s.ctx, func(tx *store.Tx) error {
		for id := int64(1); ; id++ {
			task, err := tx.Task(id)
			if errors.Is(err, store.ErrNotFound) {
				return nil
			}
			if err != nil {
				return err
			}
			attempts, err := tx.Attempts(id)
			if err != nil {
				return err
			}
			if n := countDone(attempts); n > 1 || (n == 1) != (task.State == state.TaskDone) {
				s.Errorf("task %d is %s and was done %d times", id, task.State, n)
			}
			if task.Stage == "attack" {
				tasks[chunkOf(s, task)]++
				done += countDone(attempts)
			}
		}
	})
	if err != nil {
		s.Fatal(err)
	}
	for c, n := range tasks {
		if n > 1 {
			s.Errorf("keyspace task %d has %d tasks for the chunk from %d on", c.keyspace, n, c.skip)
		}
	}
	if done == 0 {
		s.Error("no chunk is done")
	}
	s.Logf("%d of %d chunks done", done, len(tasks))
}

func chunkOf(s *site, task state.Task) chunk {
	s.Helper()
	var item attack
	if err := json.Unmarshal(task.Item, &item); err != nil {
		s.Fatalf("read item of task %d: %v", task.ID, err)
	}
	return chunk{task.Parent, item.Skip}
}

func countDone(attempts []state.Attempt) (n int) {
	for _, a := range attempts {
		if a.State == state.AttemptDone {
			n++
		}
	}
	return n
}
