//go:build unix

package source

import (
	"os"
	"syscall"
)

// killGroup kills every process of the group that p leads.
func killGroup(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGKILL) }
