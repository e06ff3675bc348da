package sshbin

import (
	"errors"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// try takes the lock if it is free. All locks are bytes of one file, which stays empty (F_OFD_SETLK, fcntl(2)): thousands of
// hosts leave no thousands of lock files behind.
func (l *locks) try(name string) (unlock func(), ok bool, err error) {
	f, err := os.OpenFile(filepath.Join(l.dir, "locks"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, false, err
	}
	err = unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, &unix.Flock_t{Type: unix.F_WRLCK, Start: lockOffset(name), Len: 1})
	switch {
	case err == nil:
		return func() { f.Close() }, true, nil
	case errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES):
		return nil, false, f.Close()
	}
	f.Close()
	return nil, false, err
}
