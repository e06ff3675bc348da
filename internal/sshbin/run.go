package sshbin

import (
	"context"
	"errors"
	mathrand "math/rand/v2"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/sshbin/mux"
)

const (
	// maxRefusals is how often in a row a server may refuse a session that has the connection to itself.
	maxRefusals = 20
	// maxFull is how often it may find that others have all sessions of a master.
	maxFull = 30
	// aloneRefusals is how many of them prove that the leash has the only session that the server gives.
	aloneRefusals = 4
	// maxLosses is how many dead masters a call may meet before it gives up; each costs one attempt that started nothing.
	maxLosses = 4
)

// Run runs a command and returns when it has ended and its output has been written. A background child that keeps the output open
// does not hold it up.
//
// When ctx ends, the processes of the command are ended through the leash (TERM, half a second later KILL), what they had
// printed is still written, and the error is context.Cause(ctx), with what could not be ended in Exit.Survivors. Other errors are of type
// *[Error], whose Started tells whether the command may have run, or those of a writer.
func (e *Engine) Run(ctx context.Context, r *dest.Resolved, c Command) (Exit, error) {
	if err := c.check(); err != nil {
		return Exit{}, err
	}
	select {
	case e.inFlight <- struct{}{}:
		defer func() { <-e.inFlight }()
	case <-ctx.Done():
		return Exit{}, context.Cause(ctx)
	}
	call, err := e.begin(ctx, r, &c)
	if err != nil {
		return Exit{}, err
	}
	return call.wait(ctx)
}

// begin starts a command: on refusals it waits and tries again, on dead masters it takes another.
func (e *Engine) begin(ctx context.Context, r *dest.Resolved, c *Command) (*call, error) {
	p, err := e.pool(r)
	if err != nil {
		return nil, &Error{Op: "running", Host: r.Alias, Err: err}
	}
	for refusals, fulls, losses := 0, 0, 0; ; {
		s, err := p.acquire(ctx, wants{store: c.StoreHostKey, leash: !c.NoLeash, spare: c.Spare})
		if err != nil {
			return nil, err
		}
		call, err := e.attempt(ctx, s, c)
		if err == nil {
			return call, nil
		}
		var refused *mux.RefusedError
		var gone *mux.NotRunningError
		var lost *mux.LostError
		switch {
		case ctx.Err() != nil:
			s.leave()
			return nil, cutOff(ctx, r, err)
		case errors.As(err, &refused) && !refused.Denied:
			alone, full := s.refused()
			if full {
				fulls++
			}
			if alone {
				// Sessions close with a delay, so one refusal alone proves nothing.
				if refusals++; refusals == aloneRefusals {
					e.onlyOne(s, refused)
				}
			}
			s.leave()
			if c.Spare || refusals > maxRefusals || fulls > maxFull {
				return nil, &Error{Op: "opening a session", Host: r.Alias, Code: "limit_reached", Message: refused.Reason,
					Hint: "the server opens no session on this connection (MaxSessions in its sshd_config); call again later", Err: err}
			}
			if err := pause(ctx, time.Duration(5+20*min(refusals, 10)+mathrand.IntN(20))*time.Millisecond); err != nil {
				return nil, err
			}
		case errors.As(err, &gone), errors.As(err, &lost) && !lost.Sent:
			s.leave()
			if lost == nil || !lost.Silent() || !s.starved() {
				s.end()
			}
			if losses++; c.Spare || losses > maxLosses {
				return nil, &Error{Op: "opening a session", Host: r.Alias, Code: "connection_lost", Message: s.why(err), Err: err, Hint: "call again: nothing was started"}
			}
		default:
			s.leave()
			if lost != nil && s.alive(e.ctx) != nil {
				s.end()
			}
			return nil, s.openError(err)
		}
	}
}

// onlyOne makes room on a server that gives one session only (MaxSessions 1): the leash had it.
func (e *Engine) onlyOne(s *seat, refused *mux.RefusedError) {
	if l := s.leash.Load(); l != nil && !s.adopted {
		s.pool.noLeash("the server opens one session only: " + refused.Reason)
		s.dropLeash()
	}
}

// cutOff is the error of a call whose context ended while its session was being opened: then the command may have started.
func cutOff(ctx context.Context, r *dest.Resolved, err error) error {
	var lost *mux.LostError
	if errors.As(err, &lost) && lost.Sent {
		return &Error{Op: "opening a session", Host: r.Alias, Code: "connection_lost", Started: true, Err: context.Cause(ctx),
			Message: "the host did not answer in time: " + context.Cause(ctx).Error(), Hint: "check whether the command has run before you repeat it"}
	}
	return context.Cause(ctx)
}

// openError is what went wrong between the request for a session and the answer to it.
func (m *master) openError(err error) error {
	e := &Error{Op: "opening a session", Host: m.pool.resolved.Alias, Code: "connection_lost", Err: err, Message: err.Error()}
	var lost *mux.LostError
	var refused *mux.RefusedError
	switch {
	case errors.As(err, &lost):
		e.Started, e.Message = lost.Sent, m.why(err)
		if e.Hint = "call again: nothing was started"; lost.Sent {
			e.Hint = "the command may have run: check before you repeat it"
		}
	case errors.As(err, &refused):
		e.Code, e.Hint = "permission_denied", "whoever owns this master (ControlMaster ask) declined; call again, or set RELAY_SHELL_SSH_ADOPT_MASTER=false"
	default:
		var known *Error
		if errors.As(err, &known) {
			return err
		}
		e.Code, e.Hint = "internal", "call again"
	}
	return e
}

func itoa(n int) string { return strconv.Itoa(n) }

// signalName names the signal that a shell's exit status stands for, by this machine's numbers.
func signalName(status int) string {
	if status <= 128 || status > 128+64 {
		return ""
	}
	name := unix.SignalName(unix.Signal(status - 128))
	if len(name) > 3 {
		return name[3:]
	}
	return itoa(status - 128)
}
