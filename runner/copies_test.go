package runner_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tasks/golem"
	"tasks/golem/devnet"
	"tasks/policies"
	"tasks/runner"
	"tasks/runner/state"
	"tasks/runner/store"
	"tasks/spec"
)

// TestCopies has a web server that sends the rest of a file when the runner knows
// of its first part, or after a while.
func TestCopies(t *testing.T) {
	var copies runner.Copies
	seen := make(chan []runner.Copy, 10) // more than there are downloads
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "5000")
		if r.Method == http.MethodHead {
			return
		}
		_, _ = io.WriteString(w, strings.Repeat("x", 2000))
		_ = http.NewResponseController(w).Flush()
		seen <- awaitCopy(r, &copies)
		_, _ = io.WriteString(w, strings.Repeat("x", 3000))
	}))
	defer site.Close()
	address := strings.Replace(site.URL, "http://", "http://user:secret@", 1) + "/a/model.bin?key=secret"
	runReal(t, strings.ReplaceAll(`
name: copies
payload: golem/alpine:latest
tasks: {from: [1], run: [echo]}
policies:
  activity: {prepare: '[deploy(), start(), upload("ADDRESS", "/golem/input/model")]'}
`, "ADDRESS", address), &copies)
	want := []runner.Copy{{Name: "model.bin", Upload: true, Done: 2000, Size: 5000}}
	got := <-seen
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(runner.Copy{}, "Provider", "Since")); diff != "" {
		t.Errorf("copies in the midst of one (-want +got):\n%s", diff)
	}
	if len(got) == 1 && (got[0].Provider == "" || time.Since(got[0].Since) > time.Minute) {
		t.Errorf("copy %+v, want its provider and when it began", got[0])
	}
	if left := copies.Now(); len(left) > 0 {
		t.Errorf("after the run: %+v", left)
	}
}

// awaitCopy is what is being copied when the first bytes of it are told of.
func awaitCopy(r *http.Request, copies *runner.Copies) []runner.Copy {
	tick, late := time.NewTicker(10*time.Millisecond), time.After(20*time.Second)
	defer tick.Stop()
	for {
		if now := copies.Now(); len(now) > 0 && now[0].Done > 0 {
			return now
		}
		select {
		case <-tick.C:
		case <-late:
			return nil
		case <-r.Context().Done():
			return nil
		}
	}
}

// runReal carries a document out in real time: its devnet reaches web servers.
func runReal(t *testing.T, document string, copies *runner.Copies) {
	t.Helper()
	srv := &devnet.Server{Seed: 1, Runtime: devnet.Instant(shell)}
	web := httptest.NewServer(srv)
	t.Cleanup(func() { srv.Close(); web.Close() })
	dir := t.TempDir()
	s, list := spec.Parse("test.yaml", []byte(document), dir, spec.Overrides{})
	set, more := policies.Compile(s)
	if list = append(list, more...); len(list) > 0 {
		t.Fatal(list)
	}
	db, err := store.Open(t.Context(), filepath.Join(dir, "tasks.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	got, err := runner.Run(t.Context(), runner.Options{
		Store: db, Run: "real", Spec: s, Policies: set, Daemon: "test", Copies: copies,
		Client: &golem.Client{BaseURL: web.URL, AppKey: devnet.DefaultAppKey, HTTP: http.DefaultClient},
	})
	if err != nil || got != state.RunDone {
		t.Fatalf("run: %s, %v", got, err)
	}
}
