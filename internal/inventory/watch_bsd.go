//go:build darwin || freebsd || netbsd

package inventory

import "syscall"

func changeTime(st *syscall.Stat_t) int64 { return st.Ctimespec.Nano() }
