//go:build linux || darwin || freebsd

package audit

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// errLocked says that another open file holds a conflicting lock.
var errLocked = errors.New("locked by another process")

// osFS is the operating system's file system.
type osFS struct{}

func (osFS) OpenFile(name string, flag int, perm fs.FileMode) (File, error) {
	f, err := os.OpenFile(name, flag|unix.O_NOFOLLOW|unix.O_CLOEXEC, perm)
	if err != nil {
		return nil, err
	}
	return &osFile{File: f}, nil
}

func (osFS) Stat(name string) (Info, error) {
	var st syscall.Stat_t
	for {
		err := syscall.Lstat(name, &st)
		if err == nil {
			return infoOf(&st), nil
		}
		if !errors.Is(err, syscall.EINTR) {
			return Info{}, &fs.PathError{Op: "lstat", Path: name, Err: err}
		}
	}
}

func (osFS) ReadDir(name string) ([]string, error) {
	entries, err := os.ReadDir(name)
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, err
}

func (osFS) MkdirAll(name string, perm fs.FileMode) error { return os.MkdirAll(name, perm) }
func (osFS) Rename(from, to string) error                 { return os.Rename(from, to) }
func (osFS) Remove(name string) error                     { return os.Remove(name) }
func (osFS) Chmod(name string, perm fs.FileMode) error    { return os.Chmod(name, perm) }

func (osFS) SyncDir(name string) error {
	d, err := os.Open(name)
	if err != nil {
		return err
	}
	err = d.Sync()
	if cerr := d.Close(); err == nil {
		err = cerr
	}
	return err
}

func (osFS) Free(name string) (int64, error) {
	var st unix.Statfs_t
	for {
		err := unix.Statfs(name, &st)
		if err == nil {
			return int64(st.Bavail) * int64(st.Bsize), nil //nolint:unconvert // the types differ between systems
		}
		if !errors.Is(err, unix.EINTR) {
			return 0, &fs.PathError{Op: "statfs", Path: name, Err: err}
		}
	}
}

// osFile adds what os.File does not have.
type osFile struct{ *os.File }

func (f *osFile) Stat() (Info, error) {
	var st syscall.Stat_t
	err := f.control(func(fd int) error { return syscall.Fstat(fd, &st) })
	if err != nil {
		return Info{}, &fs.PathError{Op: "fstat", Path: f.Name(), Err: err}
	}
	return infoOf(&st), nil
}

func (f *osFile) Sync() error {
	if err := f.control(datasync); err != nil {
		return &fs.PathError{Op: "fdatasync", Path: f.Name(), Err: err}
	}
	return nil
}

func (f *osFile) Allocate(size int64) error {
	if err := f.control(func(fd int) error { return allocate(fd, size) }); err != nil {
		return &fs.PathError{Op: "fallocate", Path: f.Name(), Err: err}
	}
	return nil
}

func (f *osFile) Lock(mode LockMode, wait bool) error {
	how := unix.LOCK_SH
	if mode == Exclusive {
		how = unix.LOCK_EX
	}
	if !wait {
		how |= unix.LOCK_NB
	}
	err := f.control(func(fd int) error { return unix.Flock(fd, how) })
	if errors.Is(err, unix.EWOULDBLOCK) {
		return errLocked
	}
	if err != nil {
		return &fs.PathError{Op: "flock", Path: f.Name(), Err: err}
	}
	return nil
}

func (f *osFile) Unlock() error {
	return f.control(func(fd int) error { return unix.Flock(fd, unix.LOCK_UN) })
}

// control runs a system call on the descriptor, again while signals interrupt it. The descriptor can't be closed and
// reused meanwhile.
func (f *osFile) control(call func(fd int) error) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var cerr error
	err = raw.Control(func(fd uintptr) {
		for {
			if cerr = call(int(fd)); !errors.Is(cerr, unix.EINTR) {
				return
			}
		}
	})
	if err != nil {
		return os.ErrClosed // the only reason there is; os.File's own methods say it so
	}
	return cerr
}

func infoOf(st *syscall.Stat_t) Info {
	return Info{
		Dev: uint64(st.Dev), Ino: uint64(st.Ino), Size: st.Size, Mode: fileMode(uint32(st.Mode)), Links: uint64(st.Nlink), //nolint:unconvert // the types differ between systems
		ModTime: modTime(st),
	}
}

func fileMode(mode uint32) fs.FileMode {
	m := fs.FileMode(mode & 0o777)
	switch mode & syscall.S_IFMT {
	case syscall.S_IFREG:
	case syscall.S_IFDIR:
		m |= fs.ModeDir
	case syscall.S_IFLNK:
		m |= fs.ModeSymlink
	default:
		m |= fs.ModeIrregular
	}
	return m
}

func modTime(st *syscall.Stat_t) time.Time {
	sec, nsec := mtime(st)
	return time.Unix(sec, nsec)
}
