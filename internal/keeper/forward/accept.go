package forward

import (
	"context"
	"errors"
	"net"
	"strconv"
	"sync/atomic"
	"time"
)

const (
	// maxConnections bounds the connections through one forward; further ones wait in the listener's backlog.
	maxConnections = 512
	// dialTimeout bounds the way to the target, a new login on the way included.
	dialTimeout = 60 * time.Second
	// acceptPause is the wait after an accept that failed, such as for want of descriptors.
	acceptPause = 100 * time.Millisecond
)

// accept takes connections. It ends with the listener.
func (f *Forward) accept() {
	slots := make(chan struct{}, maxConnections)
	for {
		c, err := f.listen.Accept()
		switch {
		case errors.Is(err, net.ErrClosed) || f.ctx.Err() != nil:
			if err == nil {
				c.Close()
			}
			return
		case err != nil:
			f.fail(err)
			time.Sleep(acceptPause)
			continue
		}
		select {
		case slots <- struct{}{}:
		case <-f.ctx.Done():
			c.Close()
			return
		}
		f.connections.Add(1)
		f.work.Go(func() {
			defer func() { <-slots }()
			f.active.Add(1)
			defer f.active.Add(-1)
			f.serve(c)
		})
	}
}

// serve carries one connection to its end.
func (f *Forward) serve(c net.Conn) {
	if !f.keep(c) {
		return
	}
	defer f.drop(c)
	ctx, cancel := context.WithTimeout(f.ctx, dialTimeout)
	defer cancel()
	target, err := f.connect(ctx, c)
	if err != nil {
		f.failed.Add(1)
		f.fail(err)
		if t, ok := c.(*net.TCPConn); ok && f.params.Spec.Direction == Local {
			_ = t.SetLinger(0) // a reset: the client learns that this was no answer
		}
		return
	}
	if !f.keep(target) {
		return
	}
	defer f.drop(target)
	join(c, target, &f.sent, &f.received)
}

// connect leads a connection to its target.
func (f *Forward) connect(ctx context.Context, c net.Conn) (net.Conn, error) {
	s := f.params.Spec
	switch s.Direction {
	case Dynamic:
		return f.socks(ctx, c)
	case Remote:
		return (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort(s.Host, strconv.Itoa(s.HostPort)))
	default:
		return f.dial(ctx, s.Host, s.HostPort)
	}
}

// dial connects from the host, over its live master or a new one.
func (f *Forward) dial(ctx context.Context, host string, port int) (net.Conn, error) {
	r, err := f.resolve(ctx)
	if err != nil {
		return nil, err
	}
	return f.engine.DialStdio(ctx, r, host, port, false)
}

// keep lets Close find a connection; false means that it came too late and is closed.
func (f *Forward) keep(c net.Conn) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ctx.Err() != nil {
		c.Close()
		return false
	}
	f.conns[c] = true
	return true
}

func (f *Forward) drop(c net.Conn) {
	c.Close()
	f.mu.Lock()
	delete(f.conns, c)
	f.mu.Unlock()
}

// join copies both ways until both are done. The end of one direction is passed on, and the other goes on.
func join(a, b net.Conn, sent, received *atomic.Int64) {
	back := make(chan struct{})
	go func() {
		pump(a, b, received)
		close(back)
	}()
	pump(b, a, sent)
	<-back
}

// chunk is how much is copied at a time, in bytes.
const chunk = 64 << 10

// pump copies one direction.
func pump(to, from net.Conn, count *atomic.Int64) {
	buf := make([]byte, chunk)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			m, werr := to.Write(buf[:n])
			count.Add(int64(m))
			if werr != nil { // nobody reads it any more; what the other direction still has to say may go on
				closeHalf(from, true)
				break
			}
		}
		if err != nil {
			break
		}
	}
	closeHalf(to, false)
}

// closeHalf ends one direction of a connection, or all of it where that cannot be done.
func closeHalf(c net.Conn, read bool) {
	if read {
		if h, ok := c.(interface{ CloseRead() error }); ok {
			_ = h.CloseRead()
		}
		return
	}
	if h, ok := c.(interface{ CloseWrite() error }); ok {
		_ = h.CloseWrite()
		return
	}
	c.Close()
}
