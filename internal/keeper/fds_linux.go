package keeper

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// closeOnExec keeps descriptors from first on from the programs that this process starts. Those that it was itself started with
// would otherwise be passed on.
func closeOnExec(first int) {
	if unix.CloseRange(uint(first), ^uint(0)>>1, unix.CLOSE_RANGE_CLOEXEC) == nil { // Linux 5.11, close_range(2)
		return
	}
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return
	}
	for _, e := range entries {
		if fd, err := strconv.Atoi(e.Name()); err == nil && fd >= first {
			unix.CloseOnExec(fd)
		}
	}
}
