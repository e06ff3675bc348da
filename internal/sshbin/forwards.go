package sshbin

import (
	"context"
	"errors"
	"sync"

	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/sshbin/mux"
)

// Forwarding is a forward that a master keeps. It lives as long as its owner keeps it and the master lives.
type Forwarding struct {
	// Port is where it listens.
	Port int

	seat    *seat
	forward mux.Forward
	once    sync.Once
}

// OpenForward has a master listen, as a rule on the far side (mux.Remote). It holds the master up until it is closed: a master's
// idle time does not count listeners.
func (e *Engine) OpenForward(ctx context.Context, r *dest.Resolved, f mux.Forward, store bool) (*Forwarding, error) {
	p, err := e.pool(r)
	if err != nil {
		return nil, &Error{Op: "forwarding", Host: r.Alias, Err: err}
	}
	for losses := 0; ; losses++ {
		s, err := p.acquire(ctx, wants{store: store, leash: true})
		if err != nil {
			return nil, err
		}
		// The leash is the session that keeps the master from idling out.
		_, err = s.getLeash(ctx)
		var port int
		if err == nil {
			port, err = s.openForward(ctx, f)
		}
		if err == nil {
			return &Forwarding{Port: port, seat: s, forward: f}, nil
		}
		s.leave()
		var refused *mux.RefusedError
		switch {
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case errors.As(err, &refused):
			return nil, &Error{Op: "forwarding", Host: r.Alias, Code: "already_exists", Message: refused.Reason, Err: err,
				Hint: "the port is taken or the server forbids it (AllowTcpForwarding, PermitListen): choose another port, or 0 to have one picked"}
		}
		s.end()
		if losses >= maxLosses {
			return nil, &Error{Op: "forwarding", Host: r.Alias, Code: "connection_lost", Message: s.why(err), Err: err, Hint: "call again"}
		}
	}
}

func (m *master) openForward(ctx context.Context, f mux.Forward) (int, error) {
	ctx, cancel := m.attended(ctx)
	defer cancel()
	c, err := mux.Dial(ctx, m.path)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	return c.OpenForward(ctx, f)
}

// Lost is closed when the master that keeps the forward is gone, and the forward with it.
func (f *Forwarding) Lost() <-chan struct{} { return f.seat.lost }

// Close closes the listener, on the far side a moment later: servers are told without an answer. Connections through it live
// on. It may be called twice.
func (f *Forwarding) Close(ctx context.Context) (err error) {
	f.once.Do(func() {
		defer f.seat.leave()
		if f.seat.isLost() {
			return
		}
		var c *mux.Conn
		if c, err = mux.Dial(ctx, f.seat.path); err == nil {
			err = c.CloseForward(ctx, f.forward)
			c.Close()
		}
		var gone *mux.NotRunningError
		if errors.As(err, &gone) {
			err = nil
		}
	})
	return err
}
