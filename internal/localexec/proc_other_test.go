//go:build !linux

package localexec

import "syscall"

// living says whether a process exists.
func living(pid int) bool { return syscall.Kill(pid, 0) == nil }
