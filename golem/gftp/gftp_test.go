package gftp_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"tasks/golem/devnet"
	"tasks/golem/gftp"
)

// TestMain is also the program that TestCommand runs.
func TestMain(m *testing.M) {
	if os.Getenv("GFTP_TEST_SERVER") == "" {
		os.Exit(m.Run())
	}
	world := &devnet.Server{}
	server := beside(world)
	err := errors.Join(server.Serve(context.Background(), os.Stdin, os.Stdout), world.Close())
	if err != nil {
		os.Exit(1)
	}
}

func beside(world *devnet.Server) *gftp.Server {
	return &gftp.Server{Devnet: gftp.Devnet{BaseURL: "http://devnet", AppKey: devnet.DefaultAppKey, HTTP: world.Client()}}
}

func written(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A line is one answer of a server, its fields as they are on the wire.
type line struct {
	ID     int             `json:"id"`
	Result json.RawMessage `json:"result"`
	Error  *gftp.Error     `json:"error"`
}

// talk sends requests one after the other and gives the answers.
func talk(t *testing.T, requests ...string) []line {
	t.Helper()
	world := &devnet.Server{}
	defer world.Close()
	in, requestsTo := io.Pipe()
	answersFrom, out := io.Pipe()
	served := make(chan error, 1)
	go func() { served <- beside(world).Serve(t.Context(), in, out) }()
	answers := bufio.NewReader(answersFrom)
	var got []line
	for _, r := range requests {
		if _, err := io.WriteString(requestsTo, r+"\n"); err != nil {
			t.Fatal(err)
		}
		text, err := answers.ReadString('\n')
		if err != nil || !strings.HasSuffix(text, "\r\n") {
			t.Fatalf("answer %q, %v: want a line that ends with CR LF", text, err)
		}
		var l line
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			t.Fatalf("answer %q: %v", text, err)
		}
		got = append(got, l)
	}
	requestsTo.Close()
	if err := <-served; err != nil {
		t.Errorf("Serve: %v", err)
	}
	return got
}

func TestServerSpeaksTheProtocol(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := written(t, "a", "hello")
		answers := talk(t,
			`{"jsonrpc":"2.0","id":1,"method":"version","params":{}}`,
			`{"jsonrpc":"2.0","id":2,"method":"publish","params":{"files":["`+file+`"]}}`,
			`{"jsonrpc":"2.0","id":3,"method":"receive","params":{"output_file":"`+file+`.out"}}`,
			`{"jsonrpc":"2.0","id":4,"method":"close","params":{"urls":["gftp://0x00/none"]}}`,
			`nonsense`,
			`{"jsonrpc":"2.0","id":6,"method":"dance","params":{}}`,
			`{"jsonrpc":"2.0","id":7,"method":"publish","params":{"files":"one"}}`,
			`{"jsonrpc":"2.0","id":8,"method":"publish","params":{"files":["/none"]}}`,
			`{"jsonrpc":"2.0","id":9,"method":"shutdown","params":{}}`,
		)
		if got := string(answers[0].Result); got != `"0.4.1"` {
			t.Errorf("version = %s", got)
		}
		var published []struct{ File, URL string }
		if err := json.Unmarshal(answers[1].Result, &published); err != nil || len(published) != 1 {
			t.Fatalf("publish = %s, %v", answers[1].Result, err)
		}
		const hash = "3338be694f50c5f338814986cdf0686453a888b84f424d792af4b9202398f392" // SHA3-256 of hello
		if p := published[0]; p.File != file || !strings.HasPrefix(p.URL, "gftp://0x") || !strings.HasSuffix(p.URL, "/"+hash) {
			t.Errorf("publish = %+v", p)
		}
		var received struct{ File, URL string }
		if err := json.Unmarshal(answers[2].Result, &received); err != nil {
			t.Fatal(err)
		}
		if name := received.URL[strings.LastIndex(received.URL, "/")+1:]; len(name) != 65 || received.File != file+".out" {
			t.Errorf("receive = %+v, want a name of 65 characters", received)
		}
		if got := string(answers[3].Result); got != `["error"]` {
			t.Errorf("close of an unknown URL = %s", got)
		}
		for i, code := range map[int]int{4: -32700, 5: -32601, 6: -32602, 7: -32000} {
			if e := answers[i].Error; e == nil || e.Code != code {
				t.Errorf("answer %d: error = %+v, want code %d", i+1, e, code)
			}
		}
		if got := string(answers[8].Result); got != `"ok"` {
			t.Errorf("shutdown = %s", got)
		}
	})
}

// TestUploadAndDownload moves a file between two other nodes.
func TestUploadAndDownload(t *testing.T) {
	world := &devnet.Server{}
	defer world.Close()
	client := &gftp.Client{Start: beside(world).Dial}
	defer client.Close()
	dir := t.TempDir()
	in, err := client.Publish(t.Context(), written(t, "a", "hello"))
	if err != nil {
		t.Fatal(err)
	}
	out, err := client.Receive(t.Context(), filepath.Join(dir, "received"))
	if err != nil {
		t.Fatal(err)
	}
	other := startRaw(t, world)
	other(`{"jsonrpc":"2.0","id":1,"method":"download","params":{"url":"` + in.URL + `","output_file":"` + dir + `/copy"}}`)
	other(`{"jsonrpc":"2.0","id":2,"method":"upload","params":{"url":"` + out.URL + `","file":"` + dir + `/copy"}}`)
	if text, err := os.ReadFile(filepath.Join(dir, "received")); err != nil || string(text) != "hello" {
		t.Errorf("received %q, %v", text, err)
	}
}

