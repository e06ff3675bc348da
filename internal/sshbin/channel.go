package sshbin

import (
	"context"
	"errors"

	"relay-shell/internal/sshbin/mux"
)

// channel is one session on a master, however it was opened.
type channel interface {
	// Exited is closed when the exit status is known, at the latest when the session has ended.
	Exited() <-chan struct{}
	// Ended is closed when the session is over.
	Ended() <-chan struct{}
	Exit() mux.Exit
	// Close hangs up and waits until that is done.
	Close() error
}

// opener opens a session. The errors are those of package mux.
type opener func(context.Context, mux.Request) (channel, error)

// open opens a session on the master the way that the engine's mode says.
func (m *master) open(ctx context.Context, r mux.Request) (channel, error) {
	r.Env, r.ForwardAgent = m.pool.sendEnv, m.pool.forwardAgent
	if m.pool.engine.opt.Engine == Fork || m.mustFork.Load() {
		return m.openFork(ctx, r)
	}
	ch, err := m.openPassenger(ctx, r)
	var strange *mux.ProtocolError
	if errors.As(err, &strange) && strange.Greeting && m.pool.engine.opt.Engine == Auto {
		m.mustFork.Store(true)
		return m.openFork(ctx, r)
	}
	return ch, err
}

func (m *master) openPassenger(ctx context.Context, r mux.Request) (channel, error) {
	ctx, cancel := m.attended(ctx)
	defer cancel()
	conn, err := mux.Dial(ctx, m.path)
	if err != nil {
		return nil, err
	}
	s, err := conn.Session(ctx, r)
	if err != nil {
		return nil, err
	}
	return s, nil
}
