package localexec

import (
	"os"

	"golang.org/x/sys/unix"
)

// pollable is a copy of the one file that the poller takes.
func pollable(files []*os.File) (*os.File, error) {
	if len(files) != 1 {
		return nil, errMalformed
	}
	fd, err := unix.FcntlInt(files[0].Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err == nil {
		err = unix.SetNonblock(fd, true)
	}
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), "status"), nil
}

// deserted waits until nobody has the other end of a pipe open that is written to here, and is false when it is closed here before.
// Where the system's poller does not tell (kqueue), it waits for that.
func deserted(w *os.File) bool {
	raw, err := w.SyscallConn()
	if err != nil {
		return false
	}
	gone := false
	look := func(fd uintptr) bool {
		p := []unix.PollFd{{Fd: int32(fd)}} // POLLERR needs no asking
		n, err := unix.Poll(p, 0)
		gone = err == nil && n == 1 && p[0].Revents&(unix.POLLERR|unix.POLLNVAL) == unix.POLLERR
		return gone
	}
	// As if to read: writing is for the status. The poller wakes readers too when the last one at the other end goes.
	if raw.Read(look) != nil && !gone {
		_ = raw.Control(func(fd uintptr) { look(fd) })
	}
	return gone
}
