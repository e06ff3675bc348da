//go:build darwin || freebsd || netbsd || openbsd

package localexec

import "golang.org/x/sys/unix"

const (
	fionread   = 0x4004667f // _IOR('f', 127, int), sys/filio.h
	getTermios = unix.TIOCGETA
	setTermios = unix.TIOCSETA
)
