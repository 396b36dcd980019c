package gftp

import (
	"io"
	"os/exec"
	"time"
)

// exitTime is how long a process may take to end after its input ended.
const exitTime = 3 * time.Second

// Command returns a Start for Client that runs a program, such as
// Command("gftp", "server"). The program is looked up in PATH and inherits the
// environment, where it finds the daemon.
func Command(name string, args ...string) func() (io.ReadWriteCloser, error) {
	return func() (io.ReadWriteCloser, error) {
		cmd := exec.Command(name, args...)
		in, err := cmd.StdinPipe()
		if err != nil {
			return nil, err
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			return nil, err
		}
		if err := cmd.Start(); err != nil {
			return nil, err
		}
		return &process{cmd: cmd, WriteCloser: in, out: out}, nil
	}
}

// A process is a running program and the two ends of it.
type process struct {
	cmd *exec.Cmd
	io.WriteCloser
	out io.ReadCloser
}

func (p *process) Read(b []byte) (int, error) { return p.out.Read(b) }

// Close ends the input, which ends a gftp server, and kills one that goes on.
func (p *process) Close() error {
	_ = p.WriteCloser.Close()
	kill := time.AfterFunc(exitTime, func() { _ = p.cmd.Process.Kill() })
	defer kill.Stop()
	_, err := p.cmd.Process.Wait()
	_ = p.out.Close()
	return err
}
