package localexec

import (
	"errors"
	"os"
	"syscall"
)

// direct is a command that is a child of this process.
type direct struct {
	proc  *os.Process
	tree  *tree
	done  chan struct{}
	state *os.ProcessState
	err   error
}

// startDirect forks and executes.
func startDirect(s spec) (process, error) {
	proc, err := startProcess(s)
	if err != nil {
		return nil, startError(s.program, err)
	}
	d := &direct{proc: proc, tree: newTree(s.id, proc.Pid), done: make(chan struct{})}
	go d.wait()
	return d, nil
}

// wait collects the child. It ends with it.
func (d *direct) wait() {
	d.state, d.err = d.proc.Wait()
	d.tree.collected()
	close(d.done)
}

func (d *direct) pid() int               { return d.proc.Pid }
func (d *direct) ended() <-chan struct{} { return d.done }

func (d *direct) status() (code, signal int, err error) {
	if d.err != nil {
		return 0, 0, startError("waiting", d.err)
	}
	ws, ok := d.state.Sys().(syscall.WaitStatus)
	if ok && ws.Signaled() {
		return 0, int(ws.Signal()), nil
	}
	return d.state.ExitCode(), 0, nil
}

func (d *direct) end() []string { return d.tree.end() }

func (d *direct) release() {}

func (d *direct) detach() (*os.File, error) { return nil, errors.ErrUnsupported }
