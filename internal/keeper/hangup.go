package keeper

import (
	"net"
	"sync"
	"syscall"
	"time"
)

// hangUpEvery is how often a request that takes its time looks whether its asker is still there.
const hangUpEvery = 250 * time.Millisecond

// hangUpWatch cancels a request whose asker is gone. It reads nothing: askers may send their next request early. Nor does it run before it has
// something to look at: most requests are answered sooner.
type hangUpWatch struct {
	conn   net.Conn
	cancel func()

	mu    sync.Mutex
	timer *time.Timer // nil once nobody needs to know
}

// watchHangUp calls cancel when the other side of c is gone, unless stop was called before.
func watchHangUp(c net.Conn, cancel func()) (stop func()) {
	w := &hangUpWatch{conn: c, cancel: cancel}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.timer = time.AfterFunc(hangUpEvery, w.look)
	return w.stop
}

func (w *hangUpWatch) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.timer == nil:
	case hungUp(w.conn):
		w.cancel()
	default:
		w.timer.Reset(hangUpEvery)
	}
}

func (w *hangUpWatch) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.timer.Stop()
	w.timer = nil
}

// hungUp looks for end of file without taking data (recv(2), MSG_PEEK).
func hungUp(c net.Conn) bool {
	u, ok := c.(*net.UnixConn)
	if !ok {
		return false
	}
	raw, err := u.SyscallConn()
	if err != nil {
		return true
	}
	gone := false
	err = raw.Control(func(fd uintptr) {
		var b [1]byte
		n, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		gone = n == 0 && err == nil || err != nil && err != syscall.EAGAIN && err != syscall.EINTR
	})
	return gone || err != nil
}
