package files

import (
	"os"

	"golang.org/x/sys/unix"
)

// enlarge gives a pipe the room for a few requests of the largest size, so that its two ends take turns less often.
func enlarge(f *os.File) {
	conn, err := f.SyscallConn()
	if err != nil {
		return
	}
	_ = conn.Control(func(fd uintptr) { _, _ = unix.FcntlInt(fd, unix.F_SETPIPE_SZ, 1<<20) }) // its size is only a matter of speed
}
