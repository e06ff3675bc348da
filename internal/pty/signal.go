package pty

import (
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// DefaultGrace is enough for a shell that writes its history and an editor that saves what was not, also on a machine that is busy; who waits for
// the end of a program that ignores the hangup loses that much.
const DefaultGrace = 2 * time.Second

// ParseSignal reads the name of a signal, with or without SIG, or its number.
func ParseSignal(name string) (syscall.Signal, error) {
	upper := strings.ToUpper(name)
	if !strings.HasPrefix(upper, "SIG") {
		upper = "SIG" + upper
	}
	if s := unix.SignalNum(upper); s != 0 {
		return s, nil
	}
	for n := syscall.Signal(1); n < 65; n++ {
		if name == strconv.Itoa(int(n)) {
			return n, nil
		}
	}
	return 0, refuse("invalid_argument", "TERM, INT, HUP, QUIT, KILL, STOP, CONT, USR1, USR2, WINCH or another name of kill -l", "%q is not a signal", name)
}

// Signal sends a signal to the programs in the terminal's foreground, as its keys do.
func (t *Terminal) Signal(s syscall.Signal) error {
	select {
	case <-t.exited:
		return t.gone(nil, "signalling")
	default:
	}
	group, err := t.foreground()
	if err != nil || group <= 0 {
		group = t.proc.Pid
	}
	if err := syscall.Kill(-group, s); err != nil {
		return t.gone(err, "signalling")
	}
	return nil
}

// foreground is the process group in the terminal's foreground (tcgetpgrp(3)).
func (t *Terminal) foreground() (group int, err error) {
	err = control(t.master, func(fd int) (err error) {
		group, err = unix.IoctlGetInt(fd, unix.TIOCGPGRP)
		return err
	})
	return group, err
}

// Close ends the program as a terminal that is closed does: SIGHUP (and SIGCONT, in case it is stopped) to the foreground and to
// the program itself, then SIGKILL. It returns when the program has ended and its last words are in the ring.
func (t *Terminal) Close() error {
	for _, s := range []syscall.Signal{syscall.SIGHUP, syscall.SIGCONT} {
		t.signalAll(s)
	}
	timer := time.NewTimer(t.grace)
	defer timer.Stop()
	select {
	case <-t.ended:
	case <-timer.C:
		t.signalAll(syscall.SIGKILL)
		timer.Reset(afterExitMax + time.Second)
		select {
		case <-t.ended:
		case <-timer.C:
			return refuse("internal", "it may wait for a device; it ends with that", "the program (pid %d) can't be ended", t.proc.Pid)
		}
	}
	<-t.done // the screen catches up with what the ring holds, however busy the machine is
	return nil
}

// signalAll signals the foreground and the program's own group, as far as they are.
func (t *Terminal) signalAll(s syscall.Signal) {
	select {
	case <-t.exited: // its number may be another's
		return
	default:
	}
	if group, err := t.foreground(); err == nil && group > 0 && group != t.proc.Pid {
		_ = syscall.Kill(-group, s)
	}
	_ = syscall.Kill(-t.proc.Pid, s)
}
