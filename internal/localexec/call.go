package localexec

import (
	"fmt"
	"os"
	"syscall"
)

// call is one command.
type call struct {
	seq    uint32
	pid    int
	tree   *tree
	status syscall.WaitStatus
	// exited: status is known. ending: its tree is being ended. forgotten: the server has got all it wanted.
	exited, ending, forgotten bool
	// detached gets the status line once the server has let go of the command.
	detached *os.File
}

// tell writes the status line of a detached command.
func (c *call) tell() {
	code, signal := exitStatus(c.status)
	e := exitOf(code, signal)
	if e.Signal != "" {
		fmt.Fprintf(c.detached, "signal %s %d\n", e.Signal, *e.Code)
	} else {
		fmt.Fprintf(c.detached, "exit %d\n", *e.Code)
	}
	c.detached.Close()
}

func exitStatus(ws syscall.WaitStatus) (code, signal int) {
	if ws.Signaled() {
		return 0, int(ws.Signal())
	}
	return ws.ExitStatus(), 0
}
