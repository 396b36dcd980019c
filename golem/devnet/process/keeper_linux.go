package process

import (
	"os"
	"os/exec"
	"syscall"
)

// keeperScript waits for the end of its input, which comes when the devnet dies
// however hard, and then does what Close would have done.
const keeperScript = `read -r _
for p in /proc/[0-9]*; do
	case "$(readlink "$p/cwd")/" in
	"$2"/*) kill -9 "${p#/proc/}" ;;
	*) tr '\0' '\n' <"$p/environ" | grep -qxF "$1" && kill -9 "${p#/proc/}" ;;
	esac
done 2>/dev/null
rm -rf "$2"`

// A keeper is a small process that cleans up after a devnet that was killed.
// The kernel kills a command that loses the devnet, but not what the command
// started. Its zero value keeps nothing.
type keeper struct {
	cmd  *exec.Cmd
	life *os.File // its input, held open by us
}

// startKeeper does its best: without a keeper everything works but this.
func startKeeper(mark, dir string) keeper {
	theirs, life, err := os.Pipe()
	if err != nil {
		return keeper{}
	}
	defer theirs.Close()
	cmd := exec.Command("/bin/sh", "-c", keeperScript, "sh", mark, dir)
	cmd.Dir = "/"
	cmd.Stdin = theirs
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a Ctrl-C is not for it
	if err := cmd.Start(); err != nil {
		_ = life.Close()
		return keeper{}
	}
	return keeper{cmd: cmd, life: life}
}

// dismiss ends the keeper without its doing anything.
func (k keeper) dismiss() {
	if k.cmd == nil {
		return
	}
	_ = k.cmd.Process.Kill()
	_ = k.cmd.Wait()
	_ = k.life.Close()
}
