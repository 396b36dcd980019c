package process

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ownGroup starts a command as the leader of a process group, which dies with
// the thread that started it, and so with the devnet.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// clockTick is the unit of time in /proc on every architecture that Go runs on.
const clockTick = 10 * time.Millisecond

// A procStat is what we use of /proc/<pid>/stat.
type procStat struct {
	state byte
	group int
	cpu   time.Duration // own, and of children that were waited for
}

func readStat(pid int) (procStat, bool) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return procStat{}, false
	}
	// The second field is a name in parentheses that can hold anything.
	fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	if len(fields) < 15 {
		return procStat{}, false
	}
	st := procStat{state: fields[0][0]}
	st.group, _ = strconv.Atoi(fields[2])
	for _, f := range fields[11:15] {
		ticks, _ := strconv.ParseInt(f, 10, 64)
		st.cpu += time.Duration(ticks) * clockTick
	}
	return st, true
}

// treeCPU returns the CPU time of a process and its descendants.
func treeCPU(pid int) time.Duration {
	st, ok := readStat(pid)
	if !ok {
		return 0
	}
	total := st.cpu
	for _, child := range children(pid) {
		total += treeCPU(child)
	}
	return total
}

// children lists the children that any thread of the process started; nothing if
// the kernel does not tell.
func children(pid int) []int {
	threads, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		return nil
	}
	var out []int
	for _, t := range threads {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/children", pid, t.Name()))
		if err != nil {
			continue
		}
		for _, f := range strings.Fields(string(b)) {
			if child, err := strconv.Atoi(f); err == nil {
				out = append(out, child)
			}
		}
	}
	return out
}

// groupCPU returns the CPU time of the living processes of a group, and how many
// they are.
func groupCPU(id int) (total time.Duration, living int) {
	for _, pid := range processes() {
		if st, ok := readStat(pid); ok && st.group == id && st.state != 'Z' {
			total += st.cpu
			living++
		}
	}
	return total, living
}

// processes lists every process id.
func processes() []int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var out []int
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			out = append(out, pid)
		}
	}
	return out
}

// endSurvivors kills every process that carries the mark in its environment or
// works inside dir, wherever its session, and returns how many are still there
// in the end.
func endSurvivors(mark, dir string) int {
	var found []int
	for range 200 {
		if found = survivors(mark, dir); len(found) == 0 {
			return 0
		}
		for _, pid := range found {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		time.Sleep(5 * time.Millisecond) // they are not ours to wait for
	}
	return len(found)
}

func survivors(mark, dir string) []int {
	var out []int
	for _, pid := range processes() {
		if pid != os.Getpid() && (hasMark(pid, mark) || worksIn(pid, dir)) {
			out = append(out, pid)
		}
	}
	return out
}

// hasMark is false for dead processes, which have no environment.
func hasMark(pid int, mark string) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	return err == nil && bytes.Contains(append(b, 0), []byte(mark+"\x00"))
}

func worksIn(pid int, dir string) bool {
	cwd, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid))
	return err == nil && strings.HasPrefix(cwd+"/", dir+"/")
}
