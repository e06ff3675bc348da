package keeper

import (
	"net"

	"golang.org/x/sys/unix"
)

// peer is the process at the other end of a unix socket: the one that connected, or that listened.
type peer struct{ uid, pid int }

// peerOf asks the kernel (unix(4), LOCAL_PEERCRED and LOCAL_PEERPID).
func peerOf(c *net.UnixConn) (p peer, err error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return p, err
	}
	var cred *unix.Xucred
	var asked error
	err = raw.Control(func(fd uintptr) {
		if cred, asked = unix.GetsockoptXucred(int(fd), unix.SOL_LOCAL, unix.LOCAL_PEERCRED); asked == nil {
			p.pid, asked = unix.GetsockoptInt(int(fd), unix.SOL_LOCAL, unix.LOCAL_PEERPID)
		}
	})
	if err == nil {
		err = asked
	}
	if err == nil {
		p.uid = int(cred.Uid)
	}
	return p, err
}
