package keeper

import (
	"net"

	"golang.org/x/sys/unix"
)

// peer is the process at the other end of a unix socket: the one that connected, or that listened.
type peer struct{ uid, pid int }

// peerOf asks the kernel (unix(7), SO_PEERCRED).
func peerOf(c *net.UnixConn) (p peer, err error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return p, err
	}
	var cred *unix.Ucred
	var asked error
	if err = raw.Control(func(fd uintptr) { cred, asked = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) }); err == nil {
		err = asked
	}
	if err != nil {
		return p, err
	}
	return peer{uid: int(cred.Uid), pid: int(cred.Pid)}, nil
}
