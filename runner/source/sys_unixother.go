//go:build unix && !linux

package source

import "syscall"

// ownGroup puts a program at the head of a process group.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
