//go:build darwin || freebsd

package audit

import (
	"syscall"

	"golang.org/x/sys/unix"
)

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

// HasACL is false: no list is looked for here, and on macOS the mode has no mask.
func (osFS) HasACL(string) bool { return false }
