package devnet_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tasks/golem"
)

// TestTransferProgress has a web server that sends the rest of a file only when
// the event about its first part has come.
func TestTransferProgress(t *testing.T) {
	told := make(chan struct{})
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "5000")
		if r.Method == http.MethodHead {
			return
		}
		_, _ = io.WriteString(w, strings.Repeat("x", 2000))
		_ = http.NewResponseController(w).Flush()
		select {
		case <-told:
		case <-r.Context().Done():
		}
		_, _ = io.WriteString(w, strings.Repeat("x", 3000))
	}))
	t.Cleanup(web.Close)
	r := newRequestor(t, processServer(t))
	a := r.ready()
	command := transfer(web.URL+"/in", "container:/golem/input/in")
	command.Transfer.Progress = &golem.Progress{UpdateInterval: "10ms"}
	batch := must[golem.BatchID](r)(r.Exec(r.ctx, a, []golem.Command{command}, time.Second))
	var got []golem.CommandProgress
	for event, err := range r.BatchEvents(r.ctx, a, batch) {
		r.check(err)
		if p := event.Kind.Progress; p != nil && *p.Progress[0] >= 2000 {
			if got = append(got, *p); len(got) == 1 {
				close(told)
			}
		}
		if event.Kind.Finished != nil {
			break
		}
	}
	if len(got) == 0 {
		t.Fatal("no progress was told")
	}
	done, size := int64(2000), int64(5000)
	want := golem.CommandProgress{Step: [2]int{0, 1}, Progress: [2]*int64{&done, &size}, Unit: "Bytes"}
	if diff := cmp.Diff(want, got[0]); diff != "" {
		t.Errorf("progress (-want +got):\n%s", diff)
	}
}
