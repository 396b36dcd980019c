//go:build unix

package process

import (
	"os"
	"syscall"
)

// killGroup kills every process of the group.
func killGroup(id int) {
	_ = syscall.Kill(-id, syscall.SIGKILL)
}

// groupAlive reports whether the group has a process, possibly a dead one that
// nobody waited for.
func groupAlive(id int) bool {
	return syscall.Kill(-id, 0) == nil
}

func exitCode(state *os.ProcessState) int {
	if ws, ok := state.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return 128 + int(ws.Signal())
	}
	return state.ExitCode()
}
