package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestWrongInvocations holds what a mistake on the command line is answered
// with, and its exit code.
func TestWrongInvocations(t *testing.T) {
	tests := []struct {
		args string
		code int
		want string
	}{
		{"aply run.yaml", exitUsage, `
tasks: there is no command "aply"
   hint: did you mean "apply"? tasks --help lists the commands
`},
		{"frobnicate", exitUsage, `
tasks: there is no command "frobnicate"
   hint: tasks --help lists the commands
`},
		{"apply", exitUsage, `
tasks: apply wants a file
   hint: usage: tasks apply run.yaml [more.yaml...] [flags]
`},
		{"run good.yaml b.yaml", exitUsage, `
tasks: there is no file b.yaml
   hint: name the YAML file that describes the run
`},
		{"apply --watch good.yaml b.yaml", exitUsage, `
tasks: --watch watches one file, and there are several
   hint: leave out --watch, and apply the files again after an edit
`},
		{"apply --worker 3 good.yaml", exitUsage, `
tasks: there is no flag --worker
   hint: did you mean --workers? tasks apply --help lists the flags
`},
		{"apply -x good.yaml", exitUsage, `
tasks: there is no flag -x
   hint: tasks apply --help lists the flags
`},
		{"apply --run-id ../up good.yaml", exitUsage, `
tasks: --run-id cannot be "../up"
   hint: it wants letters, digits, dots, dashes and underscores, at most 64, the first a letter or a digit
`},
		{"apply nowhere.yaml", exitUsage, `
tasks: there is no file nowhere.yaml
   hint: name the YAML file that describes the run
`},
		{"apply .", exitUsage, `
tasks: . is a directory
   hint: name a file in it
`},
		{"apply --workers 0 good.yaml", exitInvalid, `
--workers: wants a whole number of at least 1, or an expression, and this is 0

 > 0
   ^
`},
		{"apply bad.yaml", exitInvalid, `
bad.yaml:3:1: unknown key "worker"

   2 | payload: golem/alpine:latest
 > 3 | worker: 3
     | ^^^^^^
   hint: did you mean "workers"?

bad.yaml:4:29: tasks.run: task has no "itm"

   3 | worker: 3
 > 4 | tasks: {run: 'echo ${{ task.itm }}', from: [1]}
     |                             ^^^
   hint: did you mean "item"? task has id, stage, item, index and attempt
`},
		{"validate", exitUsage, `
tasks: validate wants at least one file
   hint: usage: tasks validate FILE... [flags]
`},
		{"status --wach", exitUsage, `
tasks: there is no flag --wach
   hint: did you mean --watch? tasks status --help lists the flags
`},
		{"status -o jsn", exitUsage, `
tasks: there is no output format "jsn"
   hint: did you mean "json"? -o wants table or json
`},
		{"runs -o", exitUsage, `
tasks: --output wants a value
   hint: tasks runs --help lists the flags
`},
		{"status one two", exitUsage, `
tasks: status takes one run, and got 2
   hint: usage: tasks status [RUN] [flags]
`},
		{"show one --run-id two", exitUsage, `
tasks: two runs are named: "one" and --run-id "two"
   hint: name one of them
`},
		{"status --dsn none.db", exitUsage, `
tasks: there is no database at none.db
   hint: start one with "tasks apply run.yaml", or name another database with --dsn
`},
		{"summary --dsn text.db", exitUsage, `
tasks: open database text.db: not a database of tasks: it is no SQLite file
   hint: --dsn names the file; choose one that does not exist yet to start anew
`},
		{"runs extra", exitUsage, `
tasks: runs takes no arguments, and got "extra"
   hint: usage: tasks runs [flags]
`},
		{"runs --dsn=", exitUsage, `
tasks: --dsn is empty
   hint: give it the path of a file, or leave it out
`},
		{"devnet --providers some", exitUsage, `
tasks: --providers cannot be "some"
   hint: it wants a whole number
`},
		{"devnet --providers -1", exitUsage, `
tasks: --providers is less than 0
   hint: 0 is a market with nobody in it
`},
		{"devnet --listen nonsense", exitUsage, `
tasks: cannot serve at "nonsense": address nonsense: missing port in address
   hint: --listen wants HOST:PORT, such as 127.0.0.1:7777
`},
	}
	t.Chdir(t.TempDir())
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	for name, text := range map[string]string{
		"good.yaml": "name: good\npayload: golem/alpine:latest\ntasks: {run: 'echo ${{ task.item }}', from: [1]}\n",
		"bad.yaml":  "name: bad\npayload: golem/alpine:latest\nworker: 3\ntasks: {run: 'echo ${{ task.itm }}', from: [1]}\n",
		"text.db":   strings.Repeat("no database\n", 100),
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range tests {
		t.Run(test.args, func(t *testing.T) {
			var stdout, stderr strings.Builder
			code := run(t.Context(), strings.Fields(test.args), &stdout, &stderr)
			if code != test.code {
				t.Errorf("exit code %d, want %d", code, test.code)
			}
			if diff := cmp.Diff(strings.TrimPrefix(test.want, "\n"), stderr.String()); diff != "" {
				t.Errorf("stderr (-want +got):\n%s", diff)
			}
			if stdout.Len() > 0 {
				t.Errorf("stdout: %q", stdout.String())
			}
		})
	}
	// A wrong invocation leaves nothing behind.
	if left, _ := filepath.Glob(filepath.Join(os.Getenv("XDG_STATE_HOME"), "*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestDaemonErrors(t *testing.T) {
	const document = "name: good\npayload: golem/alpine:latest\ntasks: {run: 'echo ${{ task.item }}', from: [1]}\n"
	tests := []struct {
		name     string
		url, key string
		want     string
	}{
		{"nobody answers", "http://127.0.0.1:1", "sesame", `
tasks: cannot reach the yagna daemon at http://127.0.0.1:1: connection refused
   hint: start it with "yagna service run", or leave out YAGNA_APPKEY and YAGNA_API_URL to try this spec on the embedded devnet
`},
		{"no key", "http://127.0.0.1:1", "", `
tasks: YAGNA_API_URL is set and YAGNA_APPKEY is not
   hint: the daemon wants a key: "yagna app-key list" shows those it knows
`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			t.Setenv("YAGNA_API_URL", test.url)
			t.Setenv("YAGNA_APPKEY", test.key)
			if err := os.WriteFile("good.yaml", []byte(document), 0o600); err != nil {
				t.Fatal(err)
			}
			var stdout, stderr strings.Builder
			if code := run(t.Context(), []string{"apply", "good.yaml", "--dsn", "t.db"}, &stdout, &stderr); code != exitDaemon {
				t.Errorf("exit code %d, want %d", code, exitDaemon)
			}
			if diff := cmp.Diff(strings.TrimPrefix(test.want, "\n"), stderr.String()); diff != "" {
				t.Errorf("stderr (-want +got):\n%s", diff)
			}
			if test.key != "" && strings.Contains(stderr.String(), test.key) {
				t.Error("the key is in the message")
			}
		})
	}
}
