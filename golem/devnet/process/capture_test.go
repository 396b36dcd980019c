package process_test

import (
	"bytes"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tasks/golem"
	"tasks/golem/devnet/process"
)

func TestCapture(t *testing.T) {
	atEnd := func(p golem.CapturePart) *golem.CaptureMode { return &golem.CaptureMode{AtEnd: &p} }
	streamed := func(p golem.CaptureStream) *golem.CaptureMode { return &golem.CaptureMode{Stream: &p} }
	tests := []struct {
		name   string
		script string
		mode   *golem.CaptureMode
		want   golem.Output
	}{
		{"none", "echo x", nil, nil},
		{"empty mode", "echo x", &golem.CaptureMode{}, nil},
		{"at end", "echo x", atEnd(golem.CapturePart{}), golem.Output("x\n")},
		{"at end, empty", "true", atEnd(golem.CapturePart{}), nil},
		{"head", "printf 0123456789", atEnd(golem.CapturePart{Head: 4}), golem.Output("0123")},
		{"tail", "printf 0123456789", atEnd(golem.CapturePart{Tail: 4}), golem.Output("6789")},
		{"tail in pieces", "for i in 0 1 2 3 4 5 6 7 8 9; do printf $i; done", atEnd(golem.CapturePart{Tail: 3}), golem.Output("789")},
		{"tail of less", "printf 01", atEnd(golem.CapturePart{Tail: 4}), golem.Output("01")},
		{"head and tail", "printf 0123456789", atEnd(golem.CapturePart{HeadTail: 5}), golem.Output("01789")},
		{"head and tail of all", "printf 01234", atEnd(golem.CapturePart{HeadTail: 6}), golem.Output("01234")},
		{"stream", "printf 0123456789", streamed(golem.CaptureStream{}), golem.Output("0123456789")},
		{"stream limit", "printf 0123456789", streamed(golem.CaptureStream{Limit: 4}), golem.Output("0123")},
		{"text in UTF-8", `printf 'h\303\251'`, streamed(golem.CaptureStream{}), golem.Output("hé")},
		{"text not in UTF-8", `printf 'h\351'`, streamed(golem.CaptureStream{Format: "str"}), golem.Output("hé")},
		{"binary", `printf 'h\351\000'`, streamed(golem.CaptureStream{Format: "bin"}), golem.Output("h\xe9\x00")},
		{"binary at end", `printf 'h\351'`, atEnd(golem.CapturePart{Format: "binary"}), golem.Output("h\xe9")},
		{"container paths", "echo /golem/output/x; echo see:$PWD", streamed(golem.CaptureStream{}), golem.Output("/golem/output/x\nsee:/golem/work\n")},
		{"limit of the sandbox", "head -c 5000 /dev/zero | tr '\\0' a", streamed(golem.CaptureStream{}), bytes.Repeat([]byte("a"), 1000)},
		{"limit of the sandbox below the head", "head -c 5000 /dev/zero | tr '\\0' a", atEnd(golem.CapturePart{Head: 2000}), bytes.Repeat([]byte("a"), 1000)},
	}
	s := open(t, process.Options{OutputLimit: 1000})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			run := sh(tt.script)
			run.Capture = &golem.Capture{Stdout: tt.mode}
			out := s.Run(t.Context(), run, nil)
			if d := cmp.Diff(tt.want, out.Stdout); d != "" {
				t.Errorf("stdout (-want +got):\n%s", d)
			}
			run = sh("{ " + tt.script + "; } >&2")
			run.Capture = &golem.Capture{Stderr: tt.mode}
			out = s.Run(t.Context(), run, nil)
			if d := cmp.Diff(tt.want, out.Stderr); d != "" {
				t.Errorf("stderr (-want +got):\n%s", d)
			}
			if written, known := strings.CutPrefix(tt.script, "printf "); known && !strings.Contains(written, "'") {
				if d := cmp.Diff(tt.want, process.Keep("stdout", written, tt.mode, nil)); d != "" {
					t.Errorf("what is kept of it at once (-want +got):\n%s", d)
				}
			}
		})
	}
}

func TestSink(t *testing.T) {
	s := open(t, process.Options{})
	var mu sync.Mutex
	got := map[string]string{}
	sink := func(stream string, chunk []byte) {
		mu.Lock()
		defer mu.Unlock()
		got[stream] += string(chunk)
	}
	run := sh("echo one; echo two >&2; echo three; pwd")
	run.Capture = &golem.Capture{
		Stdout: &golem.CaptureMode{Stream: &golem.CaptureStream{Limit: 8}},
		Stderr: &golem.CaptureMode{AtEnd: &golem.CapturePart{}},
	}
	out := s.Run(t.Context(), run, sink)
	mu.Lock()
	defer mu.Unlock()
	if d := cmp.Diff(map[string]string{"stdout": "one\nthre"}, got); d != "" {
		t.Errorf("sink (-want +got):\n%s", d)
	}
	if string(out.Stdout) != "one\nthre" || string(out.Stderr) != "two\n" {
		t.Errorf("outcome: %+v", resultOf(out))
	}
}

func TestLateOutputIsForgotten(t *testing.T) {
	s := open(t, process.Options{})
	var mu sync.Mutex
	var got string
	sink := func(_ string, chunk []byte) {
		mu.Lock()
		defer mu.Unlock()
		got += string(chunk)
	}
	script := "(while ! [ -e go ]; do sleep 0.01; done; echo late; echo $$ > said) & echo early"
	out := s.Run(t.Context(), sh(script), sink)
	if string(out.Stdout) != "early\n" {
		t.Errorf("outcome: %+v", resultOf(out))
	}
	s.Run(t.Context(), sh("touch go; while ! [ -e said ]; do sleep 0.01; done; sleep 0.05"), nil)
	mu.Lock()
	defer mu.Unlock()
	if got != "early\n" {
		t.Errorf("sink got %q, want nothing after Run", got)
	}
}

func TestFloodOfOutput(t *testing.T) {
	s := open(t, process.Options{})
	out := s.Run(t.Context(), sh("head -c 100000000 /dev/zero; head -c 100000000 /dev/zero >&2; echo end"), nil)
	if out.ExitCode != 0 || out.Err != nil || len(out.Stdout) != 1<<20 || len(out.Stderr) != 1<<20 {
		t.Errorf("exit %d, %v, kept %d and %d bytes, want 1 MiB of each", out.ExitCode, out.Err, len(out.Stdout), len(out.Stderr))
	}
}
