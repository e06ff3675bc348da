package dest

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// run runs ssh in a session of its own, and returns what it wrote when it has ended: what a Match exec left behind may hold the pipes open for
// ever, and an answer that lacks its end would be another destination. A timeout ends what Match exec started, too.
func (r *Resolver) run(ctx context.Context, args []string) (stdout, stderr string, err error) {
	cmd := exec.CommandContext(ctx, r.opt.SSH, args...)
	cmd.Env = Environ(r.opt.Env)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	var taps [2]*tap
	for i := range taps {
		t, theirs, err := newTap()
		if err != nil {
			return "", "", err
		}
		defer t.pipe.Close()
		defer theirs.Close()
		taps[i] = t
		if i == 0 {
			cmd.Stdout = theirs
		} else {
			cmd.Stderr = theirs
		}
	}
	if err := cmd.Start(); err != nil {
		return "", "", err
	}
	for _, t := range taps {
		go t.copy() // ends with the pipe, or by rest
	}
	err = cmd.Wait()
	return taps[0].rest(), taps[1].rest(), err
}

// tap reads what a process writes to a pipe.
type tap struct {
	pipe *os.File
	got  bytes.Buffer
	done chan struct{}
}

func newTap() (t *tap, theirs *os.File, err error) {
	t = &tap{done: make(chan struct{})}
	t.pipe, theirs, err = os.Pipe()
	return t, theirs, err
}

func (t *tap) copy() {
	defer close(t.done)
	_, _ = t.got.ReadFrom(t.pipe) // until the end of file, or the deadline
}

// rest stops copying and returns all that has been written so far. The process has ended, so all of its words are in the pipe.
func (t *tap) rest() string {
	_ = t.pipe.SetReadDeadline(time.Unix(1, 0))
	<-t.done
	_ = t.pipe.SetReadDeadline(time.Time{})
	raw, err := t.pipe.SyscallConn()
	if err != nil {
		return t.got.String()
	}
	_ = raw.Read(func(fd uintptr) bool {
		buf := make([]byte, 4096)
		for {
			n, err := syscall.Read(int(fd), buf)
			if errors.Is(err, syscall.EINTR) {
				continue
			}
			if n <= 0 || err != nil {
				return true // the end, or nothing more for now
			}
			t.got.Write(buf[:n])
		}
	})
	return t.got.String()
}
