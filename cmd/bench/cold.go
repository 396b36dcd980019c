package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// hello is the example of the README.
const hello = `name: hello
payload: golem/alpine:latest
workers: 3
tasks:
  from: {range: [1, 10]}
  run: echo hello from ${{ task.item }}
`

// ordinary is how many providers a devnet has that is not told.
const ordinary = "12"

// coldStart is how long a process took to its first execs.
type coldStart struct{ machine, task time.Duration }

func (c coldStart) String() string { return fmt.Sprintf("%v, first task %v", c.machine, c.task) }

// cold is the time from the start of the process to its first exec, on a devnet
// without delays: that of the first machine's preparation, and that of the first
// task.
func cold(b *bench) ([]row, error) {
	spec := filepath.Join(b.work, "hello.yaml")
	if err := os.WriteFile(spec, []byte(hello), 0o600); err != nil {
		return nil, err
	}
	all, err := repeatedly(b, func(d *daemon) (coldStart, error) { return b.coldStart(d, spec) }, "--providers", ordinary)
	return []row{{
		measure: "cold: `tasks apply` of hello to its first exec",
		value:   median(each(all, func(c coldStart) float64 { return milliseconds(c.machine) })), unit: " ms", bound: 150, most: true,
		more: round(median(each(all, func(c coldStart) float64 { return milliseconds(c.task) }))) + " ms to that of the first task",
	}}, err
}

func (b *bench) coldStart(d *daemon, spec string) (c coldStart, err error) {
	w, err := watchExecs(d)
	if err != nil {
		return c, err
	}
	defer w.web.Close()
	b.jobs++
	watched := &daemon{url: w.url, key: d.key}
	p, err := b.start(watched.env(), "apply", spec, "--dsn", filepath.Join(b.work, fmt.Sprintf("cold-%d.db", b.jobs)))
	if err != nil {
		return c, err
	}
	if err := p.wait(); err != nil {
		return c, err
	}
	machine, task := w.first()
	if task.IsZero() {
		return c, fmt.Errorf("no task was seen: %s", p.tail())
	}
	return coldStart{machine.Sub(p.began), task.Sub(p.began)}, nil
}

// An execWatch passes requests on to a devnet and notes when the first execs came.
type execWatch struct {
	web *http.Server
	url string

	mu            sync.Mutex
	prepared      map[string]bool // machines, by path
	machine, task time.Time
}

func watchExecs(d *daemon) (*execWatch, error) {
	target, err := url.Parse(d.url)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	pass := httputil.NewSingleHostReverseProxy(target)
	pass.ErrorLog = log.New(io.Discard, "", 0) // a client that ends leaves its polls
	w := &execWatch{url: "http://" + listener.Addr().String(), prepared: map[string]bool{}}
	w.web = &http.Server{Handler: http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/exec") {
			w.saw(r.URL.Path)
		}
		pass.ServeHTTP(out, r)
	})}
	go w.web.Serve(listener)
	return w, nil
}

// saw notes an exec: the first one of a machine prepares it, the next are tasks.
func (w *execWatch) saw(path string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	if w.machine.IsZero() {
		w.machine = now
	}
	if w.prepared[path] && w.task.IsZero() {
		w.task = now
	}
	w.prepared[path] = true
}

func (w *execWatch) first() (machine, task time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.machine, w.task
}
