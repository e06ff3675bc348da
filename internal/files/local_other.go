//go:build !linux

package files

import (
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// openSearch opens a directory to walk through.
const openSearch = unix.O_RDONLY | unix.O_DIRECTORY | unix.O_CLOEXEC

// utimeOmit keeps a time (UTIME_OMIT of sys/stat.h).
const utimeOmit = -2

// seekData and seekHole are refused (lseek(2) knows no such numbers): holes are not looked for.
const seekData, seekHole = -1, -1

func (p *place) chmod(mode uint32) error {
	return unix.Fchmodat(p.dir, p.base, mode, unix.AT_SYMLINK_NOFOLLOW)
}

// futimes sets the times of an open file.
func futimes(fd int, ts []unix.Timespec) error {
	return unix.UtimesNanoAt(unix.AT_FDCWD, filepath.Join("/dev/fd", strconv.Itoa(fd)), ts, 0)
}

func renameNoReplace(int, string, int, string) (done bool, err error) { return false, nil }

// syncFileSystem writes everything to disk.
func syncFileSystem(*os.File) error { return unix.Sync() }
