package files

import (
	"errors"
	"os"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

// openSearch opens a directory to walk through: of its permissions only that to search is needed.
const openSearch = unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC

const utimeOmit = unix.UTIME_OMIT

const seekData, seekHole = unix.SEEK_DATA, unix.SEEK_HOLE

// chmod goes by way of a descriptor that cannot be a link's: fchmodat(2) follows links.
func (p *place) chmod(mode uint32) error {
	fd, err := p.open(unix.O_PATH, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT == unix.S_IFLNK {
		return unix.ELOOP
	}
	return unix.Chmod("/proc/self/fd/"+strconv.Itoa(fd), mode)
}

// futimes sets the times of an open file.
func futimes(fd int, ts []unix.Timespec) error {
	_, _, errno := unix.Syscall6(unix.SYS_UTIMENSAT, uintptr(fd), 0, uintptr(unsafe.Pointer(&ts[0])), 0, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// renameNoReplace renames unless there is a file already; done is false where the file system does not know how.
func renameNoReplace(fromDir int, from string, toDir int, to string) (done bool, err error) {
	err = unix.Renameat2(fromDir, from, toDir, to, unix.RENAME_NOREPLACE)
	return !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOSYS), err
}

// syncFileSystem writes everything of a file system to disk.
func syncFileSystem(f *os.File) error { return unix.Syncfs(int(f.Fd())) }
