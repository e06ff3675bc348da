package localexec

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// A mark that no process loses unless it sets out to: a soft RLIMIT_RTTIME (getrlimit(2)) of more than thirty thousand years,
// different for each command. It is inherited by every child, whatever it does with its environment, session or user, means
// nothing to anybody, and /proc shows it of every process.

// limitBase is the least limit that is a mark, in microseconds.
const limitBase = 1 << 60

// limitFor is the mark of an id.
func limitFor(id string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(id))
	return limitBase | h.Sum64()>>4
}

// setLimit sets the mark for the processes that this one starts until restore. It fails where the hard limit is lower.
func setLimit(mark uint64) (restore func(), err error) {
	var old unix.Rlimit
	if err := unix.Prlimit(0, unix.RLIMIT_RTTIME, nil, &old); err != nil {
		return nil, err
	}
	if err := unix.Prlimit(0, unix.RLIMIT_RTTIME, &unix.Rlimit{Cur: mark, Max: old.Max}, nil); err != nil {
		return nil, err
	}
	return func() { _ = unix.Prlimit(0, unix.RLIMIT_RTTIME, &old, nil) }, nil
}

// limitOf is the mark of a process, or some other number.
func limitOf(pid int) uint64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", pid))
	if err != nil {
		return 0
	}
	return parseLimit(b)
}

// parseLimit reads the soft limit from the last line of /proc/PID/limits.
func parseLimit(b []byte) uint64 {
	const name = "Max realtime timeout"
	i := bytes.Index(b, []byte(name))
	if i < 0 {
		return 0
	}
	fields := bytes.Fields(b[i+len(name):])
	if len(fields) == 0 {
		return 0
	}
	n, err := strconv.ParseUint(string(fields[0]), 10, 64)
	if err != nil {
		return 0
	}
	return n
}
