package assess

import (
	"time"

	"golang.org/x/sys/unix"
)

// threadTime is the processor time of the calling thread (clock_gettime(2), CLOCK_THREAD_CPUTIME_ID).
func threadTime() (time.Duration, bool) {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		return 0, false
	}
	return time.Duration(t.Nano()), true
}
