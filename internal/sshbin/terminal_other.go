//go:build !linux

package sshbin

import "golang.org/x/sys/unix"

const (
	bytesQueued = 0x4004667f // FIONREAD, _IOR('f', 127, int), sys/filio.h
	getTermios  = unix.TIOCGETA
	setTermios  = unix.TIOCSETA
)
