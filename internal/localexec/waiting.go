//go:build unix

package localexec

import (
	"os"

	"golang.org/x/sys/unix"
)

// waiting is how many bytes can be read from a pipe or terminal now (FIONREAD, ioctl_tty(2)).
func waiting(f *os.File) (n int) {
	raw, err := f.SyscallConn()
	if err != nil {
		return 0
	}
	_ = raw.Control(func(fd uintptr) { n, _ = unix.IoctlGetInt(int(fd), fionread) })
	return n
}
