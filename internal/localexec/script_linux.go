package localexec

import (
	"os"

	"golang.org/x/sys/unix"
)

// unnamedFile is a file in memory (memfd_create(2)): a full disk doesn't matter, and nothing is left behind.
func unnamedFile() (*os.File, error) {
	fd, err := unix.MemfdCreate("command", unix.MFD_CLOEXEC)
	if err != nil {
		return unlinkedFile()
	}
	return os.NewFile(uintptr(fd), "command"), nil
}
