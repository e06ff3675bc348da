//go:build unix

package localexec

import (
	"os"

	"golang.org/x/sys/unix"
)

// waiting is how many bytes can be read from a pipe now (FIONREAD, ioctl_tty(2)).
func waiting(f *os.File) (n int) {
	_ = control(f, func(fd int) (err error) { // a closed file has nothing
		n, err = unix.IoctlGetInt(fd, fionread)
		return err
	})
	return n
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
