package audit

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// datasync asks the drive itself: fsync(2) on macOS stops at the drive's cache.
func datasync(fd int) error {
	_, err := unix.FcntlInt(uintptr(fd), unix.F_FULLFSYNC, 0)
	return err
}

// allocate writes the blocks, for want of a call that reserves them.
func allocate(fd int, size int64) error {
	zeros := make([]byte, 1<<16)
	for at := int64(0); at < size; at += int64(len(zeros)) {
		if _, err := unix.Pwrite(fd, zeros, at); err != nil {
			return err
		}
	}
	return nil
}

func mtime(st *syscall.Stat_t) (sec, nsec int64) { return st.Mtimespec.Sec, st.Mtimespec.Nsec }

// HasACL is false: the mode has no mask here.
func (osFS) HasACL(string) bool { return false }
