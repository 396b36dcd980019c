package runner_test

import (
	"errors"
	"path/filepath"
	"sync"
	"testing"

	"tasks/runner"
)

func TestLockKeepsARunToOneHolder(t *testing.T) {
	dsn := filepath.Join(t.TempDir(), "tasks.db")
	if runner.Locked(dsn, "a") {
		t.Error("locked before anybody locked it")
	}
	lock, err := runner.AcquireLock(dsn, "a")
	if err != nil {
		t.Fatal(err)
	}
	if !runner.Locked(dsn, "a") || runner.Locked(dsn, "b") {
		t.Error("the lock of run a is not that of run a alone")
	}
	if _, err := runner.AcquireLock(dsn, "a"); !errors.Is(err, runner.ErrLocked) {
		t.Errorf("second lock: %v, want ErrLocked", err)
	}
	if err := lock.Release(); err != nil {
		t.Fatal(err)
	}
	if runner.Locked(dsn, "a") {
		t.Error("locked after it was released")
	}
}

// Asking whether a run is live must not make it look live.
func TestAskingForTheLockRefusesNobody(t *testing.T) {
	dsn := filepath.Join(t.TempDir(), "tasks.db")
	var wg sync.WaitGroup
	defer wg.Wait()
	done := make(chan struct{})
	defer close(done)
	for range 2 {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					runner.Locked(dsn, "a")
				}
			}
		})
	}
	for range 200 {
		lock, err := runner.AcquireLock(dsn, "a")
		if err != nil {
			t.Fatal(err)
		}
		if err := lock.Release(); err != nil {
			t.Fatal(err)
		}
	}
}
