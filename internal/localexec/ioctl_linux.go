package localexec

import "golang.org/x/sys/unix"

const (
	fionread   = unix.TIOCINQ
	getTermios = unix.TCGETS
	setTermios = unix.TCSETS
)
