package localexec

import (
	"errors"
	"os"
	"syscall"
	"time"
)

// busyMax is how long a program may be busy. One that is (ETXTBSY) was just written, and a process forked at that moment
// still has it open; see go.dev/issue/22315.
const busyMax = 200 * time.Millisecond

// attributes put a command into a session of its own, with its terminal if it has one.
func (s spec) attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: true, Setctty: s.tty} // Ctty is descriptor 0
}

// unlessBusy starts a program, again if it is busy.
func unlessBusy(start func() error) (err error) {
	begin := time.Now()
	for pause := time.Millisecond; ; pause *= 2 {
		if err = start(); !errors.Is(err, syscall.ETXTBSY) || time.Since(begin) > busyMax {
			return err
		}
		time.Sleep(pause)
	}
}

// forkExec starts a command as a child that the caller collects with wait4(2).
func forkExec(s spec) (pid int, err error) {
	fds := make([]uintptr, len(s.files))
	for i, f := range s.files {
		fds[i] = f.Fd()
	}
	err = unlessBusy(func() (err error) {
		pid, err = syscall.ForkExec(s.program, s.argv, &syscall.ProcAttr{Dir: s.dir, Env: s.env, Files: fds, Sys: s.attributes()})
		return err
	})
	return pid, err
}

// startProcess starts a command as an os.Process.
func startProcess(s spec) (p *os.Process, err error) {
	err = unlessBusy(func() (err error) {
		p, err = os.StartProcess(s.program, s.argv, &os.ProcAttr{Dir: s.dir, Env: s.env, Files: s.files, Sys: s.attributes()})
		return err
	})
	var path *os.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return p, err
}
