//go:build !linux

package keeper

import "syscall"

// closeOnExec keeps descriptors from first on from the programs that this process starts. Those that it was itself started with
// would otherwise be passed on.
func closeOnExec(first int) {
	var limit syscall.Rlimit
	last := 1024
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) == nil && limit.Cur < 65536 {
		last = int(limit.Cur)
	}
	for fd := first; fd < last; fd++ {
		syscall.CloseOnExec(fd)
	}
}
