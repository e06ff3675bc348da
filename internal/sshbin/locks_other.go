//go:build !linux

package sshbin

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// try takes the lock if it is free. Every lock is a file of its own (flock(2)).
func (l *locks) try(name string) (unlock func(), ok bool, err error) {
	f, err := os.OpenFile(filepath.Join(l.dir, fmt.Sprintf("lock-%016x", lockOffset(name))), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, false, err
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	switch {
	case err == nil:
		return func() { f.Close() }, true, nil
	case errors.Is(err, unix.EWOULDBLOCK):
		return nil, false, f.Close()
	}
	f.Close()
	return nil, false, err
}
