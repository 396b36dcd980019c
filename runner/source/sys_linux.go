package source

import "syscall"

// ownGroup puts a program at the head of a process group, and ends it with us.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
