package sshbin

import (
	"context"
	"errors"
	"time"
)

const (
	// firstLook is how long a master may keep silent before it is looked at whether somebody has stopped it; a living one
	// answers in less.
	firstLook = 250 * time.Millisecond
	// laterLook is how often that is repeated.
	laterLook = time.Second
	// openPatience is how long a master may take to open a session before it is asked for a sign of life: the host may be slow, the
	// master is on this machine.
	openPatience = 3 * time.Second
)

var (
	errStopped = errors.New("the ssh process that carries the connection is stopped (SIGSTOP)")
	errFrozen  = errors.New("the ssh process that carries the connection does not answer")
)

// attended gives a context for one exchange with the master that ends early when the master turns out to be frozen, so that a
// call need not wait for its own deadline.
func (m *master) attended(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	began := time.Now()
	go func() { // ends with the exchange
		t := time.NewTimer(firstLook)
		defer t.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-t.C:
			}
			if stopped(m.pid) {
				cancel(errStopped)
				return
			}
			if time.Since(began) >= openPatience && m.alive(ctx) != nil && ctx.Err() == nil {
				cancel(errFrozen)
				return
			}
			t.Reset(laterLook)
		}
	}()
	return ctx, func() { cancel(nil) }
}

// starved reports whether the master's process wants to run and does not get to: a silence that is the machine's fault.
func (m *master) starved() bool { return processState(m.pid) == 'R' }

// stopped reports whether the process is stopped by a signal or a debugger.
func stopped(pid int) bool {
	s := processState(pid)
	return s == 'T' || s == 't'
}

// running reports whether there is such a process that has not ended; a stopped one counts.
func running(pid int) bool {
	s := processState(pid)
	return s != 0 && s != 'Z' && s != 'X'
}