// startRaw is a gftp process of somebody else, asked line by line.
func startRaw(t *testing.T, world *devnet.Server) func(string) {
	t.Helper()
	rw, err := beside(world).Dial()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { rw.Close() })
	answers := bufio.NewReader(rw)
	return func(request string) {
		t.Helper()
		if _, err := io.WriteString(rw, request+"\n"); err != nil {
			t.Fatal(err)
		}
		text, err := answers.ReadString('\n')
		if err != nil || strings.Contains(text, `"error"`) {
			t.Fatalf("answer %s, %v", text, err)
		}
	}
}

// alive reports whether a URL can still be read.
func alive(t *testing.T, world *devnet.Server, url string) bool {
	t.Helper()
	rw, err := beside(world).Dial()
	if err != nil {
		t.Fatal(err)
	}
	defer rw.Close()
	out := filepath.Join(t.TempDir(), "out")
	_, _ = io.WriteString(rw, `{"jsonrpc":"2.0","id":1,"method":"download","params":{"url":"`+url+`","output_file":"`+out+`"}}`+"\n")
	text, err := bufio.NewReader(rw).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return !strings.Contains(text, `"error"`)
}

// TestEqualContentIsShared holds that a URL lasts until its last user is done.
func TestEqualContentIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world := &devnet.Server{}
		defer world.Close()
		client := &gftp.Client{Start: beside(world).Dial}
		defer client.Close()
		a, b := written(t, "a", "same"), written(t, "b", "same")
		first, err := client.Publish(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		second, err := client.Publish(t.Context(), b)
		if err != nil || second.URL != first.URL {
			t.Fatalf("second = %+v, %v, want the URL %s", second, err, first.URL)
		}
		for range 2 { // a second Close counts for nothing
			if err := first.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if !alive(t, world, second.URL) {
			t.Error("the URL is gone while somebody uses it")
		}
		if err := second.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if alive(t, world, second.URL) {
			t.Error("the URL is there while nobody uses it")
		}
	})
}

// TestManyAtOnce publishes and closes the same content from many sides: a URL
// that its holder has not closed is always alive.
func TestManyAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world := &devnet.Server{}
		defer world.Close()
		client := &gftp.Client{Start: beside(world).Dial}
		defer client.Close()
		path := written(t, "a", "same")
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				for range 5 {
					f, err := client.Publish(t.Context(), path)
					if err != nil {
						t.Error(err)
						return
					}
					if !alive(t, world, f.URL) {
						t.Error("a published file cannot be read")
					}
					if err := f.Close(t.Context()); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
	})
}

func TestEndTakesEverythingBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world := &devnet.Server{}
		defer world.Close()
		client := &gftp.Client{Start: beside(world).Dial}
		f, err := client.Publish(t.Context(), written(t, "a", "text"))
		if err != nil {
			t.Fatal(err)
		}
		if err := client.Close(); err != nil {
			t.Fatal(err)
		}
		if alive(t, world, f.URL) {
			t.Error("a URL outlives the process")
		}
		if _, err := client.Publish(t.Context(), "/none"); !errors.Is(err, gftp.ErrEnded) {
			t.Errorf("Publish after Close: %v, want ErrEnded", err)
		}
		if err := f.Close(t.Context()); err != nil {
			t.Errorf("closing a file of an ended process: %v", err)
		}
	})
}

func TestClientStartsAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world := &devnet.Server{}
		defer world.Close()
		var started []io.ReadWriteCloser
		client := &gftp.Client{Start: func() (io.ReadWriteCloser, error) {
			rw, err := beside(world).Dial()
			started = append(started, rw)
			return rw, err
		}}
		defer client.Close()
		path := written(t, "a", "text")
		old, err := client.Publish(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		started[0].Close() // it dies
		synctest.Wait()
		f, err := client.Publish(t.Context(), path)
		if err != nil || len(started) != 2 {
			t.Fatalf("%d processes, %v, want a second one", len(started), err)
		}
		if err := old.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if !alive(t, world, f.URL) {
			t.Error("closing a file of the dead process closed that of the next")
		}
	})
}

func TestErrors(t *testing.T) {
	world := &devnet.Server{}
	defer world.Close()
	client := &gftp.Client{Start: beside(world).Dial}
	defer client.Close()
	_, err := client.Publish(t.Context(), "/none")
	if told, ok := errors.AsType[*gftp.Error](err); !ok || !strings.Contains(told.Message, "no such file") {
		t.Errorf("Publish of no file: %v", err)
	}
	_, err = (&gftp.Client{Start: gftp.Command("/none/gftp", "server")}).Publish(t.Context(), "/none")
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Publish without the program: %v", err)
	}
}

// TestCommand runs a real process.
func TestCommand(t *testing.T) {
	t.Setenv("GFTP_TEST_SERVER", "1")
	client := &gftp.Client{Start: gftp.Command(os.Args[0])}
	f, err := client.Publish(t.Context(), written(t, "a", "text"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Close(t.Context()), client.Close()); err != nil {
		t.Error(err)
	}
}
