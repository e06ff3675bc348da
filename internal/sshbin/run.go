package sshbin

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
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

// call is a command that the server has started.
type call struct {
	engine  *Engine
	seat    *seat
	command *Command
	id      string
	leash   *leash // nil without one
	channel channel
	streams *streams
	marker  *marker // finds the exit status in the output; nil where the channel tells it
	started Started
}

// begin starts a command: on refusals it waits and tries again, on dead masters it takes another.
func (e *Engine) begin(ctx context.Context, r *dest.Resolved, c *Command) (*call, error) {
	p, err := e.pool(r)
	if err != nil {
		return nil, &Error{Op: "running", Host: r.Alias, Err: err}
	}
	for refusals, losses := 0, 0; ; {
		s, err := p.acquire(ctx, wants{store: c.StoreHostKey, leash: !c.NoLeash})
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
			return nil, stopped(ctx, r, err)
		case errors.As(err, &refused) && !refused.Denied:
			if alone := s.refused(); alone {
				// Sessions close with a delay, so one refusal alone proves nothing.
				if refusals++; refusals == aloneRefusals {
					e.onlyOne(s, refused)
				}
			}
			s.leave()
			if refusals > maxRefusals {
				return nil, &Error{Op: "opening a session", Host: r.Alias, Code: "limit_reached", Message: refused.Reason,
					Hint: "the server opens no session on this connection (MaxSessions in its sshd_config); call again later", Err: err}
			}
			if err := pause(ctx, time.Duration(5+20*min(refusals, 10)+mathrand.IntN(20))*time.Millisecond); err != nil {
				return nil, err
			}
		case errors.As(err, &gone), errors.As(err, &lost) && !lost.Sent:
			s.leave()
			s.end()
			if losses++; losses > maxLosses {
				return nil, &Error{Op: "opening a session", Host: r.Alias, Code: "connection_lost", Err: err, Hint: "call again: nothing was started"}
			}
		default:
			s.leave()
			return nil, openError(r, err)
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

// stopped is the error of a call whose context ended while its session was being opened: then the command may have started.
func stopped(ctx context.Context, r *dest.Resolved, err error) error {
	var lost *mux.LostError
	if errors.As(err, &lost) && lost.Sent {
		return &Error{Op: "opening a session", Host: r.Alias, Code: "connection_lost", Started: true, Err: context.Cause(ctx),
			Message: "the host did not answer in time: " + context.Cause(ctx).Error(), Hint: "check whether the command has run before you repeat it"}
	}
	return context.Cause(ctx)
}

// openError is what went wrong between the request for a session and the answer to it.
func openError(r *dest.Resolved, err error) error {
	e := &Error{Op: "opening a session", Host: r.Alias, Code: "connection_lost", Err: err, Message: err.Error()}
	var lost *mux.LostError
	var refused *mux.RefusedError
	switch {
	case errors.As(err, &lost):
		e.Started = true
		e.Hint = "the command may have run: check before you repeat it"
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

// openGrace is how long a session that is being opened may still be answered once its caller has gone: the command may have
// started, and whoever knows that can end it.
const openGrace = 2 * time.Second

// lingering is a context that ends after timeout, or openGrace after ctx.
func lingering(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	open, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
	stop := context.AfterFunc(ctx, func() {
		late := time.AfterFunc(openGrace, cancel)
		context.AfterFunc(open, func() { late.Stop() })
	})
	return open, func() { stop(); cancel() }
}

// attempt opens one session for the command. Errors are those of package mux.
func (e *Engine) attempt(ctx context.Context, s *seat, c *Command) (*call, error) {
	k := &call{engine: e, seat: s, command: c, id: newID()}
	var err error
	if !c.NoLeash {
		if k.leash, err = s.getLeash(ctx); err != nil {
			return nil, neverStarted(err)
		}
	}
	request, preamble, err := k.request(ctx)
	if err != nil {
		return nil, err
	}
	if c.raw {
		k.streams, err = newPipes(c, preamble)
	} else {
		k.streams, err = newStreams(c, e.null, preamble, k.filter())
	}
	if err != nil {
		return nil, err
	}
	if k.leash != nil {
		if err := k.leash.begin(k.id); err != nil {
			k.streams.discard()
			return nil, &mux.LostError{Op: "leash", Err: err}
		}
	}
	// The watch over the master gives up before this does, and then nothing has been started.
	open, cancel := lingering(ctx, 3*e.opt.KeepAlive+e.opt.ConnectTimeout)
	k.channel, err = s.open(open, k.streams.request(request))
	cancel()
	if err != nil {
		var lost *mux.LostError
		if k.leash != nil && errors.As(err, &lost) && lost.Sent {
			k.killUnanswered()
		}
		k.streams.discard()
		k.forget()
		return nil, err
	}
	k.streams.start()
	k.started = s.started()
	if c.Started != nil {
		c.Started(k.started)
	}
	return k, nil
}

// request makes the session's request and what has to go before the command's input.
func (k *call) request(ctx context.Context) (r mux.Request, preamble string, err error) {
	c := k.command
	if c.Subsystem != "" {
		return mux.Request{Command: c.Subsystem, Subsystem: true}, "", nil
	}
	r.TTY, r.Term = c.TTY, "xterm-256color"
	shell := k.seat.pool.loginShell()
	text := ended(c.Text, shell)
	if k.forked() && !c.raw && k.leash != nil && complete(c.Text) {
		k.marker = newMarker()
		text = k.marker.wrap(c.Text, shell)
	}
	r.Command = commandText(c, text, k.id, shell, k.leash != nil)
	if len(r.Command) > maxText {
		short, err := k.seat.stage(ctx, text)
		if err != nil {
			return r, "", err
		}
		r.Command = commandText(c, short, k.id, shell, k.leash != nil)
	}
	return r, envPreamble(c.Env), nil
}

func (k *call) filter() func(io.Writer) io.Writer {
	if k.marker == nil {
		return nil
	}
	return k.marker.filter
}

// wait waits for the end of the command.
func (k *call) wait(ctx context.Context) (Exit, error) {
	exit := Exit{Started: k.started}
	select {
	case <-k.channel.Exited():
	case <-k.marker.found():
	case <-k.seat.lost:
		err := k.connectionLost("the connection stopped answering")
		_ = k.finish(0)
		return exit, err
	case <-ctx.Done():
		exit.Survivors = k.kill()
		_ = k.finish(0)
		return exit, context.Cause(ctx)
	}
	trip := k.seat.pool.roundTrip()
	status, known := k.status()
	if !known {
		// Either the shell died of a signal, or the connection is gone. The master knows.
		if err := k.seat.alive(k.engine.ctx); err != nil {
			lost := k.connectionLost(err.Error())
			_ = k.finish(trip)
			k.seat.end()
			return exit, lost
		}
	} else {
		exit.Code, exit.Signal = &status, signalName(status)
	}
	return exit, k.finish(trip)
}

// status is the exit status, if there is one.
func (k *call) status() (int, bool) {
	if status, ok := k.marker.status(); ok {
		return status, true
	}
	e := k.channel.Exit()
	return int(e.Status), e.Known
}

// finish reads what is left of the output, closes the session and gives its place back.
func (k *call) finish(roundTrip time.Duration) error {
	k.streams.drain(roundTrip)
	err := k.streams.finish()
	k.forget()
	select {
	case <-k.channel.Ended():
	default:
		// The session's place on the server is free when the master has seen it close, in a moment as a rule. Waiting for that here
		// would only delay the answer.
		if k.engine.background(k.hangUp) {
			return err
		}
	}
	k.hangUp()
	return err
}

// closeGrace is how long a session that has exited may take to close by itself.
const closeGrace = 100 * time.Millisecond

func (k *call) hangUp() {
	t := time.NewTimer(closeGrace)
	defer t.Stop()
	select {
	case <-k.channel.Ended():
	case <-t.C:
	}
	_ = k.channel.Close()
	k.seat.leave()
}

// forget tells the leash that what is left of the call may live on.
func (k *call) forget() {
	if k.leash != nil {
		k.leash.end(k.id)
	}
}

func (k *call) connectionLost(why string) error {
	return &Error{Op: "running", Host: k.seat.pool.resolved.Alias, Code: "connection_lost", Started: true,
		Message: "the connection was lost while the command ran: " + why,
		Hint:    "the command may have run or still run; check before you repeat it"}
}

func newID() string {
	var id [12]byte
	_, _ = rand.Read(id[:]) // never fails, see crypto/rand
	return hex.EncodeToString(id[:])
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
