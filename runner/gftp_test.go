package runner_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tasks/golem"
	"tasks/golem/devnet"
	"tasks/golem/gftp"
	"tasks/policies"
	"tasks/runner"
	"tasks/runner/state"
	"tasks/runner/store"
	"tasks/spec"
)

// TestMain is also the gftp program of TestFilesByTheGFTPProgram.
func TestMain(m *testing.M) {
	url := os.Getenv("RUNNER_TEST_GFTP")
	if url == "" {
		os.Exit(m.Run())
	}
	server := gftp.Server{Devnet: gftp.Devnet{BaseURL: url, AppKey: devnet.DefaultAppKey}}
	if err := server.Serve(context.Background(), os.Stdin, os.Stdout); err != nil {
		os.Exit(1)
	}
}

// disguised makes a devnet say that it is a daemon like any other.
type disguised struct{ http.RoundTripper }

func (d disguised) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := d.RoundTripper.RoundTrip(r)
	if err != nil || r.URL.Path != "/version/get" {
		return answer, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	text := strings.ReplaceAll(string(body), "devnet", "yagna")
	answer.Body, answer.ContentLength = io.NopCloser(strings.NewReader(text)), int64(len(text))
	answer.Header.Del("Content-Length")
	return answer, err
}

const copies = `
name: copies
payload: {image: 055911c811e56da4d75ffc928361a78ed13077933ffa8320fb1ec2db, url: "http://images.invalid/a.gvmi"}
tasks:
  from: [a, b]
  steps:
    - upload: {data: "${{ task.item }}", to: /golem/work/x}
    - run: [echo]
    - download: {from: /golem/work/x, to: "out/${{ task.item }}"}
  result: downloads[0].text
`

// runDisguised applies copies at a devnet that is not known as one, in real time.
func runDisguised(t *testing.T, srv *devnet.Server) (dir string, got state.RunState, err error) {
	t.Helper()
	web := httptest.NewServer(srv)
	t.Cleanup(func() { srv.Close(); web.Close() })
	t.Setenv("RUNNER_TEST_GFTP", web.URL)
	dir = t.TempDir()
	s, list := spec.Parse("test.yaml", []byte(copies), dir, spec.Overrides{})
	set, more := policies.Compile(s)
	if list = append(list, more...); len(list) > 0 {
		t.Fatal(list)
	}
	db, err := store.Open(t.Context(), filepath.Join(dir, "tasks.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	got, err = runner.Run(t.Context(), runner.Options{
		Store: db, Run: "copies", Spec: s, Policies: set, Daemon: "test",
		Client: &golem.Client{
			BaseURL: web.URL, AppKey: devnet.DefaultAppKey,
			HTTP: &http.Client{Transport: disguised{http.DefaultTransport}},
		},
	})
	return dir, got, err
}

func TestFilesByTheGFTPProgram(t *testing.T) {
	bin := t.TempDir()
	self, err := filepath.Abs(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	script := "#!/bin/sh\n[ \"$*\" = server ] && exec " + spec.ShellQuote(self) + "\nexit 2\n"
	if err := os.WriteFile(filepath.Join(bin, "gftp"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	srv := &devnet.Server{Seed: 1, Runtime: devnet.Instant(shell)}
	dir, got, err := runDisguised(t, srv)
	if err != nil || got != state.RunDone {
		t.Fatalf("run: %s, %v", got, err)
	}
	for _, name := range []string{"a", "b"} {
		if text, err := os.ReadFile(filepath.Join(dir, "out", name)); err != nil || string(text) != name {
			t.Errorf("file %s has %q, %v", name, text, err)
		}
	}
	if left := srv.Inspect().Files; len(left) > 0 {
		t.Errorf("still published: %v", left)
	}
}

// TestNoGFTPProgram wants nothing to be asked of a market that no file can reach.
func TestNoGFTPProgram(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	srv := &devnet.Server{Seed: 1, Runtime: devnet.Instant(shell)}
	_, _, err := runDisguised(t, srv)
	if !errors.Is(err, runner.ErrDaemon) || !strings.Contains(err.Error(), "gftp, which comes with yagna, is not in PATH") {
		t.Errorf("Run: %v, want that gftp is missing", err)
	}
	if snap := srv.Inspect(); snap.Demands > 0 || len(snap.Agreements) > 0 {
		t.Errorf("at the devnet: %d demands, agreements %v", snap.Demands, snap.Agreements)
	}
}
