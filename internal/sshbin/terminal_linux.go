package sshbin

import "golang.org/x/sys/unix"

const (
	bytesQueued = unix.TIOCINQ // FIONREAD, of pipes too
	getTermios  = unix.TCGETS
	setTermios  = unix.TCSETS
)
