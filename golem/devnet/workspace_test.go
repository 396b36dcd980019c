package devnet_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"tasks/golem/devnet"
)

// TestAbandonedWorkspaces wants a devnet to remove the workspaces of processes
// that were killed, and nothing else of the temporary directory.
func TestAbandonedWorkspaces(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	for _, name := range []string{
		"devnet-dead/.tasks-devnet", "devnet-dead/activity/golem/work/x", "devnet-of-others/file", "elsewhere/.tasks-devnet",
	} {
		file := filepath.Join(temp, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("elsewhere", filepath.Join(temp, "devnet-link")); err != nil {
		t.Fatal(err)
	}
	living, second := withFiles(t), withFiles(t)
	if got := len(entries(t, temp)); got != 5 {
		t.Errorf("%v in the temporary directory, want the workspaces of two devnets", entries(t, temp))
	}
	for _, server := range []*devnet.Server{living, second} {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	}
	if got, want := entries(t, temp), []string{"devnet-link", "devnet-of-others", "elsewhere"}; !slices.Equal(got, want) {
		t.Errorf("%v is left, want %v", got, want)
	}
}

// withFiles is a devnet that has a workspace, because a command wrote a file.
func withFiles(t *testing.T) *devnet.Server {
	t.Helper()
	server := one(devnet.Provider{})
	server.Runtime = devnet.Table{{Files: map[string]string{"/golem/output/out": "x"}}}.Runtime(1)
	r := newRequestor(t, server)
	_, a := r.rent()
	r.prepare(a)
	r.run(a, sh("true"))
	return server
}

func entries(t *testing.T, dir string) (names []string) {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		names = append(names, e.Name())
	}
	return names
}
