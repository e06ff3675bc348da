//go:build !linux

package localexec

import (
	"os"
	"syscall"
)

// unnamedFile is rewound by the shell: where /dev/fd shares the offset, it must be at the start.
func unnamedFile() (*os.File, error) {
	f, err := unlinkedFile()
	if err != nil {
		return nil, err
	}
	syscall.CloseOnExec(int(f.Fd()))
	return f, nil
}
