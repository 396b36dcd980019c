//go:build !unix

package source

import (
	"os"
	"syscall"
)

func ownGroup() *syscall.SysProcAttr { return nil }

// killGroup kills p alone, for want of groups.
func killGroup(p *os.Process) { _ = p.Kill() }
