package devnet_test

import (
	"crypto/sha3"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"tasks/golem"
	"tasks/golem/devnet"
	"tasks/golem/gftp"
)

// files makes a client of the server's register of files.
func (r *requestor) files() *gftp.Client {
	beside := &gftp.Server{Devnet: gftp.Devnet{BaseURL: r.BaseURL, AppKey: r.AppKey, HTTP: r.HTTP}}
	client := &gftp.Client{Start: beside.Dial}
	r.t.Cleanup(func() { r.check(client.Close()) })
	return client
}

func transfer(from, to string) golem.Command {
	return golem.Command{Transfer: &golem.Transfer{From: from, To: to}}
}

func sum(text string) string {
	h := sha3.Sum256([]byte(text))
	return hex.EncodeToString(h[:])
}

func written(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func contentOf(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// ready is an activity that takes commands.
func (r *requestor) ready() golem.ActivityID {
	r.t.Helper()
	a := r.activity(r.hire(r.publish()))
	r.prepare(a)
	return a
}

func TestTransferByGFTP(t *testing.T) {
	r := newRequestor(t, processServer(t))
	a, files := r.ready(), r.files()
	in := must[*gftp.File](r)(files.Publish(r.ctx, written(t, "in", "hello")))
	path := filepath.Join(t.TempDir(), "out")
	out := must[*gftp.File](r)(files.Receive(r.ctx, path))
	results := r.run(a,
		transfer("hash:sha3:"+sum("hello")+":"+in.URL, "container:/golem/input/deep/in"),
		sh("tr a-z A-Z < /golem/input/deep/in > /golem/output/out"),
		transfer("/golem/output/out", out.URL),
	)
	if last := results[len(results)-1]; last.Result != golem.ResultOk {
		t.Fatalf("result = %+v", last)
	}
	if got := contentOf(t, path); got != "HELLO" {
		t.Errorf("file that came back = %q", got)
	}
	r.check(in.Close(r.ctx))
	r.check(out.Close(r.ctx))
	results = r.run(a, transfer(in.URL, "container:/golem/input/again"))
	if got, want := results[0].Message, "Local service error: Transfer error: GSB error: "+in.URL+": endpoint address not found"; got != want {
		t.Errorf("message = %q, want %q", got, want)
	}
}

// TestTransferRefusals wants the daemon's words (protocol section 5.5), and that
// what was in the container before stays.
func TestTransferRefusals(t *testing.T) {
	wrong := strings.Repeat("0", 64)
	for _, test := range []struct{ name, from, to, want string }{
		{"to no volume", "IN", "container:/etc/passwd", "path not found in container: /etc/passwd"},
		{"to above a volume", "IN", "container:/golem/input/../../etc/x", "path not found in container: /golem/input/../../etc/x"},
		{"from no volume", "container:/etc/passwd", "OUT", "path not found in container: /etc/passwd"},
		{"no such file", "container:/golem/output/none", "OUT", "IO error: /golem/output/none: No such file or directory (os error 2)"},
		{"wrong hash", "hash:sha3:" + wrong + ":IN", "container:/golem/work/old", "invalid digest: " + sum("hello") + ", expected " + wrong},
		{"unknown hash", "hash:md5:00:IN", "container:/golem/work/old", "unsupported digest: md5 of 8 bits"},
		{"broken hash", "hash:sha3:xyz:IN", "container:/golem/work/old", "invalid digest: xyz"},
		{"scheme", "ftp://host/a", "container:/golem/work/old", "unsupported scheme: ftp"},
		{"from a receiver", "OUT", "container:/golem/work/old", "GSB error: OUT: endpoint address not found"},
		{"to what is published", "container:/golem/work/old", "IN", "GSB error: IN: endpoint address not found"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRequestor(t, &devnet.Server{Runtime: devnet.Instant(func(golem.Run, devnet.Provider) devnet.Reply {
					return devnet.Reply{Files: map[string]string{"/golem/work/old": "old"}}
				})})
				a, files := r.ready(), r.files()
				in := must[*gftp.File](r)(files.Publish(r.ctx, written(t, "in", "hello")))
				path := filepath.Join(t.TempDir(), "out")
				out := must[*gftp.File](r)(files.Receive(r.ctx, path))
				urls := strings.NewReplacer("IN", in.URL, "OUT", out.URL)
				results := r.run(a, sh("true"), transfer(urls.Replace(test.from), urls.Replace(test.to)))
				if got, want := results[1].Message, "Local service error: Transfer error: "+urls.Replace(test.want); got != want {
					t.Errorf("message = %q\nwant      %q", got, want)
				}
				if _, err := os.Stat(path); !os.IsNotExist(err) {
					t.Errorf("a refused transfer left a file: %v", err)
				}
				r.run(a, transfer("container:/golem/work/old", out.URL))
				if got := contentOf(t, path); got != "old" {
					t.Errorf("the file in the container = %q, want it as it was", got)
				}
				if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".transfer-*")); len(left) > 0 {
					t.Errorf("temporary files left: %v", left)
				}
			})
		})
	}
}

// A site is a web server that wants a password, redirects, and breaks the first
// download off.
type site struct {
	text     string
	mu       sync.Mutex
	asked    []string
	uploaded string
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if user, password, _ := r.BasicAuth(); user != "user" || password != "secret" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	s.asked = append(s.asked, strings.TrimSpace(r.Method+" "+r.URL.Path+" "+r.Header.Get("Range")))
	switch {
	case r.Method == http.MethodPut:
		body, _ := io.ReadAll(r.Body)
		s.uploaded = string(body)
	case r.URL.Path == "/moved":
		http.Redirect(w, r, "/in", http.StatusFound)
	case r.URL.Path != "/in":
		w.WriteHeader(http.StatusNotFound)
	case r.Method == http.MethodGet && r.Header.Get("Range") == "":
		w.Header().Set("Content-Length", strconv.Itoa(len(s.text)))
		_, _ = io.WriteString(w, s.text[:4321])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	default:
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(s.text))
	}
}

func TestTransferByHTTP(t *testing.T) {
	s := &site{text: strings.Repeat("0123456789", 1000)}
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	base := strings.Replace(web.URL, "http://", "http://user:secret@", 1)
	r := newRequestor(t, processServer(t))
	a := r.ready()
	results := r.run(a,
		transfer("hash:sha3:"+sum(s.text)+":"+base+"/moved", "container:/golem/input/in"),
		transfer("container:/golem/input/in", base+"/out"),
		transfer(base+"/none", "container:/golem/input/in"),
	)
	if s.uploaded != s.text {
		t.Errorf("uploaded %d bytes, want the %d that were downloaded", len(s.uploaded), len(s.text))
	}
	want := "Local service error: Transfer error: HTTP error: HEAD http://user:xxxxx@" + web.Listener.Addr().String() + "/none: 404 Not Found"
	if got := results[len(results)-1].Message; got != want {
		t.Errorf("message = %q\nwant      %q", got, want)
	}
	asked := []string{
		"HEAD /moved", "HEAD /in", "GET /moved", "GET /in",
		"GET /moved bytes=4321-", "GET /in bytes=4321-", "PUT /out", "HEAD /none",
	}
	if diff := cmp.Diff(asked, s.asked); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}
