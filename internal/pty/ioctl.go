package pty

import (
	"os"

	"golang.org/x/sys/unix"
)

// control calls f with the descriptor of a file, which stays open and in its mode meanwhile; os.File.Fd would make it
// block, and deadlines would have no effect.
func control(file *os.File, f func(fd int) error) error {
	raw, err := file.SyscallConn()
	if err != nil {
		return err
	}
	var ferr error
	if err := raw.Control(func(fd uintptr) { ferr = f(int(fd)) }); err != nil {
		return err
	}
	return ferr
}

// unblock gives a terminal its deadlines back, see control: creack/pty takes them.
func unblock(f *os.File) error {
	return control(f, func(fd int) error { return unix.SetNonblock(fd, true) })
}

func setSize(f *os.File, cols, rows int) error {
	return control(f, func(fd int) error {
		return unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Col: uint16(cols), Row: uint16(rows)})
	})
}

// readable says whether a Read would return at once.
func readable(f *os.File) (yes bool) {
	_ = control(f, func(fd int) error {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
		yes = n > 0
		return err
	})
	return yes
}
