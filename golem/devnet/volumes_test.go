package devnet_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tasks/golem"
	"tasks/golem/devnet"
	"tasks/golem/gftp"
)

// TestVolumes wants a deploy to make volumes besides those of the image, in both
// runtimes, also for providers that do something to commands.
func TestVolumes(t *testing.T) {
	instant := devnet.Table{{Files: map[string]string{"/data/in/out": "x"}}}.Runtime(1)
	for _, test := range []struct {
		name     string
		runtime  devnet.Runtime
		provider devnet.Provider
	}{
		{"processes", nil, devnet.Provider{}},
		{"instant", instant, devnet.Provider{}},
		{"a slow provider", nil, devnet.Provider{Slower: 1.1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := one(test.provider)
			server.Dir, server.Runtime = t.TempDir(), test.runtime
			r := newRequestor(t, server)
			_, a := r.rent()
			out := filepath.Join(t.TempDir(), "out")
			results := r.run(a,
				golem.Command{Deploy: &golem.Deploy{Volumes: []byte(`["/data", "/golem/work"]`)}},
				golem.Command{Start: &golem.Start{}},
				sh("mkdir -p /data/in && printf x > /data/in/out && test ! -e /golem/work/out"),
				golem.Command{Transfer: &golem.Transfer{From: "container:/data/in/out", To: must[*gftp.File](r)(r.files().Receive(r.ctx, out)).URL}})
			if text, err := os.ReadFile(out); err != nil || string(text) != "x" {
				t.Errorf("transferred %q, %v; results %+v", text, err, results)
			}
			if said := string(results[0].Stdout); strings.Count(said, `"path":"/golem/work"`) != 1 || !strings.Contains(said, `"path":"/data"`) {
				t.Errorf("deploy says %s", said)
			}
		})
	}
}

func TestVolumesRefused(t *testing.T) {
	for _, volumes := range []string{`"/data"`, `["data"]`, `["/"]`, `{"/a/../b": {}}`} {
		r := newRequestor(t, one(devnet.Provider{}))
		_, a := r.rent()
		batch := must[golem.BatchID](r)(r.Exec(r.ctx, a, []golem.Command{{Deploy: &golem.Deploy{Volumes: []byte(volumes)}}}, time.Second))
		results := must[[]golem.CommandResult](r)(r.BatchResults(r.ctx, a, batch, time.Minute))
		if len(results) != 1 || results[0].Result != golem.ResultError || !strings.Contains(results[0].Message, "volume") {
			t.Errorf("%s: results are %+v", volumes, results)
		}
	}
	r := newRequestor(t, one(devnet.Provider{}))
	_, a := r.rent()
	r.run(a, golem.Command{Deploy: &golem.Deploy{Volumes: []byte(`{"/a": {"ram": {"size": "1GiB"}}}`)}})
}
