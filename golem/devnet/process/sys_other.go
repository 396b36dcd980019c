//go:build !unix

package process

import (
	"os"
	"syscall"
	"time"
)

func ownGroup() *syscall.SysProcAttr { return nil }

// Without process groups only the command itself is killed.

func killGroup(id int) {
	if p, err := os.FindProcess(id); err == nil {
		_ = p.Kill()
	}
}

func groupAlive(int) bool { return false }

func exitCode(state *os.ProcessState) int { return state.ExitCode() }

func treeCPU(int) time.Duration         { return 0 }
func groupCPU(int) (time.Duration, int) { return 0, 0 }
func endSurvivors(string, string) int   { return 0 }
